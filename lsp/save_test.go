package lsp

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/opencode-lsp/opencode-lsp/workspace"
)

// A question about what is unsaved (VS Code asks at every event) must not make the server forget an edit that is on its way.
func TestEditOnItsWayIsNotForgotten(t *testing.T) {
	root := t.TempDir()
	path := filepath.Join(root, "main.go")
	if err := os.WriteFile(path, []byte("a\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ws := workspace.New(root)
	ws.Open(path, 1, "a\n")
	var log editLog
	log.note(ws, path)
	if got := log.unsaved(ws); len(got) > 0 {
		t.Fatalf("before the edit landed: unsaved %v", got)
	}
	ws.Open(path, 2, "b\n")
	log.landed()
	if got := log.unsaved(ws); !slices.Equal(got, []string{path}) {
		t.Fatalf("after the edit landed: unsaved %v", got)
	}
	if err := os.WriteFile(path, []byte("b\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	log.unsaved(ws)
	if _, known := log.base[path]; known {
		t.Error("a saved file is still remembered")
	}
}
