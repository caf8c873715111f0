package llm

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/tools"
)

func newTestEncoder(q quirks) *encoder {
	return newEncoder(newTestChat(q))
}

func newTestChat(q quirks) *chat {
	return &chat{Config{Provider: "p", Model: "m", MaxOutput: 100}, q, newRecall()}
}

// conversation is a history of the given number of steps, each a call with its result.
func conversation(steps int) agent.Request {
	req := agent.Request{Session: "s", System: "sys", Tools: []agent.ToolSpec{{Name: "t", Schema: json.RawMessage(`{"type":"object"}`)}}}
	req.Messages = append(req.Messages, agent.Message{Role: agent.User, Text: "go <now> & then"})
	for i := range steps {
		id := fmt.Sprint("c", i)
		req.Messages = append(req.Messages,
			agent.Message{Role: agent.Assistant, Text: "step", Calls: []tools.Call{{ID: id, Name: "t", Arguments: `{"i":1}`}}},
			agent.Message{Role: agent.Tool, Call: id, Text: strings.Repeat("out ", 200)})
	}
	return req
}

func encode(t testing.TB, e *encoder, req agent.Request) string {
	t.Helper()
	raw, err := e.encode(req)
	if err != nil {
		t.Fatal(err)
	}
	if !json.Valid([]byte(string(raw)+tailPlain)) || !json.Valid([]byte(string(raw)+tailUsage)) {
		t.Fatalf("not JSON: %s", raw)
	}
	return string(raw)
}

func TestEncode(t *testing.T) {
	got := encode(t, newTestEncoder(quirks{}), conversation(1)) + tailPlain
	want := `{"model":"m","stream":true,"max_tokens":100,"tools":[{"type":"function","function":{"name":"t","parameters":{"type":"object"}}}],` +
		`"messages":[{"role":"system","content":"sys"},{"role":"user","content":"go <now> & then"},` +
		`{"role":"assistant","content":"step","tool_calls":[{"id":"c0","type":"function","function":{"name":"t","arguments":"{\"i\":1}"}}]},` +
		`{"role":"tool","content":"` + strings.Repeat("out ", 200) + `","tool_call_id":"c0"}]}`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestPrefix checks that each step's request begins with the last one's bytes, and is what a fresh encoder would send.
func TestPrefix(t *testing.T) {
	e, last := newTestEncoder(quirks{}), ""
	for steps := range 20 {
		got := encode(t, e, conversation(steps))
		if !strings.HasPrefix(got, last) {
			t.Fatalf("step %d does not begin with the bytes of the step before", steps)
		}
		if fresh := encode(t, newTestEncoder(quirks{}), conversation(steps)); got != fresh {
			t.Fatalf("step %d differs from a fresh encoding", steps)
		}
		last = got
	}
}

// TestChangedHistory checks that a conversation which departs from its past is sent as it is, and that bytes handed out
// earlier stay as they were.
func TestChangedHistory(t *testing.T) {
	changes := map[string]func(*agent.Request){
		"shorter":        func(r *agent.Request) { r.Messages = r.Messages[:3] },
		"other text":     func(r *agent.Request) { r.Messages[2].Text = "other" },
		"other argument": func(r *agent.Request) { r.Messages[1].Calls[0].Arguments = `{"i":2}` },
		"other system":   func(r *agent.Request) { r.System = "other" },
		"other tools":    func(r *agent.Request) { r.Tools[0].Description = "other" },
		"other start":    func(r *agent.Request) { r.Messages[0].Text = "other" },
		"no tools":       func(r *agent.Request) { r.Tools = nil },
	}
	for name, change := range changes {
		e := newTestEncoder(quirks{})
		early, err := e.encode(conversation(3))
		if err != nil {
			t.Fatal(err)
		}
		before := string(early)
		req := conversation(3)
		change(&req)
		req.Messages = append(req.Messages, agent.Message{Role: agent.User, Text: "more"})
		if got, want := encode(t, e, req), encode(t, newTestEncoder(quirks{}), req); got != want {
			t.Errorf("%s: got  %s\nwant %s", name, got, want)
		}
		if string(early) != before {
			t.Errorf("%s: the bytes of an earlier request changed", name)
		}
	}
}

func TestManyConversations(t *testing.T) {
	e := newTestEncoder(quirks{})
	for range 2 {
		for i := range 3 * maxKept {
			req := conversation(2)
			req.Session = fmt.Sprint(i)
			encode(t, e, req)
		}
	}
	if len(e.kept) != maxKept {
		t.Errorf("%d conversations are kept, want %d", len(e.kept), maxKept)
	}
}

func TestWhatTheModelWroteStaysValid(t *testing.T) {
	tests := []struct{ arguments, name, want, wantName string }{
		{`{"a":1}`, "edit", `{"a":1}`, "edit"},
		{``, "edit", `{}`, "edit"},
		{" \n", "edit", `{}`, "edit"},
		{`null`, "edit", `{"_invalid":"null"}`, "edit"},
		{`[1]`, "edit", `{"_invalid":"[1]"}`, "edit"},
		{`{"a":"<b>`, "edit", `{"_invalid":"{\"a\":\"<b>"}`, "edit"},
		{`{}{}`, "functions.edit now!", `{"_invalid":"{}{}"}`, "functions_edit_now_"},
		{"\xff", strings.Repeat("é", 80), `{"_invalid":"\ufffd"}`, strings.Repeat("_", 64)},
	}
	for _, test := range tests {
		w := newTestChat(quirks{}).call(tools.Call{ID: "c", Name: test.name, Arguments: test.arguments}, true)
		if w.Function.Arguments != test.want || w.Function.Name != test.wantName {
			t.Errorf("%q %q: got %+v", test.name, test.arguments, w.Function)
		}
	}
}

func TestCheckMessages(t *testing.T) {
	ask := agent.Message{Role: agent.User, Text: "go"}
	call := func(ids ...string) agent.Message {
		m := agent.Message{Role: agent.Assistant}
		for _, id := range ids {
			m.Calls = append(m.Calls, tools.Call{ID: id, Name: "t"})
		}
		return m
	}
	result := func(id string) agent.Message { return agent.Message{Role: agent.Tool, Call: id, Text: "ok"} }
	tests := []struct {
		name string
		msgs []agent.Message
		want string
	}{
		{"good", []agent.Message{ask, call("a", "b"), result("b"), result("a"), ask}, ""},
		{"none", nil, "the request holds no message"},
		{"only an empty answer", []agent.Message{{Role: agent.Assistant, Text: " "}}, "the request holds no message"},
		{"no result", []agent.Message{ask, call("a")}, `call "a" has no result`},
		{"no result before the next message", []agent.Message{ask, call("a", "b"), result("a"), ask}, `message 3: call "b" has no result`},
		{"two results", []agent.Message{ask, call("a"), result("a"), result("a")}, `message 3: the result for "a" answers no open call`},
		{"same id twice", []agent.Message{ask, call("a", "a")}, `call "a" of tool "t" has no id of its own`},
		{"no id", []agent.Message{ask, call("")}, "has no id of its own"},
		{"unknown role", []agent.Message{{Role: "system"}}, `role "system" is unknown`},
	}
	for _, test := range tests {
		_, err := newTestEncoder(quirks{}).encode(agent.Request{Messages: test.msgs})
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: got %v, want %q", test.name, err, test.want)
		}
	}
}

func TestEmptyAnswerIsLeftOut(t *testing.T) {
	req := agent.Request{Messages: []agent.Message{{Role: agent.User, Text: "a"}, {Role: agent.Assistant, Text: "\n"}, {Role: agent.User, Text: "b"}}}
	got := encode(t, newTestEncoder(quirks{}), req)
	if want := `"messages":[{"role":"user","content":"a"},{"role":"user","content":"b"}`; !strings.HasSuffix(got, want) {
		t.Errorf("got %s, want it to end %s", got, want)
	}
}

func TestBadSchema(t *testing.T) {
	for _, schema := range []string{`[]`, `{`, `true`} {
		_, err := newTestEncoder(quirks{}).encode(agent.Request{Tools: []agent.ToolSpec{{Name: "bad", Schema: json.RawMessage(schema)}}})
		if err == nil || !strings.Contains(err.Error(), "schema of tool bad") {
			t.Errorf("%s: got %v", schema, err)
		}
	}
}

func TestQuirks(t *testing.T) {
	req := conversation(1)
	req.Messages[1].Calls = append(req.Messages[1].Calls, tools.Call{ID: "c1", Name: "t"})
	req.Messages = append(req.Messages, agent.Message{Role: agent.Tool, Call: "c1"})
	tests := []struct {
		name   string
		quirks quirks
		want   string
	}{
		{"output limit", quirks{completionTokens: true}, `"max_completion_tokens":100`},
		{"cache key", quirks{cacheKey: true}, `"prompt_cache_key":"s"`},
		{"reasoning that is lost", quirks{reasoning: true}, `"content":"step","reasoning_content":"","tool_calls"`},
		{"signature that is lost", quirks{signatures: true}, `},"extra_content":{"google":{"thought_signature":"skip_thought_signature_validator"}}},{"id":"c1","type":"function","function":{"name":"t","arguments":"{}"}}]`},
	}
	for _, test := range tests {
		if got := encode(t, newTestEncoder(test.quirks), req); !strings.Contains(got, test.want) {
			t.Errorf("%s: %s lacks %s", test.name, got, test.want)
		}
	}
	short := newTestChat(quirks{shortIDs: true})
	if a, b := short.callID("call_1_1"), short.callID("call_1_2"); len(a) != 9 || a == b || short.callID(a) != a {
		t.Errorf("short ids %q and %q: want nine letters, different, and kept as they are", a, b)
	}
}

// BenchmarkEncodeStep measures step 200 of a conversation whose 199 steps before are kept, and from scratch.
func BenchmarkEncodeStep(b *testing.B) {
	req := conversation(200)
	before := req
	before.Messages = req.Messages[:len(req.Messages)-2]
	b.Run("kept", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			e := newTestEncoder(quirks{})
			for n := 1; n <= len(before.Messages); n += 2 {
				before := before
				before.Messages = before.Messages[:n]
				encode(b, e, before)
			}
			b.StartTimer()
			if _, err := e.encode(req); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("fresh", func(b *testing.B) {
		for b.Loop() {
			if _, err := newTestEncoder(quirks{}).encode(req); err != nil {
				b.Fatal(err)
			}
		}
	})
}
