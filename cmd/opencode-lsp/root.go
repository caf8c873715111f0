package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"

	"github.com/spf13/cobra"

	"github.com/opencode-lsp/opencode-lsp/tools"
)

// Exit codes, as README names them.
const (
	exitDone     = 0
	exitFailed   = 1
	exitUsage    = 2
	exitNoServer = 3
)

// program is what every subcommand works with: nothing in this package reads the process's environment or streams by
// itself, so that a test can run it whole.
type program struct {
	getenv         func(string) string
	stdin          io.Reader
	stdout, stderr io.Writer
	dirs           dirs
	password       string // of the HTTP server, from the environment, which does not hold it any more
	// http carries the requests to models; nil is the usual client. bubble says that the program runs inside a
	// testing/synctest bubble, which cannot wait for file events and sockets: it does without them.
	http   *http.Client
	web    *tools.Web // how webfetch reaches the network
	bubble bool
}

// exitError carries an exit code; with an empty text nothing more is said.
type exitError struct {
	code int
	text string
}

func (e *exitError) Error() string { return e.text }

// usageError says that the words of the call are off.
func usageError(format string, args ...any) error {
	return &exitError{exitUsage, fmt.Sprintf(format, args...)}
}

// run is the whole program.
func run(ctx context.Context, args []string, getenv func(string) string, stdin io.Reader, stdout, stderr io.Writer) int {
	p := &program{getenv: getenv, stdin: stdin, stdout: stdout, stderr: stderr, dirs: findDirs(getenv), web: network()}
	root := p.root()
	root.SetArgs(withDefault(root, args))
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	code := exitUsage // what is not ours is cobra's, and about the words of the call
	if e, ok := errors.AsType[*exitError](err); ok {
		code = e.code
	}
	if text := err.Error(); text != "" {
		fmt.Fprintln(stderr, "opencode-lsp: "+text)
	}
	return code
}

// withDefault makes the language server the subcommand where none is named: editors call the program with --stdio or
// nothing at all.
func withDefault(root *cobra.Command, args []string) []string {
	if len(args) == 0 || args[0] != "" && args[0][0] == '-' && args[0] != "--help" && args[0] != "-h" && args[0] != "--version" {
		return append([]string{"lsp"}, args...)
	}
	return args
}

// root is the tree of subcommands.
func (p *program) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "opencode-lsp",
		Short:         "OpenCode's coding agent as a language server for your editor",
		SilenceUsage:  true,
		SilenceErrors: true,
		Version:       version(),
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(
		p.lspCommand(), p.acpCommand(), p.demoCommand(), p.runCommand(), p.sendCommand(), p.answerCommand(), p.sessionsCommand(),
		p.permissionCommand(), p.serveCommand(), p.editorsCommand(), p.mcpCommand(), p.modelsCommand(), p.doctorCommand(), p.versionCommand(),
	)
	return root
}

// failed makes an error of the work, exit code 1.
func failed(err error) error {
	if _, ok := errors.AsType[*exitError](err); ok || err == nil {
		return err
	}
	return &exitError{exitFailed, err.Error()}
}

// action wraps a subcommand whose errors are those of the work.
func action(f func(cmd *cobra.Command, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error { return failed(f(cmd, args)) }
}

// workingDir is where the program was called.
func workingDir() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("the working folder is gone: %w", err)
	}
	return dir, nil
}
