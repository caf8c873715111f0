package tools

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/opencode-lsp/opencode-lsp/permission"
	"github.com/opencode-lsp/opencode-lsp/workspace"
)

// bench is a workspace on disk with a session's tools.
type bench struct {
	*testing.T
	env  *Env
	set  *Set
	root string
}

// newBench writes the files, given as names and texts by turns, and makes the tools.
func newBench(t *testing.T, files ...string) *bench {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	ws := workspace.New(root)
	env := &Env{
		Workspace: ws,
		Applier:   editor{ws},
		Spill:     filepath.Join(t.TempDir(), "spill"),
		Environ:   []string{"PATH=" + os.Getenv("PATH"), "BASH_ENV=/nonexistent", "BASH_FUNC_ls%%=() { echo fooled; }"},
	}
	b := &bench{t, env, NewSet(Builtin(env)...), root}
	for i := 0; i < len(files); i += 2 {
		b.save(files[i], files[i+1])
	}
	return b
}

func (b *bench) path(name string) string { return filepath.Join(b.root, name) }

// save writes a file on disk, as another program would.
func (b *bench) save(name, text string) {
	b.Helper()
	if err := os.MkdirAll(filepath.Dir(b.path(name)), 0o755); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(b.path(name), []byte(text), 0o644); err != nil {
		b.Fatal(err)
	}
}

// open opens a file in the editor, with a text that need not be the disk's.
func (b *bench) open(name, text string) { b.env.Workspace.Open(b.path(name), 1, text) }

// text is the file as the user sees it.
func (b *bench) text(name string) string {
	b.Helper()
	f, err := b.env.Workspace.Read(b.Context(), name)
	if err != nil {
		b.Fatal(err)
	}
	return f.Text
}

// args are a call's arguments, names and values by turns.
type args []any

func (a args) json(t testing.TB) string {
	t.Helper()
	m := make(map[string]any)
	for i := 0; i < len(a); i += 2 {
		m[a[i].(string)] = a[i+1]
	}
	data, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func (b *bench) prepare(tool string, a ...any) (Op, error) {
	b.Helper()
	return b.set.Prepare(b.Context(), Call{Name: tool, Arguments: args(a).json(b)})
}

// mustPrepare is the Op of a call that has to be valid.
func (b *bench) mustPrepare(tool string, a ...any) Op {
	b.Helper()
	op, err := b.prepare(tool, a...)
	if err != nil {
		b.Fatalf("prepare %s: %v", tool, err)
	}
	return op
}

// try runs a call; its error may come from either half.
func (b *bench) try(tool string, a ...any) (Result, error) {
	b.Helper()
	op, err := b.prepare(tool, a...)
	if err != nil {
		return Result{}, err
	}
	return op.Run(b.Context(), io.Discard)
}

// call runs a call that has to go well.
func (b *bench) call(tool string, a ...any) Result {
	b.Helper()
	r, err := b.try(tool, a...)
	if err != nil {
		b.Fatalf("%s: %v", tool, err)
	}
	return r
}

// refuse runs a call that has to fail with words that hold want.
func (b *bench) refuse(want, tool string, a ...any) {
	b.Helper()
	r, err := b.try(tool, a...)
	if err == nil {
		b.Fatalf("%s went well: %s", tool, r.Text)
	}
	if !strings.Contains(err.Error(), want) {
		b.Errorf("%s: error %q, want one with %q", tool, err, want)
	}
}

// editor applies changes to open buffers as an editor does that synchronises back, and to the disk otherwise.
type editor struct{ ws *workspace.Workspace }

func (e editor) Apply(ctx context.Context, c workspace.Change) error {
	now, err := e.ws.Read(ctx, c.File.Path)
	if err != nil {
		return err
	}
	if !now.Open || c.Remove {
		return workspace.Disk{Workspace: e.ws}.Apply(ctx, c)
	}
	if !now.Same(c.File) {
		return workspace.ErrStale
	}
	return e.ws.Update(c.File.Path, now.Version+1, func(buf *workspace.Buffer) error {
		for _, ed := range slices.Backward(c.Edits) {
			if err := buf.Replace(ed.Start, ed.End, ed.New); err != nil {
				return err
			}
		}
		return nil
	})
}

// keys are the permissions that an access asks for.
func keys(a permission.Access) []string {
	var out []string
	for _, i := range a.Items {
		out = append(out, i.Permission)
	}
	slices.Sort(out)
	return out
}

func contains(t *testing.T, text string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("no %q in:\n%s", w, text)
		}
	}
}
