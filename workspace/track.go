package workspace

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"sort"
	"strings"
	"sync"
	"time"
)

// Tracker finds out what a command changes: it looks at every file of the workspace that is not ignored before and after, and
// keeps what they held. It needs no version control and runs no program. It is safe for concurrent use; what two commands do at
// the same time is put down to both.
type Tracker struct {
	w        *Workspace
	contents *Contents
	slot     chan struct{} // held by the one scan at a time, with what follows
	known    map[string]sample
	since    time.Time // when known was begun anew
}

// NewTracker returns the tracker of a workspace that keeps texts in contents. Nothing is read yet.
func NewTracker(w *Workspace, contents *Contents) *Tracker {
	return &Tracker{w: w, contents: contents, slot: make(chan struct{}, 1)}
}

// Contents is where the texts are kept.
func (t *Tracker) Contents() *Contents { return t.contents }

// Recording is what is known of the files when a command starts.
type Recording struct {
	tracker *Tracker
	begun   time.Time
	before  map[string]sample

	mu    sync.Mutex
	saves map[string][]string // what the editor, or we, wrote meanwhile
}

// Begin looks at the files before a command. An error, *UntrackedError among others, says why they are not tracked; End and Stop
// are not called then.
func (t *Tracker) Begin(ctx context.Context) (*Recording, error) {
	r := &Recording{tracker: t, begun: fileTime(), saves: map[string][]string{}}
	var err error
	if r.before, err = t.look(ctx); err != nil {
		return nil, err
	}
	t.w.mu.Lock()
	defer t.w.mu.Unlock()
	t.w.recordings[r] = true
	return r, nil
}

// look scans, and once a day from the start: so that what is still of use stays young, and what is of none goes.
func (t *Tracker) look(ctx context.Context) (map[string]sample, error) {
	select {
	case t.slot <- struct{}{}:
		defer func() { <-t.slot }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	fresh := time.Since(t.since) > refresh
	if fresh {
		t.known, t.since = nil, time.Now()
	}
	met, err := t.w.scan(ctx, t.known, t.contents)
	if err != nil {
		return nil, err
	}
	t.known = met
	if fresh {
		_ = t.contents.sweep() // what stays too long does no harm
	}
	return met, nil
}

// Difference is one file that a command changed.
type Difference struct {
	Path string
	// Before and After name the texts in Contents; "" where there was no file.
	Before, After    string
	Created, Deleted bool
	Mode             fs.FileMode // before
	// Lost says why the change cannot be undone, "" where it can.
	Lost string
}

// The usual reasons of Lost.
const (
	unkept = "too large or not readable"
	saved  = "it was saved in the editor meanwhile"
)

// End looks at the files after the command and returns what changed on disk since Begin, sorted by path. What the editor saved
// meanwhile is the user's.
func (r *Recording) End(ctx context.Context) ([]Difference, error) {
	earlier := r.counts()
	after, err := r.tracker.look(ctx)
	r.stop()
	if err != nil {
		return nil, err
	}
	var all []Difference
	for path, was := range r.before {
		if now, there := after[path]; !there || !was.same(now) || was.ref != now.ref {
			all = r.add(ctx, all, path, was, now, there)
		}
	}
	origins := r.origins()
	for path, now := range after {
		if _, was := r.before[path]; !was {
			all = append(all, r.appeared(path, now, origins))
		}
	}
	for i := range all {
		r.spare(&all[i], earlier[all[i].Path])
	}
	all = compact(all)
	sort.Slice(all, func(i, j int) bool { return all[i].Path < all[j].Path })
	return all, nil
}

// add adds a file that was there before and differs now, if it does.
func (r *Recording) add(ctx context.Context, all []Difference, path string, was, now sample, there bool) []Difference {
	d := Difference{Path: path, Before: was.ref, After: now.ref, Mode: was.mode.Perm()}
	if !there {
		info, err := os.Lstat(path)
		switch {
		case err != nil:
			d.Deleted = !errors.Is(err, fs.ErrPermission)
		case info.Mode().IsRegular(): // ignored by now
			if now = newSample(info, r.begun); was.same(now) {
				return all
			}
			d.After = r.tracker.read(path, now)
		default:
			d.Deleted = true // something else stands in its place
		}
	}
	switch {
	case !d.Deleted && was.ref != "" && was.ref == d.After:
		return all // touched, or its mode changed
	case was.ref == "" || !d.Deleted && d.After == "":
		d.Lost = unkept
	}
	return append(all, d)
}

// read keeps the text of one file, "" where that cannot be.
func (t *Tracker) read(path string, now sample) string {
	text, ok := readSample(path, now)
	if !ok {
		return ""
	}
	ref, err := t.contents.Save(text)
	if err != nil {
		return ""
	}
	return ref
}

// origins are the inodes that were met before.
func (r *Recording) origins() map[uint64]bool {
	all := make(map[uint64]bool, len(r.before))
	for _, s := range r.before {
		all[s.inode] = true
	}
	delete(all, 0)
	return all
}

// appeared is a file that was not met before. One that is older than the command and does not come from where it was met was
// there all the time, ignored or outside: to remove it could lose something.
func (r *Recording) appeared(path string, now sample, origins map[uint64]bool) Difference {
	d := Difference{Path: path, After: now.ref, Created: true}
	at := born(path)
	if at.IsZero() {
		at = now.changed
	}
	switch {
	case at.Before(r.begun) && !at.IsZero() && !origins[now.inode]:
		d.Lost = "it was there before, out of sight"
	case d.After == "":
		d.Lost = unkept
	}
	return d
}

// spare leaves out of a difference what was saved while the command ran, the first earlier ones of it before the second look.
func (r *Recording) spare(d *Difference, earlier int) {
	saves := r.saves[d.Path] // stop was called: nobody adds to it
	if len(saves) == 0 {
		return
	}
	now := ""
	if d.After != "" {
		text, err := r.tracker.contents.Load(d.After)
		if err != nil || (File{Text: text}).Editable() != nil {
			d.Lost = saved
			return
		}
		now = text
	}
	for i, text := range saves {
		if strings.HasPrefix(now, "\ufeff") && !strings.HasPrefix(text, "\ufeff") {
			saves[i] = "\ufeff" + text
		}
		if saves[i] == now && !d.Deleted {
			d.Path = "" // nothing but what was saved
			return
		}
	}
	if earlier != len(saves) {
		d.Lost = saved
		return
	}
	ref, err := r.tracker.contents.Save([]byte(saves[earlier-1]))
	if err != nil {
		d.Lost = saved
		return
	}
	d.Before, d.Created, d.Lost = ref, false, ""
}

// compact drops the differences that turned out to be none.
func compact(all []Difference) []Difference {
	kept := all[:0]
	for _, d := range all {
		if d.Path != "" {
			kept = append(kept, d)
		}
	}
	return kept
}

// stop ends the recording; nothing more is noted. After End it does nothing.
func (r *Recording) stop() {
	r.tracker.w.mu.Lock()
	defer r.tracker.w.mu.Unlock()
	delete(r.tracker.w.recordings, r)
}

// counts are the numbers of saves so far.
func (r *Recording) counts() map[string]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	counts := make(map[string]int, len(r.saves))
	for path, list := range r.saves {
		counts[path] = len(list)
	}
	return counts
}

// wrote tells the recordings that the disk now holds what a user or one of our own edits put there. w.mu is held.
func (w *Workspace) wrote(path string, text func() string) {
	for r := range w.recordings {
		r.mu.Lock()
		r.saves[path] = append(r.saves[path], text())
		r.mu.Unlock()
	}
}
