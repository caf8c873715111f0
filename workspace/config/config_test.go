package config

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/opencode-lsp/opencode-lsp/permission"
)

// place is a home folder with a user's configuration, and a repository in it.
type place struct {
	t          *testing.T
	home, repo string
	env        map[string]string
	asked      []string // variables that were looked up
	from       Sources
}

// newPlace writes files below home; the repository is home/repo and its root is the workspace.
func newPlace(t *testing.T, files map[string]string) *place {
	t.Helper()
	home, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	p := &place{t: t, home: home, repo: filepath.Join(home, "repo"), env: map[string]string{"HOME": home}}
	p.write("repo/.git/HEAD", "")
	for name, text := range files {
		p.write(name, text)
	}
	p.from = Sources{Roots: []string{p.repo}, UserDir: filepath.Join(home, "user"), Env: func(name string) string {
		p.asked = append(p.asked, name)
		return p.env[name]
	}}
	return p
}

func (p *place) write(name, text string) {
	p.t.Helper()
	path := filepath.Join(p.home, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// load returns the settings and the warnings, with ~ for the home folder.
func (p *place) load() (*Config, []string) {
	p.t.Helper()
	c, warnings := Load(p.t.Context(), p.from)
	var lines []string
	for _, w := range warnings {
		lines = append(lines, strings.ReplaceAll(w.String(), p.home, "~"))
	}
	return c, lines
}

// clean is load where nothing is wrong, but for a repository's vain attempt to allow something.
func (p *place) clean() *Config {
	p.t.Helper()
	c, warnings := p.load()
	warnings = slices.DeleteFunc(warnings, func(w string) bool { return strings.Contains(w, "only limits what your own rules allow") })
	if len(warnings) > 0 {
		p.t.Errorf("warnings: %q", warnings)
	}
	return c
}

func equal[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\ngot  %#v\nwant %#v", what, got, want)
	}
}

func TestDefaults(t *testing.T) {
	c := newPlace(t, nil).clean()
	equal(t, "edits", c.Edits, Edits{"editor", "ask"})
	equal(t, "transcript", c.Transcript, Transcript{"auto"})
	equal(t, "prompt", c.PermissionPrompt, PermissionPrompt{"warning", "details"})
	equal(t, "output", c.ToolOutput, ToolOutput{2000, 51200})
	equal(t, "compaction", c.Compaction, Compaction{Auto: true})
	if c.Model != "" || c.Permission != nil || c.Hash != "" || c.Untrusted != nil {
		t.Errorf("something is set: %+v", c)
	}
}

// TestPrecedence sets the model everywhere and takes the strongest source away, again and again.
func TestPrecedence(t *testing.T) {
	set := func(s string) string { return fmt.Sprintf(`{"model": %q}`, s) }
	p := newPlace(t, map[string]string{
		"user/config.json": set("1"), "user/opencode.json": set("2"), "user/opencode.jsonc": set("3"), "named.json": set("4"),
		"repo/opencode.json": set("5"), "repo/opencode.jsonc": set("6"), "repo/sub/opencode.json": set("7"),
		"repo/.opencode/opencode.json": set("8"), "repo/sub/.opencode/opencode.jsonc": set("9"), ".opencode/opencode.json": set("a"),
		"dir/opencode.json": set("b"),
		// Above the repository anyone may have left a file.
		"opencode.json": set("never"),
	})
	p.from.Roots = []string{filepath.Join(p.repo, "sub")}
	p.env["OPENCODE_CONFIG"] = filepath.Join(p.home, "named.json")
	p.env["OPENCODE_CONFIG_DIR"] = filepath.Join(p.home, "dir")
	p.env["OPENCODE_CONFIG_CONTENT"] = set("c")
	p.from.Editor, p.from.Flags = json.RawMessage(set("d")), json.RawMessage(set("e"))
	remove := func(name string) func() { return func() { _ = os.Remove(filepath.Join(p.home, name)) } }
	for want, drop := range steps(
		"e", func() { p.from.Flags = nil }, "d", func() { p.from.Editor = json.RawMessage("null") },
		"c", func() { p.env["OPENCODE_CONFIG_CONTENT"] = " " }, "b", remove("dir/opencode.json"), "a", remove(".opencode/opencode.json"),
		"9", remove("repo/sub/.opencode/opencode.jsonc"), "8", remove("repo/.opencode/opencode.json"), "7", remove("repo/sub/opencode.json"),
		"6", remove("repo/opencode.jsonc"), "5", remove("repo/opencode.json"), "4", func() { p.env["OPENCODE_CONFIG"] = "" },
		"3", remove("user/opencode.jsonc"), "2", remove("user/opencode.json"), "1", remove("user/config.json"), "", func() {},
	) {
		equal(t, "model", p.clean().Model, want)
		drop()
	}
}

func steps(pairs ...any) func(yield func(string, func()) bool) {
	return func(yield func(string, func()) bool) {
		for pair := range slices.Chunk(pairs, 2) {
			if !yield(pair[0].(string), pair[1].(func())) {
				return
			}
		}
	}
}

func TestMerge(t *testing.T) {
	p := newPlace(t, map[string]string{
		"user/opencode.jsonc": `{
			// The key comes from the environment.
			"provider": {"local": {"name": "Mine", "options": {"baseURL": "http://127.0.0.1:1", "apiKey": "{env:KEY}", "timeout": false,
				"headers": {"X-A": "{file:~/secret}"}}, "models": {"m": {"limit": {"context": 8000}, "cost": {"input": 0.5}}}}},
			"instructions": ["rules.md", "https://example.com/r.md"],
			"mcp": {"db": {"type": "local", "command": ["db", "-v"], "enabled": true}},
		}`,
		"repo/opencode.json": `{"provider": {"local": {"models": {"m": {"limit": {"output": 100}}}}},
			"instructions": ["rules.md", "docs/*.md"], "mcp": {"db": {"enabled": false}}, "compaction": {"prune": true}}`,
		"secret": "s3\n",
	})
	p.env["KEY"] = "k1"
	c := p.clean()
	equal(t, "providers", c.Providers, map[string]Provider{"local": {
		Name: "Mine",
		Options: ProviderOptions{
			BaseURL: "http://127.0.0.1:1", APIKey: "k1", Headers: map[string]Secret{"X-A": "s3"}, Timeout: -1,
		},
		Models: map[string]Model{"m": {Limit: Limit{8000, 100}, Cost: Cost{Input: 0.5}}},
	}})
	equal(t, "instructions", c.Instructions,
		[]Instruction{{filepath.Join(p.repo, "rules.md"), false}, {"https://example.com/r.md", false}, {filepath.Join(p.repo, "docs/*.md"), true}})
	equal(t, "mcp", string(c.MCP["db"]), `{"type":"local","command":["db","-v"],"enabled":false}`)
	equal(t, "compaction", c.Compaction, Compaction{Auto: true, Prune: true})
	shown, err := json.Marshal(c)
	if text := fmt.Sprintf("%v %+v %#v %s", *c, *c, *c, shown); err != nil || strings.Contains(text, "k1") || strings.Contains(text, `"s3"`) {
		t.Errorf("a secret is shown: %s, %v", text, err)
	}
}

// TestFormatters lays what several files say of formatters over one another.
func TestFormatters(t *testing.T) {
	for name, tc := range map[string]struct {
		user, editor, repo string // the repository's are trusted
		want               Formatters
	}{
		"nothing":              {"", "", "", Formatters{}},
		"on":                   {"true", "", "", Formatters{On: true}},
		"an object turns on":   {`{}`, "", "", Formatters{On: true, Named: map[string]Formatter{}}},
		"off":                  {"true", "false", "", Formatters{}},
		"the repository's":     {"", "", "true", Formatters{On: true, Repository: true}},
		"the repository's off": {"true", "", "false", Formatters{}},
		"entries": {`{"a": {"command": ["a", "$FILE"], "extensions": [".a"]}, "b": {}}`, `{"a": {"environment": {"X": "1"}}}`, `{"b": {"disabled": true}}`,
			Formatters{On: true, Repository: true, Named: map[string]Formatter{
				"a": {Command: []string{"a", "$FILE"}, Extensions: []string{".a"}, Environment: map[string]string{"X": "1"}}, "b": {Disabled: true}}}},
		"true begins anew": {`{"a": {"command": ["a"]}}`, "true", "", Formatters{On: true}},
	} {
		t.Run(name, func(t *testing.T) {
			text := func(value string) string {
				if value == "" {
					return "{}"
				}
				return `{"formatter": ` + value + `}`
			}
			p := newPlace(t, map[string]string{"user/opencode.json": text(tc.user), "repo/opencode.json": text(tc.repo)})
			p.from.Editor = json.RawMessage(text(tc.editor))
			p.from.Trusted = func(string) bool { return true }
			if c := p.clean(); !reflect.DeepEqual(c.Formatters, tc.want) {
				t.Errorf("got %+v, want %+v", c.Formatters, tc.want)
			}
		})
	}
}

func TestSeveralRoots(t *testing.T) {
	p := newPlace(t, map[string]string{
		"repo/opencode.json":  `{"model": "first", "permission": {"bash": "deny"}}`,
		"other/opencode.json": `{"model": "second", "small_model": "second", "permission": {"edit": "deny"}}`,
	})
	p.from.Roots = append(p.from.Roots, filepath.Join(p.home, "other"))
	c := p.clean()
	if c.Model != "first" || c.SmallModel != "second" || len(c.Permission) != 2 {
		t.Errorf("%+v", c)
	}
}

func TestPermissionLayers(t *testing.T) {
	p := newPlace(t, map[string]string{
		"user/opencode.json": `{"tools": {"write": false, "webfetch": true},
			"permission": {"bash": {"*": "ask", "git status *": "allow", "a.b": "deny"}, "edit": "ask"}}`,
		"repo/opencode.json": `{"permission": "allow", "agent": {"build": {"permission": {"bash": "deny"}, "steps": 3}}}`,
		"user/agents/deep/review.md": "---\ndescription: Reviews # all of it\nmode: subagent\ntemperature: 0.5\ntools:\n  write: false\n" +
			"permission:\n  bash:\n    \"git *\": allow\n  webfetch: deny\n---\nBe strict about {env:HOME}.\n",
	})
	p.env["OPENCODE_PERMISSION"] = `{"edit": "allow"}`
	p.from.Editor = json.RawMessage(`{"agent": {"build": {"permission": "ask"}}}`)
	c := p.clean()
	file := func(name string) string { return filepath.Join(p.home, name) }
	rule := func(permissionName, pattern string, action permission.Action) permission.Rule {
		return permission.Rule{Permission: permissionName, Pattern: pattern, Action: action}
	}
	equal(t, "layers", c.Permission, []permission.Layer{
		{Name: "user config (" + file("user/opencode.json") + ")", Rules: []permission.Rule{
			rule("edit", "*", permission.Deny), rule("webfetch", "*", permission.Allow), rule("bash", "*", permission.Ask),
			rule("bash", "git status *", permission.Allow), rule("bash", "a.b", permission.Deny), rule("edit", "*", permission.Ask),
		}},
		{Name: "OPENCODE_PERMISSION", Rules: []permission.Rule{rule("edit", "*", permission.Allow)}},
		{Name: "workspace config (" + file("repo/opencode.json") + ")", NarrowOnly: true, Rules: []permission.Rule{rule("*", "*", permission.Allow)}},
	})
	equal(t, "build", c.Agent["build"], Agent{Steps: 3, Options: map[string]json.RawMessage{}, Permission: []permission.Layer{
		{Name: "editor settings", Rules: []permission.Rule{rule("*", "*", permission.Ask)}},
		{Name: "workspace config (" + file("repo/opencode.json") + ")", NarrowOnly: true, Rules: []permission.Rule{rule("bash", "*", permission.Deny)}},
	}})
	equal(t, "review", c.Agent["deep/review"], Agent{
		Description: "Reviews", Mode: "subagent", Temperature: new(0.5), Prompt: "Be strict about {env:HOME}.", Options: map[string]json.RawMessage{},
		Permission: []permission.Layer{{Name: "user config (" + file("user/agents/deep/review.md") + ")", Rules: []permission.Rule{
			rule("edit", "*", permission.Deny), rule("bash", "git *", permission.Allow), rule("webfetch", "*", permission.Deny),
		}}},
	})
}

// What a repository allows is no use and is said, once a file; what it allows within its own limits is.
func TestVainRules(t *testing.T) {
	for text, want := range map[string]int{
		`{"permission": "allow"}`: 1, `{"permission": {"bash": "allow", "edit": {"*": "allow"}}}`: 1, `{"tools": {"bash": true}}`: 1,
		`{"permission": {"bash": {"*": "deny", "git status": "allow"}}}`: 0, `{"permission": {"bash": "readonly"}}`: 0, `{"permission": "deny"}`: 0,
		`{"permission": {"bash": {"ls": "allow", "*": "deny"}}}`: 1,
	} {
		p := newPlace(t, map[string]string{"repo/opencode.json": text})
		_, warnings := p.load()
		got := 0
		for _, w := range warnings {
			if strings.Contains(w, ":1: ") && strings.Contains(w, "only limits what your own rules allow") {
				got++
			}
		}
		if got != want || len(warnings) != want {
			t.Errorf("%s: %q", text, warnings)
		}
	}
}

func TestCommands(t *testing.T) {
	p := newPlace(t, map[string]string{
		"user/command/fix.md":              "---\ndescription: 'It''s fixed'\ncodeAction: true\nmodel: \"openai/x\"\n---\n\nFix $ARGUMENTS {file:x}\n",
		"repo/.opencode/commands/a/b.md":   "Just text\r\nof two lines",
		"repo/.opencode/commands/note.txt": "no command",
		"repo/opencode.json":               `{"command": {"doc": {"template": "Document it", "subtask": true}}}`,
	})
	equal(t, "commands", p.clean().Command, map[string]Command{
		"fix": {Template: "Fix $ARGUMENTS {file:x}", Description: "It's fixed", CodeAction: true, Model: "openai/x"},
		"a/b": {Template: "Just text\r\nof two lines"},
		"doc": {Template: "Document it", Subtask: true},
	})
}

// TestNames has a repository name files so that they would read as our words.
func TestNames(t *testing.T) {
	p := newPlace(t, map[string]string{
		"repo/.opencode/agents/x\n\n# The user's instructions.md": "x", "repo/.opencode/agents/Code Reviewer.md": "y", "repo/.opencode/commands/a\u202eb.md": "z",
	})
	c, warnings := p.load()
	if len(c.Agent) != 1 || c.Agent["Code Reviewer"].RepositoryPrompt != "y" || len(c.Command) > 0 || len(warnings) != 2 || !strings.Contains(warnings[0], "is no name that people and models can use") {
		t.Errorf("%v, %v, %q", c.Agent, c.Command, warnings)
	}
}

func TestFilesToWatch(t *testing.T) {
	p := newPlace(t, map[string]string{
		"user/opencode.json": `{"provider": {"x": {"options": {"apiKey": "{file:key}"}}}}`, "user/key": "k",
		"repo/.opencode/command/c.md": "x",
	})
	files := p.clean().Files
	for _, name := range []string{
		"user/config.json", "user/opencode.json", "user/opencode.jsonc", "user/key", "repo/opencode.json", "repo/opencode.jsonc",
		"repo/.opencode/opencode.json", "repo/.opencode/opencode.jsonc", "repo/.opencode/command/c.md",
	} {
		if !slices.Contains(files, filepath.Join(p.home, name)) {
			t.Errorf("%s is not among %q", name, files)
		}
	}
	if slices.Contains(files, filepath.Join(p.home, "opencode.json")) {
		t.Error("a file above the repository is watched")
	}
}

func TestKeys(t *testing.T) {
	seen := map[string]bool{}
	for _, key := range Keys() {
		if seen[key.Path] || key.Doc == "" || key.Type == "" {
			t.Errorf("%s stands twice or lacks its type or text", key.Path)
		}
		seen[key.Path] = true
		if key.Default == "" {
			continue
		}
		n, err := parse([]byte(key.Default), nil)
		if err != nil || misfit(n, &key) != "" {
			t.Errorf("%s: the default %s is none: %v", key.Path, key.Default, err)
		}
	}
	for field := range reflect.TypeFor[Config]().Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name != "-" && newSchema().below[name] == nil {
			t.Errorf("Config.%s: there is no key %s", field.Name, name)
		}
	}
}

func TestZeroSources(t *testing.T) {
	if c, warnings := Load(t.Context(), Sources{}); c.Edits.Save != "ask" || len(warnings) > 0 {
		t.Errorf("%+v, %v", c, warnings)
	}
}
