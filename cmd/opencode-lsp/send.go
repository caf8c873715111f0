package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/lsp"
)

// sendOptions are the flags of `send`.
type sendOptions struct {
	file, line, action, session string
	fresh, wait                 bool
	server                      int
}

func (p *program) sendCommand() *cobra.Command {
	var o sendOptions
	cmd := &cobra.Command{
		Use: "send TEXT…", Short: "Hand a prompt to the language server of this folder, so that its edits land in the editor",
		RunE: func(cmd *cobra.Command, args []string) error {
			text := strings.Join(args, " ")
			if text == "" && o.action == "" {
				return usageError("nothing to send: give the prompt as arguments, or an action with --action")
			}
			if o.action != "" && o.file == "" {
				return usageError("--action needs --file: the file that it is about")
			}
			if o.line != "" && o.file == "" {
				return usageError("--line needs --file")
			}
			place, err := o.place()
			if err != nil {
				return err
			}
			return p.send(cmd.Context(), o, place, text)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.file, "file", "", "the file that it is about")
	f.StringVar(&o.line, "line", "", "the line N or lines N:M of the file, counted from 1")
	f.StringVar(&o.action, "action", "", "a code action: explain, fix, refactor, document, tests, review, todo")
	f.StringVar(&o.session, "session", "", "the session to go on with")
	f.BoolVar(&o.fresh, "new", false, "start a new session")
	f.BoolVar(&o.wait, "wait", false, "wait for the answer and print it")
	f.IntVar(&o.server, "server", 0, "the process id of the server, where several run for the folder")
	return cmd
}

// place is the file and range in LSP's terms.
func (o sendOptions) place() (map[string]any, error) {
	place := map[string]any{}
	if o.file == "" {
		return place, nil
	}
	path, err := filepath.Abs(o.file)
	if err != nil {
		return nil, usageError("--file: %s", err)
	}
	place["uri"] = (&url.URL{Scheme: "file", Path: filepath.ToSlash(path)}).String()
	if o.line == "" {
		return place, nil
	}
	from, to, several := strings.Cut(o.line, ":")
	if !several {
		to = from
	}
	first, err1 := strconv.Atoi(from)
	last, err2 := strconv.Atoi(to)
	if err := errors.Join(err1, err2); err != nil || first < 1 || last < first {
		return nil, usageError("--line %q is not N or N:M", o.line)
	}
	at := func(line int) map[string]int { return map[string]int{"line": line - 1, "character": 0} }
	place["range"] = map[string]any{"start": at(first), "end": at(last)}
	return place, nil
}

// finder is lsp.Find or lsp.FindAsking.
type finder func(ctx context.Context, socketDir, dir string, pid int) (lsp.Remotes, error)

// find connects to the servers that have the folder open, the newest first; server names one of them.
func (p *program) find(ctx context.Context, in finder, file string, server int) (lsp.Remotes, error) {
	dir, err := workingDir()
	if err != nil {
		return nil, err
	}
	if file != "" {
		if dir, err = filepath.Abs(filepath.Dir(file)); err != nil {
			return nil, err
		}
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return nil, err
	}
	found, err := in(ctx, p.dirs.runtime, dir, server)
	if errors.Is(err, lsp.ErrNoServer) {
		return nil, &exitError{exitNoServer, err.Error()}
	}
	return found, err
}

// send hands over the prompt and returns at once: an editor that waits for this program must not wait for itself.
func (p *program) send(ctx context.Context, o sendOptions, arg map[string]any, text string) error {
	found, err := p.find(ctx, lsp.Find, o.file, o.server)
	if err != nil {
		return failed(err)
	}
	defer found.Close()
	command := "opencode.prompt"
	arg["text"], arg["wait"] = text, o.wait
	if o.action != "" {
		command, arg["action"] = "opencode.action", o.action
	} else {
		arg["new"], arg["session"] = o.fresh, o.session
	}
	var answer struct {
		Session string
		Turn    string
		agent.TurnEnd
	}
	if err := found[0].Command(ctx, command, arg, &answer); err != nil {
		return failed(err)
	}
	if !o.wait {
		fmt.Fprintf(p.stdout, "sent to session %s%s; the answer comes in your editor\n", answer.Session, among(found))
		return nil
	}
	if answer.Text != "" {
		fmt.Fprintln(p.stdout, answer.Text)
	}
	return failed(outcome(answer.TurnEnd))
}

// among says which of several servers it was, "" where there is but one.
func among(found lsp.Remotes) string {
	if len(found) == 1 {
		return ""
	}
	return fmt.Sprintf(" of server %d, the newest of %d here (--server chooses)", found[0].PID, len(found))
}
