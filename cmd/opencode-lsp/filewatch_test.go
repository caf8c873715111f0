package main

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/agent/agenttest"
	"github.com/opencode-lsp/opencode-lsp/tools"
	"github.com/opencode-lsp/opencode-lsp/workspace"
)

// The model hears, once, of a file that changed after it read it, and of none that it never read or changed itself.
func TestFileWatchNotes(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	read, unread := write("read.txt", "one\n"), write("unread.txt", "one\n")
	ws := workspace.New(dir)
	f := newFileWatch(ws, true)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go f.run(ctx)

	sessions := agent.NewSessions(agent.Options{Directory: dir, Store: &agenttest.MemoryStore{}})
	defer sessions.Close()
	s, err := sessions.New(t.Context(), agent.Start{Title: "a session"})
	if err != nil {
		t.Fatal(err)
	}
	set := tools.NewSet(tools.Builtin(&tools.Env{Workspace: ws, Seen: f.seenBy(s.ID())})...)
	args, _ := json.Marshal(map[string]string{"filePath": "read.txt"})
	op, err := set.Prepare(t.Context(), tools.Call{ID: "1", Name: "read", Arguments: string(args)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := op.Run(t.Context(), io.Discard); err != nil {
		t.Fatal(err)
	}
	tell := func() {
		f.tell(read)
		f.tell(unread)
	}
	if tell(); f.note(t.Context(), s) != "" {
		t.Error("a file that holds what was read is called changed")
	}
	write("read.txt", "two\n")
	write("unread.txt", "two\n")
	tell()
	if got := f.note(t.Context(), s); !strings.HasSuffix(got, ": read.txt. Read them again before you rely on them.") {
		t.Errorf("the note is %q", got)
	}
	if got := f.note(t.Context(), s); got != "" {
		t.Errorf("the note comes twice: %q", got)
	}
}
