package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// maxReads bounds the {file:} references of one reading: a workspace's files may name as many as they like.
const maxReads = 100

// reference matches {env:NAME} and {file:path}.
var reference = regexp.MustCompile(`\{(env|file):([^{}]*)\}`)

// substitute replaces the references in all texts and keys of a source. A text whose reference cannot be had is left out
// with a warning, since half of it would mean something else.
func (l *loader) substitute(d *doc, n *node) {
	if n.inert || d.literal {
		return
	}
	switch n.kind {
	case text:
		n.resolved = reference.MatchString(n.text)
		n.text = l.resolve(d, n, n.text)
	case list:
		for _, item := range n.items {
			l.substitute(d, item)
		}
	case object:
		for i := range n.fields {
			f := &n.fields[i]
			if !f.value.inert {
				f.key = l.resolve(d, f.value, f.key)
			}
			l.substitute(d, f.value)
		}
	}
}

// resolve replaces the references in s, which belongs to n.
func (l *loader) resolve(d *doc, n *node, s string) string {
	return reference.ReplaceAllStringFunc(s, func(ref string) string {
		how, what := split(ref)
		if n.inert {
			return "" // the text is lost already
		}
		if how == "env" {
			return l.env(what)
		}
		content, err := l.read(d, what)
		if err != nil {
			n.inert = true
			l.warnAt(d, n.line, nil, "%s cannot be read (%v), so this setting was left out; mend the path or the file", ref, cause(err))
			return ""
		}
		if nested := reference.Find(content); nested != nil && strings.HasPrefix(string(nested), "{file:") {
			l.warnAt(d, n.line, nil, "%s holds %s itself, which is not followed: only the settings themselves may take text from files", ref, nested)
		}
		return strings.TrimSpace(string(content))
	})
}

func split(ref string) (how, what string) {
	how, what, _ = strings.Cut(strings.Trim(ref, "{}"), ":")
	return how, strings.TrimSpace(what)
}

// cause is what the system says, without the path that the message names already.
func cause(err error) error {
	if at, ok := errors.AsType[*fs.PathError](err); ok {
		return at.Err
	}
	return err
}

// read reads the file of a {file:} reference. Within a workspace's folder a symbolic link may not lead out of it.
func (l *loader) read(d *doc, name string) ([]byte, error) {
	path := l.absolute(d.dir, name)
	l.look(path)
	if l.reads++; l.reads > maxReads {
		return nil, fmt.Errorf("more than %d files are named", maxReads)
	}
	if !d.project || !inside(d.top, path) {
		return readRegular(path)
	}
	root, err := os.OpenRoot(d.top)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	rel, err := filepath.Rel(d.top, path)
	if err != nil {
		return nil, err
	}
	return readLimited(rel, root.Stat, func(name string) (fs.File, error) { return root.Open(name) })
}

// absolute is a path of a source: from the home folder with ~/, else from a folder.
func (l *loader) absolute(dir, name string) string {
	if rest, ok := strings.CutPrefix(name, "~/"); ok {
		return filepath.Join(l.home(), rest)
	}
	if filepath.IsAbs(name) {
		return filepath.Clean(name)
	}
	return filepath.Join(dir, name)
}

func (l *loader) home() string {
	if home := l.env("HOME"); home != "" {
		return home
	}
	return l.env("USERPROFILE")
}

// inside says whether path lies in or below dir, by its parts alone.
func inside(dir, path string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && filepath.IsLocal(rel)
}
