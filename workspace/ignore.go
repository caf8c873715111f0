package workspace

import (
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// maxIgnoreFile is how much of an ignore file is read.
const maxIgnoreFile = 1 << 20

// rules are the ignore rules that hold in one folder and below; folders without any share their parent's.
type rules struct {
	parent *rules
	base   string // the folder with "/", ending in "/"
	// ignore is .ignore (ripgrep's and OpenCode's), which beats the git rules at any depth; git is .gitignore; exclude is
	// .git/info/exclude, the weakest.
	ignore, git, exclude []pattern
	// repo says that a repository starts here, so that the git rules above it do not count.
	repo bool
}

// in returns the rules that hold in dir, whose entries' names are known to hold these files.
func (r *rules) in(dir string, hasIgnore, hasGitignore, hasGit bool) *rules {
	if !hasIgnore && !hasGitignore && !hasGit {
		return r
	}
	n := &rules{parent: r, base: filepath.ToSlash(dir), repo: hasGit}
	if !strings.HasSuffix(n.base, "/") {
		n.base += "/"
	}
	if hasIgnore {
		n.ignore = readPatterns(filepath.Join(dir, ".ignore"))
	}
	if hasGitignore {
		n.git = readPatterns(filepath.Join(dir, ".gitignore"))
	}
	if hasGit {
		n.exclude = readPatterns(filepath.Join(gitDir(dir), "info", "exclude"))
	}
	return n
}

// ignores reports whether the entry at abs (with "/") is to be left out. In one file the last line that matches decides,
// among files of one kind the deepest.
func (r *rules) ignores(abs string, isDir bool) bool {
	base := path.Base(abs)
	if base == ".git" {
		return true
	}
	for n := r; n != nil; n = n.parent {
		if hit, ignored := n.decide(n.ignore, abs, base, isDir); hit {
			return ignored
		}
	}
	for n := r; n != nil; n = n.parent {
		if hit, ignored := n.decide(n.git, abs, base, isDir); hit {
			return ignored
		}
		if n.repo {
			_, ignored := n.decide(n.exclude, abs, base, isDir)
			return ignored
		}
	}
	return false
}

// decide asks the patterns of one file.
func (r *rules) decide(list []pattern, abs, base string, isDir bool) (hit, ignored bool) {
	if len(list) == 0 {
		return false, false
	}
	rel := abs[len(r.base):]
	for i := len(list) - 1; i >= 0; i-- {
		if list[i].match(rel, base, isDir) {
			return true, !list[i].negate
		}
	}
	return false, false
}

// rulesAbove collects the rules of the folders above dir: up to the repository's root, or, where there is no
// repository, to limit.
func rulesAbove(dir, limit string) *rules {
	var above []string
	for d := dir; !exists(d, ".git") && d != limit && d != filepath.Dir(d); {
		d = filepath.Dir(d)
		above = append(above, d)
	}
	if n := len(above); n > 0 && !exists(above[n-1], ".git") {
		if _, inside := below(limit, dir); !inside {
			above = nil // outside of everything: what lies above is not ours to look at
		}
	}
	var r *rules
	for i := len(above) - 1; i >= 0; i-- {
		r = r.probe(above[i])
	}
	return r
}

// probe is in for a folder whose entries are not known.
func (r *rules) probe(dir string) *rules {
	return r.in(dir, exists(dir, ".ignore"), exists(dir, ".gitignore"), exists(dir, ".git"))
}

// exists reports whether dir holds an entry of that name.
func exists(dir, name string) bool {
	_, err := os.Lstat(filepath.Join(dir, name))
	return err == nil
}

// gitDir is where a working tree's repository keeps its common files: .git, or for a linked worktree or a submodule
// where the file .git says (gitrepository-layout(5)).
func gitDir(dir string) string {
	git := filepath.Join(dir, ".git")
	text, ok := strings.CutPrefix(readSmall(git), "gitdir:")
	if !ok {
		return git
	}
	git = relativeTo(dir, strings.TrimSpace(text))
	if common := strings.TrimSpace(readSmall(filepath.Join(git, "commondir"))); common != "" {
		return relativeTo(git, common)
	}
	return git
}

// relativeTo is name, which starts at dir where it is relative.
func relativeTo(dir, name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(dir, name)
}

// readPatterns reads an ignore file; one that cannot be read ignores nothing.
func readPatterns(path string) []pattern { return parsePatterns(readSmall(path)) }

// readSmall returns the start of a regular file, "" for anything else: git does not follow symlinks here either.
func readSmall(path string) string {
	info, err := os.Lstat(path)
	if err != nil || !info.Mode().IsRegular() {
		return ""
	}
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxIgnoreFile))
	if err != nil {
		return ""
	}
	return string(text)
}
