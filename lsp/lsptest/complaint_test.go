package lsptest

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
)

// Each of these is something that a real editor or its user would stumble over.
func TestComplaints(t *testing.T) {
	question := func(message, actions string) string {
		return fmt.Sprintf(`{"type": 2, "message": %q, "actions": [%s]}`, message, actions)
	}
	const safe = `{"title": "Show details"}`
	const head = "OpenCode #1 bash: go test ./... in the workspace root"
	tests := []struct{ name, method, params, want string }{
		{"short headline", "window/showMessageRequest", question("OpenCode #1 edit: x", safe), "less than 45 columns"},
		{"long line", "window/showMessageRequest", question(head+"\n"+strings.Repeat("x", 79), safe), "longer than 78"},
		{"many lines", "window/showMessageRequest", question(head+strings.Repeat("\nx", 6), safe), "7 lines"},
		{"long", "window/showMessageRequest", question(head+strings.Repeat("\n"+strings.Repeat("x", 75), 5), safe), "more than 400"},
		{"unsafe first", "window/showMessageRequest", question(head, `{"title": "Allow once"}`), "not harmless"},
		{"five actions", "window/showMessageRequest", question(head, `{"title":"a"},{"title":"b"},{"title":"c"},{"title":"d"},{"title":"e"}`), "5 actions"},
		{"same titles", "window/showMessageRequest", question(head, safe+","+safe), "same title"},
		{"no title", "window/showMessageRequest", question(head, `{"name": "x"}`), "no title"},
		{"long title", "window/showMessageRequest", question(head, `{"title": "`+strings.Repeat("x", 41)+`"}`), "longer than 40"},
		{"bidi", "window/showMessageRequest", question(head+"\u202e", safe), "invisible"},
		{"not a warning", "window/showMessageRequest", strings.Replace(question(head, safe), "2", "1", 1), "type is 1"},
		{"no version", "workspace/applyEdit", `{"edit": {"documentChanges": [{"textDocument": {"uri": "URI"}, "edits": []}]}}`, "no version"},
		{"not pinned", "workspace/applyEdit", oneEdit("URI", "null", span(0, 0, 0), ""), "not pinned"},
		{"future version", "workspace/applyEdit", oneEdit("URI", "9", span(0, 0, 0), ""), "never announced"},
		{"out of bounds", "workspace/applyEdit", oneEdit("URI", "0", span(0, 0, 99), ""), "not places between"},
		{"in a surrogate pair", "workspace/applyEdit", oneEdit("URI", "0", span(0, 0, 1), ""), "not places between"},
		{"unsorted", "workspace/applyEdit", strings.Replace(oneEdit("URI", "0", span(0, 3, 4), ""), "]}]", `,{"range":`+span(0, 0, 2)+`,"newText":""}]}]`, 1), "not sorted"},
		{"create what exists", "workspace/applyEdit", `{"edit": {"documentChanges": [{"kind": "create", "uri": "URI"}]}}`, "would empty it"},
		{"no create", "$/progress", `{"token": "t", "value": {"kind": "begin"}}`, "not created"},
		{"unknown notification", "$/unheardOf", `{}`, "unknown"},
		{"null diagnostics", "textDocument/publishDiagnostics", `{"uri": "URI", "diagnostics": null}`, "array"},
		{"lines", "window/showMessage", `{"type": 3, "message": "a\nb"}`, "several lines"},
		{"type", "window/showMessage", `{"type": 0, "message": "a"}`, "no proper type"},
	}
	for _, test := range tests {
		bubble(t, func(t *testing.T) {
			e, p := dial(t, Options{Root: put(t, "a.go", "𝄞ab\n")}, UTF16)
			must(t, e.Open("a.go"))
			params := strings.ReplaceAll(test.params, "URI", e.URI("a.go"))
			if strings.Contains(test.method, "essageRequest") || strings.HasPrefix(test.method, "workspace/") {
				p.call(t, test.method, params)
				synctest.Wait()
			} else {
				p.notify(t, test.method, params)
			}
			if all := strings.Join(e.Complaints(), "\n"); strings.Count(all, "\n") > 0 || !strings.Contains(all, test.want) {
				t.Errorf("%s: complains %q, want %q", test.name, all, test.want)
			}
		})
	}
}

func TestTwoQuestionsAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		e, p := dial(t, Options{}, UTF16)
		p.call(t, "window/showMessageRequest", fmt.Sprintf(goodQuestion, 1))
		p.call(t, "window/showMessageRequest", fmt.Sprintf(goodQuestion, 2))
		p.call(t, "window/showMessageRequest", fmt.Sprintf(goodQuestion, 2))
		synctest.Wait()
		all := strings.Join(e.Complaints(), "\n")
		for _, want := range []string{"question 2: question 1 is still open", "question 3: the message is the same as that of question 2"} {
			if !strings.Contains(all, want) {
				t.Errorf("complaints %q lack %q", all, want)
			}
		}
	})
}

func TestProgress(t *testing.T) {
	report := func(kind, rest string) string {
		return fmt.Sprintf(`{"token": "opencode/1", "value": {"kind": %q%s}}`, kind, rest)
	}
	bubble(t, func(t *testing.T) {
		e, p := dial(t, Options{}, UTF16)
		if got := answer(p.call(t, "window/workDoneProgress/create", `{"token": "opencode/1"}`)); got != "null" {
			t.Fatalf("create is answered %s", got)
		}
		p.notify(t, "$/progress", report("begin", `, "title": "OpenCode", "cancellable": true`))
		p.notify(t, "$/progress", report("report", `, "message": "reads main.go", "cancellable": true`))
		if got := e.Tasks()[0].String(); got != "opencode/1 running OpenCode: reads main.go" {
			t.Errorf("the task is %q", got)
		}
		must(t, e.CancelTask(""))
		p.notify(t, "$/progress", report("end", ""))
		if faults := e.Complaints(); len(faults) > 0 || !e.Tasks()[0].Ended {
			t.Errorf("complaints %q of %v", faults, e.Tasks()[0])
		}
		if err := e.CancelTask("opencode/1"); err == nil {
			t.Error("cancelled a task that has ended")
		}
		p.notify(t, "$/progress", report("end", ""))
		if faults := e.Complaints(); len(faults) != 1 || !strings.Contains(faults[0], "after its end") {
			t.Errorf("complaints %q", faults)
		}
	})
}

func TestProgressFaults(t *testing.T) {
	bubble(t, func(t *testing.T) {
		e, p := dial(t, Options{}, UTF16)
		answer(p.call(t, "window/workDoneProgress/create", `{"token": 5}`))
		p.notify(t, "$/progress", `{"token": 5, "value": {"kind": "begin", "title": "OpenCode", "cancellable": true}}`)
		p.notify(t, "$/progress", `{"token": 5, "value": {"kind": "report", "message": "`+strings.Repeat("x", 50)+`"}}`)
		for range maxReportsASecond {
			p.notify(t, "$/progress", `{"token": 5, "value": {"kind": "report", "message": "x", "cancellable": true}}`)
		}
		must(t, e.Shutdown(t.Context()))
		all := strings.Join(e.Complaints(), "\n")
		for _, want := range []string{"not cancellable", "58 characters", "more than 10 times", "never ended"} {
			if !strings.Contains(all, want) {
				t.Errorf("complaints lack %q: %q", want, all)
			}
		}
	})
}

func TestConfigurationAndDocuments(t *testing.T) {
	bubble(t, func(t *testing.T) {
		e, p := dial(t, Options{Root: put(t, "a.md", "text"), Settings: []byte(`{"opencode": {"model": "x/y"}}`)}, UTF16)
		if got := answer(p.call(t, "workspace/configuration", `{"items": [{"section": "opencode.model"}, {"section": "other"}]}`)); got != `["x/y",null]` {
			t.Errorf("configuration is %s", got)
		}
		e.Configure([]byte(`{"opencode": {"model": "z"}}`))
		if got := answer(p.call(t, "workspace/configuration", `{"items": [{"section": "opencode"}]}`)); got != `[{"model":"z"}]` {
			t.Errorf("changed configuration is %s", got)
		}
		for name, want := range map[string]string{"a.md": `{"success":true}`, "b.md": `{"success":false}`} {
			if got := answer(p.call(t, "window/showDocument", fmt.Sprintf(`{"uri": %q}`, e.URI(name)))); got != want {
				t.Errorf("%s is answered %s", name, got)
			}
		}
		if _, open := e.Buffer("a.md"); !open || len(e.ShownDocuments()) != 2 {
			t.Errorf("shown %v", e.ShownDocuments())
		}
	})
}

func TestURIs(t *testing.T) {
	for escape, want := range map[bool]string{false: "file:///a%20b/@x+%C3%9F.go", true: "file:///a%20b/%40x%2B%C3%9F.go"} {
		got := fileURI("/a b/@x+ß.go", escape)
		back, err := filePath(got)
		if got != want || back != "/a b/@x+ß.go" || err != nil {
			t.Errorf("escape %v: %s, and back %s, %v", escape, got, back, err)
		}
	}
	if _, err := filePath("untitled:1"); err == nil {
		t.Error("untitled:1 is taken for a file")
	}
}
