package tools

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// age sets the files' times, the first the newest, since searches give the newest first.
func (b *bench) age(names ...string) {
	b.Helper()
	for i, name := range names {
		at := time.Date(2026, 1, 1, 0, 0, -i, 0, time.UTC)
		if err := os.Chtimes(b.path(name), at, at); err != nil {
			b.Fatal(err)
		}
	}
}

func TestList(t *testing.T) {
	b := newBench(t, "a.go", "", "src/b.go", "", "src/deep/c.go", "", "skip/d.go", "", ".gitignore", "skip/\n")
	b.open("src/new.go", "not on disk")
	if got, want := b.call("list").Text, "./\n  .gitignore\n  a.go\n  src/\n    b.go\n    deep/\n      c.go\n    new.go\n"; got != want {
		t.Errorf("got %s", got)
	}
	if got, want := b.call("list", "path", "src/deep").Text, "src/deep/\n  c.go\n"; got != want {
		t.Errorf("got %s", got)
	}
	b.refuse("a.go is not a folder", "list", "path", "a.go")
	b.refuse("none is not a folder", "list", "path", "none")
	if err := os.Mkdir(b.path("void"), 0o755); err != nil {
		t.Fatal(err)
	}
	contains(t, b.call("list", "path", "void").Text, "(the folder is empty, or everything in it is ignored)")
}

// TestListLarge checks that what lies high is shown before what lies deep.
func TestListLarge(t *testing.T) {
	b := newBench(t, "zz/last.go", "")
	for i := range maxFound {
		b.save(fmt.Sprintf("aa/deep/f%03d", i), "")
	}
	got := b.call("list").Text
	contains(t, got, "  zz/\n    last.go\n", "(4 more; list a folder below, or use glob)")
	if n := strings.Count(got, "\n") - 2; n != maxFound {
		t.Errorf("%d entries in\n%s", n, got)
	}
}

func TestGlob(t *testing.T) {
	b := newBench(t, "a.go", "", "src/b.go", "", "src/c.ts", "", "skip/d.go", "", ".gitignore", "skip/\n")
	b.age("src/b.go", "a.go")
	if got := b.call("glob", "pattern", "**/*.go"); got.Text != "src/b.go\na.go\n" || got.Title != "**/*.go: 2 files" {
		t.Errorf("got %+v", got)
	}
	if got := b.call("glob", "pattern", "*.{ts,tsx}", "path", "src").Text; got != "src/c.ts\n" {
		t.Errorf("got %q", got)
	}
	if got := b.call("glob", "pattern", "*.rs").Text; got != "(no file matches; ignored files are left out)" {
		t.Errorf("got %q", got)
	}
	b.refuse("none is not a folder", "glob", "pattern", "*", "path", "none")
	if _, err := b.try("glob", "pattern", "a{b"); err == nil {
		t.Error("an unfinished pattern was taken")
	}
	for i := range maxFound + 1 {
		b.save(fmt.Sprintf("many/f%03d.x", i), "")
	}
	r := b.call("glob", "pattern", "**/*.x")
	contains(t, r.Text, "(the newest 100; there are more, narrow the pattern)")
	contains(t, r.Title, "more than 100 files")
}

func TestGrep(t *testing.T) {
	b := newBench(t, "a.go", "x\nfunc A() {}\nfunc B() {}\n", "src/b.go", "func C() {}\n", "src/c.ts", "func()\n", "bin", "func\x00")
	b.age("src/b.go", "a.go", "src/c.ts")
	b.open("a.go", "func Typed() {}\n")
	if got, want := b.call("grep", "pattern", `^func \w`, "include", "*.go"), "src/b.go:\n  1: func C() {}\n"; !strings.Contains(got.Text, want) {
		t.Errorf("got %+v", got)
	}
	contains(t, b.call("grep", "pattern", "func").Text, "a.go:\n  1: func Typed() {}\n", "src/c.ts:\n  1: func()\n")
	if got := b.call("grep", "pattern", "func", "path", "src", "include", "*.ts").Text; got != "src/c.ts:\n  1: func()\n" {
		t.Errorf("got %q", got)
	}
	if got := b.call("grep", "pattern", "Typed", "path", "a.go"); got.Text != "a.go:\n  1: func Typed() {}\n" || got.Title != "Typed: 1 match" {
		t.Errorf("got %+v", got)
	}
	if got := b.call("grep", "pattern", "func A").Text; got != "(no match; ignored and binary files are left out)\n" {
		t.Errorf("the disk was searched behind the buffer: %q", got)
	}
	b.refuse("none does not exist", "grep", "pattern", "x", "path", "none")
}

func TestGrepBounded(t *testing.T) {
	b := newBench(t, "many", strings.Repeat("needle\n", 150), "wide", strings.Repeat("é", 300)+"pin"+strings.Repeat("é", 3000)+"\n")
	r := b.call("grep", "pattern", "needle")
	if n := strings.Count(r.Text, ": needle\n"); n != maxFound {
		t.Errorf("%d matches", n)
	}
	contains(t, r.Text, "(there are more matches; narrow the pattern")
	if r := b.call("grep", "pattern", "pin"); len(r.Text) > maxMatch+50 {
		t.Errorf("%d bytes", len(r.Text))
	}
}

// TestGrepLeavesOutSecrets has files that the rules do not let the model read.
func TestGrepLeavesOutSecrets(t *testing.T) {
	b := newBench(t, ".env", "KEY=1\n", "main.go", "KEY\n", "a/1.env", "", "b/2.env", "", "c/3.env", "KEY")
	b.env.MayRead = func(abs string) bool { return filepath.Ext(abs) != ".env" }
	got := b.call("grep", "pattern", "KEY").Text
	if want := "main.go:\n  1: KEY\n\n(not searched without permission: .env, a/1.env, b/2.env and 1 more; read such a file by its name if it matters)\n"; got != want {
		t.Errorf("got %q", got)
	}
	a := b.mustPrepare("grep", "pattern", "KEY", "path", ".env").Access()
	if got := keys(a); !slices.Equal(got, []string{"grep", "read"}) {
		t.Errorf("asks for %v", got)
	}
	if got := b.call("grep", "pattern", "KEY", "path", ".env").Text; got != ".env:\n  1: KEY=1\n" {
		t.Errorf("got %q", got)
	}
}

// TestSearchOutside checks that a search outside asks for the very folder, not for the one that holds it.
func TestSearchOutside(t *testing.T) {
	b := newBench(t)
	outside, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, call := range [][]any{{"list", "path", outside}, {"glob", "path", outside, "pattern", "*"}, {"grep", "path", outside, "pattern", "x"}} {
		a := b.mustPrepare(call[0].(string), call[1:]...).Access()
		if got := keys(a); !slices.Equal(got, []string{"external_directory", call[0].(string)}) && !slices.Equal(got, []string{call[0].(string), "external_directory"}) {
			t.Errorf("%s asks for %v", call[0], got)
		}
		last := a.Items[len(a.Items)-1]
		if last.Always != outside+"/*" || !slices.Contains(last.Values, outside) {
			t.Errorf("%s: item %+v", call[0], last)
		}
	}
}
