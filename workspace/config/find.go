package config

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// find reads all sources, weakest first, in OpenCode's order.
func (l *loader) find(ctx context.Context) {
	l.seen = map[string]bool{}
	if l.UserDir != "" {
		l.file(doc{name: filepath.Join(l.UserDir, "config.json"), layer: "user config", dir: l.UserDir, base: l.root()})
	}
	l.userFolder(ctx, l.UserDir)
	l.named("OPENCODE_CONFIG")
	if l.env("OPENCODE_DISABLE_PROJECT_CONFIG") == "" {
		for _, root := range slices.Backward(l.Roots) {
			l.workspace(ctx, filepath.Clean(root))
		}
	}
	if home := l.home(); home != "" {
		l.userFolder(ctx, filepath.Join(home, ".opencode"))
	}
	l.userFolder(ctx, l.env("OPENCODE_CONFIG_DIR"))
	l.content("OPENCODE_CONFIG_CONTENT", []byte(l.env("OPENCODE_CONFIG_CONTENT")), func(n *node) *node { return n })
	l.content("OPENCODE_PERMISSION", []byte(l.env("OPENCODE_PERMISSION")), func(n *node) *node { return nest("permission", n) })
	l.content("editor settings", l.Editor, func(n *node) *node { return n })
	l.content("command line", l.Flags, func(n *node) *node { return n })
}

// userFolder reads a configuration folder of the user's own.
func (l *loader) userFolder(ctx context.Context, dir string) {
	if dir == "" {
		return
	}
	d := doc{layer: "user config", dir: filepath.Clean(dir), base: l.root()}
	l.both(d)
	l.prompts(ctx, d)
}

// named reads the file that a variable names.
func (l *loader) named(variable string) {
	path := l.env(variable)
	if path == "" {
		return
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(l.root(), path)
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		l.warn(Warning{File: variable, Message: fmt.Sprintf("%s does not exist; mend the path or unset the variable", path)})
	}
	l.file(doc{name: filepath.Clean(path), layer: "user config", dir: filepath.Dir(path), base: l.root()})
}

// workspace reads a root's files from the folder that holds .git down to the root: first all opencode.json, then all
// .opencode folders. Without a .git it looks no further up, where files may be anyone's.
func (l *loader) workspace(ctx context.Context, root string) {
	folders := upToGit(root)
	top := topOf(root, l.home())
	d := doc{layer: "workspace config", project: true, top: top}
	for _, d.base = range folders {
		d.dir = d.base
		l.both(d)
	}
	for _, d.base = range folders {
		d.dir = filepath.Join(d.base, ".opencode")
		l.both(d)
		l.prompts(ctx, d)
	}
}

// topOf is the highest folder that counts as the workspace's own: the one that holds .git. A repository of the home folder
// itself does not open all of it to a workspace in it.
func topOf(root, home string) string {
	top := upToGit(root)[0]
	if home != "" && inside(top, home) {
		return root
	}
	return top
}

// Folders are the folders whose files speak for the workspace of a root: from the one that holds .git down to the root.
func Folders(root, home string) []string {
	folders := upToGit(filepath.Clean(root))
	return folders[slices.Index(folders, topOf(filepath.Clean(root), home)):]
}

// both reads a folder's opencode.json and opencode.jsonc.
func (l *loader) both(d doc) {
	for _, name := range []string{"opencode.json", "opencode.jsonc"} {
		d.name = filepath.Join(d.dir, name)
		l.file(d)
	}
}

// upToGit returns the folders from the one that holds .git down to root, or root alone.
func upToGit(root string) []string {
	var folders []string
	for dir := root; ; dir = filepath.Dir(dir) {
		folders = append(folders, dir)
		if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil {
			slices.Reverse(folders)
			return folders
		}
		if dir == filepath.Dir(dir) {
			return []string{root}
		}
	}
}

// look notes a file as one to watch and says whether it is new.
func (l *loader) look(path string) bool {
	if l.seen[path] {
		return false
	}
	l.seen[path] = true
	l.files = append(l.files, path)
	return true
}

// file reads one configuration file, if it is there and was not read before as a source of more authority.
func (l *loader) file(d doc) {
	if !l.look(d.name) {
		return
	}
	src, err := l.open(d)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		l.warn(Warning{File: d.name, Message: fmt.Sprintf("cannot be read (%v), so nothing of it holds", cause(err))})
	default:
		d.layer += " (" + d.name + ")"
		l.parse(d, src, func(n *node) *node { return n })
	}
}

// open reads a source's file. One of the user's own that somebody else could have written is refused: it could redirect
// keys and allow anything.
func (l *loader) open(d doc) ([]byte, error) {
	if !d.project {
		if err := ownFile(d.name); err != nil {
			return nil, err
		}
	}
	return readRegular(d.name)
}

// content reads a source that is no file.
func (l *loader) content(name string, src []byte, shape func(*node) *node) {
	if len(strings.TrimSpace(string(src))) > 0 {
		l.parse(doc{name: name, layer: name, dir: l.root(), base: l.root()}, src, shape)
	}
}

// parse takes a source in, in the shape of the settings, or says where it is broken.
func (l *loader) parse(d doc, src []byte, shape func(*node) *node) {
	tree, err := parse(src, func(line int, path []string) {
		l.warn(Warning{File: d.name, Line: line, Key: dotted(path), Message: "this key stands twice; the last one holds"})
	})
	if at, ok := errors.AsType[*syntaxError](err); ok {
		l.warn(Warning{
			File: d.name, Line: at.line, Column: at.column,
			Message: fmt.Sprintf("this is not JSON (%s), so nothing of it holds", at.message),
		})
		return
	}
	d.tree = shape(tree)
	if d.tree.kind == null {
		return
	}
	if d.tree.kind != object {
		l.warn(Warning{File: d.name, Line: d.tree.line, Message: "expected an object, found " + d.tree.describe()})
		return
	}
	l.docs = append(l.docs, &d)
}

// nest returns an object that holds a value at a dotted path.
func nest(path string, value *node) *node {
	first, rest, more := strings.Cut(path, ".")
	if more {
		value = nest(rest, value)
	}
	return newObject(field{first, value.line, value})
}
