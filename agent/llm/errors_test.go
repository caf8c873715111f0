package llm_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/opencode-lsp/opencode-lsp/agent/agenttest"
	"github.com/opencode-lsp/opencode-lsp/agent/llm"
)

func TestRefusals(t *testing.T) {
	type want struct {
		text            string // part of the message
		retry, overflow bool
		after           time.Duration
	}
	tests := []struct {
		name   string
		status int
		header string // "Name: value"
		body   string
		want   want
	}{
		{"401", 401, "", `{"error":{"message":"Incorrect API key provided: sk-abc***","code":"invalid_api_key"}}`, want{text: "OpenAI refused the key: check OPENAI_API_KEY or provider.openai.options.apiKey"}},
		{"403", 403, "", `{"error":{"message":"not for you"}}`, want{text: `forbids gpt to this key`}},
		{"402", 402, "", `{"error":{"message":"Insufficient Balance"}}`, want{text: "has no credit"}},
		{"404", 404, "", `{"error":{"message":"The model gpt does not exist"}}`, want{text: `has no model "gpt" at http://`}},
		{"404 page", 404, "", `<html><body>404</body></html>`, want{text: "provider.openai.options.baseURL"}},
		{"429 seconds", 429, "Retry-After: 2", `{"error":{"message":"slow down"}}`, want{text: "limits the rate", retry: true, after: 2 * time.Second}},
		{"429 milliseconds", 429, "Retry-After-Ms: 1500", ``, want{text: "limits the rate", retry: true, after: 1500 * time.Millisecond}},
		{"429 nonsense", 429, "Retry-After: soon", ``, want{text: "limits the rate", retry: true}},
		{"429 forever", 429, "Retry-After: 1e300", ``, want{text: "limits the rate", retry: true, after: 24 * time.Hour}},
		{"429 no credit", 429, "", `{"error":{"message":"You exceeded your current quota","code":"insufficient_quota"}}`, want{text: "has no credit"}},
		{"429 too many tokens a minute", 429, "", `{"error":{"message":"too many tokens per minute"}}`, want{text: "limits the rate", retry: true}},
		{"500", 500, "", `oops`, want{text: `it said "oops"`, retry: true}},
		{"503 in plain text of many lines", 503, "", "a\nb\tc", want{text: `it said "a b c"`, retry: true}},
		{"529", 529, "", `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`, want{text: "overloaded", retry: true}},
		{"500 that must not be retried", 500, "X-Should-Retry: false", ``, want{text: "out of order"}},
		{"openai overflow", 400, "", `{"error":{"message":"too long","code":"context_length_exceeded"}}`, want{text: "longer than gpt takes", overflow: true}},
		{"anthropic overflow", 400, "", `{"error":{"message":"prompt is too long: 210000 tokens > 200000 maximum"}}`, want{text: "start a new session", overflow: true}},
		{"llama.cpp overflow", 400, "", `{"error":{"code":400,"message":"the request exceeds the available context size, try increasing it","type":"exceed_context_size_error"}}`, want{text: "longer", overflow: true}},
		{"google overflow in a list", 400, "", `[{"error":{"code":400,"message":"The input token count (1200000) exceeds the maximum number of tokens allowed","status":"INVALID_ARGUMENT"}}]`, want{text: "longer", overflow: true}},
		{"413", 413, "", ``, want{text: "longer", overflow: true}},
		{"google key", 400, "", `[{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT"}}]`, want{text: "refused the key"}},
		{"400", 400, "", `{"error":"temperature is unknown"}`, want{text: `refused the request: check the model and its options; it said "temperature is unknown"`}},
		{"422 of FastAPI", 422, "", `{"detail":[{"msg":"field required"}]}`, want{text: "refused the request"}},
		{"a long body", 400, "", `{"error":{"message":"` + strings.Repeat("é", 400) + `"}}`, want{text: "…"}},
		{"redirect", 307, "Location: http://example.com/v1", ``, want{text: "redirects elsewhere, which is not followed"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				if name, value, ok := strings.Cut(test.header, ": "); ok {
					w.Header().Set(name, value)
				}
				w.WriteHeader(test.status)
				io.WriteString(w, test.body)
			})
			m := newModel(t, llm.Config{Provider: "openai", Model: "gpt", BaseURL: url, APIKey: "abcdefgh"})
			_, err := ask(t, m, request(user("go")))
			e := modelError(t, err)
			got := want{test.want.text, e.Retry, e.Overflow, e.After}
			if got != test.want || !strings.Contains(e.Message, test.want.text) || e.Status != test.status || len(e.Message) > 600 {
				t.Errorf("got  %+v\nwant %+v with status %d", e, test.want, test.status)
			}
		})
	}
}

func TestRetryAfterDate(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", time.Now().Add(time.Minute).UTC().Format(http.TimeFormat))
		w.WriteHeader(http.StatusTooManyRequests)
	})
	m := newModel(t, llm.Config{Provider: "local", Model: "m", BaseURL: url})
	_, err := ask(t, m, request(user("go")))
	if e := modelError(t, err); e.After < 50*time.Second || e.After > time.Minute {
		t.Errorf("after %v, want about a minute", e.After)
	}
}

func TestErrorsInTheStream(t *testing.T) {
	tests := []struct {
		name, event, text string
		retry, overflow   bool
	}{
		{"openai", `{"error":{"message":"The server had an error","type":"server_error","code":null}}`, "The server had an error", true, false},
		{"openrouter", `{"error":{"code":429,"message":"Provider returned error"},"choices":[{"index":0,"delta":{},"finish_reason":"error"}]}`, "limits the rate", true, false},
		{"in a choice", `{"choices":[{"index":0,"delta":{},"finish_reason":"error","error":{"code":502,"message":"bad gateway"}}]}`, "out of order", true, false},
		{"finish without words", `{"choices":[{"index":0,"delta":{},"finish_reason":"error"}]}`, "broke the reply off", true, false},
		{"text", `{"error":"unexpected EOF in runner"}`, "unexpected EOF in runner", true, false},
		{"bare", `{"message":"overloaded","type":"overloaded_error"}`, "overloaded", true, false},
		{"overflow", `{"error":{"message":"x","code":"context_length_exceeded"}}`, "longer", false, true},
		{"for good", `{"error":{"message":"no such field","type":"invalid_request_error"}}`, "no such field", false, false},
		{"not JSON", `{"choices":[{"del`, "broke off", true, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := newModel(t, llm.Config{Provider: "local", Model: "m", BaseURL: serve(t, events(delta(`"content":"hi"`), test.event))})
			got, err := ask(t, m, request(user("go")))
			e := modelError(t, err)
			if got.text != "hi" || e.Retry != test.retry || e.Overflow != test.overflow || !strings.Contains(e.Message, test.text) {
				t.Errorf("got %q and %+v, want %+v", got.text, e, test)
			}
		})
	}
}

func TestBrokenStreams(t *testing.T) {
	for _, script := range []string{"!drop", "some text\n!drop", "call edit {\"a\n!drop"} {
		_, m := scripted(t, script, nil)
		_, err := ask(t, m, request(user("go")))
		if e := modelError(t, err); !e.Retry || !strings.Contains(e.Message, "broke off") {
			t.Errorf("%q: got %+v", script, e)
		}
	}
	t.Run("clean end without a finish", func(t *testing.T) {
		url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, "data: "+delta(`"content":"hi"`)+"\n\n")
		})
		_, err := ask(t, newModel(t, llm.Config{Provider: "local", Model: "m", BaseURL: url}), request(user("go")))
		if e := modelError(t, err); !e.Retry {
			t.Errorf("got %+v", e)
		}
	})
	t.Run("a call without a name", func(t *testing.T) {
		url := serve(t, events(calls(`{"index":0,"id":"i","function":{"arguments":"{}"}}`), stop))
		_, err := ask(t, newModel(t, llm.Config{Provider: "local", Model: "m", BaseURL: url}), request(user("go")))
		if e := modelError(t, err); !e.Retry {
			t.Errorf("got %+v", e)
		}
	})
}

func TestUnreachable(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := l.Addr().String()
	l.Close()
	plain := strings.TrimPrefix(serve(t, events()), "http://")
	secure := httptest.NewUnstartedServer(events())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // the refused handshake
	secure.StartTLS()
	defer secure.Close()
	page := serve(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<!doctype html><p>hi") })
	tests := []struct{ name, provider, url, text string }{
		{"refused", "local", "http://" + closed, "nothing listens at http://" + closed + ": start it or set provider.local.options.baseURL"},
		{"refused by ollama", "ollama", "http://" + closed, "start it (ollama serve) or set provider.ollama.options.baseURL"},
		{"no such host", "local", "http://nowhere.invalid/v1", "the host of http://nowhere.invalid/v1 is not found"},
		{"unknown certificate", "local", secure.URL, "no secure connection to https://"},
		{"no TLS", "local", "https://" + plain, "no secure connection to https://"},
		{"a web page", "local", page, "answers with a web page"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := newModel(t, llm.Config{Provider: test.provider, Model: "m", BaseURL: test.url})
			_, err := ask(t, m, request(user("go")))
			if e := modelError(t, err); !strings.Contains(e.Message, test.text) || e.Retry {
				t.Errorf("got %+v, want %q", e, test.text)
			}
		})
	}
}

// TestKeysStayOut sends keys by every way there is to a server that throws all it got back, in every kind of error.
func TestKeysStayOut(t *testing.T) {
	const canary = "canary-KEY-0123456789"
	configs := []llm.Config{
		{APIKey: canary},
		{Headers: map[string]string{"Authorization": "Bearer " + canary}},
		{Headers: map[string]string{"X-Api-Key": canary}},
		{BaseURL: "http://user:" + canary + "@model.test/v1?key=" + canary},
	}
	echo := func(w http.ResponseWriter, r *http.Request) {
		status := http.StatusOK
		fmt.Sscan(r.Header.Get("X-Status"), &status)
		user, password, _ := r.BasicAuth()
		text := fmt.Sprintf("%v %v %v %v", r.Header, r.URL, user, password)
		w.WriteHeader(status)
		if status == http.StatusOK {
			text = "data: " + fmt.Sprintf(`{"error":{"message":%q}}`, text) + "\n\n"
		}
		io.WriteString(w, text)
	}
	server := serve(t, echo)
	dial := func(host string) *http.Client {
		proxy := &net.Dialer{}
		return &http.Client{Transport: &http.Transport{DisableKeepAlives: true,
			DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
				return proxy.DialContext(ctx, network, host)
			}}}
	}
	for _, cfg := range configs {
		for _, status := range []string{"200", "400", "401", "429", "500", "refused"} {
			cfg.Provider, cfg.Model = "local", "m"
			cfg.HTTPClient = dial(strings.TrimPrefix(server, "http://"))
			if status == "refused" {
				cfg.HTTPClient = dial("127.0.0.1:1")
			}
			if cfg.BaseURL == "" {
				cfg.BaseURL = agenttest.BaseURL
			}
			_, err := ask(t, newModel(t, withHeader(cfg, "X-Status", status)), request(user("go")))
			e := modelError(t, err)
			for text := range strings.SplitSeq(fmt.Sprintf("%v|%+v|%q|%v", e, e, e.Message, e.Err), "|") {
				if strings.Contains(text, "canary") {
					t.Errorf("%s: a key stands in the error %s", status, text)
				}
			}
		}
	}
}

func withHeader(cfg llm.Config, name, value string) llm.Config {
	headers := map[string]string{name: value}
	for n, v := range cfg.Headers {
		headers[n] = v
	}
	cfg.Headers = headers
	return cfg
}

func TestNewErrors(t *testing.T) {
	tests := []struct {
		cfg  llm.Config
		text string
	}{
		{llm.Config{}, `set "model" to "provider/model"`},
		{llm.Config{Provider: "openai", Model: "gpt"}, "OpenAI needs a key: set OPENAI_API_KEY or provider.openai.options.apiKey"},
		{llm.Config{Provider: "acme", Model: "m"}, "set provider.acme.options.baseURL, or use one of openai, anthropic,"},
		{llm.Config{Provider: "acme", Model: "m", BaseURL: "localhost:8080"}, "provider.acme.options.baseURL is not an http or https URL"},
		{llm.Config{Provider: "acme", Model: "m", BaseURL: "http://h", API: "legacy"}, `provider.acme.options.api is "legacy": set it to "chat" or "responses"`},
	}
	for _, test := range tests {
		if _, err := llm.New(test.cfg); err == nil || !strings.Contains(err.Error(), test.text) {
			t.Errorf("%+v: got %v, want %q", test.cfg, err, test.text)
		}
	}
	if _, err := llm.New(llm.Config{Provider: "ollama", Model: "m"}); err != nil {
		t.Errorf("a local server needs no key: %v", err)
	}
}
