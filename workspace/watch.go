package workspace

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/fsnotify/fsnotify"
)

// watchDelay is how long Watch gathers events before it tells: a save is several of them.
const watchDelay = 100 * time.Millisecond

// Watch calls changed with each of the given paths that is written, created, replaced or removed on disk, at most once in
// 100 ms and always after the last change; also for one whose folder does not exist yet. It returns nil when ctx ends, and
// an error where the system gives no watch. changed is called on the caller's goroutine, with the path as it was given.
// Watched are the folders and not the files, so that a file which is replaced by another is seen, and for a symlink the
// folder of its target too.
func (w *Workspace) Watch(ctx context.Context, paths []string, changed func(path string)) error {
	return w.WatchMore(ctx, paths, nil, changed)
}

// WatchMore is Watch with paths that come later; one that comes twice is watched once. It does not look at a path before
// it came.
func (w *Workspace) WatchMore(ctx context.Context, paths []string, more <-chan string, changed func(path string)) error {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("watch files: %w", err)
	}
	defer watcher.Close()
	g := watch{workspace: w, watcher: watcher, files: make(map[string]*watched)}
	for _, path := range paths {
		if err := g.watch(path); err != nil {
			return err
		}
	}
	if err := g.arm(); err != nil {
		return err
	}
	return g.run(ctx, more, changed)
}

// watch is one call of Watch.
type watch struct {
	workspace *Workspace
	watcher   *fsnotify.Watcher
	files     map[string]*watched // by the path as given
	armed     map[string]bool     // folders
}

// watch takes a file into the files; arm does the rest.
func (g *watch) watch(path string) error {
	if g.files[path] != nil {
		return nil
	}
	names, err := g.workspace.watchNames(path)
	if err != nil {
		return fmt.Errorf("watch %s: %w", path, err)
	}
	f := &watched{names: names}
	f.look()
	g.files[path] = f
	return nil
}

// watched is one file.
type watched struct {
	names []string // where changes to it show: its canonical path first
	last  fs.FileInfo
	dirty bool // an event named it
}

// watchNames are the canonical path of a file and, where the file is a symlink, that of the link.
func (w *Workspace) watchNames(path string) ([]string, error) {
	file, err := w.Resolve(path)
	if err != nil {
		return nil, err
	}
	dir, err := w.Resolve(cmp.Or(filepath.Dir(path), "."))
	if err != nil {
		return nil, err
	}
	link := filepath.Join(dir.Abs, filepath.Base(path))
	if link == file.Abs || filepath.Base(path) == ".." {
		return []string{file.Abs}, nil
	}
	return []string{file.Abs, link}, nil
}

// look notes how the file stands on disk and reports whether that is new.
func (f *watched) look() bool {
	info, err := os.Stat(f.names[0])
	if err != nil {
		info = nil
	}
	old := f.last
	f.last = info
	if info == nil || old == nil {
		return info != nil || old != nil
	}
	return !os.SameFile(info, old) || info.Size() != old.Size() || !info.ModTime().Equal(old.ModTime())
}

// run tells about changes until ctx ends.
func (g *watch) run(ctx context.Context, more <-chan string, changed func(path string)) error {
	timer := time.NewTimer(0) // what changed before the watches stood is told at once
	defer timer.Stop()
	waiting := true
	for {
		select {
		case <-ctx.Done():
			return nil
		case path := <-more:
			if err := errors.Join(g.watch(path), g.arm()); err != nil {
				return err
			}
		case event, ok := <-g.watcher.Events:
			if !ok {
				return errors.New("watch files: the system closed the watch")
			}
			if g.note(event) && !waiting {
				timer.Reset(watchDelay)
				waiting = true
			}
		case err, ok := <-g.watcher.Errors:
			if !ok || !errors.Is(err, fsnotify.ErrEventOverflow) {
				return fmt.Errorf("watch files: %w", err)
			}
			if !waiting { // events were lost: look at everything
				timer.Reset(watchDelay)
				waiting = true
			}
		case <-timer.C:
			waiting = false
			if err := g.arm(); err != nil {
				return err
			}
			g.tell(ctx, changed)
		}
	}
}

// note marks the file that an event is about and reports whether the event matters: it may also be about a folder on
// the way to a file.
func (g *watch) note(event fsnotify.Event) bool {
	if event.Op == fsnotify.Chmod {
		return false
	}
	matters := g.armed[event.Name]
	if event.Has(fsnotify.Remove) || event.Has(fsnotify.Rename) {
		delete(g.armed, event.Name) // the watch went with the folder
	}
	for _, f := range g.files {
		for _, name := range f.names {
			if name == event.Name {
				f.dirty, matters = true, true
			} else if _, ok := below(event.Name, name); ok {
				matters = true
			}
		}
	}
	return matters
}

// tell calls changed for what an event named or what looks different.
func (g *watch) tell(ctx context.Context, changed func(path string)) {
	for _, path := range slices.Sorted(maps.Keys(g.files)) {
		f := g.files[path]
		different := f.look()
		if (different || f.dirty) && ctx.Err() == nil {
			f.dirty = false
			changed(path)
		}
	}
}

// armTries bounds how often arm starts again because folders came or went while it looked.
const armTries = 10

// arm watches the innermost folder that exists on the way to each file, and forgets those that no file needs any more.
func (g *watch) arm() error {
	for range armTries {
		want := g.wanted()
		if maps.Equal(want, g.armed) {
			break
		}
		for dir := range g.armed {
			if !want[dir] {
				_ = g.watcher.Remove(dir) // it may have gone by itself
			}
		}
		for dir := range want {
			if err := g.add(dir); errors.Is(err, fs.ErrNotExist) {
				delete(want, dir)
			} else if err != nil {
				return fmt.Errorf("watch %s: %w", dir, err)
			}
		}
		g.armed = want
	}
	return nil
}

// wanted is the folders to watch now.
func (g *watch) wanted() map[string]bool {
	want := make(map[string]bool)
	for path, f := range g.files {
		if names, err := g.workspace.watchNames(path); err == nil { // otherwise those that were good before
			f.names = names
		}
		for _, name := range f.names {
			dir, _ := existing(filepath.Dir(name))
			want[dir] = true
		}
	}
	return want
}

// add watches a folder that is not watched yet.
func (g *watch) add(dir string) error {
	if g.armed[dir] {
		return nil
	}
	err := g.watcher.Add(dir)
	if errors.Is(err, syscall.ENOSPC) {
		return errors.New("the system's limit of watched folders is reached; raise fs.inotify.max_user_watches")
	}
	return err
}
