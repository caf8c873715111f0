//go:build unix

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencode-lsp/opencode-lsp/workspace/config"
)

// TestLanguageServers has two known servers on PATH: one that only reads the project, and one that runs its code.
func TestLanguageServers(t *testing.T) {
	bin := t.TempDir()
	for _, name := range []string{"bash-language-server", "rust-analyzer"} {
		if err := os.WriteFile(filepath.Join(bin, name), nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", bin)
	type settings = config.Programs[config.LanguageServer]
	named := func(name string, s config.LanguageServer) settings {
		return settings{On: true, Named: map[string]config.LanguageServer{name: s}}
	}
	own := config.LanguageServer{Command: []string{"mine", "--stdio"}, Extensions: []string{".x"}, Env: map[string]string{"A": "1"}}
	for _, tt := range []struct {
		what         string
		set          settings
		want, absent string
	}{
		{"off", settings{}, "", ""},
		{"on", settings{On: true}, "bash: bash-language-server start", ""},
		{"the project's configuration says so", settings{On: true, Repository: true}, "bash: bash-language-server start; rust: rust-analyzer", ""},
		{"the settings name it", named("rust", config.LanguageServer{}), "bash: bash-language-server start; rust: rust-analyzer", ""},
		{"switched off", named("bash", config.LanguageServer{Disabled: true}), "", ""},
		{"another command", named("bash", config.LanguageServer{Command: []string{"other"}}), "bash: other", ""},
		{"not installed", named("gopls", config.LanguageServer{}), "bash: bash-language-server start", "gopls"},
		{"not installed, and switched off", named("gopls", config.LanguageServer{Disabled: true}), "bash: bash-language-server start", ""},
		{"one of its own", named("mine", own), "bash: bash-language-server start; mine: mine --stdio A=1", ""},
		{"one of its own without extensions", named("mine", config.LanguageServer{Command: []string{"mine"}}), "bash: bash-language-server start", ""},
	} {
		t.Run(tt.what, func(t *testing.T) {
			var got []string
			for _, s := range languageServers(tt.set) {
				got = append(got, strings.TrimSpace(s.Name+": "+strings.Join(s.Command, " ")+" "+strings.Join(s.Environ, " ")))
			}
			if got := strings.Join(got, "; "); got != tt.want {
				t.Errorf("servers %q, not %q", got, tt.want)
			}
			if got := strings.Join(absentServers(tt.set), " "); got != tt.absent {
				t.Errorf("absent %q, not %q", got, tt.absent)
			}
		})
	}
}
