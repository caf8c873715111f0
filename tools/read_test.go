package tools

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestRead(t *testing.T) {
	b := newBench(t,
		"a.txt", "one\ntwo\nthree\nfour\n",
		"crlf.txt", "a\r\nb",
		"bom.txt", bom+"a\n",
		"empty.txt", "",
		"long.txt", strings.Repeat("é", maxLine+5)+"\nnext\n",
		"latin.txt", "caf\xe9\n",
	)
	b.open("open.txt", "typed\nnot saved\n")
	tests := []struct {
		name        string
		args        []any
		want, title string
	}{
		{"whole", []any{"filePath", "a.txt"}, "1: one\n2: two\n3: three\n4: four\n\n(end of the file, 4 lines)", "a.txt"},
		{"absolute", []any{"filePath", b.path("a.txt"), "offset", 4}, "4: four\n\n(end of the file, 4 lines)", "a.txt (lines 4–4)"},
		{"part", []any{"filePath", "./a.txt", "offset", 2, "limit", 2}, "2: two\n3: three\n\n(lines 2 to 3 of 4; read on with offset 4)", "a.txt (lines 2–3)"},
		{"crlf, no last line end", []any{"filePath", "crlf.txt"}, "1: a\n2: b\n\n(end of the file, 2 lines)", "crlf.txt"},
		{"bom", []any{"filePath", "bom.txt"}, "1: a\n\n(end of the file, 1 line)", "bom.txt"},
		{"empty", []any{"filePath", "empty.txt"}, "(empty.txt is empty)", "empty.txt"},
		{"not on disk", []any{"filePath", "open.txt"}, "1: typed\n2: not saved\n\n(end of the file, 2 lines; not saved yet, this is the text in the user's editor)", "open.txt"},
		{"long line", []any{"filePath", "long.txt", "limit", 1}, "1: " + strings.Repeat("é", maxLine) + "… (5 more characters)\n\n(lines 1 to 1 of 2; read on with offset 2)", ""},
		{"not UTF-8", []any{"filePath", "latin.txt"}, "1: caf\uFFFD\n\n(end of the file, 1 line)", ""},
		{"folder", []any{"filePath", "."}, "a.txt\nbom.txt\ncrlf.txt\nempty.txt\nlatin.txt\nlong.txt\n", "./"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := b.call("read", tt.args...)
			if r.Text != tt.want || tt.title != "" && r.Title != tt.title {
				t.Errorf("got %q, %q", r.Text, r.Title)
			}
		})
	}
	b.refuse("offset 9 is past the end of a.txt, which has 4 lines", "read", "filePath", "a.txt", "offset", 9)
}

// TestReadBuffer has a file whose buffer differs from the disk.
func TestReadBuffer(t *testing.T) {
	b := newBench(t, "f.txt", "on disk\n")
	b.open("f.txt", "in the editor\n")
	contains(t, b.call("read", "filePath", "f.txt").Text, "1: in the editor\n", "not saved yet")
}

func TestReadBounded(t *testing.T) {
	b := newBench(t, "many.txt", strings.Repeat("x\n", 5000), "wide.txt", strings.Repeat(strings.Repeat("y", 999)+"\n", 200))
	contains(t, b.call("read", "filePath", "many.txt").Text, "\n2000: x\n\n(lines 1 to 2000 of 5000; read on with offset 2001)")
	r := b.call("read", "filePath", "wide.txt")
	if len(r.Text) > defaultBytes+200 || !strings.Contains(r.Text, "; read on with offset ") {
		t.Errorf("%d bytes", len(r.Text))
	}
	b.env.MaxLines = 3
	contains(t, b.call("read", "filePath", "many.txt", "limit", 100).Text, "(lines 1 to 3 of 5000; read on with offset 4)")
}

func TestReadRefuses(t *testing.T) {
	b := newBench(t,
		"src/Main.go", "package main\n", "README.md", "", "old.bmp", "BM", "doc.pdf", "%PDF-1.7\n"+strings.Repeat("x", 6<<20),
		"bin", "a\x00b", "noise", strings.Repeat("\x01\x02ab", 100), "wide.txt", "\xff\xfea\x00")
	huge, err := os.Create(b.path("huge.log"))
	if err != nil {
		t.Fatal(err)
	}
	if err := huge.Truncate(100 << 20); err != nil {
		t.Fatal(err)
	}
	huge.Close()
	for name, want := range map[string]string{
		"old.bmp":     "old.bmp is an image of a kind that models do not take",
		"doc.pdf":     "doc.pdf has 6291465 bytes; files for the model may have 5242880 at most",
		"bin":         "bin is a binary file; try bash",
		"noise":       "noise is a binary file",
		"wide.txt":    "UTF-16",
		"huge.log":    "104857600 bytes",
		"src/main.go": "src/main.go does not exist; did you mean src/Main.go?",
		"READM.md":    "did you mean README.md?",
		"README.txt":  "did you mean README.md?",
		"nothing":     "nothing does not exist; use glob or list",
		"no/such/x.c": "no/such/x.c does not exist",
	} {
		b.refuse(want, "read", "filePath", name)
	}
}

// Images and PDFs go to the model as they are; the name alone makes none.
func TestReadAttaches(t *testing.T) {
	b := newBench(t, "pic.png", "\x89PNG\r\n\x1a\n\x00", "doc.PDF", "%PDF-1.7\n", "text.png", "no picture\n")
	for name, mime := range map[string]string{"pic.png": "image/png", "doc.PDF": "application/pdf"} {
		r := b.call("read", "filePath", name)
		if len(r.Attachments) != 1 || r.Attachments[0].MIME != mime || r.Attachments[0].Name != name || len(r.Attachments[0].Data) != 9 {
			t.Errorf("%s: %+v", name, r)
		}
	}
	contains(t, b.call("read", "filePath", "text.png").Text, "1: no picture")
}

func TestReadManyNames(t *testing.T) {
	b := newBench(t)
	for i := range maxEntries + 5 {
		b.save(fmt.Sprintf("d/f%04d", i), "")
	}
	contains(t, b.call("read", "filePath", "d").Text, "f0999\n", "(5 more; use glob)")
	if err := os.Mkdir(b.path("e"), 0o755); err != nil {
		t.Fatal(err)
	}
	if got := b.call("read", "filePath", "e").Text; got != "(the folder is empty)" {
		t.Errorf("got %q", got)
	}
}

// TestNames checks that results call files by names that lead there again, also in a second root.
func TestNames(t *testing.T) {
	b := newBench(t, "f.txt", "first\n")
	second, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	b.env.Workspace.SetRoots(b.root, second)
	other := filepath.Join(second, "f.txt")
	if err := os.WriteFile(other, []byte("second\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := b.mustPrepare("read", "filePath", other).Access().Subject; got != other {
		t.Errorf("subject %q", got)
	}
	if got := keys(b.mustPrepare("read", "filePath", other).Access()); len(got) != 1 || got[0] != "read" {
		t.Errorf("asks for %v", got)
	}
}

func TestTodos(t *testing.T) {
	b := newBench(t)
	first := Todo{"look", "completed", "high"}
	r := b.call("todowrite", "todos", []Todo{first, {"mend", "in_progress", "high"}, {"test", "pending", "low"}, {"rest", "cancelled", "low"}})
	if want := "- [x] look (high)\n- [>] mend (high)\n- [ ] test (low)\n- [-] rest (low)\n"; r.Text != want {
		t.Errorf("got %q", r.Text)
	}
	if r.Title != "2 of 4 tasks open" {
		t.Errorf("title %q", r.Title)
	}
	if len(r.Todos) != 4 || r.Todos[0] != first {
		t.Errorf("list %v", r.Todos)
	}
	op := b.mustPrepare("todowrite", "todos", []Todo{})
	if a := op.Access(); a.Subject != "0 tasks" || keys(a)[0] != "todowrite" {
		t.Errorf("access %+v", a)
	}
	if r := b.call("todowrite", "todos", []Todo{}); r.Text != "The list is empty." || r.Todos == nil || len(r.Todos) != 0 {
		t.Errorf("got %q", r.Text)
	}
}

func TestHead(t *testing.T) {
	tests := []struct {
		text        string
		lines, most int
		want        string
	}{
		{"", 2, 10, ""},
		{"a\nb\n", 2, 10, "a\nb\n"},
		{"a\nb\nc", 2, 10, "a\nb\n"},
		{"a\nbcd\n", 9, 5, "a\n"},
		{"a\nbcd", 9, 5, "a\nbcd"},
		{"abcdef", 9, 3, "abc"},
		{"ab🙂", 9, 4, "ab"},
	}
	for _, tt := range tests {
		if got := head(tt.text, tt.lines, tt.most); got != tt.want {
			t.Errorf("head(%q, %d, %d) = %q, want %q", tt.text, tt.lines, tt.most, got, tt.want)
		}
	}
}

func TestTail(t *testing.T) {
	tests := []struct {
		name        string
		lines, most int
		writes      []string
		want        string
		cut         bool
	}{
		{"all", 2, 10, []string{"a\nb\n"}, "a\nb\n", false},
		{"all, unfinished", 2, 10, []string{"a\n", "b"}, "a\nb", false},
		{"lines", 2, 10, []string{"a\nb\n", "c\n"}, "b\nc\n", true},
		{"lines, unfinished", 2, 10, []string{"a\nb\nc"}, "b\nc", true},
		{"bytes", 9, 5, []string{"abc\n", "de\n", "f\n"}, "de\nf\n", true},
		{"bytes of one line", 9, 3, []string{"abcdef"}, "def", true},
		{"one byte at a time", 2, 4, strings.Split("a\nb\nc\nd\n", ""), "c\nd\n", true},
		{"nothing", 2, 4, nil, "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out := &tail{lines: tt.lines, most: tt.most, whole: spill{dir: t.TempDir()}}
			for _, w := range tt.writes {
				out.Write([]byte(w))
			}
			out.whole.close()
			got, cut := out.text()
			if got != tt.want || cut != tt.cut {
				t.Errorf("got %q, %v, want %q, %v", got, cut, tt.want, tt.cut)
			}
			if !tt.cut {
				if out.whole.path != "" {
					t.Error("a file keeps what was not cut")
				}
				return
			}
			if whole, err := os.ReadFile(out.whole.path); err != nil || string(whole) != strings.Join(tt.writes, "") {
				t.Errorf("kept %q, %v", whole, err)
			}
		})
	}
}

func TestCut(t *testing.T) {
	b := newBench(t)
	if short, full := b.env.Cut("small\n"); short != "small\n" || full != "" {
		t.Errorf("got %q, %q", short, full)
	}
	text := strings.Repeat("größe\n", 3000)
	short, full := b.env.Cut(text)
	contains(t, short, "(cut after 15.6 KiB of 23.4 KiB; the whole is in "+full)
	if strings.Count(short, "größe\n") != defaultLines || !utf8.ValidString(short) {
		t.Errorf("%d bytes", len(short))
	}
	if whole, err := os.ReadFile(full); err != nil || string(whole) != text {
		t.Errorf("kept %d bytes, %v", len(whole), err)
	}
	b.env.Spill = ""
	short, full = b.env.Cut(text)
	if full != "" || !strings.Contains(short, "the rest is lost: keep the whole output: no folder is set for it") {
		t.Errorf("got %q", short[len(short)-100:])
	}
}
