package agenttest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/opencode-lsp/opencode-lsp/agent/agenttest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const tool = `{"type":"function","function":{"name":"edit","parameters":{"type":"object"}}}`

// body is a request with the given messages and the one tool.
func body(messages string) string {
	return `{"model":"m","stream":true,"tools":[` + tool + `],"messages":[` + messages + `]}`
}

const hello = `{"role":"user","content":"hello"}`

func post(t *testing.T, client *http.Client, base, body string) (status int, answer string, err error) {
	t.Helper()
	res, err := client.Post(base+"/chat/completions", "application/json", strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	return res.StatusCode, string(raw), err
}

// said puts together the text of an answer.
func said(t *testing.T, answer string) string {
	t.Helper()
	var text strings.Builder
	for line := range strings.Lines(answer) {
		data, ok := strings.CutPrefix(strings.TrimSpace(line), "data: ")
		if !ok || data == "[DONE]" {
			continue
		}
		var chunk struct {
			Choices []struct{ Delta struct{ Content string } }
		}
		if err := json.Unmarshal([]byte(data), &chunk); err != nil {
			t.Fatalf("%v in %s", err, data)
		}
		for _, c := range chunk.Choices {
			text.WriteString(c.Delta.Content)
		}
	}
	return text.String()
}

func TestStrict(t *testing.T) {
	call := func(id, args string) string {
		return `{"id":"` + id + `","type":"function","function":{"name":"edit","arguments":` + args + `}}`
	}
	assistant := func(calls ...string) string {
		return `{"role":"assistant","content":null,"tool_calls":[` + strings.Join(calls, ",") + `]}`
	}
	result := func(id string) string { return `{"role":"tool","tool_call_id":"` + id + `","content":""}` }
	conversation := func(msgs ...string) string { return body(strings.Join(msgs, ",")) }
	tests := []struct{ name, body, want string }{
		{"plain", conversation(`{"role":"system","content":"s"}`, hello), ""},
		{"calls with results", conversation(hello, assistant(call("a", `"{}"`), call("b", `"{}"`)), result("b"), result("a"), hello), ""},
		{"not JSON", `{`, "not a valid one"},
		{"unknown field", `{"model":"m","stream":true,"frob":1,"messages":[` + hello + `]}`, "frob"},
		{"no model", `{"stream":true,"messages":[` + hello + `]}`, "provide a model"},
		{"no stream", `{"model":"m","messages":[` + hello + `]}`, "set stream to true"},
		{"no messages", conversation(), "must not be empty"},
		{"only system", conversation(`{"role":"system","content":"s"}`), "no user message"},
		{"late system", conversation(hello, `{"role":"system","content":"s"}`), "system messages come first"},
		{"assistant first", conversation(`{"role":"assistant","content":"x"}`, hello), "must begin with a user message"},
		{"unknown role", conversation(hello, `{"role":"narrator","content":"x"}`), "narrator"},
		{"empty user", conversation(`{"role":"user","content":" "}`), "user content must not be empty"},
		{"empty assistant", conversation(hello, `{"role":"assistant","content":""}`), "must have content or tool_calls"},
		{"no result", conversation(hello, assistant(call("a", `"{}"`))), "without a result: [a]"},
		{"one of two results", conversation(hello, assistant(call("a", `"{}"`), call("b", `"{}"`)), result("a"), hello), "no result for [b]"},
		{"two results", conversation(hello, assistant(call("a", `"{}"`)), result("a"), result("a")), `"a" answers no open call`},
		{"result of nothing", conversation(hello, result("a")), `"a" answers no open call`},
		{"ids twice", conversation(hello, assistant(call("a", `"{}"`), call("a", `"{}"`))), "used twice"},
		{"arguments cut off", conversation(hello, assistant(call("a", `"{\"x\":"`)), result("a")), "not a JSON object"},
		{"arguments a list", conversation(hello, assistant(call("a", `"[]"`)), result("a")), "not a JSON object"},
		{"bad schema", strings.Replace(body(hello), `{"type":"object"}`, `{"type":"array"}`, 1), "schema of type object"},
		{"bad tool name", strings.Replace(body(hello), `"edit"`, `"my edit"`, 1), "my edit"},
		{"tool twice", strings.Replace(body(hello), tool, tool+","+tool, 1), "not unique"},
	}
	s := agenttest.New()
	defer s.Close()
	for _, test := range tests {
		before := len(s.Problems())
		status, answer, err := post(t, s.Client(), agenttest.BaseURL, test.body)
		refused := status == http.StatusBadRequest && len(s.Problems()) == before+1
		if err != nil || refused != (test.want != "") || !strings.Contains(answer, strings.ReplaceAll(test.want, `"`, `\"`)) {
			t.Errorf("%s: got %d %s, %v, want %q", test.name, status, answer, err, test.want)
		}
	}
	if n := len(s.Requests()); n != len(tests) {
		t.Errorf("%d requests are recorded, want %d", n, len(tests))
	}
}

func TestTitleAndEnd(t *testing.T) {
	titled := `{"model":"m","stream":true,"messages":[{"role":"system","content":"Write a title."},` + hello + `]}`
	plain := `{"model":"m","stream":true,"messages":[` + hello + `]}`
	tests := []struct{ name, script, body, want string }{
		{"a step for a request with tools", "!title T\nstep", body(hello), "step"},
		{"title for a request without tools", "!title T\nstep", plain, "T"},
		{"title by default", "step", titled, "Scripted session"},
		{"a step where no title is meant", "step", plain, "step"},
		{"used up", "", body(hello), "The script is used up: it has no step for this request."},
	}
	for _, test := range tests {
		steps, err := agenttest.Parse(test.script)
		if err != nil {
			t.Fatal(err)
		}
		s := agenttest.New(steps...)
		_, answer, err := post(t, s.Client(), agenttest.BaseURL, test.body)
		if got := said(t, answer); err != nil || got != test.want {
			t.Errorf("%s: got %q, %v, want %q", test.name, got, err, test.want)
		}
		s.Close()
	}
}

func TestOnLoopback(t *testing.T) {
	s := agenttest.New(agenttest.Step{Text: "one"})
	s.Add(agenttest.Step{Text: "naïve two that is longer than a piece"}, agenttest.Step{Text: "three"})
	client := &http.Client{}
	defer client.CloseIdleConnections()
	for _, want := range []string{"one", "naïve two that is longer than a piece"} {
		if _, answer, err := post(t, client, s.URL(), body(hello)); err != nil || said(t, answer) != want {
			t.Errorf("got %q, %v, want %q", answer, err, want)
		}
	}
	if s.Left() != 1 || len(s.Headers()) != 2 {
		t.Errorf("%d steps are left after %d requests", s.Left(), len(s.Headers()))
	}
	s.Close()
	s.Close()
	if _, _, err := post(t, client, s.URL(), body(hello)); err == nil {
		t.Error("a closed server answers")
	}
}

// TestInBubble checks that nothing of the server keeps a bubble from ending, whatever state it is closed in.
func TestInBubble(t *testing.T) {
	for _, script := range []string{"", "hi", "hi\n!hang", "hi\n!drop", "!status 500", "!slow 1h\nhi"} {
		synctest.Test(t, func(t *testing.T) {
			steps, err := agenttest.Parse(script)
			if err != nil {
				t.Fatal(err)
			}
			s := agenttest.New(steps...)
			client := s.Client()
			answered := make(chan bool)
			go func() {
				defer close(answered)
				post(t, client, agenttest.BaseURL, body(hello))
			}()
			synctest.Wait()
			if strings.Contains(script, "slow") {
				time.Sleep(90 * time.Minute) // in the bubble's time: after the first piece, before the second
			}
			s.Close()
			<-answered
		})
	}
}
