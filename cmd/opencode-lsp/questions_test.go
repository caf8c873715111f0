package main

import (
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/opencode-lsp/opencode-lsp/agent/agenttest"
	"github.com/opencode-lsp/opencode-lsp/lsp/lsptest"
)

// most is how many questions the fixing of a failing test may ask under the default rules.
const most = 4

// watchedHost is a bubbleHost that counts what its editor was asked.
type watchedHost struct {
	bubbleHost
	editor *lsptest.Editor
}

func (h *watchedHost) Attach(e *lsptest.Editor) { h.editor = e }

// Fixing a failing test asks little under the default rules, and nothing once every question was answered with always: the
// scripts say so, here it is counted. What programs come to does not matter: a machine without Python or Node asks the same.
func TestQuestions(t *testing.T) {
	files, err := filepath.Glob("../../lsp/testdata/questions/*.txtar")
	if err != nil || len(files) < 3 {
		t.Fatalf("%d scripts: %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				host := &watchedHost{bubbleHost: bubbleHost{model: agenttest.New()}}
				defer host.model.Close()
				var log strings.Builder
				script := lsptest.Script{File: file, Dir: t.TempDir(), Host: host, Scrub: scrub}
				if err := script.Play(t.Context(), &log); err != nil {
					t.Errorf("%v\n%s", err, log.String())
				}
				if err := host.Kill(); err != nil {
					t.Error(err)
				}
				count(t, host.editor.Questions())
			})
		})
	}
}

// count splits the questions at the last, which is the other session's.
func count(t *testing.T, asked []lsptest.Question) {
	t.Helper()
	if len(asked) < 2 {
		t.Fatalf("%d questions; the script does not ask", len(asked))
	}
	first := len(asked) - 1
	t.Logf("%d questions the first time, 0 once they were answered with always, 1 (the edit) in another session", first)
	for _, q := range asked {
		line, _, _ := strings.Cut(q.Message, "\n")
		t.Logf("  %s → %s", line, q.Answered)
	}
	if first > most {
		t.Errorf("%d questions, more than %d", first, most)
	}
}
