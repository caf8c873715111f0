package workspace

import "context"

// Edit replaces the bytes [Start, End) of a text by New.
type Edit struct {
	Start, End int
	New        string
}

// Change is a set of edits to one file, pinned to the snapshot that they were computed from. It is applied whole or not
// at all. Edits are sorted, do not overlap and are minimal, so that marks, folds and cursors survive.
type Change struct {
	File  File
	Edits []Edit
}

// NewChange returns the minimal Change that turns file into one with the given text. A file that does not exist is
// created.
func NewChange(file File, text string) Change { panic("todo") }

// After is the text of the file once the change is applied.
func (c Change) After() string { panic("todo") }

// Empty reports whether the change does nothing.
func (c Change) Empty() bool { panic("todo") }

// Diff is the change as a unified diff with the given name in its header.
func (c Change) Diff(name string) string { panic("todo") }

// Reverse is the change that undoes c, pinned to the snapshot that c leads to.
func (c Change) Reverse() Change { panic("todo") }

// Rebase carries the change over to a newer snapshot of the same file: the edits keep their text and move with their
// surroundings. It returns ErrStale where the newer text differs on a line that the change touches, so that the lines
// which the user was shown are the lines that change.
func (c Change) Rebase(now File) (Change, error) { panic("todo") }

// Applier carries a Change to where the file lives. It returns an error that wraps ErrStale, and has changed nothing,
// when the file is no longer what the Change is pinned to.
type Applier interface {
	Apply(ctx context.Context, c Change) error
}

// Land applies the change; while the user is typing elsewhere in the file it is rebased and tried again, a few times.
// It returns the change as it was applied.
func Land(ctx context.Context, w *Workspace, a Applier, c Change) (Change, error) { panic("todo") }

// Disk is the Applier for files that no editor has open: temporary file, fsync, rename, mode kept, parents created. It
// works through os.Root inside the workspace's roots, so that a symlink swapped in after the question is not followed.
type Disk struct{ Workspace *Workspace }

// Apply implements [Applier]. It refuses with ErrStale when the file is open in the editor with other text.
func (d Disk) Apply(ctx context.Context, c Change) error { panic("todo") }
