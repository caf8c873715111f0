package workspace

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"regexp/syntax"
	"slices"
	"syscall"
	"time"
)

// maxMatchText is how many bytes of a line a Match holds; what a minified file has beyond is cut.
const maxMatchText = 4 << 10

// Match is one line found by Grep; Line counts from 1. Text is without the line end.
type Match struct {
	Path string
	Line int
	Text string
}

// GrepOptions narrow a search. Include is a glob such as "*.{go,md}" on the base name, or on the relative path where it
// holds a slash. Dir may name a single file.
type GrepOptions struct {
	Dir     string
	Include string
	Max     int // return at most so many matches; 0 means no limit
	// Skip, where it is set, leaves out files by their absolute path. It is called from several goroutines.
	Skip func(path string) bool
}

// Grep finds the lines that match an RE2 pattern in the files that Walk lists, buffers before disk; binary files, files
// over MaxFile and symlinks are left out. Results are ordered by modification time, newest first, as OpenCode's are;
// more says that Max cut them.
func (w *Workspace) Grep(ctx context.Context, pattern string, opt GrepOptions) (matches []Match, more bool, err error) {
	p, err := w.Resolve(cmp.Or(opt.Dir, "."))
	if err != nil {
		return nil, false, err
	}
	g, err := newGrep(p.Abs, pattern, opt)
	if err != nil {
		return nil, false, err
	}
	w.consultOpen(ctx, p.Abs)
	if info, err := os.Lstat(p.Abs); w.IsOpen(p.Abs) || err == nil && !info.IsDir() {
		file, err := w.Read(ctx, p.Abs)
		if err != nil {
			return nil, false, err
		}
		if opt.Skip == nil || !opt.Skip(p.Abs) {
			g.add(&g.searchers[0], p.Abs, time.Time{}, []byte(file.Text))
		}
	} else if err := w.walk(ctx, p, g.visit(ctx, w.texts(p.Abs))); err != nil {
		return nil, false, err
	}
	matches, more = g.found.cut()
	return matches, more, nil
}

// grep is one search.
type grep struct {
	re        *regexp.Regexp // nil where finding a literal is a match
	include   func(rel string) bool
	skip      func(path string) bool
	searchers []searcher // one for each worker
	found     collector
}

// searcher is what one worker uses again from file to file.
type searcher struct {
	seek *seeker
	buf  []byte
}

// newGrep compiles a search below dir.
func newGrep(dir, pattern string, opt GrepOptions) (*grep, error) {
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil, fmt.Errorf("%q is not a regular expression in RE2 syntax, which knows no lookaround and no backreferences: %w", pattern, err)
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, fmt.Errorf("%q is not a regular expression in RE2 syntax: %w", pattern, err)
	}
	if needsLineEnd(tree) {
		return nil, fmt.Errorf("%q spans lines, but lines are searched one by one; look for one of the lines", pattern)
	}
	g := &grep{re: re, skip: opt.Skip, searchers: make([]searcher, workers()), found: collector{max: opt.Max}}
	if tree.Op == syntax.OpLiteral && tree.Flags&syntax.FoldCase == 0 && !slices.Contains(tree.Rune, '\r') {
		g.re = nil
	}
	literals := required(tree)
	for i := range g.searchers {
		g.searchers[i].seek = newSeeker(literals)
	}
	if opt.Include != "" {
		g.include, err = globber(dir, opt.Include)
	}
	return g, err
}

// visit gives the files of each folder to the pool, a few at a time.
func (g *grep) visit(ctx context.Context, texts map[string]string) visitor {
	return func(p *pool, dir *handle, list []Entry) {
		list = slices.DeleteFunc(list, func(e Entry) bool { return !g.wants(e) })
		for part := range slices.Chunk(list, 16) {
			if dir != nil {
				dir.hold()
			}
			p.add(func(worker int) {
				s := &g.searchers[worker]
				for _, e := range part {
					if text, open := texts[e.Path]; open {
						g.add(s, e.Path, modified(e.Path), []byte(text))
					} else if ctx.Err() == nil {
						g.file(s, dir, e.Path)
					}
				}
				if dir != nil {
					dir.release()
				}
			})
		}
	}
}

// wants reports whether an entry is to be searched.
func (g *grep) wants(e Entry) bool {
	return !e.IsDir && !e.Link && (g.include == nil || g.include(e.Rel)) && (g.skip == nil || !g.skip(e.Path))
}

// file searches one file on disk; what cannot be read is left out.
func (g *grep) file(s *searcher, dir *handle, path string) {
	if dir == nil {
		return // its buffer was closed meanwhile
	}
	// Should a FIFO have taken the file's place, O_NONBLOCK keeps the open from hanging.
	f, err := dir.OpenFile(filepath.Base(path), os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() > MaxFile {
		return
	}
	data, err := s.read(f, int(info.Size()))
	if err == nil {
		g.add(s, path, info.ModTime(), data)
	}
}

// read reads size bytes, or what there is of them, into the buffer.
func (s *searcher) read(f *os.File, size int) ([]byte, error) {
	if len(s.buf) < size {
		s.buf = make([]byte, max(size, 2*len(s.buf), 64<<10))
	}
	n, err := io.ReadFull(f, s.buf[:size])
	if err == io.EOF || err == io.ErrUnexpectedEOF { // it has been cut short since
		err = nil
	}
	return s.buf[:n], err
}

// add searches text and keeps what it finds.
func (g *grep) add(s *searcher, path string, mod time.Time, data []byte) {
	if bytes.IndexByte(data[:min(len(data), sniffLen)], 0) >= 0 {
		return
	}
	if found := g.lines(s.seek, path, data); len(found) > 0 {
		g.found.add(hits{dated{path, mod}, found})
	}
}
