package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Writing twice leaves what writing once leaves, and what is the user's own.
func TestEditorsInto(t *testing.T) {
	dir := t.TempDir()
	languages := filepath.Join(dir, "helix", "languages.toml")
	own := filepath.Join(dir, "nvim", "mine.lua")
	for _, file := range []string{languages, own} {
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte("# mine\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var written string
	for range 2 {
		for name, into := range map[string]string{"neovim": filepath.Dir(own), "helix": languages} {
			var out bytes.Buffer
			p := &program{stdout: &out}
			if err := p.writePlugin(name, into); err != nil || !strings.Contains(out.String(), into) {
				t.Fatalf("%s: %v, %q", name, err, out.String())
			}
		}
		text, err := os.ReadFile(languages)
		if err != nil || !strings.HasPrefix(string(text), "# mine\n") || written != "" && written != string(text) {
			t.Errorf("languages.toml, %v:\n%s", err, text)
		}
		written = string(text)
	}
	for _, name := range []string{"mine.lua", "plugin/opencode.lua", "lua/opencode/init.lua"} {
		if _, err := os.Stat(filepath.Join(filepath.Dir(own), name)); err != nil {
			t.Error(err)
		}
	}
	if err := (&program{}).writePlugin("zed", dir); err == nil {
		t.Error("a plugin of Zed was written")
	}
}
