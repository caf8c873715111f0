package workspace

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync/atomic"
)

// Entry is one file or folder met by Walk.
type Entry struct {
	Path  string // absolute
	Rel   string // relative to the walked folder, with "/"
	IsDir bool
	// Link says that it is a symlink to a regular file, which may lie anywhere.
	Link bool
}

// name is the last part of its path.
func (e Entry) name() string { return e.Rel[strings.LastIndexByte(e.Rel, '/')+1:] }

// Walk lists files below dir, ignored ones (.gitignore, .ignore, .git, info/exclude) and anything behind a symlinked
// folder left out, in no particular order, with open buffers that are not on disk yet included. Hidden files are listed,
// as OpenCode does. An error comes once and last: that dir is not a folder, that it cannot be read, or ctx's; folders
// further down that cannot be read are left out. dir itself is walked though it be ignored.
func (w *Workspace) Walk(ctx context.Context, dir string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		p, err := w.Resolve(dir)
		if err != nil {
			yield(Entry{}, err)
			return
		}
		ctx, stop := context.WithCancel(ctx)
		found := make(chan []Entry, workers())
		done := make(chan error, 1)
		go func() {
			defer close(found)
			done <- w.walk(ctx, p, func(_ *pool, _ *handle, list []Entry) {
				select {
				case found <- list:
				case <-ctx.Done():
				}
			})
		}()
		defer func() { // the walkers have ended when this returns
			stop()
			for range found {
			}
		}()
		for list := range found {
			for _, e := range list {
				if !yield(e, nil) {
					return
				}
			}
		}
		if err := <-done; err != nil {
			yield(Entry{}, err)
		}
	}
}

// visitor gets the entries of one folder, opened as dir, which it may use until it returns or as long as it holds it. For
// buffers that are not on disk dir is nil. It is called from several goroutines at once.
type visitor func(p *pool, dir *handle, list []Entry)

// walk calls visit for each folder and returns when it and all that it added to the pool has run.
func (w *Workspace) walk(ctx context.Context, dir Path, visit visitor) error {
	top, err := openFolder(dir.child("x"), false)
	if err != nil {
		return fmt.Errorf("list %s: %w", dir.Abs, cause(err))
	}
	t := tree{ctx: ctx, visit: visit, above: rulesAbove(dir.Abs, cmp.Or(dir.Root, dir.Abs))}
	t.pool = newPool(
		func(int) { t.err = t.folder(newHandle(top), dir.Abs, "", t.above) },
		func(int) {
			if list := w.unwritten(dir.Abs, t.above); len(list) > 0 {
				visit(t.pool, nil, list)
			}
		})
	t.pool.run()
	if err := ctx.Err(); err != nil {
		return err
	}
	if t.err != nil {
		return fmt.Errorf("list %s: %w", dir.Abs, cause(t.err))
	}
	return nil
}

// child is the path of a name in the folder p.
func (p Path) child(name string) Path {
	p.Abs = join(p.Abs, name, filepath.Separator)
	if p.Inside() {
		p.Rel = path.Join(p.Rel, name)
	}
	return p
}

// handle is a folder that several tasks have open. Whatever is opened through it lies below it, so that no symlink that
// is put in the way leads a walk elsewhere.
type handle struct {
	*os.Root
	users atomic.Int32
}

// newHandle takes over dir, with one user.
func newHandle(dir *os.Root) *handle {
	h := &handle{Root: dir}
	h.users.Add(1)
	return h
}

// hold adds a user.
func (h *handle) hold() { h.users.Add(1) }

// release closes the folder after its last user.
func (h *handle) release() {
	if h.users.Add(-1) == 0 {
		h.Close()
	}
}

// tree is one walk.
type tree struct {
	ctx   context.Context
	pool  *pool
	visit visitor
	above *rules
	err   error // of the top folder; written by one task, read when all have run
}

// folder reads one folder, which it releases, lists what is not ignored, and leaves the folders in it to the pool.
func (t *tree) folder(h *handle, dir, rel string, above *rules) error {
	defer h.release()
	if t.ctx.Err() != nil {
		return nil
	}
	items, err := h.items(dir)
	if err != nil {
		return err
	}
	here := rulesIn(dir, items, above)
	list := make([]Entry, 0, len(items))
	var below []task
	for _, item := range items {
		e := Entry{Path: join(dir, item.Name(), filepath.Separator), Rel: join(rel, item.Name(), '/')}
		if !e.classify(item) || here.ignores(filepath.ToSlash(e.Path), e.IsDir) {
			continue
		}
		list = append(list, e)
		if e.IsDir {
			h.hold()
			below = append(below, func(int) { t.enter(h, item.Name(), e, here) })
		}
	}
	if len(list) > 0 {
		t.pool.add(below...)
		t.visit(t.pool, h, list)
	}
	return nil
}

// enter opens a folder in h, which it releases, and reads it. One that cannot be read is left out.
func (t *tree) enter(h *handle, name string, e Entry, above *rules) {
	defer h.release()
	if t.ctx.Err() != nil {
		return
	}
	if dir, err := h.OpenRoot(name); err == nil {
		_ = t.folder(newHandle(dir), e.Path, e.Rel, above)
	}
}

// items reads the folder, in no order. It opens it once more, by its path, because a folder opened through [os.Root]
// looks at every entry by itself; should the path lead elsewhere by now, that is an error.
func (h *handle) items(path string) ([]fs.DirEntry, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	there, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if here, err := h.Stat("."); err != nil || !os.SameFile(here, there) {
		return nil, ErrStale
	}
	return f.ReadDir(-1)
}

// classify says what the entry is, and false for what is neither a file nor a folder.
func (e *Entry) classify(item fs.DirEntry) bool {
	switch mode := item.Type(); {
	case mode.IsDir():
		e.IsDir = true
	case mode.IsRegular():
	case mode&fs.ModeSymlink != 0:
		info, err := os.Stat(e.Path)
		e.Link = err == nil && info.Mode().IsRegular()
		return e.Link
	default:
		return false
	}
	return true
}

// rulesIn adds the rules of a folder that was read.
func rulesIn(dir string, items []fs.DirEntry, above *rules) *rules {
	var hasIgnore, hasGitignore, hasGit bool
	for _, item := range items {
		switch item.Name() {
		case ".ignore":
			hasIgnore = true
		case ".gitignore":
			hasGitignore = true
		case ".git":
			hasGit = true
		}
	}
	return above.in(dir, hasIgnore, hasGitignore, hasGit)
}

// join is filepath.Join for a clean folder, "" for none, and one name.
func join(dir, name string, separator byte) string {
	if dir == "" || dir[len(dir)-1] == separator {
		return dir + name
	}
	return dir + string(separator) + name
}

// unwritten lists the open buffers below dir that are not on disk and not ignored.
func (w *Workspace) unwritten(dir string, above *rules) []Entry {
	var list []Entry
	for path := range w.texts(dir) {
		rel, _ := below(dir, path)
		if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) && !ignoredBelow(dir, rel, above) {
			list = append(list, Entry{Path: path, Rel: rel})
		}
	}
	return list
}

// ignoredBelow reports whether a walk of dir would leave out the file rel.
func ignoredBelow(dir, rel string, above *rules) bool {
	for {
		above = above.probe(dir)
		name, rest, more := strings.Cut(rel, "/")
		dir, rel = join(dir, name, filepath.Separator), rest
		if above.ignores(filepath.ToSlash(dir), more) {
			return true
		}
		if !more {
			return false
		}
	}
}

// texts are the open buffers below dir by canonical path, without those that cannot be trusted.
func (w *Workspace) texts(dir string) map[string]string {
	w.mu.Lock()
	defer w.mu.Unlock()
	texts := make(map[string]string)
	for path := range w.open {
		if s := w.state(path); s.file.Open {
			if _, ok := below(dir, path); ok && path != dir {
				texts[path] = s.file.Text
			}
		}
	}
	return texts
}
