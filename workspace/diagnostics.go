package workspace

import (
	"cmp"
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// Severity is LSP's: 1 an error, 4 a hint.
type Severity int

// The severities.
const (
	Error Severity = 1 + iota
	Warning
	Information
	Hint
)

// String is the severity in a word; what is out of range counts as an error, as LSP leaves it to the client.
func (s Severity) String() string {
	switch s {
	case Warning:
		return "warning"
	case Information:
		return "info"
	case Hint:
		return "hint"
	}
	return "error"
}

// Diagnostic is one problem that a language server sees in a file.
type Diagnostic struct {
	// Line and Column are where it begins, from 1, in characters.
	Line, Column int
	Severity     Severity
	// Source is who says so: "compiler", "eslint"; may be "".
	Source, Message string
}

// Report is what one feed said of one file at one time, the whole of it.
type Report struct {
	// Path is the canonical path of the file.
	Path string
	List []Diagnostic
	Time time.Time
	// Open and Version are the buffer's that it was said of; a file that is not open is on disk.
	Open    bool
	Version int32
}

// Bounds of what is kept, so that a feed that floods costs no more than it is worth.
const (
	maxReported = 500  // problems of a report
	maxMessage  = 2000 // bytes of a message
	maxReports  = 5000 // files of a feed; the oldest go first
)

// The feeds of an editor: what it passes on whenever it changes, and what it happened to show with a request for code actions,
// which comes when the user asks and is about a few lines. Others are named after their language server.
const (
	FeedEditor = "editor"
	FeedShown  = "shown"
)

// settled is how long a file's reports must have been still before they are believed: servers clear what they said before
// they say it anew.
const settled = 300 * time.Millisecond

// Diagnostics is what other language servers said of the files of a workspace, as an editor or they themselves passed it on.
// It is safe for concurrent use; the zero value is empty.
type Diagnostics struct {
	mu      sync.Mutex
	feeds   map[string]map[string]Report // by feed and path
	changed chan struct{}                // closed at the next report; nil while nobody waits
	// silent are the kinds of files of which nothing came when it was waited for: many servers speak when a file is opened or
	// saved only, and no edit is to wait for those again before they have spoken.
	silent map[string]bool
}

// kind is what files are alike in for the servers that tell of them.
func kind(path string) string { return cmp.Or(filepath.Ext(path), path) }

// Diagnostics are those of the workspace.
func (w *Workspace) Diagnostics() *Diagnostics { return &w.diagnostics }

// Tell replaces what a feed said of a file; path is any name of it. The time and the buffer are those of now.
func (w *Workspace) Tell(feed, path string, list []Diagnostic) {
	f := File{Path: w.keyUnlessNamed(path)}
	f.Open = w.View(path, func(_ *Buffer, version int32) { f.Version = version })
	w.TellOf(feed, f, list)
}

// TellOf is Tell for a feed that knows which snapshot of the file it speaks of.
func (w *Workspace) TellOf(feed string, f File, list []Diagnostic) {
	w.diagnostics.set(feed, Report{Path: f.Path, List: bounded(list), Time: time.Now(), Open: f.Open, Version: f.Version})
}

// TellLines is Tell for some lines, first to last, from 1: what the feed said of the others of the same text stays.
func (w *Workspace) TellLines(feed, path string, first, last int, list []Diagnostic) {
	for _, r := range w.diagnostics.of(feed, w.keyUnlessNamed(path)) {
		if w.Older(r) {
			continue
		}
		for _, p := range r.List {
			if p.Line < first || p.Line > last {
				list = append(list, p)
			}
		}
	}
	w.Tell(feed, path, list)
}

// of is what a feed said of a file, none or one.
func (d *Diagnostics) of(feed, path string) []Report {
	d.mu.Lock()
	defer d.mu.Unlock()
	if r, ok := d.feeds[feed][path]; ok {
		return []Report{r}
	}
	return nil
}

// Has reports whether the feed has told of anything.
func (d *Diagnostics) Has(feed string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.feeds[feed]) > 0
}

// bounded is the list in order, cut to what is kept: the worst first.
func bounded(list []Diagnostic) []Diagnostic {
	list = slices.Clone(list)
	if len(list) > maxReported {
		slices.SortStableFunc(list, func(a, b Diagnostic) int { return cmp.Compare(a.Severity, b.Severity) })
		list = slices.Clone(list[:maxReported])
	}
	for i := range list {
		if m := list[i].Message; len(m) > maxMessage {
			list[i].Message = m[:maxMessage] + "…"
		}
	}
	slices.SortStableFunc(list, func(a, b Diagnostic) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Severity, b.Severity))
	})
	return list
}

func (d *Diagnostics) set(feed string, r Report) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.feeds == nil {
		d.feeds = map[string]map[string]Report{}
	}
	files := d.feeds[feed]
	if files == nil {
		files = map[string]Report{}
		d.feeds[feed] = files
	}
	if _, known := files[r.Path]; !known && len(files) >= maxReports {
		oldest := slices.MinFunc(slices.Collect(maps.Values(files)), func(a, b Report) int { return a.Time.Compare(b.Time) })
		delete(files, oldest.Path)
	}
	files[r.Path] = r
	delete(d.silent, kind(r.Path))
	if d.changed != nil {
		close(d.changed)
		d.changed = nil
	}
}

// Forget drops a feed, whose server is gone.
func (d *Diagnostics) Forget(feed string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.feeds, feed)
}

// Reports are what is known of one file, or with "" of all, by path and then by feed.
func (d *Diagnostics) Reports(path string) []Report {
	d.mu.Lock()
	defer d.mu.Unlock()
	var all []Report
	for _, feed := range slices.Sorted(maps.Keys(d.feeds)) {
		for p, r := range d.feeds[feed] {
			if path == "" || p == path {
				all = append(all, r)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b Report) int { return cmp.Compare(a.Path, b.Path) })
	return all
}

// Fed reports whether a feed tells by itself of files like this one: of this very file, or of others with its extension; not
// while it was waited for in vain.
func (d *Diagnostics) Fed(path string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.silent[kind(path)] {
		return false
	}
	for feed, files := range d.feeds {
		if feed == FeedShown {
			continue
		}
		for p := range files {
			if kind(p) == kind(path) {
				return true
			}
		}
	}
	return false
}

// hush notes that nothing came of a file though it was waited for.
func (d *Diagnostics) hush(path string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.silent == nil {
		d.silent = map[string]bool{}
	}
	d.silent[kind(path)] = true
}

// Fresh waits until something was said of the file after since and has been still for a moment, and reports whether anything
// was. It ends with ctx.
func (d *Diagnostics) Fresh(ctx context.Context, path string, since time.Time) bool {
	for {
		last, changed := d.last(path)
		fresh := last.After(since)
		rest := settled - time.Since(last)
		if fresh && rest <= 0 {
			return true
		}
		timer := time.NewTimer(max(rest, 0))
		if !fresh {
			timer.Stop()
		}
		select {
		case <-timer.C:
		case <-changed:
		case <-ctx.Done():
			if !fresh && ctx.Err() == context.DeadlineExceeded {
				d.hush(path)
			}
			return fresh
		}
		timer.Stop()
	}
}

// last is when the file was reported last, and a channel that is closed at the next report of any file.
func (d *Diagnostics) last(path string) (time.Time, <-chan struct{}) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var last time.Time
	for _, files := range d.feeds {
		if r, ok := files[path]; ok && r.Time.After(last) {
			last = r.Time
		}
	}
	if d.changed == nil {
		d.changed = make(chan struct{})
	}
	return last, d.changed
}

// Older reports whether the file may have changed since the report: its text is then not the one that the report is about.
func (w *Workspace) Older(r Report) bool {
	open, version := false, int32(0)
	open = w.View(r.Path, func(_ *Buffer, v int32) { version = v })
	if open != r.Open || version != r.Version {
		return true
	}
	return !open && changedSince(r.Path, r.Time)
}

// changedSince reports whether the file on disk is newer than a time, or gone.
func changedSince(path string, t time.Time) bool {
	info, err := os.Stat(path)
	return err != nil || info.ModTime().After(t)
}
