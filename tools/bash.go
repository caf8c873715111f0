package tools

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"

	"github.com/opencode-lsp/opencode-lsp/permission"
	"github.com/opencode-lsp/opencode-lsp/permission/shell"
)

//go:embed bash.md
var bashText string

// Bounds of a command. OpenCode's default and grace; the longest timeout is ours.
const (
	defaultTimeout = 2 * time.Minute
	maxTimeout     = 10 * time.Minute
)

type bashArgs struct {
	Command     string `json:"command" jsonschema:"The command, read by bash."`
	Timeout     int    `json:"timeout,omitempty" jsonschema:"Milliseconds until it is stopped; 120000 unless told, 600000 at most."`
	Workdir     string `json:"workdir,omitempty" jsonschema:"The folder to run it in; the workspace root unless told. Use this rather than cd."`
	Description string `json:"description,omitempty" jsonschema:"What it is for, in five to ten words."`
}

// bash prepares to run a shell command.
func (k *kit) bash(_ context.Context, a bashArgs) (Op, error) {
	if err := a.check(); err != nil {
		return nil, err
	}
	t, err := k.resolve(a.Workdir)
	if err != nil {
		return nil, err
	}
	c := command{text: a.Command, dir: t, timeout: defaultTimeout}
	interpreter, err := findShell()
	if err != nil {
		return nil, err
	}
	c.argv = append(interpreter, a.Command)
	if a.Timeout > 0 {
		c.timeout = min(time.Duration(a.Timeout)*time.Millisecond, maxTimeout)
	}
	access := permission.Access{
		Tool:    "bash",
		Subject: a.Command,
		Notes:   bashNotes(a, t),
		Items:   append(shell.Items(a.Command, k.place(t)), k.outside(t)...),
		Preview: permission.Preview{Kind: "command", Text: a.Command},
	}
	return NewOp(access, func(ctx context.Context, w io.Writer) (Result, error) { return k.execute(ctx, w, c) }), nil
}

func (a bashArgs) check() error {
	if a.Timeout < 0 {
		return errors.New("timeout is negative; give milliseconds")
	}
	return shell.Valid(a.Command)
}

// bashNotes are what a person needs to judge the command beside its text. The model's own words are marked as such.
func bashNotes(a bashArgs, dir target) []string {
	var notes []string
	if dir.name != "." {
		notes = append(notes, "Runs in "+dir.name+".")
	}
	if says := oneLine(a.Description, 100); says != "" {
		notes = append(notes, fmt.Sprintf("The model says: %q", says))
	}
	return notes
}

// findShell is the shell that commands are written for: bash, or sh where there is none.
func findShell() ([]string, error) {
	if path, err := exec.LookPath("bash"); err == nil {
		return []string{path, "--noprofile", "--norc", "-c"}, nil
	}
	if path, err := exec.LookPath("sh"); err == nil {
		return []string{path, "-c"}, nil
	}
	return nil, errors.New("there is neither bash nor sh on PATH; use the other tools")
}

// shellEnviron is environ without what would make a shell run or read something other than the command that was shown.
func shellEnviron(environ []string) []string {
	out := make([]string, 0, len(environ))
	for _, kv := range environ {
		name, _, _ := strings.Cut(kv, "=")
		switch name {
		case "BASH_ENV", "ENV", "SHELLOPTS", "BASHOPTS", "CDPATH", "GLOBIGNORE", "PROMPT_COMMAND", "PS4":
			continue
		}
		if !strings.HasPrefix(name, "BASH_FUNC_") {
			out = append(out, kv)
		}
	}
	return out
}

// execute runs the command once unsaved edits are on disk, and bounds its output.
func (k *kit) execute(ctx context.Context, w io.Writer, c command) (Result, error) {
	if k.Barrier != nil {
		if err := k.Barrier(ctx); err != nil {
			return Result{}, err
		}
	}
	if err := k.again(c.dir); err != nil {
		return Result{}, err
	}
	if !isFolder(c.dir.Abs) {
		return Result{}, fmt.Errorf("workdir %s is not a folder; name one, or leave it out for the workspace root", c.dir.name)
	}
	c.environ = shellEnviron(k.Environ)
	watch := k.track(ctx)
	out := &tail{lines: k.maxLines(), most: k.maxBytes(), whole: spill{dir: k.Spill}}
	defer out.whole.close()
	end, err := k.start(ctx, c, live{out, w})
	r := bashResult(c, out, end)
	watch.into(ctx, &r)
	if k.Changed != nil {
		k.Changed(r.Changes)
	}
	return r, err
}

// bashResult is the end of the output with what became of the command.
func bashResult(c command, out *tail, end ending) Result {
	text, cut := out.text()
	if cut {
		text = fmt.Sprintf("(the last %s of %s; %s)\n\n%s", size(len(text)), size(out.total), out.whole.where(out.err), text)
	}
	if text == "" {
		text = "(no output)"
	}
	r := Result{Title: fmt.Sprintf("%s (%s)", oneLine(c.text, 100), end), Full: out.whole.path, Error: end.stopped != ""}
	if note := end.note(c); note != "" {
		text = strings.TrimRight(text, "\n") + "\n\n(" + note + ")"
	}
	r.Text = text
	return r
}

// live is the output as it comes: kept, and shown to whoever watches. A watcher that fails does not end the command.
type live struct {
	kept    *tail
	watcher io.Writer
}

func (l live) Write(p []byte) (int, error) {
	if l.watcher != nil {
		l.watcher.Write(p)
	}
	return l.kept.Write(p)
}
