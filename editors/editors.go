// Package editors holds what each editor needs to work with opencode-lsp: one folder for each, with a page that
// `opencode-lsp editors NAME` prints.
package editors

import (
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

//go:embed */README.md
var pages embed.FS

//go:embed nvim/lsp nvim/plugin nvim/lua nvim/doc
var plugins embed.FS

// Plugin returns the files of an editor's plugin, to be copied into a folder of the editor's choice. Its error says which
// editors have one.
func Plugin(name string) (fs.FS, error) {
	if !strings.EqualFold(name, "neovim") {
		return nil, fmt.Errorf("there is no plugin to write for %q; only neovim has one", name)
	}
	return fs.Sub(plugins, "nvim")
}

// Write copies the files of a plugin below a folder, over older ones.
func Write(plugin fs.FS, into string) error {
	return fs.WalkDir(plugin, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		to := filepath.Join(into, filepath.FromSlash(name))
		if entry.IsDir() {
			return os.MkdirAll(to, 0o755)
		}
		text, err := fs.ReadFile(plugin, name)
		if err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		return os.WriteFile(to, text, 0o644)
	})
}

// Names returns the editors, as people call them.
func Names() []string {
	return []string{"vscode", "neovim", "helix", "zed", "emacs", "kakoune", "sublime", "kate"}
}

// Text returns the set-up page of an editor, in Markdown. Its error names the editors that have one.
func Text(name string) (string, error) {
	for _, known := range Names() {
		if !strings.EqualFold(name, known) {
			continue
		}
		page, err := pages.ReadFile(folder(known) + "/README.md")
		if err != nil {
			return "", fmt.Errorf("read the page of %s: %w", known, err)
		}
		return string(page), nil
	}
	return "", fmt.Errorf("there is no page for %q; choose one of %s", name, strings.Join(Names(), ", "))
}

// folder is an editor's folder, named as its own files are.
func folder(name string) string {
	if name == "neovim" {
		return "nvim"
	}
	return name
}
