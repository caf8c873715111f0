package acp

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/tools"
)

const (
	// maxTerminal is how many bytes of a command's output the client keeps for us; the rest is in the user's terminal only.
	maxTerminal = 8 << 20
	// endWithin bounds what is asked of a terminal once its command was told to end.
	endWithin = 5 * time.Second
)

// terminal gives the client's terminals to a session.
func (one *session) terminal(s *agent.Session) tools.Terminal {
	return func(ctx context.Context, c tools.TerminalCommand, w io.Writer) (tools.TerminalEnd, error) {
		script, err := one.server.script(c)
		if err != nil {
			return tools.TerminalEnd{}, err
		}
		defer os.Remove(script)
		t, err := one.createTerminal(ctx, c, script)
		if err != nil {
			return tools.TerminalEnd{}, err
		}
		if s == one.root {
			select {
			case one.terminals <- shownTerminal{s.Running(), t.id}:
			case <-one.done:
			}
		}
		return t.run(ctx, w)
	}
}

// plain are the characters that mean themselves to every shell.
var plain = regexp.MustCompile(`^[A-Za-z0-9/._-]+$`)

// script writes the command into a file of its own. Zed hands a terminal's command to the user's shell as one line, other
// clients start it as it is: only words in which no shell sees anything but themselves are the same to both, so that what was
// allowed is what runs. The script first takes away what our own children would not see of the environment.
func (s *Server) script(c tools.TerminalCommand) (string, error) {
	if runtime.GOOS == "windows" || !plain.MatchString(s.opt.Commands) || !plain.MatchString(c.Argv[0]) {
		return "", tools.ErrNoTerminal
	}
	var b strings.Builder
	for _, name := range withheld(os.Environ(), c.Environ) {
		b.WriteString("unset -v " + name + "\n")
	}
	b.WriteString("exec")
	for _, arg := range privileged(c.Argv) {
		b.WriteString(" '" + strings.ReplaceAll(arg, "'", `'\''`) + "'")
	}
	b.WriteString("\n")
	return s.scripts.write(b.String())
}

// privileged makes bash take no functions and no start files from the environment; the client's may hold what ours does not.
func privileged(argv []string) []string {
	if filepath.Base(argv[0]) != "bash" {
		return argv
	}
	rest := argv[1:]
	for len(rest) > 0 && (rest[0] == "--noprofile" || rest[0] == "--norc") {
		rest = rest[1:]
	}
	return append([]string{argv[0], "--noprofile", "--norc", "-p"}, rest...)
}

// variable is a name that unset takes.
var variable = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// withheld are the variables of ours that a child may not see.
func withheld(all, seen []string) []string {
	names := []string{"BASH_ENV", "ENV", "PROMPT_COMMAND"}
	for _, kv := range all {
		name, _, _ := strings.Cut(kv, "=")
		if variable.MatchString(name) && !slices.ContainsFunc(seen, func(s string) bool { return strings.HasPrefix(s, name+"=") }) {
			names = append(names, name)
		}
	}
	return sorted(names)
}

// runningTerminal is a terminal of the client.
type runningTerminal struct {
	one *session
	id  string
}

// params are those of every method on a terminal.
func (t runningTerminal) params() map[string]string {
	return map[string]string{"sessionId": t.one.id, "terminalId": t.id}
}

// createTerminal starts the script. Where the client refuses nothing has run. A terminal that comes when nobody waits for it any
// more is ended: nobody else would know of it.
func (one *session) createTerminal(ctx context.Context, c tools.TerminalCommand, script string) (runningTerminal, error) {
	if ctx.Err() != nil {
		return runningTerminal{}, context.Cause(ctx)
	}
	type made struct {
		runningTerminal
		err error
	}
	waits, cancel := lingering(ctx)
	defer cancel()
	got := make(chan made)
	one.server.work.Go(func() { // until the client answers or leaves
		t, err := one.askTerminal(context.WithoutCancel(ctx), c, script)
		select {
		case got <- made{t, err}:
		case <-waits.Done():
			t.endLate(err)
		}
	})
	select {
	case m := <-got:
		return m.runningTerminal, m.err
	case <-waits.Done():
	}
	if ctx.Err() != nil {
		return runningTerminal{}, context.Cause(ctx)
	}
	return runningTerminal{}, errors.New("the editor does not answer for its terminal; whether the command ran is not known")
}

func (one *session) askTerminal(ctx context.Context, c tools.TerminalCommand, script string) (runningTerminal, error) {
	type created struct {
		ID string `json:"terminalId"`
	}
	got, err := call[created](ctx, one.server.conn, "terminal/create", map[string]any{
		"sessionId": one.id, "command": c.Argv[0], "args": privileged([]string{c.Argv[0], script})[1:], "cwd": c.Dir, "outputByteLimit": maxTerminal,
		"env": []pair{{Name: "BASH_ENV"}, {Name: "ENV"}},
	})
	if refused, ok := errors.AsType[*Error](err); ok {
		logger().Infof("no terminal: %s", refused)
		return runningTerminal{}, tools.ErrNoTerminal
	}
	if err == nil && got.ID == "" {
		err = errors.New("the editor gave its terminal no id; whether the command ran is not known")
	}
	return runningTerminal{one, got.ID}, err
}

// endLate ends a terminal that nobody waits for.
func (t runningTerminal) endLate(err error) {
	if err != nil {
		return // there is none
	}
	ctx, cancel := context.WithTimeout(context.Background(), endWithin)
	defer cancel()
	t.tell(ctx, "terminal/kill")
	t.tell(ctx, "terminal/release")
}

// terminalStatus is how a command ended.
type terminalStatus struct {
	Code   *int    `json:"exitCode"`
	Signal *string `json:"signal"`
}

// run waits for the command's end, or brings it about when ctx ends, and passes on what it printed.
func (t runningTerminal) run(ctx context.Context, w io.Writer) (tools.TerminalEnd, error) {
	status, err := call[terminalStatus](ctx, t.one.server.conn, "terminal/wait_for_exit", t.params())
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), endWithin)
	defer cancel()
	if err != nil {
		t.tell(last, "terminal/kill")
	}
	type output struct {
		Output string `json:"output"`
	}
	got, failed := call[output](last, t.one.server.conn, "terminal/output", t.params())
	t.tell(last, "terminal/release")
	io.WriteString(w, got.Output)
	switch {
	case err != nil:
		return tools.TerminalEnd{}, err
	case failed != nil:
		return tools.TerminalEnd{}, failed
	}
	return status.end(), nil
}

// tell sends a request whose answer says nothing.
func (t runningTerminal) tell(ctx context.Context, method string) {
	if _, err := call[any](ctx, t.one.server.conn, method, t.params()); err != nil {
		logger().Warningf("%s: %s", method, err)
	}
}

// end is what the status says. The schema lets a client leave both fields out: that is no success.
func (s terminalStatus) end() (e tools.TerminalEnd) {
	switch {
	case s.Signal != nil:
		e.Signal = *s.Signal
	case s.Code == nil:
		e.Signal = "unknown (the editor does not say how it ended)"
	}
	if s.Code != nil {
		e.Code = *s.Code
	}
	return e
}
