package lsp

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/opencode-lsp/opencode-lsp/workspace"
)

// A look at the unsaved files while an edit is on its way must not make the log forget the file: its buffer is equal to the
// disk only until the editor has applied the edit.
func TestUnsavedDuringAnEdit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "main.go")
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	ws := workspace.New(filepath.Dir(path))
	ws.Open(path, 1, "old")
	var log editLog
	settled := log.note(ws, path)
	if got := log.unsaved(ws); len(got) > 0 {
		t.Errorf("before the edit %q count as unsaved", got)
	}
	if err := ws.Update(path, 2, func(b *workspace.Buffer) error { return b.Replace(0, b.Len(), "new") }); err != nil {
		t.Fatal(err)
	}
	settled(true)
	if got := log.unsaved(ws); !slices.Equal(got, []string{path}) {
		t.Errorf("after the edit %q count as unsaved, want %q", got, path)
	}
	if got := log.before(path); got != "old" {
		t.Errorf("the disk held %q before the edit, want %q", got, "old")
	}
}
