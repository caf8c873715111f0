package workspace

import (
	"context"
	"slices"
)

// waiter collects every state of one path, so that a state which lasted for a keystroke only is not missed.
type waiter struct {
	states []state       // not yet looked at; guarded by Workspace.mu
	more   chan struct{} // holds a token while states is not empty
}

// state is what a path was at one moment: a buffer, an unsynchronised one, or not open (the zero value).
type state struct {
	file     File
	unsynced bool
}

// Wait returns when done answers true for the file's buffer, or with ctx's error. done is called with the snapshot at
// once and after every Open, Update, Saved and Close of that path, none left out; File.Open is false while it is not
// open, the rest is then the disk's. A buffer that is unsynchronised ends it with *UnsyncedError. done runs on the
// caller's goroutine and may call the Workspace.
func (w *Workspace) Wait(ctx context.Context, path string, done func(File) bool) error {
	p, err := w.Resolve(path)
	if err != nil {
		return err
	}
	wt := w.enrol(p.Abs)
	defer w.dismiss(p.Abs, wt)
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-wt.more:
		}
		for _, s := range w.take(wt) {
			switch file := w.complete(p, s); {
			case s.unsynced:
				return &UnsyncedError{Path: path}
			case done(file):
				return nil
			}
		}
	}
}

// complete adds what only the disk knows, without the lock.
func (w *Workspace) complete(p Path, s state) File {
	if !s.file.Open {
		file, err := w.readDisk(p)
		if err != nil {
			return File{Path: p.Abs}
		}
		return file
	}
	s.file.Mode = modeOf(p.Abs)
	return s.file
}

// enrol adds a waiter that has the present state before it.
func (w *Workspace) enrol(path string) *waiter {
	w.mu.Lock()
	defer w.mu.Unlock()
	wt := &waiter{more: make(chan struct{}, 1), states: []state{w.state(path)}}
	wt.more <- struct{}{} // has room: nobody else knows the channel yet
	w.waiters[path] = append(w.waiters[path], wt)
	return wt
}

// dismiss forgets a waiter.
func (w *Workspace) dismiss(path string, wt *waiter) {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := slices.DeleteFunc(w.waiters[path], func(e *waiter) bool { return e == wt })
	if len(list) == 0 {
		delete(w.waiters, path)
		return
	}
	w.waiters[path] = list
}

// take empties a waiter's queue.
func (w *Workspace) take(wt *waiter) []state {
	w.mu.Lock()
	defer w.mu.Unlock()
	states := wt.states
	wt.states = nil
	return states
}

// tell queues the present state for everyone who waits for path. It never blocks. w.mu is held.
func (w *Workspace) tell(path string) {
	if len(w.waiters[path]) == 0 {
		return
	}
	s := w.state(path)
	for _, wt := range w.waiters[path] {
		wt.states = append(wt.states, s)
		select {
		case wt.more <- struct{}{}:
		default: // it has a token already
		}
	}
}

// state is what the canonical path is now. w.mu is held.
func (w *Workspace) state(path string) state {
	list := w.open[path]
	if len(list) == 0 {
		return state{}
	}
	d := list[len(list)-1]
	if d.unsynced {
		return state{unsynced: true}
	}
	return state{file: d.file()}
}
