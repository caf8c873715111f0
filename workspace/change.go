package workspace

import (
	"fmt"
	"strings"
)

// Edit replaces the bytes [Start, End) of a text by New.
type Edit struct {
	Start, End int
	New        string
}

// Change is a set of edits to one file, pinned to the snapshot that they were computed from. It is applied whole or not
// at all. Edits are sorted, do not overlap and are minimal, so that marks, folds and cursors survive; none starts or ends
// within a character or within "\r\n", so that every one can be said in an editor's positions.
type Change struct {
	File  File
	Edits []Edit
	// Remove says that the file is removed; Edits then delete all of its text.
	Remove bool
	// MoveTo is the canonical path that the file gets, edited, where nothing may stand yet; "" leaves it where it is.
	MoveTo string
}

// NewChange returns the minimal Change that turns file into one with the given text. A file that does not exist is
// created.
func NewChange(file File, text string) Change {
	return Change{File: file, Edits: editsBetween(file.Text, text)}
}

// NewRemoval returns the Change that removes file.
func NewRemoval(file File) Change {
	c := NewChange(file, "")
	c.Remove = true
	return c
}

// NewMove returns the Change that moves file to another canonical path and gives it the text.
func NewMove(file File, to, text string) Change {
	c := NewChange(file, text)
	c.MoveTo = to
	return c
}

// editsBetween is one edit for each run of changed lines, narrowed to the bytes that differ.
func editsBetween(a, b string) []Edit {
	spans := editorLines.spans(a, b)
	if len(spans) == 0 {
		return nil
	}
	edits := make([]Edit, len(spans))
	for i, s := range spans {
		s = s.trim(a, b)
		edits[i] = Edit{Start: s.a0, End: s.a1, New: b[s.b0:s.b1]}
	}
	return edits
}

// After is the text of the file once the change is applied.
func (c Change) After() string { return applyEdits(c.File.Text, c.Edits) }

// applyEdits puts sorted edits into text.
func applyEdits(text string, edits []Edit) string {
	if len(edits) == 0 {
		return text
	}
	var b strings.Builder
	size := len(text)
	for _, e := range edits {
		size += len(e.New) - (e.End - e.Start)
	}
	b.Grow(max(size, 0))
	at := 0
	for _, e := range edits {
		b.WriteString(text[at:e.Start])
		b.WriteString(e.New)
		at = e.End
	}
	b.WriteString(text[at:])
	return b.String()
}

// check refuses edits that are out of order or out of range; After would panic on them.
func (c Change) check() error {
	at := 0
	for _, e := range c.Edits {
		if e.Start < at || e.End < e.Start || e.End > len(c.File.Text) {
			return fmt.Errorf("change %s: the edit of bytes %d to %d is out of order or out of range", c.File.Path, e.Start, e.End)
		}
		at = e.End
	}
	return nil
}

// Empty reports whether the change does nothing. Creating or removing an empty file is something.
func (c Change) Empty() bool {
	return len(c.Edits) == 0 && c.File.Exists == !c.Remove && c.MoveTo == ""
}

// Result is the snapshot that the change leads to. Version and Mode are those of c.File.
func (c Change) Result() File {
	after := c.File
	after.Text, after.Exists = c.After(), !c.Remove
	if c.MoveTo != "" {
		after.Path = c.MoveTo
	}
	return after
}

// Reverse is the change that undoes c, pinned to the snapshot that c leads to. What c created is removed, what it moved goes
// back.
func (c Change) Reverse() Change {
	back := Change{File: c.Result(), Remove: !c.File.Exists && !c.Remove}
	if c.MoveTo != "" {
		back.MoveTo = c.File.Path
	}
	shift := 0
	for _, e := range c.Edits {
		start := e.Start + shift
		back.Edits = append(back.Edits, Edit{Start: start, End: start + len(e.New), New: c.File.Text[e.Start:e.End]})
		shift += len(e.New) - (e.End - e.Start)
	}
	return back
}
