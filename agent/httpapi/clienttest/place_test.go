//go:build realclients

package clienttest

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/opencode-lsp/opencode-lsp/agent/agenttest"
)

// place is a user's home, a project under git, and a scripted model.
type place struct {
	t     *testing.T
	home  string
	dir   string // the project
	model *agenttest.Server
}

// calc is the project's source, with the bug that the edits mend.
const calc = "package calc\n\nfunc Add(a, b int) int { return a - b }\n"

func newPlace(t *testing.T) *place {
	t.Helper()
	top, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	p := &place{t: t, home: filepath.Join(top, "home"), dir: filepath.Join(top, "Mein Projekt é"), model: agenttest.New()}
	t.Cleanup(p.model.Close)
	for _, dir := range []string{p.home + "/run", p.dir} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	p.write("calc.go", calc)
	p.write("README.md", "# calc\n")
	p.git("init", "-q")
	p.git("add", ".")
	p.git("-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "-q", "-m", "one")
	return p
}

func (p *place) git(args ...string) {
	p.t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = p.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		p.t.Fatalf("git %q: %v\n%s", args, err, out)
	}
}

func (p *place) write(name, text string) {
	p.t.Helper()
	if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// script gives the model more steps.
func (p *place) script(steps string) {
	p.t.Helper()
	parsed, err := agenttest.Parse(steps)
	if err != nil {
		p.t.Fatal(err)
	}
	p.model.Add(parsed...)
}

// environ keeps programs off the user's own files and off the network; more replaces what is there.
func (p *place) environ(more map[string]string) []string {
	env := map[string]string{
		"PATH": os.Getenv("PATH"), "HOME": p.home, "XDG_CONFIG_HOME": p.home + "/config", "XDG_DATA_HOME": p.home + "/data",
		"XDG_STATE_HOME": p.home + "/state", "XDG_CACHE_HOME": p.home + "/cache", "XDG_RUNTIME_DIR": p.home + "/run",
		"LANG": "C.UTF-8", "TERM": "screen-256color", "SHELL": "/bin/sh",
		"OPENCODE_DISABLE_MODELS_FETCH": "1", "OPENCODE_DISABLE_AUTOUPDATE": "1",
	}
	maps.Copy(env, more)
	var all []string
	for key, value := range env {
		all = append(all, key+"="+value)
	}
	return all
}

// config names the scripted model and asks before what ours asks before anyway. OpenCode may not install its plugins.
func (p *place) config(permission map[string]string) string {
	raw, err := json.Marshal(map[string]any{
		"model": "scripted/scripted",
		"provider": map[string]any{"scripted": map[string]any{
			"npm": "@ai-sdk/openai-compatible", "name": "Scripted",
			"options": map[string]any{"baseURL": p.model.URL(), "apiKey": "no-secret"},
			"models": map[string]any{"scripted": map[string]any{
				"name": "Scripted", "tool_call": true, "limit": map[string]any{"context": 100000, "output": 8000}}},
		}},
		"permission": permission,
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return string(raw)
}
