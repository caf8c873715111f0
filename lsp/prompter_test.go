package lsp

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/opencode-lsp/opencode-lsp/agent"
)

// No consent is a preferred fix, and it names the question; open questions stand before everything else.
func TestQuestionActions(t *testing.T) {
	bubble(t, func(t *testing.T, p *peer) {
		p.asks(errSilent)
		var raw json.RawMessage
		p.call("textDocument/codeAction", json.RawMessage(`{"textDocument":{"uri":"`+uriOf(p.root+"/f")+`"},"range":{},"context":{"diagnostics":[]}}`), &raw)
		var list []codeAction
		if err := json.Unmarshal(raw, &list); err != nil {
			t.Fatal(err)
		}
		if len(list) < 3 || list[0].Title != "OpenCode: Allow once: it" || list[1].Title != "OpenCode: Reject: it" || strings.Contains(string(raw), "isPreferred") {
			t.Errorf("actions = %s", raw)
		}
		p.call("textDocument/codeAction", json.RawMessage(`{"textDocument":{"uri":"untitled:1"},"range":{},"context":{"diagnostics":[],"only":["source.fixAll"]}}`), &raw)
		if string(raw) != "[]" {
			t.Errorf("actions for source.fixAll = %s", raw)
		}
		p.leave()
	})
}

// Two sessions ask at once: one prompt stands on the screen; one that is settled elsewhere makes room for the next.
func TestOnePromptAtATime(t *testing.T) {
	bubble(t, func(t *testing.T, p *peer) {
		p.answers["window/showMessageRequest"] = func(json.RawMessage) any { return errSilent }
		p.replies = func() func() []agent.Delta {
			var mu sync.Mutex
			n := 0
			return func() []agent.Delta {
				mu.Lock()
				defer mu.Unlock()
				if n++; n > 2 {
					return nil
				}
				return calling()()
			}
		}()
		p.start(plain, Options{})
		for range 2 {
			p.command("opencode.prompt", `{"text":"go","new":true}`, nil)
			synctest.Wait()
		}
		if got := p.sent("window/showMessageRequest"); len(got) != 1 || !strings.Contains(got[0], "OpenCode #1 ") {
			t.Errorf("prompts = %q", got)
		}
		var r replied
		p.command("opencode.permission.reply", `{"reply":"once"}`, &r)
		if r.OK || !strings.Contains(r.Reason, "2 questions are open") {
			t.Errorf("reply to one of two: %+v", r)
		}
		p.command("opencode.permission.reply", `{"id":"#1","reply":"once"}`, &r)
		synctest.Wait()
		if got := p.sent("window/showMessageRequest"); !r.OK || len(got) != 2 || !strings.Contains(got[1], "OpenCode #2 ") {
			t.Errorf("%+v, prompts = %q", r, got)
		}
		if got := p.sent("$/cancelRequest"); len(got) != 1 {
			t.Errorf("withdrawn = %q", got)
		}
		p.leave()
	})
}

// An editor that says -32601 or nothing of prompts is told once how to answer, and the question stays open.
func TestMuteEditor(t *testing.T) {
	bubble(t, func(t *testing.T, p *peer) {
		p.replies = calling()
		p.start(`{}`, Options{})
		p.command("opencode.prompt", `{"text":"go"}`, nil)
		synctest.Wait()
		if got := p.sent("window/showMessage"); len(got) != 1 || !strings.Contains(got[0], "opencode.permission.reply") {
			t.Errorf("messages = %q", got)
		}
		if got := p.sent("window/showMessageRequest"); len(got) != 0 {
			t.Errorf("prompts = %q", got)
		}
		time.Sleep(time.Hour)
		var open []pendingQuestion
		p.command("opencode.permission.list", `{}`, &open)
		if len(open) != 1 || !slices.Equal(open[0].Patterns, []string{"it"}) {
			t.Errorf("open = %+v", open)
		}
		p.leave()
	})
}

// The trust question: no answer is a no.
func TestTrust(t *testing.T) {
	for name, test := range map[string]struct {
		answer any
		want   bool
	}{
		"yes": {map[string]string{"title": "Trust this workspace"}, true}, "no": {map[string]string{"title": "Not now"}, false},
		"null": {nil, false}, "other": {map[string]string{"title": "Allow once"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, p *peer) {
				p.answers["window/showMessageRequest"] = func(json.RawMessage) any { return test.answer }
				p.start(plain, Options{})
				if got := p.build.Trust(t.Context(), []string{"runs npx evil"}); got != test.want {
					t.Errorf("trusted = %t", got)
				}
				if got := p.sent("window/showMessageRequest"); len(got) != 1 || !strings.Contains(got[0], "npx evil") {
					t.Errorf("prompts = %q", got)
				}
				p.leave()
			})
		})
	}
}

// The first menu holds the user's own commands too, although the agent is still waiting for the editor's settings; one whose
// editor keeps it waiting for long does without.
func TestFirstMenu(t *testing.T) {
	for _, tc := range []struct {
		settings time.Duration
		want     bool
	}{{menuWait / 2, true}, {4 * menuWait, false}} {
		bubble(t, func(t *testing.T, p *peer) {
			p.answers["workspace/configuration"] = func(json.RawMessage) any {
				time.Sleep(tc.settings)
				return []any{nil}
			}
			p.start(`{"workspace":{"configuration":true}}`, Options{})
			var list []codeAction
			p.call("textDocument/codeAction", json.RawMessage(`{"textDocument":{"uri":"`+uriOf(p.root+"/f")+`"},"range":{},"context":{"diagnostics":[]}}`), &list)
			own := slices.ContainsFunc(list, func(a codeAction) bool { return a.Title == "OpenCode: /own" })
			if own != tc.want || len(list) < len(actions) {
				t.Errorf("settings after %s: %d actions, the own command among them: %t", tc.settings, len(list), own)
			}
			time.Sleep(tc.settings) // until the editor has answered
			p.leave()
		})
	}
}
