package workspace

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Read returns the file as the user sees it: the open buffer, else the disk. A file that does not exist is a File with
// Exists false, not an error. Folders, devices, FIFOs and files over MaxFile are errors that say so, and so is a buffer
// that is out of step with the editor. ctx bounds how long an editor that must be asked (see Consult) is waited for.
func (w *Workspace) Read(ctx context.Context, name string) (File, error) {
	p, err := w.Resolve(name)
	if err != nil {
		return File{}, err
	}
	if err := w.consult(ctx, p.Abs); err != nil {
		return File{}, err
	}
	w.mu.Lock()
	s := w.state(p.Abs)
	w.mu.Unlock()
	switch {
	case s.unsynced:
		return File{}, &UnsyncedError{Path: name}
	case s.file.Open:
		s.file.Mode = modeOf(p.Abs)
		return s.file, nil
	}
	return w.readDisk(p)
}

// OnDisk is the file as the disk holds it, whatever an editor shows.
func (w *Workspace) OnDisk(name string) (File, error) {
	p, err := w.Resolve(name)
	if err != nil {
		return File{}, err
	}
	return w.readDisk(p)
}

// readDisk is Read without the buffers.
func (w *Workspace) readDisk(p Path) (File, error) {
	if p.Rel == "." || p.Abs == filepath.Dir(p.Abs) {
		return File{}, notFile(p.Abs, fs.ModeDir) // it is in no folder that we could open
	}
	dir, err := openFolder(p, false)
	if errors.Is(err, fs.ErrNotExist) {
		return File{Path: p.Abs}, nil
	}
	if err != nil {
		return File{}, fmt.Errorf("read %s: %w", p.Abs, cause(err))
	}
	defer dir.Close()
	file, _, err := readIn(dir, p.Abs)
	return file, err
}

// modeOf is the mode of a regular file on disk, or zero.
func modeOf(path string) fs.FileMode {
	if info, err := os.Lstat(path); err == nil && info.Mode().IsRegular() {
		return info.Mode()
	}
	return 0
}

// openFolder opens the folder that holds p without following a symlink below the root: p is canonical, so a link that is
// met now was put there after p was judged. Outside the roots it starts at the innermost folder that exists. Missing
// folders are made when create is set.
func openFolder(p Path, create bool) (*os.Root, error) {
	start, rest := p.Root, filepath.Dir(filepath.FromSlash(p.Rel))
	if !p.Inside() {
		start, rest = existing(filepath.Dir(p.Abs))
	}
	dir, err := os.OpenRoot(start)
	if err != nil {
		return nil, err
	}
	if now, err := canonical(start); err != nil || now != start || !isSame(dir, start) {
		dir.Close()
		return nil, ErrStale
	}
	for rest != "" && rest != "." {
		var name string
		name, rest = cutName(rest)
		next, err := enter(dir, name, create)
		dir.Close()
		if err != nil {
			return nil, err
		}
		dir = next
	}
	return dir, nil
}

// existing splits a folder's name into the part that exists and the rest.
func existing(dir string) (there, rest string) {
	for there = dir; ; there = filepath.Dir(there) {
		if _, err := os.Lstat(there); err == nil || there == filepath.Dir(there) {
			return there, rest
		}
		rest = filepath.Join(filepath.Base(there), rest)
	}
}

// isSame reports whether dir is the folder that stands at path, not one behind a symlink.
func isSame(dir *os.Root, path string) bool {
	there, err := os.Lstat(path)
	if err != nil {
		return false
	}
	here, err := dir.Stat(".")
	return err == nil && os.SameFile(there, here)
}

// enter opens the folder name in dir. What was opened is compared with what stood there, so a symlink is never followed.
func enter(dir *os.Root, name string, create bool) (*os.Root, error) {
	info, err := dir.Lstat(name)
	if create && errors.Is(err, fs.ErrNotExist) {
		if err := dir.Mkdir(name, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
		info, err = dir.Lstat(name)
	}
	switch {
	case err != nil:
		return nil, err
	case info.Mode()&fs.ModeSymlink != 0:
		return nil, ErrStale
	case !info.IsDir():
		return nil, syscall.ENOTDIR
	}
	next, err := dir.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	if self, err := next.Stat("."); err != nil || !os.SameFile(info, self) {
		next.Close()
		return nil, ErrStale
	}
	return next, nil
}

// readIn reads the file at path through its opened folder; info is nil where it does not exist.
func readIn(dir *os.Root, path string) (file File, info fs.FileInfo, err error) {
	f, info, err := openIn(dir, path)
	switch {
	case err != nil:
		return File{}, nil, err
	case f == nil:
		return File{Path: path}, nil, nil
	}
	defer f.Close()
	var text strings.Builder
	text.Grow(int(info.Size()))
	n, err := io.Copy(&text, io.LimitReader(f, MaxFile+1))
	switch {
	case err != nil:
		return File{}, nil, fmt.Errorf("read %s: %w", path, cause(err))
	case n > MaxFile:
		return File{}, nil, &TooLargeError{Path: path, Size: n}
	}
	return File{Path: path, Text: text.String(), Exists: true, Mode: info.Mode()}, info, nil
}

// openIn opens a regular file; both results are nil where there is none. A file that an editor replaces in that instant
// is tried again.
func openIn(dir *os.Root, path string) (*os.File, fs.FileInfo, error) {
	name := filepath.Base(path)
	for range 3 {
		info, err := dir.Lstat(name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, nil, nil
		case err != nil:
			return nil, nil, fmt.Errorf("read %s: %w", path, cause(err))
		case !info.Mode().IsRegular():
			return nil, nil, notFile(path, info.Mode())
		case info.Size() > MaxFile:
			return nil, nil, &TooLargeError{Path: path, Size: info.Size()}
		}
		// Should a FIFO have taken its place, O_NONBLOCK keeps the open from hanging.
		f, err := dir.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
		if err != nil {
			return nil, nil, fmt.Errorf("read %s: %w", path, cause(err))
		}
		if self, err := f.Stat(); err == nil && os.SameFile(info, self) {
			return f, info, nil
		}
		f.Close()
	}
	return nil, nil, fmt.Errorf("read %s: %w", path, ErrStale)
}
