package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/opencode-lsp/opencode-lsp/workspace"
)

// answers is a web of fixed pages.
type answers map[string]string

func (a answers) RoundTrip(req *http.Request) (*http.Response, error) {
	text, ok := a[req.URL.String()]
	if !ok {
		return nil, fmt.Errorf("nobody is at %s", req.URL)
	}
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(text)), Request: req}, nil
}

// engineAt makes the files below a fresh folder and loads the engine of its workspace at root; home is below the folder, too.
func engineAt(t *testing.T, files, root string, env map[string]string, web http.RoundTripper) (e *engine, top string, said *[]string) {
	t.Helper()
	top, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range txtar.Parse([]byte(files)).Files {
		path := filepath.Join(top, f.Name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(strings.ReplaceAll(string(f.Data), "TOP", top)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := &program{getenv: func(name string) string {
		if name == "HOME" {
			return filepath.Join(top, "home")
		}
		return env[name]
	}, http: &http.Client{Transport: web}, bubble: true}
	p.dirs = findDirs(p.getenv)
	said = new([]string)
	var mu sync.Mutex // several addresses are fetched at a time
	e, err = newEngine(p, workspace.New(filepath.Join(top, root)), func(text string) {
		mu.Lock()
		defer mu.Unlock()
		*said = append(*said, strings.ReplaceAll(text, top, ""))
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.close)
	e.load(t.Context())
	return e, top, said
}

const ruleFiles = `
-- repo/.git/HEAD --
-- repo/AGENTS.md --
top
-- repo/sub/AGENTS.md --
sub
-- repo/sub/CLAUDE.md --
claude
-- repo/CONTEXT.md --
context
-- AGENTS.md --
above the repository
-- bare/ws/CONTEXT.md --
no git
-- bare/AGENTS.md --
anyone's
-- only/.git/HEAD --
-- only/CLAUDE.md --
claude only
-- only/CONTEXT.md --
context only
-- home/.claude/CLAUDE.md --
my claude
-- home/.config/opencode/opencode.json --
{"instructions": ["https://example.com/mine.md", "https://example.com/gone.md", "TOP/home/notes*.md"]}
-- home/notes1.md --
note
`

// Which instructions are read, in which order, and whose they are.
func TestRules(t *testing.T) {
	web := answers{"https://example.com/mine.md": "from the web"}
	for name, tc := range map[string]struct {
		root string
		env  map[string]string
		want []string
	}{
		"from the repository's top to the root": {"repo/sub", nil, []string{
			"my /home/.claude/CLAUDE.md", "repo /repo/AGENTS.md", "repo /repo/sub/AGENTS.md", "my /home/notes1.md", "my https://example.com/mine.md"}},
		"without git the root alone": {"bare/ws", nil, []string{
			"my /home/.claude/CLAUDE.md", "repo /bare/ws/CONTEXT.md", "my /home/notes1.md", "my https://example.com/mine.md"}},
		"the next kind": {"only", nil, []string{
			"my /home/.claude/CLAUDE.md", "repo /only/CLAUDE.md", "my /home/notes1.md", "my https://example.com/mine.md"}},
		"without Claude": {"only", map[string]string{"OPENCODE_DISABLE_CLAUDE_CODE_PROMPT": "1"}, []string{
			"repo /only/CONTEXT.md", "my /home/notes1.md", "my https://example.com/mine.md"}},
		"without the project": {"only", map[string]string{"OPENCODE_DISABLE_PROJECT_CONFIG": "true", "OPENCODE_DISABLE_CLAUDE_CODE": "true"}, []string{
			"my /home/notes1.md", "my https://example.com/mine.md"}},
	} {
		t.Run(name, func(t *testing.T) {
			e, top, said := engineAt(t, ruleFiles, tc.root, tc.env, web)
			var got []string
			for _, r := range e.rules(t.Context(), e.policy()) {
				whose := map[bool]string{true: "repo ", false: "my "}[r.Repository]
				got = append(got, whose+strings.ReplaceAll(r.Path, top, ""))
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("got  %q\nwant %q", got, tc.want)
			}
			if len(*said) != 1 || !strings.HasPrefix((*said)[0], "OpenCode: the instructions https://example.com/gone.md are left out: ") {
				t.Errorf("said %q", *said)
			}
			delete(web, "https://example.com/mine.md") // fetched once
			defer func() { web["https://example.com/mine.md"] = "from the web" }()
			if again := e.rules(t.Context(), e.policy()); len(again) != len(got) {
				t.Errorf("the second time there are %d", len(again))
			}
		})
	}
}

// A link from the repository's instructions leads nowhere that would be asked about.
func TestRulesByLink(t *testing.T) {
	e, top, _ := engineAt(t, ruleFiles, "repo/sub", nil, nil)
	for _, name := range []string{"repo/AGENTS.md", "repo/sub/AGENTS.md"} {
		if err := os.Remove(filepath.Join(top, name)); err != nil {
			t.Fatal(err)
		}
	}
	for from, to := range map[string]string{"repo/AGENTS.md": "home/notes1.md", "repo/sub/AGENTS.md": "repo/CONTEXT.md"} {
		if err := os.Symlink(filepath.Join(top, to), filepath.Join(top, from)); err != nil {
			t.Fatal(err)
		}
	}
	for _, r := range e.rules(t.Context(), e.policy()) {
		if r.Path == filepath.Join(top, "repo/AGENTS.md") || r.Repository && r.Text != "context\n" {
			t.Errorf("%s: %q", r.Path, r.Text)
		}
	}
}
