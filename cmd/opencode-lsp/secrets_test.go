//go:build unix

package main

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/opencode-lsp/opencode-lsp/agent/agenttest"
	"github.com/opencode-lsp/opencode-lsp/agent/llm"
	"github.com/opencode-lsp/opencode-lsp/lsp/lsptest"
	"github.com/opencode-lsp/opencode-lsp/tools"
	"github.com/opencode-lsp/opencode-lsp/workspace/config"
)

// canary is a key that must never be seen again.
func canary(n int) string { return fmt.Sprintf("sk-canary%02d-x7f3q9zz81", n) }

// keyVariables gives every variable that may hold a key of the agent's a canary, and one that a key was copied to.
func keyVariables() []string {
	names := []string{"OPENCODE_SERVER_PASSWORD", "MY_OWN_KEY"}
	for _, p := range llm.Providers() {
		names = append(names, p.Keys...)
	}
	var out []string
	for i, name := range names {
		out = append(out, name+"="+canary(i))
	}
	return append(out, "PASSED_ON="+canary(90), "DROPPED=dropped-canary", "COPIED=Bearer "+canary(91))
}

// A whole session with canaries in every key: a command prints its environment, the provider refuses with the key in its
// words, and the log is verbose. Nothing that is written, sent or shown holds one, but what the user passes on.
func TestSecretsNeverLeave(t *testing.T) {
	h := newRealHost(t)
	h.home.lspOptions = []string{"-v"}
	content := fmt.Sprintf(`{"model": "mine/model", "small_model": "mine/small", "environment": {"drop": ["DROP*"], "pass": ["PASSED_ON"]}, "provider": {"mine": {"options":
		{"baseURL": %q, "apiKey": "{env:MY_OWN_KEY}", "headers": {"X-Extra": "Bearer %s", "X-Other": %q}}}}}`, h.model.URL(), canary(91), canary(92))
	h.home.more = append(keyVariables(), "OPENCODE_CONFIG_CONTENT="+content)
	h.model.Add(
		agenttest.Step{Text: "Looking.", Calls: []tools.Call{{Name: "bash", Arguments: `{"command": "env; echo end-of-env"}`}}},
		agenttest.Step{Status: 401, Message: "Incorrect API key provided: " + canary(1) + ", header " + canary(91) + " and " + canary(92), Code: "invalid_api_key"},
	)
	root := t.TempDir()
	var err error
	if h.server, err = h.home.start(root); err != nil {
		t.Fatal(err)
	}
	ed := lsptest.Dial(t.Context(), h.server, lsptest.Options{Root: root, Name: "test"})
	defer ed.Close()
	if err := ed.Initialize(t.Context()); err != nil {
		t.Fatal(err)
	}
	turn := ed.StartCommand("opencode.prompt", map[string]any{"text": "show the environment", "wait": true})
	if err := ed.Wait(t.Context(), "the question", func() bool { return len(ed.OpenQuestions()) > 0 }); err != nil {
		t.Fatal(err)
	}
	if err := ed.Answer(ed.OpenQuestions()[0].Number, "Allow once"); err != nil {
		t.Fatal(err)
	}
	var result json.RawMessage
	if err := turn.Wait(t.Context(), &result); err != nil {
		t.Fatal(err)
	}
	h.server.kill() // before its stderr is read
	said := map[string]string{"result": string(result), "wire": strings.Join(ed.Wire(), "\n"), "stderr": h.server.stderr.String(), "log": h.home.log()}
	for i, r := range h.model.Requests() {
		said[fmt.Sprintf("request %d", i)] = string(r)
	}
	all := strings.Join(slices.Collect(maps.Values(said)), "\n")
	for _, want := range []string{"end-of-env", "[key]", `"status":"failed"`, "PASSED_ON=" + canary(90)} {
		if !strings.Contains(all, want) {
			t.Errorf("the session did not come to %q; the test looks at too little:\n%s", want, all)
		}
	}
	for _, dir := range []string{h.home.dir, h.home.runtime, root} {
		readAll(t, dir, said)
	}
	for where, text := range said {
		text = strings.ReplaceAll(text, canary(90), "")
		for _, secret := range []string{"sk-canary", "canary", "x7f3q9zz81"} {
			if at := strings.Index(text, secret); at >= 0 {
				t.Errorf("%s holds a key: …%q…", where, text[max(0, at-80):min(len(text), at+40)])
				break
			}
		}
	}
}

// readAll adds the text of every regular file below dir.
func readAll(t *testing.T, dir string, into map[string]string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		into[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestChildEnviron(t *testing.T) {
	cfg := &config.Config{
		Environment: config.Environment{Pass: []string{"GEMINI_*"}, Drop: []string{"AWS_*"}},
		Providers:   map[string]config.Provider{"x": {Options: config.ProviderOptions{APIKey: "0123456789", Headers: map[string]config.Secret{"A": "Basic abcdefghij", "B": "short"}}}},
	}
	got := childEnviron([]string{"HOME=/h", "OPENAI_API_KEY=a", "openai_api_key=a", "GEMINI_API_KEY=b", "AWS_SECRET=c", "MINE=0123456789", "COPY=Bearer abcdefghij", "S=short",
		"OPENCODE_CONFIG_CONTENT={}", "PATH=/bin"}, cfg)
	if want := []string{"HOME=/h", "GEMINI_API_KEY=b", "S=short", "PATH=/bin"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
