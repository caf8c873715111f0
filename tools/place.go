package tools

import (
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"github.com/opencode-lsp/opencode-lsp/permission"
	"github.com/opencode-lsp/opencode-lsp/workspace"
)

// Place is where the names of real files are judged from: the workspace's roots, its symlinks followed, and relative names
// of a command starting in cwd ("" is the first root). home is the user's home folder, "" the one of this process. There is
// no other way to make a [permission.Place] of a workspace, so that no check forgets links or letter case.
func Place(ws *workspace.Workspace, home, cwd string) permission.Place {
	p := permission.Place{Roots: ws.Roots(), Cwd: cwd, Resolve: func(abs string) string {
		if p, err := ws.Resolve(abs); err == nil {
			return p.Abs
		}
		return abs // a circle, or below a folder that cannot be read: opening it fails too
	}}
	if home == "" {
		home, _ = os.UserHomeDir() // without one a rule with "~/" matches nothing
	}
	if home != "" {
		p.Home = p.Resolve(home)
	}
	p.FoldCase = len(p.Roots) > 0 && folds(p.Roots[0])
	return p
}

// folds reports whether the file system of dir takes A and a for the same letter: dir's own name in the other case is then
// the same folder. A name without letters tells nothing, and letters count.
func folds(dir string) bool {
	other := filepath.Join(filepath.Dir(dir), strings.Map(swap, filepath.Base(dir)))
	if other == dir {
		return false
	}
	a, err := os.Stat(dir)
	if err != nil {
		return false
	}
	b, err := os.Stat(other)
	return err == nil && os.SameFile(a, b)
}

func swap(r rune) rune {
	if unicode.IsUpper(r) {
		return unicode.ToLower(r)
	}
	return unicode.ToUpper(r)
}
