//go:build unix

package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/opencode-lsp/opencode-lsp/workspace"
	"github.com/opencode-lsp/opencode-lsp/workspace/config"
)

// TestFormatters has every known formatter on PATH but ruff, and prettier and pint among the project's own programs.
func TestFormatters(t *testing.T) {
	root, bin := t.TempDir(), t.TempDir()
	write := func(path string) {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(`{"devDependencies": {"prettier": "3", "x": "laravel/pint"}}`), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range knownFormatters() {
		if name, _, _ := strings.Cut(f.command, " "); f.name != "ruff" && f.name != "pint" && f.name != "prettier" {
			write(filepath.Join(bin, name))
		}
	}
	for _, name := range []string{"package.json", "web/biome.json", "pyproject.toml", "node_modules/.bin/prettier", "vendor/bin/pint"} {
		write(filepath.Join(root, name))
	}
	t.Setenv("PATH", bin)
	all := config.Formatters{On: true}
	named := func(name string, f config.Formatter) config.Formatters {
		return config.Formatters{On: true, Named: map[string]config.Formatter{name: f}}
	}
	for _, tt := range []struct {
		what, path string
		set        config.Formatters
		want       string // names with commands, "@" for the root
	}{
		{"off", "a.go", config.Formatters{}, ""},
		{"on", "a.go", all, "gofmt -w $FILE"},
		{"another ending", "a.txt", all, ""},
		{"the ending of a longer name", "a.html.erb", all, "htmlbeautifier $FILE"},
		{"the ending alone", ".go", all, "gofmt -w $FILE"},
		{"not there", "a.py", all, ""},
		{"what it needs is missing", "a.c", all, ""},
		{"runs the project's code", "a.ts", all, ""},
		{"the project's configuration says so", "a.ts", config.Formatters{On: true, Repository: true}, "@/node_modules/.bin/prettier --write $FILE"},
		{"the settings name it", "a.ts", named("prettier", config.Formatter{}), "@/node_modules/.bin/prettier --write $FILE"},
		{"two of them", "web/a.ts", config.Formatters{On: true, Repository: true}, "biome format --write $FILE; @/node_modules/.bin/prettier --write $FILE"},
		{"switched off", "a.go", named("gofmt", config.Formatter{Disabled: true}), ""},
		{"another command", "a.go", named("gofmt", config.Formatter{Command: []string{"gofumpt", "$FILE"}}), "gofumpt $FILE"},
		{"other endings", "a.gox", named("gofmt", config.Formatter{Extensions: []string{".gox"}}), "gofmt -w $FILE"},
		{"one of its own", "a.x", named("mine", config.Formatter{Command: []string{"mine", "$FILE"}, Extensions: []string{".x"}, Environment: map[string]string{"B": "2", "A": "1"}}), "mine $FILE A=1 B=2"},
		{"one of its own without a command", "a.x", named("mine", config.Formatter{Extensions: []string{".x"}}), ""},
		{"one of its own without endings", "a.x", named("mine", config.Formatter{Command: []string{"mine"}}), ""},
	} {
		t.Run(tt.what, func(t *testing.T) {
			e := &engine{ws: workspace.New(root), config: &config.Config{Formatters: tt.set}}
			var got []string
			for _, f := range e.formatters(t.Context(), filepath.Join(e.root(), tt.path)) {
				got = append(got, strings.ReplaceAll(strings.Join(slices.Concat(f.Command, f.Environ), " "), e.root(), "@"))
			}
			if got := strings.Join(got, "; "); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestKnownFormatters(t *testing.T) {
	all := knownFormatters()
	sorted := slices.IsSortedFunc(all, func(a, b formatter) int { return strings.Compare(a.name, b.name) })
	for _, f := range all {
		if !sorted || f.name == "" || !strings.HasPrefix(f.extensions, ".") || !strings.HasSuffix(f.command, "$FILE") {
			t.Errorf("%+v", f)
		}
	}
}
