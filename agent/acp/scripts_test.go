package acp

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/opencode-lsp/opencode-lsp/agent/agenttest"
)

// A sweep removes the scripts of processes that are dead, and nothing else.
func TestSweep(t *testing.T) {
	dir := t.TempDir()
	store := &agenttest.MemoryStore{}
	keep := func(name string) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	dead, mixed, script := strings.Repeat("A", 26), strings.Repeat("B", 26), strings.Repeat("C", 26)+".sh"
	keep(dead + "/" + script)
	keep(mixed + "/" + script)
	keep(mixed + "/mine.sh")
	keep("other/" + script)
	keep(script)
	living := scripts{dir: dir, store: store}
	path, err := living.write("exec true\n")
	if err != nil {
		t.Fatal(err)
	}

	next := scripts{dir: dir, store: store}
	next.sweep()
	next.sweep()
	want := []string{path, filepath.Join(dir, mixed, "mine.sh"), filepath.Join(dir, "other", script), filepath.Join(dir, script)}
	slices.Sort(want)
	if left := leaves(t, dir); !slices.Equal(left, want) {
		t.Errorf("left: %q, want %q", left, want)
	}
	if _, err := os.Stat(filepath.Join(dir, dead)); !os.IsNotExist(err) {
		t.Errorf("the dead process's folder: %v", err)
	}
	next.close() // it has made none
	if _, err := next.write("x"); err == nil {
		t.Error("a script is made after the end")
	}

	living.close() // one command was not waited for
	next.sweep()
	if left := leaves(t, dir); slices.Contains(left, path) {
		t.Error("what a process has left stays")
	}
}

// leaves are the files below a folder.
func leaves(t *testing.T, dir string) (files []string) {
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
