package tools

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/opencode-lsp/opencode-lsp/permission"
	"github.com/opencode-lsp/opencode-lsp/workspace"
)

// target is a path as the permission was asked for it.
type target struct {
	workspace.Path
	// name is how results call it: relative to the first root, where relative names of a call start, else absolute.
	name string
	// lexical is the path before symlinks were resolved; rules that forbid it bind too.
	lexical string
}

// resolve makes a path of a call canonical; "" is the first root.
func (k *kit) resolve(name string) (target, error) {
	if name == "" {
		name = "."
	}
	p, err := k.Workspace.Resolve(name)
	if err != nil {
		return target{}, err
	}
	lexical := name
	switch home, err := os.UserHomeDir(); {
	case err == nil && (name == "~" || strings.HasPrefix(name, "~/")):
		lexical = home + name[1:]
	case !filepath.IsAbs(name):
		lexical = filepath.Join(k.Workspace.Roots()[0], name)
	}
	return target{p, k.nameOf(p.Abs), filepath.Clean(lexical)}, nil
}

// nameOf is how results call a file: relative to the first root, else absolute.
func (k *kit) nameOf(abs string) string {
	rel, err := filepath.Rel(k.Workspace.Roots()[0], abs)
	if err != nil || !filepath.IsLocal(rel) {
		return abs
	}
	return filepath.ToSlash(rel)
}

// again resolves the path once more just before it is used and refuses when it leads elsewhere than when the permission
// was given: a symlink was swapped meanwhile.
func (k *kit) again(t target) error {
	now, err := k.Workspace.Resolve(t.Given)
	if err != nil {
		return err
	}
	if now.Abs != t.Abs {
		return fmt.Errorf("%s led to %s when permission was given and leads to %s now; try again", t.Given, t.Abs, now.Abs)
	}
	return nil
}

// place is where the names of a call are judged from. The target's own name leads to where it was resolved, even if a
// link was swapped since.
func (k *kit) place(t target) permission.Place {
	p := Place(k.Workspace, "", t.Abs)
	follow := p.Resolve
	p.Resolve = func(abs string) string {
		if abs == t.lexical || abs == t.Abs {
			return t.Abs
		}
		return follow(abs)
	}
	return p
}

// items are what the gate judges of an operation on a file.
func (k *kit) items(key string, t target) []permission.Item {
	items := permission.FileItems(key, t.lexical, k.place(t))
	if key != "edit" && k.spilled(t.Abs) {
		items = slices.DeleteFunc(items, isExternal)
	}
	return items
}

// folderItems are what the gate judges of looking through a folder; outside the workspace that is the folder itself,
// where for a file it is the one that holds it.
func (k *kit) folderItems(key string, t target) []permission.Item {
	return append(slices.DeleteFunc(k.items(key, t), isExternal), k.outside(t)...)
}

// outside are the items for leaving the workspace for a folder.
func (k *kit) outside(t target) []permission.Item {
	if t.Inside() || k.spilled(t.Abs) {
		return nil
	}
	within := filepath.Join(t.Abs, "*")
	items := permission.FileItems("read", within, k.place(t))
	items = slices.DeleteFunc(items, func(i permission.Item) bool { return !isExternal(i) })
	for i := range items {
		items[i].Values = []string{within, t.Abs}
	}
	return items
}

func isExternal(i permission.Item) bool { return i.Permission == "external_directory" }

// spilled reports whether the path is one of the whole outputs that results point to: the model may read those without
// being outside the workspace.
func (k *kit) spilled(abs string) bool {
	if k.Spill == "" {
		return false
	}
	dir, err := filepath.EvalSymlinks(k.Spill)
	return err == nil && (abs == dir || strings.HasPrefix(abs, dir+string(filepath.Separator)))
}

// readable reports whether the model may learn what is in the file without anybody being asked.
func (k *kit) readable(t target) bool {
	return t.Inside() && (k.MayRead == nil || k.MayRead(t.Abs))
}
