package workspace

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// maxLinks is how many symlinks one name may lead through; Linux allows 40.
const maxLinks = 40

// Path is a file name as it is judged: resolved, and placed.
type Path struct {
	// Given is the name as it came in.
	Given string
	// Abs is absolute and canonical: cleaned, "~/" expanded, symlinks resolved in every existing parent and at the end.
	Abs string
	// Root is the workspace root that holds Abs, "" outside; Rel is Abs relative to it with "/" (Abs itself outside).
	Root, Rel string
}

// Inside reports whether the path lies in one of the roots.
func (p Path) Inside() bool { return p.Root != "" }

// Resolve makes a name canonical: it is the name under which every other program would find the same file. Relative names
// start at the first root. Names that are empty, hold a NUL, or lead through a loop or an unreadable folder are refused.
func (w *Workspace) Resolve(name string) (Path, error) {
	roots := w.Roots()
	abs, err := absolute(roots, name)
	if err != nil {
		return Path{}, err
	}
	if abs, err = canonical(abs); err != nil {
		return Path{}, fmt.Errorf("resolve %s: %w", name, err)
	}
	return place(roots, name, abs), nil
}

// absolute expands "~/" and puts relative names below the first root. It does not clean: in "link/../x" the link counts.
func absolute(roots []string, name string) (string, error) {
	switch {
	case name == "":
		return "", errors.New("the file name is empty; name a file")
	case strings.IndexByte(name, 0) >= 0:
		return "", fmt.Errorf("the file name %q holds a NUL byte; leave it out", name)
	case name == "~" || strings.HasPrefix(name, "~/"):
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("expand %s: %w", name, err)
		}
		return home + name[1:], nil
	case filepath.IsAbs(name):
		return name, nil
	}
	return roots[0] + string(filepath.Separator) + name, nil
}

// canonical resolves an absolute name component by component as the kernel does, so that ".." leaves the folder that a
// symlink led to. What does not exist is kept as it is written: a dangling link gives the name that it points to.
func canonical(abs string) (string, error) {
	top := filepath.VolumeName(abs) + string(filepath.Separator)
	done, rest := top, abs[len(top)-1:]
	for links := 0; rest != ""; {
		var name string
		name, rest = cutName(rest)
		switch name {
		case "", ".":
			continue
		case "..":
			done = filepath.Dir(done)
			continue
		}
		next := filepath.Join(done, name)
		target, err := readLink(next)
		switch {
		case err != nil:
			return "", err
		case target == "":
			done = next
			continue
		}
		if links++; links > maxLinks {
			return "", fmt.Errorf("more than %d symbolic links, probably in a circle", maxLinks)
		}
		if filepath.IsAbs(target) {
			done = top
		}
		rest = target + string(filepath.Separator) + rest
	}
	return done, nil
}

// cutName splits off the first component of a name.
func cutName(name string) (first, rest string) {
	for i := range len(name) {
		if os.IsPathSeparator(name[i]) {
			return name[:i], name[i+1:]
		}
	}
	return name, ""
}

// readLink returns where a symlink points, "" for anything else and for what does not exist.
func readLink(path string) (string, error) {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return "", nil
	case err != nil:
		return "", cause(err)
	case info.Mode()&fs.ModeSymlink == 0:
		return "", nil
	}
	target, err := os.Readlink(path)
	if err != nil {
		return "", cause(err)
	}
	return target, nil
}

// place finds the root that holds abs, the innermost where roots are nested.
func place(roots []string, given, abs string) Path {
	p := Path{Given: given, Abs: abs, Rel: abs}
	for _, root := range roots {
		if rel, ok := below(root, abs); ok && len(root) > len(p.Root) {
			p.Root, p.Rel = root, rel
		}
	}
	return p
}

// below returns path relative to dir with "/", where dir is path or holds it. Both are clean.
func below(dir, path string) (rel string, ok bool) {
	rel, ok = strings.CutPrefix(path, dir)
	switch {
	case !ok:
		return "", false
	case rel == "":
		return ".", true
	case os.IsPathSeparator(rel[0]):
		return filepath.ToSlash(rel[1:]), true
	case os.IsPathSeparator(dir[len(dir)-1]): // dir is "/"
		return filepath.ToSlash(rel), true
	}
	return "", false
}
