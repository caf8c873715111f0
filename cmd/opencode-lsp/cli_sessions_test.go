//go:build unix

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// sessionID is the newest session of the folder.
func sessionID(t *testing.T, c cli) string {
	t.Helper()
	var list []struct{ ID string }
	out := c.run(0, "", "sessions", "list", "--format", "json")
	if err := json.Unmarshal([]byte(out), &list); err != nil || len(list) == 0 {
		t.Fatalf("sessions list: %q %v", out, err)
	}
	return list[0].ID
}

// Without an editor undo and redo work on disk, in the last session of the folder.
func TestSessionsUndo(t *testing.T) {
	c, _ := newCLI(t, "call bash {\"command\": \"echo two >f.txt; rm -f gone.txt; echo new >new.txt\"}\n\nDone.\n")
	c.run(1, "there are no sessions", "sessions", "undo")
	c.write("f.txt", "one\n")
	c.write("gone.txt", "gone\n")
	c.run(0, "Done.", "run", "--yes", "do it")
	state := func(want string) {
		t.Helper()
		var got []string
		for _, name := range []string{"f.txt", "gone.txt", "new.txt"} {
			text, err := os.ReadFile(filepath.Join(c.root, name))
			if err != nil {
				text = []byte("-")
			}
			got = append(got, strings.TrimSpace(string(text)))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("files hold %q, want %s", got, want)
		}
	}
	state("two - new")
	c.run(0, "gone.txt", "sessions", "undo")
	state("one gone -")
	c.run(1, "nothing to undo", "sessions", "undo")
	c.run(0, `"kept":[]`, "sessions", "redo", "--format", "json")
	state("two - new")
	c.write("f.txt", "three\n")
	c.run(0, "f.txt stays: your own edits overlap at line 1", "sessions", "undo", "--turn", "all", sessionID(t, c))
	state("three gone -")
	c.run(1, "there is no session ses_nosuch", "sessions", "undo", "ses_nosuch")
}

func TestSessionsAndPermissions(t *testing.T) {
	c, _ := newCLI(t, "Hello.\n")
	if out := c.run(0, "", "sessions", "list"); out != "" {
		t.Errorf("there are no sessions yet, but: %s", out)
	}
	c.run(0, "Hello.", "run", "greet")
	id := sessionID(t, c)
	c.run(0, id, "sessions", "list")
	c.run(0, "Hello.", "sessions", "show", id)
	c.run(0, `"session.created"`, "sessions", "export", "--format", "json", id)
	c.run(0, "## You", "sessions", "export", "--format", "markdown", id)
	fork := strings.TrimSpace(c.run(0, "ses_", "sessions", "fork", id))
	c.run(0, "Hello.", "sessions", "show", fork)
	c.run(0, "", "sessions", "rename", fork, "another", "way")
	c.run(0, "another way", "sessions", "list")
	c.run(1, "has no turn trn_none", "sessions", "fork", id, "--turn", "trn_none")
	c.run(0, "", "sessions", "delete", fork)
	c.run(1, "there is no session ses_nosuch", "sessions", "show", "ses_nosuch")
	c.run(1, "there is no session ses_nosuch", "sessions", "fork", "ses_nosuch")
	c.run(1, "there is no session ses_nosuch", "sessions", "rename", "ses_nosuch", "x")
	c.run(0, "", "sessions", "delete", id)
	c.run(1, "there is no session", "sessions", "show", id)
	c.run(1, "there is no session", "sessions", "delete", id)
	c.run(2, "not one of text, json", "sessions", "list", "--format", "xml")
	c.run(2, "name one of", "sessions")
	c.run(0, "ask: ", "permission", "check", "bash", "rm -rf /")
	c.run(0, "allow: ", "permission", "check", "read", "main.go")
	c.run(0, "", "permission", "list")
	c.run(1, "nothing of that ID", "permission", "forget", "nosuch")
	c.run(0, "", "permission", "forget", "--all")
	c.run(2, "takes one ID, or --all", "permission", "forget")
	c.run(1, "nosuch.json", "permission", "check", "--config", "nosuch.json", "bash", "ls")
	c.run(0, "helix", "editors")
	c.run(0, "languages.toml", "editors", "helix")
	c.run(2, "", "editors", "nosuch")
	c.run(1, `no model of "nosuch" is known`, "models", "nosuch")
	c.run(2, "unknown command", "nosuch")
	c.run(0, "no language server runs", "doctor")
}
