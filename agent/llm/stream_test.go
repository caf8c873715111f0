package llm_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/agent/agenttest"
	"github.com/opencode-lsp/opencode-lsp/agent/llm"
	"github.com/opencode-lsp/opencode-lsp/tools"
)

func TestStream(t *testing.T) {
	s, m := scripted(t, "Looking at Add, écrit en Go.\ncall edit {\"filePath\":\"main.go\"}\ncall edit {\"filePath\":\"b.go\"}\n\nFixed.", nil)
	first, err := ask(t, m, request(user("fix it")))
	if err != nil {
		t.Fatal(err)
	}
	if first.text != "Looking at Add, écrit en Go." || first.finish != "tool_calls" || first.usage == nil || first.usage.Input == 0 {
		t.Errorf("first reply: %+v", first)
	}
	want := []tools.Call{{ID: "call_2_1", Name: "edit", Arguments: `{"filePath":"main.go"}`},
		{ID: "call_2_2", Name: "edit", Arguments: `{"filePath":"b.go"}`}}
	if !reflect.DeepEqual(first.calls, want) {
		t.Errorf("calls %+v, want %+v", first.calls, want)
	}
	second, err := ask(t, m, request(user("fix it"),
		agent.Message{Role: agent.Assistant, Text: first.text, Calls: first.calls},
		agent.Message{Role: agent.Tool, Call: "call_2_2", Text: "done"},
		agent.Message{Role: agent.Tool, Call: "call_2_1", Text: "", Failed: true}))
	if err != nil || second.text != "Fixed." || second.finish != "stop" {
		t.Errorf("second reply: %+v, %v", second, err)
	}
	if p := s.Problems(); len(p) > 0 {
		t.Error(p)
	}
}

const stop = `{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`

// delta is an event with the given fields in its delta.
func delta(fields string) string {
	return `{"choices":[{"index":0,"delta":{` + fields + `},"finish_reason":null}]}`
}

func calls(pieces ...string) string { return delta(`"tool_calls":[` + strings.Join(pieces, ",") + `]`) }

func TestOddStreams(t *testing.T) {
	whole := []tools.Call{{Name: "a", Arguments: `{"x":1}`}, {Name: "b", Arguments: `{"y":2}`}}
	tests := []struct {
		name   string
		events []string
		want   reply // calls compare without ids where these are ""
	}{
		{"pieces by index", []string{
			calls(`{"index":0,"id":"i0","function":{"name":"a","arguments":""}}`),
			calls(`{"index":1,"id":"i1","function":{"name":"b","arguments":"{\"y\""}}`),
			calls(`{"index":0,"function":{"arguments":"{\"x\":1}"}}`),
			calls(`{"index":1,"function":{"arguments":":2}"}}`), stop}, reply{calls: whole}},
		{"no index", []string{
			calls(`{"id":"i0","function":{"name":"a","arguments":"{\"x\""}}`), calls(`{"function":{"arguments":":1}"}}`),
			calls(`{"id":"i1","function":{"name":"b","arguments":"{\"y\":2}"}}`), stop}, reply{calls: whole}},
		{"no id", []string{
			calls(`{"index":0,"function":{"name":"a","arguments":"{\"x\":1}"}}`, `{"index":1,"function":{"name":"b","arguments":"{\"y\":2}"}}`),
			stop}, reply{calls: whole}},
		{"no index and no id", []string{
			calls(`{"function":{"name":"a","arguments":"{\"x\":1}"}}`), calls(`{"function":{"name":"b","arguments":"{\"y\":2}"}}`),
			stop}, reply{calls: whole}},
		{"same tool twice, no index and no id", []string{
			calls(`{"function":{"name":"a","arguments":"{\"x\":1}"}}`), calls(`{"function":{"name":"a","arguments":"{\"x\":2}"}}`), stop},
			reply{calls: []tools.Call{{Name: "a", Arguments: `{"x":1}`}, {Name: "a", Arguments: `{"x":2}`}}}},
		{"index 0 for all, ids differ", []string{
			calls(`{"index":0,"id":"i0","function":{"name":"a","arguments":"{\"x\""}}`), calls(`{"index":0,"function":{"arguments":":1}"}}`),
			calls(`{"index":0,"id":"i1","function":{"name":"b","arguments":"{\"y\""}}`), calls(`{"index":0,"function":{"arguments":":2}"}}`),
			stop}, reply{calls: whole}},
		{"index 0 for all, pieces come back by id", []string{
			calls(`{"index":0,"id":"i0","function":{"name":"a","arguments":"{\"x\""}}`),
			calls(`{"index":0,"id":"i1","function":{"name":"b","arguments":"{\"y\""}}`),
			calls(`{"index":0,"id":"i0","function":{"arguments":":1}"}}`), calls(`{"index":0,"id":"i1","function":{"arguments":":2}"}}`),
			stop}, reply{calls: whole}},
		{"index 0 for all, empty ids", []string{
			calls(`{"index":0,"id":"","function":{"name":"a","arguments":"{\"x\":1}"}}`),
			calls(`{"index":0,"id":"","function":{"name":"b","arguments":"{\"y\":2}"}}`), stop}, reply{calls: whole}},
		{"id and name in every piece", []string{
			calls(`{"index":0,"id":"i0","function":{"name":"a","arguments":"{\"x\""}}`),
			calls(`{"index":0,"id":"i0","function":{"name":"a","arguments":":1}"}}`),
			calls(`{"index":1,"id":"i1","function":{"name":"b","arguments":"{\"y\":2}"}}`),
			calls(`{"index":1,"id":"i1","function":{"name":"b","arguments":""}}`), stop}, reply{calls: whole}},
		{"index from 1, name later, arguments as objects", []string{
			calls(`{"index":1,"id":"i0","function":{"arguments":null}}`), calls(`{"index":1,"function":{"name":"a","arguments":{"x":1}}}`),
			calls(`{"index":2,"id":"i1","function":{"name":"b","arguments":{"y":2}}}`), stop}, reply{calls: whole}},
		{"finish and call in one chunk", []string{
			`{"choices":[{"index":0,"delta":{"tool_calls":[{"id":"i0","function":{"name":"a","arguments":"{\"x\":1}"}}]},"finish_reason":"function_call"}]}`},
			reply{calls: whole[:1], finish: "tool_calls"}},
		{"empty pieces", []string{calls(), calls(`{"index":0}`), delta(`"content":"","tool_calls":null`), delta(`"content":"hi"`), stop}, reply{text: "hi"}},
		{"reasoning under three names", []string{delta(`"reasoning_content":"a"`), delta(`"reasoning":"b"`),
			delta(`"reasoning":"c","reasoning_content":"c"`), delta(`"content":"hi"`), stop}, reply{text: "hi", reasoning: "abc"}},
		{"content in parts", []string{delta(`"content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]}]`),
			delta(`"content":[{"type":"text","text":"hi"}]`), stop}, reply{text: "hi", reasoning: "hm"}},
		{"refusal", []string{delta(`"refusal":"no"`), stop}, reply{text: "no"}},
		{"other choices are not ours", []string{`{"choices":[{"index":1,"delta":{"content":"x"}},{"index":0,"delta":{"content":"hi"}}]}`, stop}, reply{text: "hi"}},
		{"usage in every chunk, the last counts", []string{
			`{"choices":[{"delta":{"content":"hi"}}],"usage":{"prompt_tokens":1,"completion_tokens":1}}`, stop,
			`{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":4,"prompt_tokens_details":{"cached_tokens":5},"completion_tokens_details":{"reasoning_tokens":2}}}`},
			reply{text: "hi", usage: &agent.Usage{Input: 9, Output: 4, Cached: 5, Reasoning: 2}}},
		{"no finish reason, only the end", []string{delta(`"content":"hi"`)}, reply{text: "hi"}},
		{"length", []string{delta(`"content":"hi"`), `{"choices":[{"index":0,"delta":{},"finish_reason":"max_tokens"}]}`}, reply{text: "hi", finish: "length"}},
		{"fields of the wrong type", []string{`{"choices":[{"index":0,"delta":{"content":"hi"},"logprobs":7}],"usage":"none"}`, stop}, reply{text: "hi"}},
		{"null error", []string{`{"error":null,"choices":[{"delta":{"content":"hi"}}]}`, stop}, reply{text: "hi"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := newModel(t, llm.Config{Provider: "local", Model: "m", BaseURL: serve(t, events(test.events...))})
			got, err := ask(t, m, request(user("go")))
			if err != nil {
				t.Fatal(err)
			}
			compare(t, got, test.want)
		})
	}
}

// compare ignores what want leaves empty, and checks that every call has an id of its own.
func compare(t *testing.T, got, want reply) {
	t.Helper()
	ids := make(map[string]bool)
	for i := range got.calls {
		if id := got.calls[i].ID; id == "" || ids[id] {
			t.Errorf("call %d has the id %q, which is empty or taken", i, id)
		}
		ids[got.calls[i].ID] = true
		got.calls[i].ID = ""
	}
	if got.text != want.text || got.reasoning != want.reasoning || !reflect.DeepEqual(got.calls, want.calls) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	if want.finish != "" && got.finish != want.finish || got.finish == "" {
		t.Errorf("finish %q, want %q", got.finish, want.finish)
	}
	if want.usage != nil && !reflect.DeepEqual(got.usage, want.usage) {
		t.Errorf("usage %+v, want %+v", got.usage, want.usage)
	}
}

func TestOddTransports(t *testing.T) {
	hi := "data: " + delta(`"content":"hi"`)
	tests := []struct{ name, kind, body string }{
		{"no space, CRLF, comments, ids", "text/event-stream; charset=utf-8",
			": ping\r\n\r\nid: 1\r\nevent: message\r\ndata:" + delta(`"content":"hi"`) + "\r\n\r\nretry: 5\r\n\r\ndata:" + stop + "\r\n\r\ndata:[DONE]\r\n\r\n"},
		{"no content type", "", hi + "\n\ndata: " + stop + "\n\ndata: [DONE]\n\n"},
		{"no DONE", "text/event-stream", hi + "\n\ndata: " + stop + "\n\n"},
		{"not streamed", "application/json",
			`{"object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3}}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header()["Content-Type"] = []string{test.kind}
				io.WriteString(w, test.body)
			})
			got, err := ask(t, newModel(t, llm.Config{Provider: "local", Model: "m", BaseURL: url}), request(user("go")))
			if err != nil || got.text != "hi" || got.finish != "stop" {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

func TestUsageRefused(t *testing.T) {
	var bodies []string
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		bodies = append(bodies, string(raw))
		if strings.Contains(string(raw), "stream_options") {
			w.WriteHeader(http.StatusBadRequest)
			io.WriteString(w, `{"error":{"message":"Unknown field: stream_options"}}`)
			return
		}
		events(delta(`"content":"hi"`), stop)(w, r)
	})
	m := newModel(t, llm.Config{Provider: "local", Model: "m", BaseURL: url})
	for range 2 {
		if got, err := ask(t, m, request(user("go"))); err != nil || got.text != "hi" {
			t.Fatalf("got %+v, %v", got, err)
		}
	}
	if len(bodies) != 3 {
		t.Errorf("%d requests, want 3: with, without, and from then on without", len(bodies))
	}
}

// TestConnectionIsReused has a server that ends its responses a moment after it said it is done.
func TestConnectionIsReused(t *testing.T) {
	bubble(t, "!slow 30ms\n!raw "+stop+"\n!raw [DONE]\n\ntwo", nil, func(t *testing.T, _ *agenttest.Server, m agent.Model) {
		var reused []bool
		trace := &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) { reused = append(reused, i.Reused) }}
		ctx := httptrace.WithClientTrace(t.Context(), trace)
		for range 2 {
			for _, err := range m.Stream(ctx, request(user("go"))) {
				if err != nil {
					t.Fatal(err)
				}
			}
		}
		if !reflect.DeepEqual(reused, []bool{false, true}) {
			t.Errorf("connections reused: %v, want the second request on the first one's", reused)
		}
	})
}

// TestOneRequest checks that nothing below the session tries again, and that a request says how long it is.
func TestOneRequest(t *testing.T) {
	s, m := scripted(t, "!status 500\n\nsecond", nil)
	_, err := ask(t, m, request(user("go")))
	if e := modelError(t, err); !e.Retry || s.Left() != 1 {
		t.Errorf("got %+v with %d steps left, want one request only", e, s.Left())
	}
	if length := s.Headers()[0].Get("Content-Length"); length != strconv.Itoa(len(s.Requests()[0])) {
		t.Errorf("the request says %q bytes and has %d", length, len(s.Requests()[0]))
	}
}

func TestLeavingTheLoopClosesTheConnection(t *testing.T) {
	_, m := scripted(t, "one two three four five six seven\n!hang", nil)
	n := 0
	for _, err := range m.Stream(t.Context(), request(user("go"))) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n == 2 {
			break
		}
	}
	if n != 2 {
		t.Errorf("%d deltas, want to have left at 2", n)
	}
}

func TestCancel(t *testing.T) {
	_, m := scripted(t, "one two three\n!hang", nil)
	ctx, cancel := context.WithCancel(t.Context())
	var err error
	for d, e := range m.Stream(ctx, request(user("go"))) {
		if d.Text != "" {
			cancel()
		}
		err = e
	}
	cancel()
	if !errors.Is(err, context.Canceled) || err != context.Canceled {
		t.Errorf("got %v, want the context's own error", err)
	}
}

// TestEnvironment checks that what openai-go reads from the environment reaches no provider.
func TestEnvironment(t *testing.T) {
	for _, name := range []string{"OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_WEBHOOK_SECRET"} {
		t.Setenv(name, "leaked")
	}
	t.Setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/leaked")
	t.Setenv("OPENAI_CUSTOM_HEADERS", "X-Custom: leaked")
	s, m := scripted(t, "hi", func(c *llm.Config) {
		c.APIKey, c.Headers = "own-key-1234", map[string]string{"X-Team": "blue"}
	})
	if got, err := ask(t, m, request(user("go"))); err != nil || got.text != "hi" {
		t.Fatalf("got %+v, %v", got, err)
	}
	h := s.Headers()[0]
	if text := fmt.Sprint(h); strings.Contains(text, "leaked") || strings.Contains(text, "Stainless") {
		t.Errorf("the request's header holds the environment: %s", text)
	}
	if h.Get("Authorization") != "Bearer own-key-1234" || h.Get("X-Team") != "blue" {
		t.Errorf("the request's header lacks what is configured: %v", h)
	}
}
