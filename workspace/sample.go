package workspace

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"time"
)

// Bounds of what a [Tracker] keeps: larger files are left out, a workspace with more of them is not tracked at all.
const (
	maxTracked      = 2 << 20
	maxTrackedFiles = 50_000
	maxTrackedBytes = 512 << 20
)

// UntrackedError says that a workspace is too large for what a command changes to be kept.
type UntrackedError struct{ Why string }

// Error is the reason in a few words.
func (e *UntrackedError) Error() string { return e.Why }

// sample is one file as a scan met it.
type sample struct {
	size         int64
	mod, changed time.Time // changed is when the inode was, zero where the system does not tell
	inode        uint64
	mode         fs.FileMode
	// settled says that a later change would show in the times.
	settled bool
	// ref names the text in Contents; "" for a file that is too large or cannot be read.
	ref string
}

// newSample is the sample of a file at the time at, without its text.
func newSample(info fs.FileInfo, at time.Time) sample {
	s := sample{size: info.Size(), mod: info.ModTime(), mode: info.Mode()}
	s.changed, s.inode = inodeOf(info)
	s.settled = settledAt(s.mod, at) && (s.changed.IsZero() || settledAt(s.changed, at))
	return s
}

// settledAt reports whether a change after at, by [fileTime], would get another time than t: some file systems count whole
// seconds, or two.
func settledAt(t, at time.Time) bool {
	if t.Nanosecond() == 0 {
		t = t.Add(2 * time.Second)
	}
	return t.Before(at)
}

// coarse is a time that no file changed from now on gets, by a clock that may lag behind by as much as Windows' does.
func coarse() time.Time { return time.Now().Add(-20 * time.Millisecond) }

// same reports whether both are the same file, unchanged as far as its times tell.
func (s sample) same(t sample) bool {
	return s.size == t.size && s.mod.Equal(t.mod) && s.changed.Equal(t.changed) && s.inode == t.inode && s.mode == t.mode
}

// scan is one look at all files of the roots.
type scan struct {
	known    map[string]sample // by the last scan
	contents *Contents
	at       time.Time
	stop     context.CancelCauseFunc

	mu    sync.Mutex
	bytes int64
	met   map[string]sample
	fresh []string // whose texts are to be read
}

// scan samples every file that is not ignored; known spares reading those that are unchanged.
func (w *Workspace) scan(ctx context.Context, known map[string]sample, contents *Contents) (map[string]sample, error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	s := &scan{known: known, contents: contents, at: fileTime(), stop: stop, met: make(map[string]sample, len(known))}
	for _, root := range w.Roots() {
		err := w.walk(ctx, place(w.Roots(), root, root), s.visit)
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if err != nil {
			return nil, err
		}
	}
	return s.met, s.read(ctx)
}

// visit samples the regular files of one folder.
func (s *scan) visit(_ *pool, dir *handle, list []Entry) {
	if dir == nil {
		return // buffers that are not on disk
	}
	type found struct {
		path string
		sample
	}
	here := make([]found, 0, len(list))
	for _, e := range list {
		if e.IsDir || e.Link {
			continue
		}
		if info, err := dir.Lstat(e.name()); err == nil && info.Mode().IsRegular() {
			here = append(here, found{e.Path, newSample(info, s.at)})
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range here {
		s.add(f.path, f.sample)
	}
	switch {
	case len(s.met) > maxTrackedFiles:
		s.stop(&UntrackedError{fmt.Sprintf("the workspace has more than %d files", maxTrackedFiles)})
	case s.bytes > maxTrackedBytes:
		s.stop(&UntrackedError{fmt.Sprintf("the workspace's files are more than %d MiB", maxTrackedBytes>>20)})
	}
}

// add takes a file in, with the text that is known of it. s.mu is held.
func (s *scan) add(path string, now sample) {
	if last, ok := s.known[path]; ok && last.settled && last.same(now) {
		now.ref = last.ref
	} else if now.size <= maxTracked {
		s.fresh = append(s.fresh, path)
	}
	if now.size <= maxTracked {
		s.bytes += now.size
	}
	s.met[path] = now
}

// read keeps the texts of the files that are new or changed.
func (s *scan) read(ctx context.Context) error {
	if len(s.fresh) == 0 {
		return nil
	}
	tasks := make([]task, 0, len(s.fresh))
	for _, path := range s.fresh {
		tasks = append(tasks, func(int) {
			if ctx.Err() != nil {
				return
			}
			if err := s.keep(path); err != nil {
				s.stop(err)
			}
		})
	}
	newPool(tasks...).run()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

// keep reads one file. One that cannot be read, or is another by now, is left without a text.
func (s *scan) keep(path string) error {
	s.mu.Lock()
	now := s.met[path]
	s.mu.Unlock()
	text, ok := readSample(path, now)
	if !ok {
		return nil
	}
	ref, err := s.contents.Save(text)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now.ref = ref
	s.met[path] = now
	return nil
}

// readSample reads the file that was sampled.
func readSample(path string, want sample) ([]byte, bool) {
	f, err := os.Open(path)
	if err != nil {
		return nil, false
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return nil, false
	}
	if _, inode := inodeOf(info); inode != want.inode {
		return nil, false
	}
	text, err := io.ReadAll(io.LimitReader(f, maxTracked+1))
	return text, err == nil && len(text) <= maxTracked
}
