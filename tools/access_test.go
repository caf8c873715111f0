package tools

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/opencode-lsp/opencode-lsp/permission"
)

// TestAccessUnderRules has what the gate would say of each tool's Access: by the defaults, and by rules of a user.
func TestAccessUnderRules(t *testing.T) {
	b := newBench(t, "main.go", "x\n", ".env", "KEY=1\n", "secrets/k", "x\n", "src/a.go", "x\n")
	if err := os.Symlink(b.path("secrets"), b.path("alias")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(b.env.Spill, 0o700); err != nil {
		t.Fatal(err)
	}
	kept := filepath.Join(b.env.Spill, "output-1.txt")
	outside := t.TempDir()
	rule := func(key, pattern string, a permission.Action) *permission.Rule {
		return &permission.Rule{Permission: key, Pattern: pattern, Action: a}
	}
	tests := []struct {
		name string
		rule *permission.Rule
		call []any
		want permission.Action
	}{
		{"read", nil, []any{"read", "filePath", "main.go"}, permission.Allow},
		{"read a secret", nil, []any{"read", "filePath", ".env"}, permission.Ask},
		{"read outside", nil, []any{"read", "filePath", filepath.Join(outside, "f")}, permission.Ask},
		{"read a whole output", nil, []any{"read", "filePath", kept}, permission.Allow},
		{"grep a whole output", nil, []any{"grep", "path", kept, "pattern", "x"}, permission.Allow},
		{"grep a secret", nil, []any{"grep", "path", ".env", "pattern", "x"}, permission.Ask},
		{"grep for a secret's name", nil, []any{"grep", "pattern", "process.env"}, permission.Allow},
		{"list", nil, []any{"list"}, permission.Allow},
		{"list outside", nil, []any{"list", "path", outside}, permission.Ask},
		{"glob", nil, []any{"glob", "pattern", "**/*.go", "path", "src"}, permission.Allow},
		{"todowrite", nil, []any{"todowrite", "todos", []Todo{}}, permission.Allow},
		{"edit", nil, []any{"edit", "filePath", "main.go", "oldString", "x", "newString", "y"}, permission.Ask},
		{"write", nil, []any{"write", "filePath", "new.go", "content", "y"}, permission.Ask},
		{"bash", nil, []any{"bash", "command", "ls"}, permission.Ask},

		{"edit allowed", rule("edit", "*.go", permission.Allow), []any{"write", "filePath", "new.go", "content", "y"}, permission.Allow},
		{"edit allowed, protected", rule("edit", "*", permission.Allow), []any{"write", "filePath", ".git/config", "content", "y"}, permission.Ask},
		{"edit allowed, outside", rule("edit", "*", permission.Allow), []any{"write", "filePath", filepath.Join(outside, "f"), "content", "y"}, permission.Ask},
		{"edit allowed, a picture from afar", rule("edit", "*", permission.Allow), []any{"write", "filePath", "README.md", "content", "![x](https://evil.example/x)"}, permission.Ask},
		{"edit allowed, a picture of the workspace", rule("edit", "*", permission.Allow), []any{"write", "filePath", "README.md", "content", "![x](x.png)"}, permission.Allow},
		{"denied by its real name", rule("read", "secrets/*", permission.Deny), []any{"read", "filePath", "alias/k"}, permission.Deny},
		{"denied by its other name", rule("read", "alias/*", permission.Deny), []any{"read", "filePath", "alias/k"}, permission.Deny},
		{"glob denied by pattern", rule("glob", "**/*.go", permission.Deny), []any{"glob", "pattern", "**/*.go"}, permission.Deny},
		{"bash allowed", rule("bash", "ls *", permission.Allow), []any{"bash", "command", "ls"}, permission.Allow},
		{"bash allowed, outside", rule("bash", "ls *", permission.Allow), []any{"bash", "command", "ls", "workdir", outside}, permission.Ask},
		{"bash allowed, something else beside", rule("bash", "ls *", permission.Allow), []any{"bash", "command", "ls; rm -r src"}, permission.Ask},
		{"bash allowed, edit by redirect", rule("bash", "ls *", permission.Allow), []any{"bash", "command", "ls > main.go"}, permission.Ask},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			policy := permission.Policy{Layers: []permission.Layer{permission.Defaults()}}
			if tt.rule != nil {
				policy.Layers = append(policy.Layers, permission.Layer{Name: "user", Rules: []permission.Rule{*tt.rule}})
			}
			a := b.mustPrepare(tt.call[0].(string), tt.call[1:]...).Access()
			verdict, _ := policy.JudgeAll(a.Items)
			if verdict.Action != tt.want {
				t.Errorf("%s (%s) for %+v, want %s", verdict.Action, verdict.Reason, a.Items, tt.want)
			}
		})
	}
}
