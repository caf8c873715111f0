package lsptest

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
)

const goodQuestion = `{"type": 2, "message": "OpenCode #%d edit: main.go (+1 -1) in the workspace root", "actions": [
	{"title": "Show details", "id": 7}, {"title": "Allow once"}, {"title": "Always allow edits this session"}, {"title": "Reject"}]}`

func TestAnswers(t *testing.T) {
	tests := []struct {
		name  string
		reply func(e *Editor) error
		want  string
	}{
		{"title", func(e *Editor) error { return e.Answer(1, "Allow once") }, `{"title":"Allow once"}`},
		{"prefix", func(e *Editor) error { return e.Answer(1, "Always") }, `{"title":"Always allow edits this session"}`},
		{"whole item", func(e *Editor) error { return e.Answer(1, "Show details") }, `{"id":7,"title":"Show details"}`},
		{"null", func(e *Editor) error { return e.Dismiss(1, Null) }, `null`},
		{"empty", func(e *Editor) error { return e.Dismiss(1, Empty) }, `{}`},
		{"error", func(e *Editor) error { return e.Dismiss(1, Failure) }, `error -32603`},
		{"unknown", func(e *Editor) error { return e.Dismiss(1, Unknown) }, `{"reply":"something else","title":"Something else"}`},
	}
	for _, test := range tests {
		bubble(t, func(t *testing.T) {
			e, p := dial(t, Options{}, UTF16)
			wait := p.call(t, "window/showMessageRequest", fmt.Sprintf(goodQuestion, 1))
			synctest.Wait()
			if open := e.OpenQuestions(); len(open) != 1 || open[0].Actions[1] != "Allow once" {
				t.Fatalf("%s: open are %v", test.name, open)
			}
			must(t, test.reply(e))
			if got := answer(wait); got != test.want {
				t.Errorf("%s: the server read %s, want %s", test.name, got, test.want)
			}
			if err := e.Answer(1, "Reject"); err == nil || !strings.Contains(err.Error(), "was answered") {
				t.Errorf("%s: answered twice: %v", test.name, err)
			}
			if faults := e.Complaints(); len(faults) > 0 {
				t.Errorf("%s: complaints %q", test.name, faults)
			}
		})
	}
}

func TestAnswerNotOnOffer(t *testing.T) {
	bubble(t, func(t *testing.T) {
		e, p := dial(t, Options{}, UTF16)
		p.call(t, "window/showMessageRequest", fmt.Sprintf(goodQuestion, 1))
		synctest.Wait()
		for title, want := range map[string]string{"Maybe": "no action", "Al": "both begin"} {
			if err := e.Answer(1, title); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%q: %v, want %q", title, err, want)
			}
		}
	})
}

func TestOldEditorsReturnTitlesOnly(t *testing.T) {
	bubble(t, func(t *testing.T) {
		e, p := dial(t, Presets()["neovim-0.7"], UTF16)
		wait := p.call(t, "window/showMessageRequest", fmt.Sprintf(goodQuestion, 1))
		behind := p.call(t, "workspace/workspaceFolders", `null`)
		served := false
		go func() {
			_, err := behind()
			served = err == nil
		}()
		synctest.Wait()
		if served {
			t.Error("Neovim 0.7 answered a request behind an open question")
		}
		must(t, e.Answer(1, "Show"))
		if got := answer(wait); got != `{"title":"Show details"}` {
			t.Errorf("the server read %s", got)
		}
		synctest.Wait()
		if !served {
			t.Error("the request behind the question was not answered after it")
		}
	})
}

func TestNoPrompts(t *testing.T) {
	bubble(t, func(t *testing.T) {
		_, p := dial(t, Presets()["helix-25.07"], UTF8)
		if got := answer(p.call(t, "window/showMessageRequest", fmt.Sprintf(goodQuestion, 1))); got != "error -32601" {
			t.Errorf("answered %s", got)
		}
	})
}

func TestCancelledQuestion(t *testing.T) {
	for _, honour := range []bool{false, true} {
		bubble(t, func(t *testing.T) {
			e, p := dial(t, Options{Behaviour: Behaviour{HonourCancel: honour}}, UTF16)
			wait := p.call(t, "window/showMessageRequest", fmt.Sprintf(goodQuestion, 1))
			synctest.Wait()
			p.notify(t, "$/cancelRequest", `{"id": 0}`)
			if len(e.OpenQuestions()) != 0 || !e.Questions()[0].Withdrawn {
				t.Errorf("honour %v: the question is %+v", honour, e.Questions()[0])
			}
			late, want := e.Answer(1, "Reject"), `{"title":"Reject"}`
			if honour {
				want = "error -32800"
			}
			if got := answer(wait); got != want || (late == nil) == honour {
				t.Errorf("honour %v: the server read %s, the late answer gave %v", honour, got, late)
			}
		})
	}
}

func TestPermissionRequest(t *testing.T) {
	const ask = `{"id": "3", "tool": "bash", "subject": "go test ./...", "detail": "in the root", "diff": "", "actions": [
		{"title": "Allow once", "reply": "once"}, {"title": "Always allow go test *", "reply": "always"}, "reject"]}`
	tests := []struct{ title, words, want string }{
		{"Allow once", "", `{"reply":"once"}`},
		{"Always", "", `{"reply":"always"}`},
		{"reject", "use make", `{"message":"use make","reply":"reject"}`},
	}
	for _, test := range tests {
		bubble(t, func(t *testing.T) {
			e, p := dial(t, Options{Experimental: Experimental{Permission: true}}, UTF16)
			wait := p.call(t, "opencode/permission", ask)
			synctest.Wait()
			q := e.OpenQuestions()[0]
			if !strings.HasPrefix(q.Message, "OpenCode #3 bash: go test ./...\nin the root") || q.ID != "3" {
				t.Errorf("the question is %+v", q)
			}
			must(t, e.AnswerWith(1, test.title, test.words))
			if got := answer(wait); got != test.want {
				t.Errorf("the server read %s, want %s", got, test.want)
			}
		})
	}
}

func TestSaveDocuments(t *testing.T) {
	bubble(t, func(t *testing.T) {
		e, p := dial(t, Options{Root: put(t, "a.go", "one"), Experimental: Experimental{Save: true}}, UTF16)
		must(t, e.Open("a.go"))
		must(t, e.Replace("a.go", "one", "two"))
		got := answer(p.call(t, "opencode/saveDocuments", fmt.Sprintf(`{"uris": [%q, %q]}`, e.URI("a.go"), e.URI("gone.go"))))
		if disk, _ := e.Disk("a.go"); disk != "two" || got != fmt.Sprintf(`{"saved":[%q]}`, e.URI("a.go")) {
			t.Errorf("saved %q, answered %s", disk, got)
		}
	})
}

func TestPluginRequestsNeedAnnouncement(t *testing.T) {
	bubble(t, func(t *testing.T) {
		_, p := dial(t, Options{Behaviour: Behaviour{NoShowDocument: true}}, UTF16)
		for _, method := range []string{"opencode/permission", "opencode/saveDocuments", "window/showDocument", "workspace/unheardOf"} {
			if got := answer(p.call(t, method, `{}`)); got != "error -32601" {
				t.Errorf("%s is answered %s", method, got)
			}
		}
	})
}
