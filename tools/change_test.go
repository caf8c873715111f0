package tools

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/opencode-lsp/opencode-lsp/workspace"
)

func TestEdit(t *testing.T) {
	tests := []struct {
		name, text    string
		old, new      string
		want, subject string
	}{
		{"one line", "a\nb\nc\n", "b", "x", "a\nx\nc\n", "f.txt (+1 −1)"},
		{"crlf", "a\r\nb\r\nc\r\n", "a\nb\n", "x\ny\nz\n", "x\r\ny\r\nz\r\nc\r\n", "f.txt (+3 −2)"},
		{"bom", bom + "a\nb\n", "a", "x", bom + "x\nb\n", "f.txt (+1 −1)"},
		{"bom given twice", bom + "a\nb\n", bom + "a", bom + "x", bom + "x\nb\n", "f.txt (+1 −1)"},
		{"removed lines that look like a header", "a\n-- b\n++ c\n", "-- b\n++ c\n", "", "a\n", "f.txt (+0 −2)"},
		{"no last line end", "a", "a", "a\nb", "a\nb", "f.txt (+2 −1)"},
		{"nothing in it yet", "", "", "a\n", "a\n", "f.txt (+1 −0)"},
	}
	for _, tt := range tests {
		for _, where := range []string{"disk", "editor"} {
			t.Run(tt.name+" "+where, func(t *testing.T) {
				b := newBench(t, "f.txt", tt.text)
				if where == "editor" {
					b.save("f.txt", "what is on disk does not count")
					b.open("f.txt", tt.text)
				}
				op := b.mustPrepare("edit", "filePath", "f.txt", "oldString", tt.old, "newString", tt.new)
				a := op.Access()
				if a.Subject != tt.subject || a.Tool != "edit" || !a.Session || !slices.Equal(keys(a), []string{"edit"}) {
					t.Errorf("access %+v", a)
				}
				if a.Preview.Kind != "diff" || a.Preview.Path != b.path("f.txt") || !strings.HasPrefix(a.Preview.Text, "--- f.txt\n+++ f.txt\n@@") {
					t.Errorf("preview %+v", a.Preview)
				}
				if b.text("f.txt") != tt.text {
					t.Fatal("prepare changed the file")
				}
				r, err := op.Run(t.Context(), io.Discard)
				if err != nil {
					t.Fatal(err)
				}
				if got := b.text("f.txt"); got != tt.want {
					t.Errorf("got %q, want %q", got, tt.want)
				}
				if r.Diff != a.Preview.Text || !slices.Equal(r.Files, []string{b.path("f.txt")}) {
					t.Errorf("result %+v", r)
				}
				if c := r.Changes[0]; len(r.Changes) != 1 || c.Before != tt.text || c.After != tt.want || c.Created || c.Path != b.path("f.txt") {
					t.Errorf("changes %+v", r.Changes)
				}
			})
		}
	}
}

func TestEditRefuses(t *testing.T) {
	b := newBench(t, "f.txt", "a\nb\nb\n", "bin", "a\x00b", "dir/x", "", "latin", "caf\xe9\n")
	b.refuse("oldString does not occur in f.txt; read the file again", "edit", "filePath", "f.txt", "oldString", "z", "newString", "y")
	b.refuse("oldString does not occur in f.txt (its first line is there, on line 2, 3, but what follows differs); read", "edit", "filePath", "f.txt", "oldString", "b\nc\n", "newString", "y")
	b.refuse("oldString fits 2 places (lines 2, 3) in f.txt; add lines", "edit", "filePath", "f.txt", "oldString", "b", "newString", "y")
	b.refuse("the same", "edit", "filePath", "f.txt", "oldString", "a", "newString", "a")
	b.refuse("oldString is empty and f.txt exists", "edit", "filePath", "f.txt", "oldString", "", "newString", "a")
	b.refuse("none.txt does not exist; leave oldString empty", "edit", "filePath", "none.txt", "oldString", "a", "newString", "b")
	b.refuse("already has this text", "edit", "filePath", "f.txt", "oldString", " a\nb\nb\n", "newString", "a\nb\nb\n")
	b.refuse("folder", "edit", "filePath", "dir", "oldString", "a", "newString", "b")
	b.refuse("binary", "edit", "filePath", "bin", "oldString", "a", "newString", "b")
	b.refuse("not UTF-8", "edit", "filePath", "latin", "oldString", "caf", "newString", "b")
	b.refuse("already has this text", "write", "filePath", "f.txt", "content", "a\nb\nb\n")
}

func TestEditCreates(t *testing.T) {
	b := newBench(t)
	op := b.mustPrepare("edit", "filePath", "new/deep/f.txt", "oldString", "", "newString", "a\nb\n")
	if a := op.Access(); a.Subject != "new/deep/f.txt (new) (+2)" {
		t.Errorf("subject %q", a.Subject)
	}
	if _, err := os.Stat(b.path("new")); err == nil {
		t.Fatal("prepare made a folder")
	}
	r, err := op.Run(t.Context(), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if b.text("new/deep/f.txt") != "a\nb\n" || !r.Changes[0].Created || r.Changes[0].Before != "" {
		t.Errorf("changes %+v", r.Changes)
	}
}

// An empty file holds what oldString is, whether that is nothing or a line end; a file that is not there has to be meant.
func TestEditFills(t *testing.T) {
	b := newBench(t, "f.txt", "")
	b.refuse("none.txt does not exist", "edit", "filePath", "none.txt", "oldString", "\n", "newString", "a\n")
	b.call("edit", "filePath", "f.txt", "oldString", "\n", "newString", "a\n")
	if got := b.text("f.txt"); got != "a\n" {
		t.Errorf("got %q", got)
	}
}

// TestEditInexact checks that the model is told, with the diff, when its oldString was not quite the text.
func TestEditInexact(t *testing.T) {
	b := newBench(t, "f.go", "if x {\n\t\tgo()\n\t}\n")
	r := b.call("edit", "filePath", "f.go", "oldString", "if x {\n  go()\n}", "newString", "stop()")
	contains(t, r.Text, "Done: f.go (+1 −3).", "did not occur exactly", "white space around lines", "+stop()")
}

// TestChangedMeanwhile has the files that moved on since the model read them.
func TestChangedMeanwhile(t *testing.T) {
	b := newBench(t)
	b.open("f.txt", "one\ntwo\n\tthree\n")
	b.call("read", "filePath", "f.txt")
	b.open("f.txt", "zero\none\ntwo\n\tthree\n")

	b.refuse("f.txt changed since it was read; read it again", "edit", "filePath", "f.txt", "oldString", "two\nthree\n", "newString", "x\n")
	b.refuse("f.txt changed since it was read; read it again", "write", "filePath", "f.txt", "content", "all new\n")
	r := b.call("edit", "filePath", "f.txt", "oldString", "two", "newString", "2")
	contains(t, r.Text, "f.txt had changed since it was read")
	if got := b.text("f.txt"); got != "zero\none\n2\n\tthree\n" {
		t.Errorf("got %q", got)
	}
	b.refuse("changed since it was read", "write", "filePath", "f.txt", "content", "all new\n")

	b.call("read", "filePath", "f.txt")
	b.call("edit", "filePath", "f.txt", "oldString", "2\nthree\n", "newString", "3\n")
	r = b.call("write", "filePath", "f.txt", "content", "all new\n")
	if got := b.text("f.txt"); got != "all new\n" || strings.Contains(r.Text, "had changed") {
		t.Errorf("got %q, %q", got, r.Text)
	}
}

// TestTypingDuringQuestion has a user who types while the question is open: elsewhere it does not matter, on the same
// line the change is off.
func TestTypingDuringQuestion(t *testing.T) {
	b := newBench(t)
	b.open("f.txt", "1\n2\n3\n4\n5\n6\n7\n8\n9\n")
	edit := b.mustPrepare("edit", "filePath", "f.txt", "oldString", "8", "newString", "eight")
	twin := b.mustPrepare("edit", "filePath", "f.txt", "oldString", "8", "newString", "VIII")
	b.open("f.txt", "one\n2\n3\n4\n5\n6\n7\n8\n9\n")
	r, err := edit.Run(t.Context(), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if got := b.text("f.txt"); got != "one\n2\n3\n4\n5\n6\n7\neight\n9\n" {
		t.Errorf("got %q", got)
	}
	if r.Changes[0].Before != "one\n2\n3\n4\n5\n6\n7\n8\n9\n" {
		t.Errorf("undo would lose what was typed: %q", r.Changes[0].Before)
	}
	if _, err := twin.Run(t.Context(), io.Discard); err == nil || err.Error() != "f.txt changed since it was read; read it again" {
		t.Errorf("error %v", err)
	}
	// The model has not seen what was typed.
	b.refuse("changed since it was read", "write", "filePath", "f.txt", "content", "x")
}

func TestWrite(t *testing.T) {
	tests := []struct{ name, text, content, want, subject string }{
		{"lf", "a\nb\n", "a\nc\n", "a\nc\n", "f.txt (+1 −1)"},
		{"crlf kept", "a\r\nb\r\n", "a\nc\nd\n", "a\r\nc\r\nd\r\n", "f.txt (+2 −1)"},
		{"lf kept", "a\nb\n", "a\r\nc\r\n", "a\nc\n", "f.txt (+1 −1)"},
		{"bom kept", bom + "a\n", "b\n", bom + "b\n", "f.txt (+1 −1)"},
		{"one line has no line ends to keep", "a", "b\r\n", "b\r\n", "f.txt (+1 −1)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t, "f.txt", tt.text)
			op := b.mustPrepare("write", "filePath", "f.txt", "content", tt.content)
			if got := op.Access().Subject; got != tt.subject {
				t.Errorf("subject %q, want %q", got, tt.subject)
			}
			if _, err := op.Run(t.Context(), io.Discard); err != nil {
				t.Fatal(err)
			}
			if got := b.text("f.txt"); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	b := newBench(t)
	if r := b.call("write", "filePath", "n.txt", "content", "a\r\n"); !r.Changes[0].Created || b.text("n.txt") != "a\r\n" {
		t.Errorf("new file: %+v", r)
	}
	if r := b.call("write", "filePath", "empty.txt", "content", ""); r.Title != "empty.txt (new) (+0)" {
		t.Errorf("new empty file: %+v", r)
	}
}

// TestLinkSwapped has a symlink that leads elsewhere between the question and the answer.
func TestLinkSwapped(t *testing.T) {
	b := newBench(t, "one/f.txt", "secret\n", "two/f.txt", "secret\n")
	link := b.path("link")
	swap := func(to string) {
		if err := errors.Join(os.RemoveAll(link), os.Symlink(b.path(to), link)); err != nil {
			t.Fatal(err)
		}
	}
	for _, call := range [][]any{
		{"edit", "filePath", "link/f.txt", "oldString", "secret", "newString", "x"},
		{"write", "filePath", "link/f.txt", "content", "x"},
		{"read", "filePath", "link/f.txt"},
		{"list", "path", "link"},
		{"glob", "path", "link", "pattern", "*"},
		{"grep", "path", "link", "pattern", "secret"},
		{"bash", "workdir", "link", "command", "pwd"},
	} {
		swap("one")
		op := b.mustPrepare(call[0].(string), call[1:]...)
		swap("two")
		if _, err := op.Run(t.Context(), io.Discard); err == nil || !strings.Contains(err.Error(), "when permission was given") {
			t.Errorf("%s: error %v", call[0], err)
		}
	}
	swap("one")
	item := b.mustPrepare("read", "filePath", "link/f.txt").Access().Items[0]
	if !slices.Contains(item.Values, "one/f.txt") || !slices.Contains(item.Aliases, "link/f.txt") {
		t.Errorf("item %+v: rules must see both names", item)
	}
}

// TestUnreadableFileKeepsItsSecrets has an edit of a file that the rules do not let the model read: whether oldString
// occurs in it is told only once the user has consented.
func TestUnreadableFileKeepsItsSecrets(t *testing.T) {
	b := newBench(t, ".env", "KEY=1\n")
	b.env.MayRead = func(abs string) bool { return filepath.Base(abs) != ".env" }
	op := b.mustPrepare("edit", "filePath", ".env", "oldString", "KEY=2", "newString", "x")
	if got := keys(op.Access()); !slices.Equal(got, []string{"read"}) {
		t.Errorf("asks for %v", got)
	}
	if _, err := op.Run(t.Context(), io.Discard); err == nil || !strings.Contains(err.Error(), "does not occur") {
		t.Errorf("error %v", err)
	}
	outside := filepath.Join(t.TempDir(), "o.txt")
	op = b.mustPrepare("edit", "filePath", outside, "oldString", "a", "newString", "x")
	if got := keys(op.Access()); !slices.Equal(got, []string{"external_directory", "read"}) {
		t.Errorf("asks for %v", got)
	}
}

func TestOutsideAsksForBoth(t *testing.T) {
	b := newBench(t)
	outside := filepath.Join(t.TempDir(), "o.txt")
	a := b.mustPrepare("write", "filePath", outside, "content", "x").Access()
	if got := keys(a); !slices.Equal(got, []string{"edit", "external_directory"}) {
		t.Errorf("asks for %v", got)
	}
	if !strings.HasPrefix(a.Subject, outside) {
		t.Errorf("subject %q", a.Subject)
	}
}

// refusing is an editor that does not take changes.
type refusing struct{ err error }

func (r refusing) Apply(context.Context, workspace.Change) error { return r.err }

func TestApplierErrors(t *testing.T) {
	b := newBench(t, "f.txt", "a\n")
	broken := errors.New("the editor refused the change")
	b.env.Applier = refusing{broken}
	if _, err := b.try("write", "filePath", "f.txt", "content", "b\n"); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	b.env.Applier = nil
	b.call("write", "filePath", "f.txt", "content", "c\n")
	if data, err := os.ReadFile(b.path("f.txt")); err != nil || string(data) != "c\n" {
		t.Errorf("without an editor: %q, %v", data, err)
	}
}
