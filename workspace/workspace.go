// Package workspace gives the user's files as the user sees them: open buffers first, disk second, nothing outside the
// roots without being asked for by name. Everything here counts in bytes; editors' positions are lsp's business.
package workspace

import (
	"context"
	"errors"
	"iter"
)

// ErrStale says that a file is no longer what a Change was computed from. Nothing was changed.
var ErrStale = errors.New("the file changed meanwhile")

// Workspace is the user's folders and the buffers that an editor has open. It is safe for concurrent use.
type Workspace struct {
	// TODO(workspace)
}

// New returns a workspace of the given root folders (absolute, at least one, the first is where relative paths start).
func New(roots ...string) *Workspace { panic("todo") }

// Roots are the canonical root folders, in the order given.
func (w *Workspace) Roots() []string { panic("todo") }

// SetRoots replaces the root folders (workspace/didChangeWorkspaceFolders).
func (w *Workspace) SetRoots(roots ...string) { panic("todo") }

// Path is a file name as it is judged: resolved, and placed.
type Path struct {
	// Given is the name as it came in.
	Given string
	// Abs is absolute and canonical: cleaned, "~/" expanded, symlinks resolved in every existing parent.
	Abs string
	// Root is the workspace root that holds Abs, "" outside; Rel is Abs relative to it with "/" (Abs itself outside).
	Root, Rel string
}

// Inside reports whether the path lies in one of the roots.
func (p Path) Inside() bool { return p.Root != "" }

// Resolve makes a name canonical. Relative names start at the first root. Names with NUL are refused.
func (w *Workspace) Resolve(name string) (Path, error) { panic("todo") }

// Limits on what Read takes; larger files are refused with *TooLargeError.
const MaxFile = 20 << 20

// Read returns the file as the user sees it: the open buffer, else the disk. A file that does not exist is a File with
// Exists false, not an error. Folders, devices, FIFOs and files over MaxFile are errors that say so.
func (w *Workspace) Read(name string) (File, error) { panic("todo") }

// Open registers an editor's buffer (didOpen). A second Open replaces the first.
func (w *Workspace) Open(path string, version int32, text string) { panic("todo") }

// Update edits an open buffer in place through edit and sets its version (didChange). It returns an error for a path
// that is not open. When edit fails the buffer is marked unsynchronised: Read and Apply refuse it until it is opened again.
func (w *Workspace) Update(path string, version int32, edit func(*Buffer) error) error { panic("todo") }

// Close drops a buffer (didClose); the disk is the truth again.
func (w *Workspace) Close(path string) { panic("todo") }

// Saved notes that the editor wrote the buffer to disk (didSave).
func (w *Workspace) Saved(path string) { panic("todo") }

// View calls f with the open buffer of path under the workspace's lock and reports whether there is one.
func (w *Workspace) View(path string, f func(b *Buffer, version int32)) bool { panic("todo") }

// IsOpen reports whether the editor has the file open.
func (w *Workspace) IsOpen(path string) bool { panic("todo") }

// Unsaved reports whether the file is open with text other than the disk's.
func (w *Workspace) Unsaved(path string) bool { panic("todo") }

// Wait returns when done answers true for the file's buffer, or with ctx's error. done is called with the snapshot at
// once and after every Open, Update, Saved and Close of that path; File.Open is false while it is not open.
func (w *Workspace) Wait(ctx context.Context, path string, done func(File) bool) error {
	panic("todo")
}

// Entry is one file or folder met by Walk.
type Entry struct {
	Path  string // absolute
	Rel   string // relative to the walked folder, with "/"
	IsDir bool
}

// Walk lists files below dir, ignored ones (.gitignore, .ignore, .git, info/exclude) and anything behind a symlinked
// folder left out, in no particular order, with open buffers that are not on disk yet included.
func (w *Workspace) Walk(ctx context.Context, dir string) iter.Seq2[Entry, error] { panic("todo") }

// Match is one line found by Grep; Line counts from 1.
type Match struct {
	Path string
	Line int
	Text string
}

// GrepOptions narrow a search. Include is a glob such as "*.{go,md}" on the base name, or on the relative path where it
// holds a slash.
type GrepOptions struct {
	Dir     string
	Include string
	Max     int // stop after so many matches; 0 means no limit
}

// Grep finds the lines that match an RE2 pattern in the files that Walk lists, buffers before disk, binary files left
// out. Results are ordered by modification time, newest first, as OpenCode's are.
func (w *Workspace) Grep(ctx context.Context, pattern string, opt GrepOptions) ([]Match, bool, error) {
	panic("todo")
}

// Glob lists the files below dir that match a doublestar pattern, newest first; more says that max cut the list.
func (w *Workspace) Glob(ctx context.Context, dir, pattern string, max int) (files []string, more bool, err error) {
	panic("todo")
}
