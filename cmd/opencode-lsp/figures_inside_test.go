package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/agent/llm"
	"github.com/opencode-lsp/opencode-lsp/tools"
	"github.com/opencode-lsp/opencode-lsp/workspace"
)

// measureGrep searches Go's own sources with the grep tool, with the rules in force, and with ripgrep.
func measureGrep(t *testing.T, _ binaries) []figure {
	out, err := exec.CommandContext(t.Context(), "go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatalf("go env GOROOT: %v", err)
	}
	source := filepath.Join(strings.TrimSpace(string(out)), "src")
	home := t.TempDir()
	p := &program{bubble: true, // nobody watches files
		getenv: func(string) string { return "" }, dirs: findDirs(func(string) string { return home }),
	}
	e, err := newEngine(p, workspace.New(source), func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	defer e.close()
	e.load(t.Context())
	sessions := e.sessions(agent.Options{}, nil, nil)
	defer sessions.Close()
	session, err := sessions.New(t.Context(), agent.Start{Title: "figures"})
	if err != nil {
		t.Fatal(err)
	}
	d := e.seat(session, nil, nil)
	d.sit(e.policy)
	set := tools.NewSet(d.tools...)
	var figures []figure
	for _, search := range []struct{ name, pattern string }{
		{"a word", "context"}, {"a regexp", `func\s+\w+\(`}, {"a rare word", "Bleichenbacher"},
	} {
		ours, theirs := alternate(7, func() { grep(t, set, search.pattern) }, func() { ripgrep(t, source, search.pattern) })
		f := figure{name: "5 grep: " + search.name, unit: "ms", ours: ours, than: "ripgrep", theirs: theirs, times: 1.5}
		if _, err := exec.LookPath("rg"); err != nil {
			f.theirs, f.times = math.NaN(), 0
		}
		figures = append(figures, f)
	}
	return figures
}

func grep(t *testing.T, set *tools.Set, pattern string) {
	arguments, err := json.Marshal(map[string]string{"pattern": pattern})
	if err != nil {
		t.Fatal(err)
	}
	op, err := set.Prepare(t.Context(), tools.Call{Name: "grep", Arguments: string(arguments)})
	if err != nil {
		t.Fatal(err)
	}
	if result, err := op.Run(t.Context(), io.Discard); err != nil || !strings.Contains(result.Text, ".go:") {
		t.Fatalf("grep %s: %v, %q", pattern, err, result.Text)
	}
}

func ripgrep(t *testing.T, dir, pattern string) {
	cmd := exec.CommandContext(t.Context(), "rg", "--line-number", "--", pattern, dir)
	if _, err := cmd.Output(); err != nil && cmd.Err == nil { // Err: there is no ripgrep
		t.Fatalf("rg %s: %v", pattern, err)
	}
}

// The reply that is read: its length in chunks, and one of them as OpenAI sends it.
const (
	chunks = 20_000
	chunk  = `{"id":"chatcmpl-9x","object":"chat.completion.chunk","created":1790000000,"model":"gpt-x","service_tier":"default",` +
		`"system_fingerprint":"fp_1","choices":[{"index":0,"delta":{"content":" word"},"logprobs":null,"finish_reason":null}],"obfuscation":"ab12"}`
	lastChunk = `{"id":"chatcmpl-9x","object":"chat.completion.chunk","created":1790000000,"model":"gpt-x","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`
)

// measureStreams reads a long reply through the model's client and with net/http alone.
func measureStreams(t *testing.T, _ binaries) []figure {
	var figures []figure
	for _, way := range []struct {
		name  string
		flush bool
	}{{"flushed", true}, {"in a burst", false}} {
		server := httptest.NewServer(streamer(way.flush))
		defer server.Close()
		m, err := llm.New(llm.Config{Provider: "local", Model: "m", BaseURL: server.URL, HTTPClient: server.Client()})
		if err != nil {
			t.Fatal(err)
		}
		ours, theirs := alternate(21, func() { readModel(t, m) }, func() { readPlain(t, server) })
		figures = append(figures, figure{name: fmt.Sprintf("7 reply of %d chunks, %s", chunks, way.name),
			unit: "ms", ours: ours, than: "net/http lines", theirs: theirs, times: 2})
	}
	return figures
}

// streamer sends the reply, one flush a chunk as models do, or as fast as it can be written.
func streamer(flush bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "text/event-stream")
		out := http.NewResponseController(w)
		for range chunks {
			io.WriteString(w, "data: "+chunk+"\n\n")
			if flush {
				out.Flush()
			}
		}
		io.WriteString(w, "data: "+lastChunk+"\n\ndata: [DONE]\n\n")
	}
}

func readModel(t *testing.T, m agent.Model) {
	n := 0
	request := agent.Request{Messages: []agent.Message{{Role: agent.User, Text: "go"}}}
	for d, err := range m.Stream(context.Background(), request) {
		if err != nil {
			t.Fatal(err)
		}
		n += len(d.Text)
	}
	if n != chunks*len(" word") {
		t.Fatalf("%d bytes of text", n)
	}
}

func readPlain(t *testing.T, server *httptest.Server) {
	res, err := server.Client().Post(server.URL, "application/json", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	n := 0
	for lines.Scan() {
		n += len(lines.Bytes())
	}
	if n < chunks*len(chunk) {
		t.Fatalf("%d bytes", n)
	}
}
