package llm_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/agent/llm"
	"github.com/opencode-lsp/opencode-lsp/tools"
)

func overResponses(c *llm.Config) { c.API = "responses" }

// A conversation of several steps: reasoning goes back as it came, calls have their results, and each request begins with
// the bytes of the one before.
func TestResponsesConversation(t *testing.T) {
	s, m := scripted(t, "!think First I look.\nLooking.\ncall edit {\"a\":1}\ncall edit {\"a\":2}\n\n!think Now I know.\nDone.\n\nAgain.", overResponses)
	req := request(user("go"))
	first, err := ask(t, m, req)
	if err != nil {
		t.Fatal(err)
	}
	if first.text != "Looking." || first.reasoning != "First I look." || len(first.calls) != 2 || first.calls[1].Arguments != `{"a":2}` ||
		first.finish != "tool_calls" || first.usage == nil || first.usage.Input == 0 {
		t.Fatalf("the reply is %+v", first)
	}
	answer := agent.Message{Role: agent.Assistant, Text: first.text, Calls: first.calls, Reasoning: thoughts(first), Model: "local/scripted"}
	if len(answer.Reasoning) != 1 || answer.Reasoning[0].Text != "First I look." || len(answer.Reasoning[0].Opaque) == 0 {
		t.Fatalf("the reasoning is %+v", answer.Reasoning)
	}
	req.Messages = append(req.Messages, answer,
		agent.Message{Role: agent.Tool, Call: first.calls[0].ID, Text: "one"}, agent.Message{Role: agent.Tool, Call: first.calls[1].ID, Text: ""})
	second, err := ask(t, m, req)
	if err != nil || second.text != "Done." || second.finish != "stop" {
		t.Fatalf("the reply is %+v, %v", second, err)
	}
	req.Messages = append(req.Messages, agent.Message{Role: agent.Assistant, Text: second.text, Reasoning: thoughts(second), Model: "another/model"}, user("more"))
	if _, err := ask(t, m, req); err != nil {
		t.Fatal(err)
	}
	if problems := s.Problems(); len(problems) > 0 {
		t.Error(problems)
	}
	sent := s.Requests()
	for i := 1; i < len(sent); i++ {
		if prefix := strings.TrimSuffix(string(sent[i-1]), "]}"); !strings.HasPrefix(string(sent[i]), prefix) {
			t.Errorf("request %d does not begin with the one before:\n%s\n%s", i, sent[i-1], sent[i])
		}
	}
	if last := string(sent[2]); strings.Count(last, "encrypted_content\":\"sealed") != 1 {
		t.Errorf("another model's reasoning was sent, or the own was not: %s", last)
	}
}

func thoughts(r reply) (list []agent.Reasoning) {
	for _, d := range r.deltas {
		if d.Thought != nil {
			list = append(list, *d.Thought)
		}
	}
	return list
}

func TestResponsesStreams(t *testing.T) {
	item := func(kind, rest string) string {
		return fmt.Sprintf(`{"type":"response.output_item.%s","output_index":0,"item":{%s}}`, kind, rest)
	}
	const over = `{"type":"response.completed","response":{"status":"completed","usage":{"input_tokens":9,"output_tokens":4,"input_tokens_details":{"cached_tokens":5},"output_tokens_details":{"reasoning_tokens":2}}}}`
	call := `"type":"function_call","call_id":"c1","name":"edit","arguments":`
	for _, c := range []struct {
		name   string
		events []string
		want   reply
	}{
		{"text", []string{`{"type":"response.output_text.delta","delta":"hi"}`, over}, reply{text: "hi", finish: "stop"}},
		{"text without deltas", []string{item("done", `"type":"message","content":[{"type":"output_text","text":"hi"},{"type":"output_text","text":" you"}]`), over},
			reply{text: "hi you", finish: "stop"}},
		{"refusal", []string{`{"type":"response.refusal.delta","delta":"no"}`, over}, reply{text: "no", finish: "stop"}},
		{"call without deltas", []string{item("done", call+`"{\"a\":1}"`), over}, reply{calls: []tools.Call{{ID: "c1", Name: "edit", Arguments: `{"a":1}`}}, finish: "tool_calls"}},
		{"call in pieces", []string{item("added", call+`""`), `{"type":"response.function_call_arguments.delta","output_index":0,"delta":"{\"a\""}`,
			`{"type":"response.function_call_arguments.done","output_index":0,"arguments":"{\"a\":1}"}`, item("done", call+`"{\"a\":1}"`), over},
			reply{calls: []tools.Call{{ID: "c1", Name: "edit", Arguments: `{"a":1}`}}, finish: "tool_calls"}},
		{"cut off", []string{`{"type":"response.output_text.delta","delta":"hi"}`,
			`{"type":"response.incomplete","response":{"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"}}}`}, reply{text: "hi", finish: "length"}},
		{"unknown events", []string{`{"type":"response.new_thing","delta":{"a":1}}`, over}, reply{finish: "stop"}},
		{"in one piece", []string{`{"status":"completed","output":[{"type":"message","content":[{"type":"output_text","text":"hi"}]}]}`}, reply{text: "hi", finish: "stop"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := newModel(t, llm.Config{Provider: "local", Model: "m", BaseURL: serve(t, events(c.events...)), API: "responses"})
			got, err := ask(t, m, request(user("go")))
			if err != nil || got.text != c.want.text || got.finish != c.want.finish || !reflect.DeepEqual(got.calls, c.want.calls) {
				t.Errorf("got %+v, %v; want %+v", got, err, c.want)
			}
			if got.usage != nil && *got.usage != (agent.Usage{Input: 9, Output: 4, Cached: 5, Reasoning: 2}) {
				t.Errorf("usage = %+v", got.usage)
			}
		})
	}
}

func TestResponsesFail(t *testing.T) {
	for _, c := range []struct {
		name, event, want string
		retry, overflow   bool
	}{
		{"failed", `{"type":"response.failed","response":{"status":"failed","error":{"code":"server_error","message":"boom"}}}`, `it said "boom"`, true, false},
		{"rate", `{"type":"response.failed","response":{"status":"failed","error":{"code":"rate_limit_exceeded","message":"rate limit"}}}`, "limits the rate", true, false},
		{"overflow", `{"type":"error","code":"context_length_exceeded","message":"too long"}`, "compact it or start a new session", false, true},
		{"broken off", `{"type":"response.output_text.delta","delta":"hi"}`, "broke off", true, false},
		{"no JSON", `{"type":`, "broke off", true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := newModel(t, llm.Config{Provider: "local", Model: "m", BaseURL: serve(t, broken(c.event)), API: "responses"})
			_, err := ask(t, m, request(user("go")))
			if e := modelError(t, err); e.Retry != c.retry || e.Overflow != c.overflow || !strings.Contains(e.Error(), c.want) {
				t.Errorf("got %+v, want %q", e, c.want)
			}
		})
	}
}

// A field that the server refuses by name is left out from then on.
func TestRefusedFields(t *testing.T) {
	for _, api := range []string{"chat", "responses"} {
		t.Run(api, func(t *testing.T) {
			warm := 0.3
			s, m := scripted(t, "!status 400 Unsupported parameter: 'temperature' is not supported with this model.\n\nOne.\n\nTwo.", func(c *llm.Config) {
				c.API, c.Options = api, map[string]json.RawMessage{"reasoningEffort": json.RawMessage(`"high"`), "textVerbosity": json.RawMessage(`"low"`)}
			})
			req := request(user("go"))
			req.Params = agent.Params{Temperature: &warm}
			if r, err := ask(t, m, req); err != nil || r.text != "One." {
				t.Fatalf("%+v, %v", r, err)
			}
			if _, err := ask(t, m, req); err != nil {
				t.Fatal(err)
			}
			sent := s.Requests()
			if len(sent) != 3 || field(t, sent[0], "temperature") != "0.3" {
				t.Fatalf("%d requests, the first %s", len(sent), sent[0])
			}
			want := map[string]map[string]string{
				"chat":      {"reasoning_effort": `"high"`, "verbosity": `"low"`, "temperature": ""},
				"responses": {"reasoning": `{"effort":"high"}`, "text": `{"verbosity":"low"}`, "temperature": ""},
			}
			for name, value := range want[api] {
				if got := field(t, sent[2], name); got != value {
					t.Errorf("%s = %s, want %s", name, got, value)
				}
			}
		})
	}
}

func TestAttachments(t *testing.T) {
	picture := tools.Attachment{Name: "a.png", MIME: "image/png", Data: []byte("png")}
	paper := tools.Attachment{Name: "b.pdf", MIME: "application/pdf", Data: []byte("pdf")}
	result := []agent.Message{
		{Role: agent.User, Text: "look", Files: []tools.Attachment{picture, paper}},
		{Role: agent.Assistant, Calls: []tools.Call{{ID: "c1", Name: "edit"}, {ID: "c2", Name: "edit"}}},
		{Role: agent.Tool, Call: "c1", Text: "one", Files: []tools.Attachment{picture}},
		{Role: agent.Tool, Call: "c2", Text: "two"},
	}
	for _, c := range []struct {
		api   string
		takes bool
		want  []string
	}{
		{"chat", true, []string{`{"type":"image_url","image_url":{"url":"data:image/png;base64,cG5n"}}`, `{"type":"file","file":{"filename":"b.pdf","file_data":"data:application/pdf;base64,cGRm"}}`,
			`{"role":"tool","content":"two","tool_call_id":"c2"},{"role":"user","content":[{"type":"text","text":"Files of the results above."}`}},
		{"responses", true, []string{`{"type":"input_image","image_url":"data:image/png;base64,cG5n"}`, `{"type":"input_file","filename":"b.pdf","file_data":"data:application/pdf;base64,cGRm"}`}},
		{"chat", false, []string{"[a.png (image/png) is left out: this model is not known to take such files]"}},
		{"responses", false, []string{"[b.pdf (application/pdf) is left out"}},
	} {
		s, m := scripted(t, "Seen.", func(cfg *llm.Config) { cfg.API, cfg.Images, cfg.PDFs = c.api, c.takes, c.takes })
		if _, err := ask(t, m, request(result...)); err != nil {
			t.Errorf("%s: %v", c.api, err)
			continue
		}
		for _, want := range c.want {
			if sent := string(s.Requests()[0]); !strings.Contains(sent, want) {
				t.Errorf("%s: %s lacks %s", c.api, sent, want)
			}
		}
	}
}

// FuzzResponsesEvent feeds one event of any bytes: nothing panics, and an error is a ModelError that is one line.
func FuzzResponsesEvent(f *testing.F) {
	for _, seed := range []string{`{"type":"response.completed"}`, `{"type":"response.output_item.done","item":{"type":"function_call","name":"a"}}`,
		`{"type":"response.function_call_arguments.delta","output_index":-1,"delta":"x"}`, `{"type":"error"}`, `{"output":[1]}`, `[]`, `null`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, event string) {
		if strings.ContainsAny(event, "\r\n") {
			return
		}
		body := "data: " + event + "\n\n"
		s := &rawServer{response: fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)}
		m := newModel(t, llm.Config{Provider: "local", Model: "m", BaseURL: "http://model.test/v1", HTTPClient: s.client(), API: "responses"})
		_, err := ask(t, m, request(user("go")))
		s.wg.Wait()
		if err != nil && modelError(t, err).Message == "" {
			t.Error("an error without a message")
		}
	})
}
