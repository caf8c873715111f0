//go:build unix

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencode-lsp/opencode-lsp/lsp/lsptest"
)

// A folder that cannot be made is named, with what to do about it. A file in its place stands for one without permission,
// which would not stop root.
func TestUnusableFolders(t *testing.T) {
	for name, variable := range map[string]string{"data": "XDG_DATA_HOME", "state": "XDG_STATE_HOME", "runtime": "XDG_RUNTIME_DIR"} {
		t.Run(name, func(t *testing.T) {
			c, _ := newCLI(t, "Hello.\n\nHello.\n")
			c.write("taken", "")
			c.home.more = []string{variable + "=" + filepath.Join(c.root, "taken")}
			ed := c.edit()
			_, err := ed.Command(t.Context(), "opencode.prompt", map[string]any{"text": "greet", "wait": true})
			if name != "data" {
				if err != nil {
					t.Error(err)
				}
				c.run(0, "Hello.", "run", "--session", sessionIDOpen(t, ed), "again")
				return
			}
			if err == nil || !strings.Contains(err.Error(), "set XDG_DATA_HOME") {
				t.Errorf("the error does not say what to do: %v", err)
			}
			if _, err := ed.Command(t.Context(), "opencode.status"); err != nil {
				t.Errorf("the server is gone: %v", err)
			}
			c.run(1, "set XDG_DATA_HOME", "run", "greet")
			c.run(1, "set XDG_DATA_HOME", "doctor")
			c.run(1, "set XDG_DATA_HOME", "sessions", "list")
		})
	}
}

// sessionIDOpen ends the editor's server in good order and returns its session.
func sessionIDOpen(t *testing.T, ed *lsptest.Editor) string {
	t.Helper()
	raw, err := ed.Command(t.Context(), "opencode.session.list")
	var list []struct{ ID string }
	if err != nil || json.Unmarshal(raw, &list) != nil || len(list) != 1 {
		t.Fatalf("session.list: %s %v", raw, err)
	}
	if err := ed.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	ed.Exit()
	<-ed.Gone()
	return list[0].ID
}

// Files that no model should be sent: none there, binary, huge. Each call has one result, and the server stays small and alive.
func TestUnreadableFiles(t *testing.T) {
	c, model := newCLI(t, "call read {\"filePath\": \"nowhere.txt\"}\n\ncall read {\"filePath\": \"blob\"}\n\ncall read {\"filePath\": \"huge.txt\"}\n\ncall grep {\"pattern\": \"needle\"}\n\nDone.\n")
	c.write("blob", "\x7fELF\x00\x00\x01"+strings.Repeat("\x00", 1000))
	huge, err := os.Create(filepath.Join(c.root, "huge.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		if _, err := huge.WriteString(strings.Repeat("a line of text, nothing else\n", (1<<20)/29)); err != nil {
			t.Fatal(err)
		}
	}
	huge.Close()
	c.run(0, "Done.", "run", "read them")
	last := model.Requests()[len(model.Requests())-2:]
	if n := max(len(last[0]), len(last[1])); n > 300<<10 {
		t.Errorf("a request of %d bytes holds more than a tool may answer", n)
	}
}
