package llm_test

import (
	"context"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/agent/agenttest"
	"github.com/opencode-lsp/opencode-lsp/agent/llm"
)

// bubble runs f in a synctest bubble with a model that plays script; everything must be gone when it ends.
func bubble(t *testing.T, script string, change func(*llm.Config), f func(*testing.T, *agenttest.Server, agent.Model)) {
	synctest.Test(t, func(t *testing.T) {
		s, m := scripted(t, script, change)
		f(t, s, m)
	})
}

func TestTimeouts(t *testing.T) {
	tests := []struct {
		name, script   string
		timeout, stall time.Duration
		want           time.Duration
		text           string
	}{
		{"nothing at all", "!slow 24h\nhi", 0, 0, 5 * time.Minute, "sent nothing for 5m0s: try again, or raise provider.local.options.timeout"},
		{"nothing for the configured time", "!slow 24h\nhi", time.Minute, time.Hour, time.Minute, "sent nothing for 1m0s"},
		{"stalled after a while", "one two three four\n!hang", time.Hour, 10 * time.Second, 10 * time.Second, "sent nothing for 10s"},
		{"slow, but never for too long", "!slow 50s\none two three four five six", time.Minute, 0, 200 * time.Second, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			limits := func(c *llm.Config) { c.Timeout, c.Stall = test.timeout, test.stall }
			bubble(t, test.script, limits, func(t *testing.T, _ *agenttest.Server, m agent.Model) {
				start := time.Now()
				_, err := ask(t, m, request(user("go")))
				if took := time.Since(start); took < test.want || took > test.want+2*time.Minute {
					t.Errorf("took %v, want %v", took, test.want)
				}
				if test.text == "" {
					if err != nil {
						t.Error(err)
					}
				} else if e := modelError(t, err); !e.Retry || !strings.Contains(e.Message, test.text) {
					t.Errorf("got %+v", e)
				}
			})
		})
	}
}

func TestNoLimit(t *testing.T) {
	none := func(c *llm.Config) { c.Timeout = -1 }
	bubble(t, "!slow 24h\nhi", none, func(t *testing.T, _ *agenttest.Server, m agent.Model) {
		if got, err := ask(t, m, request(user("go"))); err != nil || got.text != "hi" {
			t.Errorf("got %+v, %v", got, err)
		}
	})
}

// TestSlowReader checks that the limits count what the provider takes, not what the reader does with it.
func TestSlowReader(t *testing.T) {
	minute := func(c *llm.Config) { c.Timeout = time.Minute }
	bubble(t, "one two three four five six", minute, func(t *testing.T, _ *agenttest.Server, m agent.Model) {
		for _, err := range m.Stream(t.Context(), request(user("go"))) {
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Hour)
		}
	})
}

// TestUsageNeverComes has a server that keeps the connection open after the reply.
func TestUsageNeverComes(t *testing.T) {
	script := "hi\n!raw " + stop + "\n!hang"
	bubble(t, script, nil, func(t *testing.T, _ *agenttest.Server, m agent.Model) {
		start := time.Now()
		got, err := ask(t, m, request(user("go")))
		if err != nil || got.text != "hi" || got.finish != "stop" || time.Since(start) > 3*time.Second {
			t.Errorf("got %+v, %v after %v, want the reply within seconds", got, err, time.Since(start))
		}
	})
}

// TestDoneButOpen has a server that says it is done and keeps the connection open.
func TestDoneButOpen(t *testing.T) {
	script := "hi\n!raw " + stop + "\n!raw [DONE]\n!hang"
	bubble(t, script, nil, func(t *testing.T, _ *agenttest.Server, m agent.Model) {
		start := time.Now()
		if got, err := ask(t, m, request(user("go"))); err != nil || got.text != "hi" || time.Since(start) > time.Second {
			t.Errorf("got %+v, %v after %v, want the reply at once", got, err, time.Since(start))
		}
	})
}

func TestCancelInTheBubble(t *testing.T) {
	bubble(t, "!hang", nil, func(t *testing.T, _ *agenttest.Server, m agent.Model) {
		ctx, cancel := context.WithTimeout(t.Context(), 7*time.Second)
		defer cancel()
		start := time.Now()
		for _, err := range m.Stream(ctx, request(user("go"))) {
			if err != context.DeadlineExceeded || time.Since(start) != 7*time.Second {
				t.Errorf("got %v after %v, want the context's own error", err, time.Since(start))
			}
		}
	})
}

// TestRecall checks that what Google and DeepSeek want back goes back, byte for byte.
func TestRecall(t *testing.T) {
	const signature = `{"google":{"thought_signature":"c2lnbmVk"}}`
	piece := `{"index":0,"id":"c1","function":{"name":"edit","arguments":"{}"},"extra_content":` + signature + `}`
	script := "!raw " + delta(`"reasoning_content":"hm "`) + "\n!raw " + delta(`"reasoning_content":"yes"`) + "\n!raw " + calls(piece) + "\n\nDone."
	for provider, want := range map[string]string{"google": `"extra_content":` + signature, "deepseek": `"reasoning_content":"hm yes"`, "openai": ""} {
		change := func(c *llm.Config) { c.Provider = provider }
		bubble(t, script, change, func(t *testing.T, s *agenttest.Server, m agent.Model) {
			first, err := ask(t, m, request(user("go")))
			if err != nil {
				t.Fatal(err)
			}
			second := request(user("go"), agent.Message{Role: agent.Assistant, Calls: first.calls},
				agent.Message{Role: agent.Tool, Call: "c1", Text: "ok"})
			if got, err := ask(t, m, second); err != nil || got.text != "Done." {
				t.Fatalf("%s: got %+v, %v", provider, got, err)
			}
			sent := field(t, s.Requests()[1], "messages")
			if !strings.Contains(sent, want) || want == "" && strings.Contains(sent, "hm yes") {
				t.Errorf("%s: %s lacks %s", provider, sent, want)
			}
		})
	}
}

func TestUsageIsAskedFor(t *testing.T) {
	bubble(t, "hi", nil, func(t *testing.T, s *agenttest.Server, m agent.Model) {
		got, err := ask(t, m, request(user("go")))
		if err != nil || got.usage == nil || got.usage.Output == 0 {
			t.Errorf("got %+v, %v, want the usage", got, err)
		}
		if last := got.deltas[len(got.deltas)-1]; !reflect.DeepEqual(last, agent.Delta{Finish: "stop", Usage: got.usage}) {
			t.Errorf("the last delta is %+v, want finish and usage alone", last)
		}
	})
}
