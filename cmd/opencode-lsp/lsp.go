package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"slices"
	"sync"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/tliron/commonlog"
	"github.com/tliron/commonlog/simple"
	"github.com/tliron/go-kutil/util"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/lsp"
)

func (p *program) lspCommand() *cobra.Command {
	var log string
	var verbose bool
	cmd := &cobra.Command{
		Use: "lsp", Short: "Run the language server on stdio (the default)", Args: cobra.NoArgs,
		RunE: action(func(cmd *cobra.Command, _ []string) error {
			closeLog, err := p.startLog(log, verbose)
			if err != nil {
				return err
			}
			defer closeLog()
			p.password = p.takePassword()
			if code := p.serve(cmd.Context()); code != 0 {
				return &exitError{code: code}
			}
			return nil
		}),
	}
	cmd.Flags().Bool("stdio", true, "speak over stdin and stdout; there is no other way")
	cmd.Flags().StringVar(&log, "log", "", "log to this file instead of the state folder")
	cmd.Flags().BoolVarP(&verbose, "verbose", "v", false, "log more")
	return cmd
}

// stdio is the editor's end of the process.
type stdio struct {
	io.Reader
	io.Writer
}

// Close closes what can be closed, so that a blocked read ends.
func (s stdio) Close() error {
	if c, ok := s.Reader.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

// serve speaks to the editor until it leaves.
func (p *program) serve(ctx context.Context) int {
	p.keepStdout()
	opt := lsp.Options{Version: version(), Build: p.build, SocketDir: p.dirs.runtime, Transcripts: p.dirs.transcripts()}
	if p.bubble {
		opt.SocketDir = ""
	}
	return lsp.Serve(ctx, stdio{p.stdin, p.stdout}, opt)
}

// keepStdout leaves stdout to the protocol.
func (p *program) keepStdout() {
	if out, ok := p.stdout.(*os.File); ok && out == os.Stdout {
		os.Stdout = os.Stderr // whatever prints by mistake must not reach the editor
		// A closed output is an error to act on; unnoticed, the signal would end the process and leave its children.
		// Ignoring it instead would be inherited by every command that the agent runs.
		signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	}
}

// build makes the agent of an editor.
func (p *program) build(ctx context.Context, ed lsp.Editor) (*lsp.Agent, error) {
	e, err := newEngine(p, ed.Workspace, ed.Notify)
	if err != nil {
		return nil, err
	}
	e.editor, e.fed = overlay(ed.Options, ed.Settings), ed.Problems
	e.load(ctx)
	ctx, cancel := context.WithCancel(ctx)
	var work sync.WaitGroup
	work.Go(func() { e.watchAll(ctx) })
	work.Go(func() { e.askTrust(ctx, ed.Trust) })
	if !p.bubble {
		// Two thirds of the heap is what the start threw away, most of it a library's. The runtime keeps that much for later;
		// a server that stays idle, as many do, gives it back: 0.7 MB of 25, for 3 ms beside the requests.
		work.Go(debug.FreeOSMemory)
	}
	sessions := e.sessions(agent.Options{Opened: ed.Opened, Settle: ed.Settle}, ed.Applier, ed.Barrier)
	http := newEditorServer(ctx, e, sessions)
	return &lsp.Agent{
		Sessions: sessions,
		Settings: e.settings,
		Configure: func(settings json.RawMessage) {
			e.mu.Lock()
			e.editor = overlay(ed.Options, settings)
			e.mu.Unlock()
			e.load(ctx)
		},
		Models: e.modelChoices, Model: e.modelName, SetModel: e.setModel, Usable: e.usable,
		Agents: e.agentChoices, Agent: e.agentName, SetAgent: e.setAgent, Answering: e.answering, Commands: e.commandList,
		Serve: http.serve,
		Close: func() {
			http.close()
			sessions.Close()
			cancel()
			work.Wait()
			e.close()
		},
	}, nil
}

// overlay lays the keys of one JSON object over those of another.
func overlay(base, over json.RawMessage) json.RawMessage {
	keys := map[string]json.RawMessage{}
	for _, layer := range []json.RawMessage{base, over} {
		if len(layer) > 0 && json.Unmarshal(layer, &keys) != nil {
			return over // not an object: config says so
		}
	}
	merged, err := json.Marshal(keys)
	if err != nil {
		return over
	}
	return merged
}

// settings are the keys that the language server obeys.
func (e *engine) settings() lsp.Settings {
	c := e.now()
	kinds := map[string]int{"error": 1, "warning": 2, "info": 3}
	return lsp.Settings{
		EditUnopened: c.Edits.Unopened, Save: c.Edits.Save, OpenTranscript: c.Transcript.Open,
		PromptType: kinds[c.PermissionPrompt.Type], PromptFirst: c.PermissionPrompt.First,
	}
}

// startLog sends commonlog to a file, unbuffered: stdout is the editor's, and editors show stderr as errors. Where the
// state folder cannot be written stderr it is; a file that the user named must work.
func (p *program) startLog(path string, verbose bool) (func(), error) {
	named := path != ""
	if !named {
		path = filepath.Join(p.dirs.state, "opencode-lsp.log")
	}
	w, closeLog := p.stderr, func() {}
	f, err := openLog(path)
	switch {
	case err == nil:
		w, closeLog = f, func() { f.Close() }
	case named:
		return nil, fmt.Errorf("log: %w; name a writable file with --log", err)
	}
	backend := simple.NewBackend()
	backend.Buffered = false
	backend.Configure(0, nil)
	backend.Writer = util.NewSyncedWriter(w)
	level := commonlog.Notice
	if verbose {
		level = commonlog.Debug
	}
	backend.SetMaxLevel(level)
	commonlog.SetBackend(backend)
	return closeLog, nil
}

func openLog(path string) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
}

func sortedUnique(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}
