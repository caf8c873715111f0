package workspace

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Rebase carries the change over to a newer snapshot of the same file: the edits keep their text and move with their
// surroundings. It returns ErrStale where the newer text differs on a line that the change touches, so that the lines
// which the user was shown are the lines that change. Whole lines that the change inserts touch no line: they go where
// their neighbours went. Creations and removals go through only where nothing changed.
func (c Change) Rebase(now File) (Change, error) {
	moved := Change{File: now, Edits: c.Edits, Remove: c.Remove, MoveTo: c.MoveTo}
	switch {
	case c.File.Same(now):
		return moved, nil
	case c.File.Path != now.Path, c.File.Exists != now.Exists, !now.Exists, c.Remove:
		return Change{}, fmt.Errorf("%s: %w", c.File.Path, ErrStale)
	}
	edits, ok := carry(c.File.Text, c.Edits, now.Text)
	if !ok {
		return Change{}, fmt.Errorf("%s: %w", c.File.Path, ErrStale)
	}
	moved.Edits = edits
	return moved, nil
}

// Merge puts into theirs what turned base into ours, and reports whether that went without a conflict: lines that both
// changed, unless to the same. Undo uses it with the text that the agent left as base and the one before it as ours.
func Merge(base, ours, theirs string) (string, bool) {
	switch {
	case base == ours, ours == theirs:
		return theirs, true
	case base == theirs:
		return ours, true
	}
	edits, ok := carry(base, missing(base, ours, theirs), theirs)
	if !ok {
		return "", false
	}
	return applyEdits(theirs, edits), true
}

// missing is the edits that turn base into ours, without those that theirs shows already.
func missing(base, ours, theirs string) []Edit {
	done := editsBetween(base, theirs)
	return slices.DeleteFunc(editsBetween(base, ours), func(e Edit) bool { return slices.Contains(done, e) })
}

// Clash is the line of theirs, counted from 1, where [Merge] of the same texts first meets a conflict; 0 where it meets none.
func Clash(base, ours, theirs string) int {
	edits := missing(base, ours, theirs)
	for n := range edits {
		if _, ok := carry(base, edits[:n+1], theirs); !ok {
			return 1 + strings.Count(theirs[:moved(base, theirs, edits[n].Start)], "\n")
		}
	}
	return 0
}

// moved is where the offset of base is found in now; within what differs, where that starts.
func moved(base, now string, offset int) int {
	shift := 0
	for _, s := range editorLines.spans(base, now) {
		switch {
		case s.a0 > offset:
			return offset + shift
		case s.a1 > offset || s.a0 == offset:
			return s.b0
		}
		shift = s.b1 - s.a1
	}
	return offset + shift
}

// carry moves edits of base to now. It fails where a line that they touch differs.
func carry(base string, edits []Edit, now string) ([]Edit, bool) {
	changed := editorLines.spans(base, now)
	out := make([]Edit, 0, len(edits))
	shift := 0 // what the spans before the present edit add up to
	for _, e := range edits {
		lines := touched(base, e)
		for len(changed) > 0 && changed[0].before(lines) {
			shift = changed[0].b1 - changed[0].a1
			changed = changed[1:]
		}
		moved := Edit{Start: e.Start + shift, End: e.End + shift, New: e.New}
		if len(changed) > 0 && changed[0].meets(lines) || !lines.fits(base, e, now, moved) {
			return nil, false
		}
		if n := len(out); n > 0 && out[n-1].End == moved.Start && strings.HasSuffix(out[n-1].New, "\r") {
			return nil, false // what kept two edits apart is gone, and they could join to one line end
		}
		out = append(out, moved)
	}
	return out, true
}

// lineRange is a run of whole lines in bytes. An empty one lies between two lines. open says that what replaces it does
// not end with a line end: it can stand only before the same line or at the end of the text.
type lineRange struct {
	start, end int
	open       bool
}

// touched is the lines that an edit changes, joins or splits.
func touched(text string, e Edit) lineRange {
	r := lineRange{start: e.Start, end: e.End}
	for !editorLines.isStart(text, r.start) {
		r.start--
	}
	if e.New == "" {
		r.open = r.start != e.Start
	} else {
		r.open = !strings.HasSuffix(e.New, "\n") && !strings.HasSuffix(e.New, "\r")
	}
	if !r.open && editorLines.isStart(text, e.End) {
		return r
	}
	for r.end++; r.end < len(text) && !editorLines.isStart(text, r.end); r.end++ {
	}
	r.end = min(r.end, len(text))
	r.open = r.open && editorLines.isStart(text, e.End) && e.End == len(text)
	return r
}

// before reports whether all of s lies before the lines. What was inserted at the very place of an insertion of ours
// comes after it, so that ours starts on a line of its own.
func (s span) before(l lineRange) bool {
	return s.a1 <= l.start && (l.start != l.end || s.a0 != l.start)
}

// meets reports whether s changes one of the lines, or something between them.
func (s span) meets(l lineRange) bool { return s.a0 < l.end && l.start < s.a1 }

// fits reports whether the moved edit stands on line ends as the original did: text that was put behind the last line
// end, or takes the last line end away, must not run into a line that came since, nor a new line be glued to an old one.
func (l lineRange) fits(base string, e Edit, now string, moved Edit) bool {
	if editorLines.isStart(base, e.Start) != editorLines.isStart(now, moved.Start) {
		return false
	}
	if l.open && moved.End != len(now) {
		return false
	}
	joins := func(a, b string) bool { return strings.HasSuffix(a, "\r") && strings.HasPrefix(b, "\n") }
	return e.New == "" || !joins(now[:moved.Start], e.New) && !joins(e.New, now[moved.End:])
}

// landTries is how often Land carries a change over to newer text before it gives up.
const landTries = 5

// Land applies the change; while the user is typing elsewhere in the file it is rebased and tried again, a few times.
// It returns the change as it was applied.
func Land(ctx context.Context, w *Workspace, a Applier, c Change) (Change, error) {
	for try := 1; ; try++ {
		err := a.Apply(ctx, c)
		if err == nil {
			return c, nil
		}
		if try == landTries || !errors.Is(err, ErrStale) || ctx.Err() != nil {
			return Change{}, err
		}
		now, err := w.Read(ctx, c.File.Path)
		if err != nil {
			return Change{}, err
		}
		if c, err = c.Rebase(now); err != nil {
			return Change{}, err
		}
	}
}
