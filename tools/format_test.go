//go:build unix

package tools

import (
	"context"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/opencode-lsp/opencode-lsp/workspace"
)

// script is a formatter that a shell runs; $FILE is its first argument.
func script(name, text string) Formatter {
	return Formatter{Name: name, Command: []string{"sh", "-c", text, "sh", "$FILE"}, Environ: []string{"WORD=formatted"}}
}

func TestFormat(t *testing.T) {
	upper := script("upper", `tr a-z A-Z <"$1" >"$1.new" && mv "$1.new" "$1"`)
	for _, tt := range []struct {
		name, text string
		by         []Formatter
		want, says string
	}{
		{"changed", "one\ntwo\n", []Formatter{upper}, "ONE\nX\n", "f.txt was formatted by upper:\n--- f.txt\n+++ f.txt"},
		{"nothing to do", "one\ntwo\n", []Formatter{script("none", "true")}, "one\nx\n", "Done: f.txt (+1 −1)."},
		{"several, in their order", "one\ntwo\n", []Formatter{upper, script("word", `echo "$WORD" >>"$1"`)}, "ONE\nX\nformatted\n", "formatted by upper, word"},
		{"fails", "one\ntwo\n", []Formatter{script("fails", `echo "$1:1: no" >&2; exit 3`), upper}, "ONE\nX\n", "/f.txt:1: no (exit code 3)."},
		{"is not there", "one\ntwo\n", []Formatter{{Name: "none", Command: []string{"no-such-formatter"}}}, "one\nx\n", "none did not format f.txt: start no-such-formatter"},
		{"empties the file", "one\ntwo\n", []Formatter{script("empty", `: >"$1"`)}, "one\nx\n", "it left something that is no text"},
		{"leaves no text", "one\ntwo\n", []Formatter{script("bin", `printf '\000' >"$1"`)}, "one\nx\n", "no text"},
		{"removes the file", "one\ntwo\n", []Formatter{script("rm", `rm "$1"`)}, "one\nx\n", "rm did not format"},
		{"floods", "one\ntwo\n", []Formatter{script("flood", `yes | head -c 1000000; exit 1`)}, "one\nx\n", "flood did not format f.txt: y (exit code 1)."},
		{"hangs", "one\ntwo\n", []Formatter{{Name: "slow", Command: []string{"sleep", "60"}, Timeout: 50 * time.Millisecond}}, "one\nx\n", "slow did not format f.txt: (stopped after 50ms"},
		{"keeps line ends", "one\r\ntwo\r\n", []Formatter{script("lf", `printf 'a\nb\n' >"$1"`)}, "a\r\nb\r\n", "formatted by lf"},
		{"keeps the byte order mark", bom + "one\ntwo\n", []Formatter{script("lf", `printf 'a\nb\n' >"$1"`)}, bom + "a\nb\n", "formatted by lf"},
	} {
		for _, where := range []string{"disk", "editor"} {
			t.Run(tt.name+" "+where, func(t *testing.T) {
				b := newBench(t, "f.txt", tt.text)
				if where == "editor" {
					b.save("f.txt", "the disk does not count\n")
					b.open("f.txt", tt.text)
				}
				b.env.Formatters = func(context.Context, string) []Formatter { return tt.by }
				r := b.call("edit", "filePath", "f.txt", "oldString", "two", "newString", "x")
				if got := b.text("f.txt"); got != tt.want {
					t.Errorf("got %q, want %q", got, tt.want)
				}
				contains(t, r.Text, tt.says)
				if c := r.Changes; len(c) != 1 || c[0].Before != tt.text || c[0].After != tt.want {
					t.Errorf("changes %+v", c)
				}
				entries, err := os.ReadDir(b.root)
				if err != nil || len(entries) != 1 {
					t.Errorf("left behind: %v, %v", entries, err)
				}
			})
		}
	}
}

// The question says that a formatter will go over the file; nothing runs before the answer.
func TestFormatIsShown(t *testing.T) {
	b := newBench(t, "f.txt", "one\n", "g.txt", "x\n")
	b.env.Formatters = func(_ context.Context, abs string) []Formatter {
		return []Formatter{script("mark", `echo done >>"$1"; touch "`+b.root+`/ran"`)}
	}
	op := b.mustPrepare("write", "filePath", "f.txt", "content", "two\n")
	if want := []string{"Formatted by mark afterwards."}; !slices.Equal(op.Access().Notes, want) {
		t.Errorf("notes %q", op.Access().Notes)
	}
	if _, err := os.Stat(b.path("ran")); err == nil {
		t.Error("it ran before the answer")
	}
	op = b.mustPrepare("apply_patch", "patchText", "*** Begin Patch\n*** Delete File: g.txt\n*** End Patch")
	if want := []string{"Deletes g.txt."}; !slices.Equal(op.Access().Notes, want) {
		t.Errorf("notes %q", op.Access().Notes)
	}
	if r := b.call("apply_patch", "patchText", "*** Begin Patch\n*** Delete File: g.txt\n*** End Patch"); strings.Contains(r.Text, "mark") {
		t.Errorf("a deleted file was formatted: %s", r.Text)
	}
}

// Created and moved files are formatted where they are, with their mode; undo needs one change of each.
func TestFormatPatch(t *testing.T) {
	b := newBench(t, "run.sh", "one\n")
	if err := os.Chmod(b.path("run.sh"), 0o755); err != nil {
		t.Fatal(err)
	}
	b.env.Formatters = func(context.Context, string) []Formatter {
		return []Formatter{script("mode", `ls -l "$1" | cut -c1-10 >>"$1"`)}
	}
	r := b.call("apply_patch", "patchText", "*** Begin Patch\n*** Add File: d/new.txt\n+x\n*** Update File: run.sh\n*** Move to: d/run.sh\n@@\n-one\n+two\n*** End Patch")
	if got := b.text("d/run.sh"); got != "two\n-rwxr-xr-x\n" {
		t.Errorf("moved: %q", got)
	}
	if got := b.text("d/new.txt"); got != "x\n-rw-------\n" {
		t.Errorf("made: %q", got)
	}
	b.matches(r, map[string]string{"run.sh": "one\n"}, b.tree())
}

// typing is an Applier under whose hands the user types before the formatter's change comes.
type typing struct {
	editor
	b     *bench
	count *int
}

func (e typing) Apply(ctx context.Context, c workspace.Change) error {
	if *e.count++; *e.count == 2 {
		e.b.open("f.txt", "one\nx\nuser\n")
	}
	return e.editor.Apply(ctx, c)
}

// What the user types while the formatter runs stays; where the two meet the formatter's work is dropped and that is said.
func TestFormatWhileTyping(t *testing.T) {
	for name, tt := range map[string]struct{ format, want, says string }{
		"elsewhere": {`printf 'ONE\nx\nlast\n' >"$1"`, "ONE\nx\nuser\n", "formatted by f"},
		"there":     {`printf 'one\nx\nLAST\n' >"$1"`, "one\nx\nuser\n", "f.txt was not formatted by f, since it changed meanwhile."},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, "f.txt", "")
			b.open("f.txt", "one\ntwo\nlast\n")
			b.env.Applier = typing{editor{b.env.Workspace}, b, new(int)}
			b.env.Formatters = func(context.Context, string) []Formatter { return []Formatter{script("f", tt.format)} }
			op := b.mustPrepare("edit", "filePath", "f.txt", "oldString", "two", "newString", "x")
			r, err := op.Run(t.Context(), io.Discard)
			if err != nil || b.text("f.txt") != tt.want {
				t.Errorf("%q, %v", b.text("f.txt"), err)
			}
			contains(t, r.Text, tt.says)
			for _, c := range r.Changes {
				t.Logf("%q -> %q", c.Before, c.After)
			}
		})
	}
}
