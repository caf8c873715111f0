package workspace

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// document is one buffer of the editor. Two names that lead to one file by a symlink are two documents, as they are in
// the editor; the one that was touched last is what the user sees.
type document struct {
	name, path string // as the editor opened it; canonical
	buf        *Buffer
	version    int32
	edits      int // counts Updates, so that a save can be told to be the latest text's
	unsynced   bool
	saved      stamp
}

// stamp is the state of the disk at a save, and of the document.
type stamp struct {
	known bool
	edits int
	size  int64
	mod   time.Time
}

// file is the snapshot, without the mode, which only the disk knows. w.mu is held.
func (d *document) file() File {
	return File{Path: d.path, Text: d.buf.String(), Open: true, Version: d.version, Exists: true}
}

// Open registers an editor's buffer (didOpen). A second Open of the same name replaces the first.
func (w *Workspace) Open(path string, version int32, text string) {
	d := &document{name: filepath.Clean(path), buf: NewBuffer(text), version: version}
	d.path = w.key(path)
	w.mu.Lock()
	defer w.mu.Unlock()
	if old := w.names[d.name]; old != nil {
		w.drop(old)
	}
	w.names[d.name] = d
	w.open[d.path] = append(w.open[d.path], d)
	w.tell(d.path)
}

// Update edits an open buffer in place through edit and sets its version (didChange). It returns *NotOpenError for a path
// that is not open. When edit fails the buffer is marked unsynchronised: Read, Apply and Update refuse it with
// *UnsyncedError until it is opened again. edit must not call the Workspace.
func (w *Workspace) Update(path string, version int32, edit func(*Buffer) error) error {
	key := w.keyUnlessNamed(path)
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.find(path, key)
	switch {
	case d == nil:
		return &NotOpenError{Path: path}
	case d.unsynced:
		return &UnsyncedError{Path: path}
	}
	d.unsynced = true // until edit has returned without an error or a panic
	if err := edit(d.buf); err != nil {
		w.tell(d.path)
		return fmt.Errorf("update %s: %w", path, err)
	}
	d.unsynced, d.version = false, version
	d.edits++
	w.touch(d)
	w.tell(d.path)
	return nil
}

// Close drops a buffer (didClose); the disk is the truth again.
func (w *Workspace) Close(path string) {
	key := w.keyUnlessNamed(path)
	w.mu.Lock()
	defer w.mu.Unlock()
	if d := w.find(path, key); d != nil {
		w.drop(d)
		w.tell(d.path)
	}
}

// Saved notes that the editor wrote the buffer to disk (didSave).
func (w *Workspace) Saved(path string) {
	key := w.keyUnlessNamed(path)
	info, err := os.Stat(path)
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.find(path, key)
	if d == nil {
		return
	}
	if err == nil {
		d.saved = stamp{known: true, edits: d.edits, size: info.Size(), mod: info.ModTime()}
	}
	w.wrote(d.path, d.buf.String)
	w.tell(d.path)
}

// View calls f with the open buffer of path under the workspace's lock and reports whether there is one that can be
// trusted (an unsynchronised one cannot). f must not call the Workspace.
func (w *Workspace) View(path string, f func(b *Buffer, version int32)) bool {
	key := w.keyUnlessNamed(path)
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.find(path, key)
	if d == nil || d.unsynced {
		return false
	}
	f(d.buf, d.version)
	return true
}

// IsOpen reports whether the editor has the file open.
func (w *Workspace) IsOpen(path string) bool {
	key := w.keyUnlessNamed(path)
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.find(path, key) != nil
}

// OpenName is the name under which the editor has the file open, where that leads to it through a symlink: the editor knows
// its buffer by no other. For a file that is not open it is path itself.
func (w *Workspace) OpenName(path string) string {
	key := w.keyUnlessNamed(path)
	w.mu.Lock()
	defer w.mu.Unlock()
	if list := w.open[key]; len(list) > 0 {
		return list[len(list)-1].name
	}
	return path
}

// Unsaved reports whether the file is open with text other than the disk's. A file in another encoding, which differs in
// its bytes, counts as saved from the editor's save until its next change.
func (w *Workspace) Unsaved(path string) bool {
	key := w.key(path)
	w.mu.Lock()
	d := w.find(path, key)
	if d == nil {
		w.mu.Unlock()
		return false
	}
	text, edits, saved := d.buf.String(), d.edits, d.saved
	w.mu.Unlock()

	disk, err := w.readDisk(place(w.Roots(), path, key))
	if err != nil || !disk.Exists {
		return true
	}
	if sameButMark(text, disk.Text) {
		return false
	}
	info, err := os.Stat(key)
	return err != nil || saved != stamp{known: true, edits: edits, size: info.Size(), mod: info.ModTime()}
}

// sameButMark compares a buffer's text with the disk's: many editors keep a byte order mark out of the buffer.
func sameButMark(a, b string) bool {
	const mark = "\ufeff"
	return strings.TrimPrefix(a, mark) == strings.TrimPrefix(b, mark)
}

// key is the canonical path of a name, or the cleaned name where it cannot be resolved.
func (w *Workspace) key(path string) string {
	if p, err := w.Resolve(path); err == nil {
		return p.Abs
	}
	return filepath.Clean(path)
}

// keyUnlessNamed spares the system calls of key for a name under which the editor has a document: every keystroke.
func (w *Workspace) keyUnlessNamed(path string) string {
	w.mu.Lock()
	d := w.names[filepath.Clean(path)]
	w.mu.Unlock()
	if d != nil {
		return d.path
	}
	return w.key(path)
}

// find returns the document of a name or else the latest of a canonical path, or nil. w.mu is held.
func (w *Workspace) find(path, key string) *document {
	if d := w.names[filepath.Clean(path)]; d != nil {
		return d
	}
	if list := w.open[key]; len(list) > 0 {
		return list[len(list)-1]
	}
	return nil
}

// touch makes d the document that stands for its file. w.mu is held.
func (w *Workspace) touch(d *document) {
	if list := w.open[d.path]; list[len(list)-1] != d {
		i := slices.Index(list, d)
		w.open[d.path] = append(slices.Delete(list, i, i+1), d)
	}
}

// drop forgets a document. w.mu is held.
func (w *Workspace) drop(d *document) {
	delete(w.names, d.name)
	list := slices.DeleteFunc(w.open[d.path], func(e *document) bool { return e == d })
	if len(list) == 0 {
		delete(w.open, d.path)
		return
	}
	w.open[d.path] = list
}
