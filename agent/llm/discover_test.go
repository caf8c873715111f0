package llm_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/opencode-lsp/opencode-lsp/agent/agenttest"
	"github.com/opencode-lsp/opencode-lsp/agent/llm"
)

// local returns a client for which addresses on loopback are answered by handlers in memory; no other listens.
func local(t *testing.T, handlers map[string]http.HandlerFunc) *http.Client {
	t.Helper()
	transport := roundTripper(func(r *http.Request) (*http.Response, error) {
		handle, ok := handlers[r.URL.Host]
		if !ok {
			return nil, &net.OpError{Op: "dial", Err: io.EOF}
		}
		rec := httptest.NewRecorder()
		handle(rec, r)
		if err := r.Context().Err(); err != nil {
			return nil, err
		}
		return rec.Result(), nil
	})
	return &http.Client{Transport: transport}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestDiscover(t *testing.T) {
	list := func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.URL.Path != "/v1/models" {
			t.Errorf("asked %s %s", r.Method, r.URL)
		}
		io.WriteString(w, `{"object":"list","data":[{"id":"qwen3"},{"id":"nomic-Embed"},{"id":"gemma"},{"id":"qwen3"}]}`)
	}
	silent := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	page := func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<html>") }
	away := func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://127.0.0.1:11434/v1/models", http.StatusFound)
	}
	tests := []struct {
		name     string
		handlers map[string]http.HandlerFunc
		want     []string
	}{
		{"none", nil, nil},
		{"one", map[string]http.HandlerFunc{"127.0.0.1:11434": list}, []string{"ollama gemma qwen3"}},
		{"one, one silent", map[string]http.HandlerFunc{"127.0.0.1:11434": silent, "127.0.0.1:8080": list}, []string{"llamacpp gemma qwen3"}},
		{"a web page and a redirect", map[string]http.HandlerFunc{"127.0.0.1:1234": away, "127.0.0.1:8080": page}, nil},
		{"all", map[string]http.HandlerFunc{"127.0.0.1:8080": list, "127.0.0.1:1234": list, "127.0.0.1:11434": list},
			[]string{"ollama gemma qwen3", "lmstudio gemma qwen3", "llamacpp gemma qwen3"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				var got []string
				for _, f := range llm.Discover(t.Context(), local(t, test.handlers)) {
					got = append(got, f.ID+" "+strings.Join(f.Models, " "))
				}
				if !reflect.DeepEqual(got, test.want) || time.Since(start) > 300*time.Millisecond {
					t.Errorf("got %q after %v, want %q", got, time.Since(start), test.want)
				}
			})
		})
	}
}

func TestDiscoverOnThisMachine(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if found := llm.Discover(ctx, nil); len(found) > 0 {
		t.Errorf("found %v with a context that has ended", found)
	}
}

func TestModels(t *testing.T) {
	s, _ := scripted(t, "", nil)
	cfg := llm.Config{Provider: "local", BaseURL: agenttest.BaseURL, HTTPClient: s.Client()}
	if ids, err := llm.Models(t.Context(), cfg); err != nil || !reflect.DeepEqual(ids, []string{"scripted"}) {
		t.Errorf("got %v, %v", ids, err)
	}
	tests := []struct {
		name, text string
		handle     http.HandlerFunc
	}{
		{"refused", "OpenAI refused the key: check OPENAI_API_KEY", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(401) }},
		{"no list", "OpenAI lists no models at http://", http.NotFound},
		{"a web page", "answers with a web page", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<html>") }},
		{"nonsense", "broke off", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Type", "application/json") }},
	}
	for _, test := range tests {
		_, err := llm.Models(t.Context(), llm.Config{Provider: "openai", APIKey: "abcdefgh", BaseURL: serve(t, test.handle)})
		if e := modelError(t, err); !strings.Contains(e.Message, test.text) {
			t.Errorf("%s: got %v, want %q", test.name, e, test.text)
		}
	}
	if _, err := llm.Models(t.Context(), llm.Config{Provider: "openai"}); err == nil || !strings.Contains(err.Error(), "needs a key") {
		t.Errorf("without a key: got %v", err)
	}
}

func TestProviders(t *testing.T) {
	seen := make(map[string]bool)
	for _, p := range llm.Providers() {
		if seen[p.ID] || p.Name == "" || strings.HasSuffix(p.BaseURL, "/") || p.Local() == (len(p.Keys) > 0) {
			t.Errorf("%+v is odd", p)
		}
		if p.Local() != strings.HasPrefix(p.BaseURL, "http://127.0.0.1:") {
			t.Errorf("%s: keys travel encrypted, and local servers are on loopback", p.ID)
		}
		seen[p.ID] = true
		got, ok := llm.Provider(p.ID)
		if !ok || got.BaseURL != p.BaseURL {
			t.Errorf("Provider(%q) is %+v, %t", p.ID, got, ok)
		}
	}
	if _, ok := llm.Provider("acme"); ok {
		t.Error("acme is known")
	}
}

func TestKey(t *testing.T) {
	env := map[string]string{"GEMINI_API_KEY": " k1\n", "GOOGLE_API_KEY": "k2"}
	google, _ := llm.Provider("google")
	if key, name := google.Key(func(n string) string { return env[n] }); key != "k1" || name != "GEMINI_API_KEY" {
		t.Errorf("got %q from %q", key, name)
	}
	if key, name := google.Key(func(string) string { return "" }); key != "" || name != "" {
		t.Errorf("got %q from %q in an empty environment", key, name)
	}
}
