package editors

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestWritePlugin(t *testing.T) {
	plugin, err := Plugin("neovim")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for range 2 {
		if err := Write(plugin, dir); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"lsp/opencode.lua", "plugin/opencode.lua", "lua/opencode/init.lua", "doc/opencode.txt"} {
		if text, err := os.ReadFile(filepath.Join(dir, name)); err != nil || len(text) == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Plugin("helix"); err == nil {
		t.Error("Helix has a plugin")
	}
}

// TestPluginNames checks what the Neovim plugin sends: commands that the server takes, and the sub-commands that it defines,
// completes and documents.
func TestPluginNames(t *testing.T) {
	plugin, err := Plugin("neovim")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	err = fs.WalkDir(plugin, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(plugin, name)
		for _, match := range regexp.MustCompile(`command\('(opencode\.[a-z.]+)'`).FindAllStringSubmatch(string(text), -1) {
			if found++; !slices.Contains(commands(), match[1]) {
				t.Errorf("%s sends %s, which is no command", name, match[1])
			}
		}
		return err
	})
	if err != nil || found < 8 {
		t.Errorf("%d commands found: %v", found, err)
	}
}

func TestPluginSubcommands(t *testing.T) {
	read := func(name string) string {
		text, err := fs.ReadFile(plugins, "nvim/"+name)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	source, maps, help := read("lua/opencode/command.lua"), read("plugin/opencode.lua"), read("doc/opencode.txt")
	for _, word := range strings.Fields("fix explain refactor document tests review todo cancel undo sessions model status answer") {
		defined := strings.Contains(source, "'"+word+"'") || strings.Contains(source, "subs."+word+"(")
		if !defined || !strings.Contains(maps, "'"+word+"'") || !strings.Contains(help, word) {
			t.Errorf("sub-command %s: defined %v, in the maps and the help?", word, defined)
		}
	}
}
