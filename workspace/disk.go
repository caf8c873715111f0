package workspace

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Applier carries a Change to where the file lives. It returns an error that wraps ErrStale, and has changed nothing,
// when the file is no longer what the Change is pinned to.
type Applier interface {
	Apply(ctx context.Context, c Change) error
}

// Disk is the Applier for files that no editor has open: temporary file, fsync, rename, mode kept, parents created. It
// holds on to the folder that it checked (os.Root), so that a symlink swapped in after the question is not followed. A
// file with several hard links parts from the others.
type Disk struct {
	Workspace *Workspace
	// Under writes below a buffer that shows something else, too: what a command did to the disk is undone there.
	Under bool
}

// Apply implements [Applier]. It refuses with ErrStale when the file is open in the editor with text that is neither the
// one before the change nor the one after it, when the disk holds other text than c.File, and when a link was put in the
// way. A file that nobody may write is refused with *ReadOnlyError. The removal of a file that is open is pinned to its
// buffer: what the disk holds is removed. A move is a new file and a removal; where the second fails the first is taken back.
func (d Disk) Apply(ctx context.Context, c Change) error {
	if err := cmp.Or(ctx.Err(), c.check()); err != nil {
		return err
	}
	if c.MoveTo != "" {
		return d.move(ctx, c)
	}
	p, err := d.Workspace.Resolve(c.File.Path)
	if err != nil {
		return err
	}
	after := c.After()
	if p.Abs != c.File.Path || !d.Under && d.Workspace.contradicts(p.Abs, c.File.Text, after) {
		return fmt.Errorf("write %s: %w", c.File.Path, ErrStale)
	}
	dir, err := openFolder(p, !c.Remove)
	if err != nil {
		return fmt.Errorf("write %s: %w", p.Abs, cause(err))
	}
	defer dir.Close()
	if err := (replacement{dir: dir, path: p.Abs, name: filepath.Base(p.Abs), change: c}).run(after); err != nil {
		return err
	}
	if !c.Remove {
		d.Workspace.mu.Lock()
		defer d.Workspace.mu.Unlock()
		d.Workspace.wrote(p.Abs, func() string { return after })
	}
	return nil
}

func (d Disk) move(ctx context.Context, c Change) error {
	made := NewChange(File{Path: c.MoveTo, Mode: c.File.Mode}, c.After())
	if err := d.Apply(ctx, made); err != nil {
		return err
	}
	err := d.Apply(context.WithoutCancel(ctx), NewRemoval(c.File))
	if err != nil {
		return errors.Join(err, d.Apply(context.WithoutCancel(ctx), NewRemoval(made.Result())))
	}
	return nil
}

// contradicts reports whether the editor shows the file with a text that is neither of these, a hidden byte order mark
// aside.
func (w *Workspace) contradicts(path, before, after string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.state(path)
	return s.unsynced || s.file.Open && !sameButMark(s.file.Text, before) && !sameButMark(s.file.Text, after)
}

// replacement is one Change on its way to one name in one opened folder.
type replacement struct {
	dir        *os.Root
	path, name string
	change     Change
}

// run checks what stands there, writes the text beside it and puts it in place.
func (r replacement) run(after string) error {
	found, info, err := readIn(r.dir, r.path)
	switch c := r.change; {
	case err != nil:
		return err
	case !(c.Remove && c.File.Open) && (found.Exists != c.File.Exists || found.Text != c.File.Text):
		return r.wrap(ErrStale)
	case c.Empty():
		return nil
	case info != nil && info.Mode().Perm()&0o222 == 0:
		return &ReadOnlyError{Path: r.path}
	case c.Remove:
		return r.remove(info)
	}
	temp := ".opencode-" + rand.Text()
	defer r.dir.Remove(temp) // there only when something failed
	if err := r.write(temp, after, r.mode(info)); err != nil {
		return r.wrap(err)
	}
	if err := r.place(temp, info); err != nil {
		return r.wrap(err)
	}
	r.sync()
	return nil
}

// wrap says which file an error is about.
func (r replacement) wrap(err error) error { return fmt.Errorf("write %s: %w", r.path, cause(err)) }

// mode is the old file's, or the one that a removed file had, or the usual one of a new file.
func (r replacement) mode(info fs.FileInfo) fs.FileMode {
	if info != nil {
		return info.Mode().Perm()
	}
	return cmp.Or(r.change.File.Mode.Perm(), 0o644)
}

// write writes text to a new file and to the medium.
func (r replacement) write(name, text string, mode fs.FileMode) error {
	f, err := r.dir.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err == nil {
		err = cmp.Or(f.Chmod(mode), f.Sync())
	}
	return cmp.Or(err, f.Close())
}

// place gives the written file its name. A new file never replaces one that came up meanwhile.
func (r replacement) place(temp string, info fs.FileInfo) error {
	if info == nil {
		err := r.dir.Link(temp, r.name)
		if err == nil {
			return nil // run removes the other name
		}
		if errors.Is(err, fs.ErrExist) {
			return ErrStale
		}
		// A file system without hard links: look, then rename.
	}
	if !r.untouched(info) {
		return ErrStale
	}
	return r.dir.Rename(temp, r.name)
}

// remove removes the file.
func (r replacement) remove(info fs.FileInfo) error {
	if info == nil {
		return nil
	}
	if !r.untouched(info) {
		return r.wrap(ErrStale)
	}
	if err := r.dir.Remove(r.name); err != nil {
		return r.wrap(err)
	}
	r.sync()
	return nil
}

// untouched reports whether the name still stands for the file that was read, unchanged; for none where info is nil. It
// closes the time in which somebody else's write could be lost to that of one system call.
func (r replacement) untouched(info fs.FileInfo) bool {
	now, err := r.dir.Lstat(r.name)
	if info == nil {
		return errors.Is(err, fs.ErrNotExist)
	}
	return err == nil && os.SameFile(info, now) && info.Size() == now.Size() && info.ModTime().Equal(now.ModTime())
}

// sync brings the folder's new entry to the medium. Not every system can, and the file is in place by now.
func (r replacement) sync() {
	if d, err := r.dir.Open("."); err == nil {
		_ = d.Sync()
		d.Close()
	}
}
