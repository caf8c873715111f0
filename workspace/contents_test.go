package workspace

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestContents(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "contents")
	c := NewContents(dir)
	if err := c.sweep(); err != nil {
		t.Errorf("sweep of nothing: %v", err)
	}
	ref := map[string]string{}
	for _, text := range []string{"", "one\n", "a\x00\xff", "old"} {
		for range 2 {
			name, err := c.Save([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			ref[text] = name
		}
	}
	aged := func(text string, age time.Duration) {
		at := time.Now().Add(-age)
		if err := os.Chtimes(c.path(ref[text]), at, at); err != nil {
			t.Fatal(err)
		}
	}
	aged("old", keepContents+time.Hour)
	aged("one\n", keepContents+time.Hour)
	if _, err := c.Save([]byte("one\n")); err != nil { // makes it young
		t.Fatal(err)
	}
	if err := c.sweep(); err != nil {
		t.Fatal(err)
	}
	for text, name := range ref {
		got, err := c.Load(name)
		if text == "old" && err == nil || text != "old" && (err != nil || got != text) {
			t.Errorf("%q: got %q, %v", text, got, err)
		}
	}
	if err := os.WriteFile(c.path(ref["one\n"]), []byte("two\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{ref["one\n"], "", "../../etc/passwd", "zz"} {
		if got, err := c.Load(name); err == nil {
			t.Errorf("%q: got %q, want an error", name, got)
		}
	}
	checkPrivate(t, dir)
}

// checkPrivate: only the user can read what is kept.
func checkPrivate(t *testing.T, dir string) {
	t.Helper()
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestClashAndLacks(t *testing.T) {
	tests := []struct {
		base, ours, theirs string
		clash              int
	}{
		{"a\nb\nc\n", "a\nB\nc\n", "a\nb\nc\n", 0},
		{"a\nb\nc\n", "a\nB\nc\n", "0\na\nb\nc\n", 0},
		{"a\nb\nc\n", "a\nB\nc\n", "0\na\nu\nc\n", 3},
		{"a\nb\nc\n", "A\nb\nC\n", "a\nb\nx\nu\n", 3},
		{"a\nb\nc\n", "", "a\nu\nc\n", 1},
		{"a\n", "a\nb", "a\nu", 2},
	}
	for _, tt := range tests {
		if got := Clash(tt.base, tt.ours, tt.theirs); got != tt.clash {
			t.Errorf("Clash(%q, %q, %q) = %d, want %d", tt.base, tt.ours, tt.theirs, got, tt.clash)
		}
		if _, clean := Merge(tt.base, tt.ours, tt.theirs); clean != (tt.clash == 0) {
			t.Errorf("Merge(%q, %q, %q): clean = %v", tt.base, tt.ours, tt.theirs, clean)
		}
	}
	lacks := []struct {
		text, before, after string
		want                bool
	}{
		{"a\nb\nu\n", "a\nb\n", "a\nB\n", true},
		{"a\nB\nu\n", "a\nb\n", "a\nB\n", false},
		{"a\nu\n", "a\nb\n", "a\nB\n", false},
		{"a\nu\n", "a\n", "a\nB\n", true},
		{"a\nu\n", "a\nb\n", "a\n", false},
		{"a\nb\nu\n", "a\nb\n", "a\n", true},
	}
	for _, tt := range lacks {
		if got := Lacks(tt.text, tt.before, tt.after); got != tt.want {
			t.Errorf("Lacks(%q, %q, %q) = %v", tt.text, tt.before, tt.after, got)
		}
	}
}
