package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencode-lsp/opencode-lsp/agent/store"
	"github.com/opencode-lsp/opencode-lsp/permission"
)

// checkout is a folder to work in with a home of its own.
type checkout struct {
	*testing.T
	home, root string
}

func newCheckout(t *testing.T) *checkout {
	t.Helper()
	top, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	c := &checkout{T: t, home: filepath.Join(top, "home"), root: filepath.Join(top, "checkout")}
	for _, dir := range []string{c.root, filepath.Join(top, "outside")} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(c.root)
	return c
}

func (c *checkout) write(path, text string) {
	c.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		c.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		c.Fatal(err)
	}
}

func (c *checkout) getenv(name string) string {
	return map[string]string{"HOME": c.home, "PWD": c.root}[name]
}

// ask runs the program and returns what it prints.
func (c *checkout) ask(args ...string) string {
	c.Helper()
	var out, errs strings.Builder
	if code := run(c.Context(), args, c.getenv, strings.NewReader(""), &out, &errs); code != 0 {
		return "exit: " + errs.String()
	}
	return out.String()
}

// `permission check` judges by the user's preset, by the files that links lead to, and by what was answered before.
func TestPermissionCheck(t *testing.T) {
	c := newCheckout(t)
	c.write(filepath.Join(c.home, ".config/opencode/opencode.json"), `{"permission": {"bash": "readonly", "edit": {"~/notes/*": "allow"}, "external_directory": {"~/notes/*": "allow"}},
		"agent": {"build": {"permission": {"bash": {"git log *": "deny"}}}}}`)
	c.write(filepath.Join(c.root, "opencode.json"), `{"permission": {"bash": {"git blame *": "deny"}}}`)
	c.write(filepath.Join(c.root, ".env"), "KEY=1")
	for link, to := range map[string]string{"out": "../outside", "plain.txt": ".env"} {
		if err := os.Symlink(to, filepath.Join(c.root, link)); err != nil {
			t.Fatal(err)
		}
	}
	for _, q := range [][3]string{
		{"bash", "git status -s | head -3", "allow"}, {"bash", "find . -delete", "ask"}, {"bash", "cat out/x", "ask"}, {"bash", "cat plain.txt", "ask"},
		{"bash", "cat out/../secret", "ask"}, {"bash", "git log", "deny"}, {"bash", "git blame x", "deny"}, {"read", "plain.txt", "ask"}, {"read", "main.go", "allow"},
		{"read", "out/x", "ask"}, {"edit", "main.go", "ask"}, {"edit", "~/notes/x", "allow"}, {"edit", "~/x", "ask"}, {"bash", "make test", "ask"},
	} {
		if got := c.ask("permission", "check", q[0], q[1]); !strings.HasPrefix(got, q[2]+": ") {
			t.Errorf("%s %s: %s, want %s", q[0], q[1], got, q[2])
		}
	}
	if got := c.ask("permission", "check", "--explain", "bash", "git status && make test"); !strings.Contains(got, `bash "git status *" is allow in user config`) || !strings.Contains(got, "make test") {
		t.Errorf("the explanation: %s", got)
	}
	c.remember("make test *")
	if got := c.ask("permission", "check", "--explain", "bash", "ls && make test"); !strings.HasPrefix(got, `allow: bash "make test *" was answered with always on `) {
		t.Errorf("with an answer remembered: %s", got)
	}
	c.remember("git log *")
	if got := c.ask("permission", "check", "bash", "git log"); !strings.HasPrefix(got, "deny: ") {
		t.Errorf("an answer beats a deny: %s", got)
	}
}

// remember keeps an answer for the checkout, as the gate does.
func (c *checkout) remember(pattern string) {
	c.Helper()
	s, err := store.Open(findDirs(c.getenv).data)
	if err != nil {
		c.Fatal(err)
	}
	defer s.Close()
	if _, err := permission.NewGrants(s).Add(c.Context(), permission.Grant{Workspace: c.root, Permission: "bash", Pattern: pattern}); err != nil {
		c.Fatal(err)
	}
}

// doctor says what is not trusted, whole, whose instructions the model reads, and which rules surprise.
func TestDoctorShowsTrust(t *testing.T) {
	c := newCheckout(t)
	c.write(filepath.Join(c.home, ".config/opencode/opencode.json"), `{"permission": {"bash": {"make *": "allow"}}, "model": "x"}`)
	c.write(filepath.Join(c.home, ".config/opencode/AGENTS.md"), "mine")
	c.write(filepath.Join(c.root, "AGENTS.md"), "theirs")
	c.write(filepath.Join(c.root, "opencode.json"), `{"mcp": {"db": {"type": "local", "command": ["npx", "-y", "some-server", "--all", "of it"]}}, "permission": "allow"}`)
	var out, errs strings.Builder
	run(t.Context(), []string{"doctor"}, c.getenv, strings.NewReader(""), &out, &errs) // it fails for want of a model
	for _, want := range []string{
		`run the MCP server db: npx -y some-server --all "of it"`, "not in force until you trust", filepath.Join(c.root, "AGENTS.md") + " (the repository's", ".config/opencode/AGENTS.md (yours)",
		`bash: "make *" allows arbitrary code`, "a repository only limits what your own rules allow",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("doctor does not say %q:\n%s", want, out.String())
		}
	}
}
