package llm_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/agent/agenttest"
	"github.com/opencode-lsp/opencode-lsp/agent/llm"
	"github.com/opencode-lsp/opencode-lsp/tools"
)

// editTool makes a request one of a conversation, not one for a title.
var editTool = []agent.ToolSpec{{Name: "edit", Description: "edits", Schema: json.RawMessage(`{"type":"object"}`)}}

func user(text string) agent.Message { return agent.Message{Role: agent.User, Text: text} }

func request(msgs ...agent.Message) agent.Request {
	return agent.Request{Session: "ses_1", System: "Be brief.", Messages: msgs, Tools: editTool}
}

// scripted returns a server that plays script and a model that talks to it in memory.
func scripted(t *testing.T, script string, change func(*llm.Config)) (*agenttest.Server, agent.Model) {
	t.Helper()
	steps, err := agenttest.Parse(script)
	if err != nil {
		t.Fatal(err)
	}
	s := agenttest.New(steps...)
	t.Cleanup(s.Close)
	cfg := llm.Config{Provider: "local", Model: "scripted", BaseURL: agenttest.BaseURL, HTTPClient: s.Client()}
	if change != nil {
		change(&cfg)
	}
	return s, newModel(t, cfg)
}

func newModel(t testing.TB, cfg llm.Config) agent.Model {
	t.Helper()
	m, err := llm.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// serve answers every request with handle, on loopback.
func serve(t testing.TB, handle http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(handle)
	t.Cleanup(s.Close)
	return s.URL
}

// events answers with the given server-sent events and a final [DONE].
func events(data ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for _, d := range append(data, "[DONE]") {
			w.Write([]byte("data: " + d + "\n\n"))
		}
	}
}

// broken answers with the given events and ends there.
func broken(data ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for _, d := range data {
			w.Write([]byte("data: " + d + "\n\n"))
		}
	}
}

// reply is everything that a stream said, put together.
type reply struct {
	text, reasoning string
	calls           []tools.Call
	usage           *agent.Usage
	finish          string
	deltas          []agent.Delta
}

// ask ranges over one stream. It fails the test where the model breaks the rules of agent.CallDelta.
func ask(t testing.TB, m agent.Model, req agent.Request) (r reply, err error) {
	t.Helper()
	for d, e := range m.Stream(t.Context(), req) {
		if err != nil {
			t.Fatalf("the sequence goes on after the error %v", err)
		}
		if e != nil {
			err = e
			continue
		}
		r.add(t, d)
	}
	return r, err
}

func (r *reply) add(t testing.TB, d agent.Delta) {
	r.deltas = append(r.deltas, d)
	r.text += d.Text
	r.reasoning += d.Reasoning
	if d.Usage != nil {
		r.usage = d.Usage
	}
	if d.Finish != "" {
		r.finish = d.Finish
	}
	if d.Call == nil {
		return
	}
	if d.Call.Index == len(r.calls) {
		r.calls = append(r.calls, tools.Call{})
	}
	if d.Call.Index >= len(r.calls) {
		t.Fatalf("call %d comes before call %d", d.Call.Index, len(r.calls))
	}
	c := &r.calls[d.Call.Index]
	if d.Call.ID != "" && c.ID != "" || d.Call.Name != "" && c.Name != "" {
		t.Fatalf("the id or name of call %d comes twice: %+v after %+v", d.Call.Index, d.Call, c)
	}
	c.ID += d.Call.ID
	c.Name += d.Call.Name
	c.Arguments += d.Call.Arguments
}

// modelError fails the test unless err is a *agent.ModelError.
func modelError(t *testing.T, err error) *agent.ModelError {
	t.Helper()
	e, ok := err.(*agent.ModelError)
	if !ok {
		t.Fatalf("got the error %v (%T), want a *agent.ModelError", err, err)
	}
	if strings.ContainsAny(e.Error(), "\n\r") {
		t.Errorf("the error is more than a line: %q", e.Error())
	}
	return e
}

// field returns one field of a recorded request as compact JSON.
func field(t *testing.T, raw json.RawMessage, name string) string {
	t.Helper()
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		t.Fatal(err)
	}
	return string(fields[name])
}
