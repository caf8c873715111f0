package tools

import (
	"io/fs"
	"slices"
	"strings"

	"github.com/opencode-lsp/opencode-lsp/workspace"
)

// version is one state of a file.
type version struct {
	exists bool
	text   string
	mode   fs.FileMode // of a file that is made anew; zero for the usual one
}

// without takes changes back, the newest first. apart says that the editor and the disk show different texts, so that a
// change need not be in this one; open that it is the editor's.
func (v version) without(group []Applied, apart, open bool) (version, error) {
	if open && !strings.HasPrefix(v.text, bom) {
		group = slices.Clone(group)
		for i, c := range group { // editors hide it
			group[i].Before, group[i].After = strings.TrimPrefix(c.Before, bom), strings.TrimPrefix(c.After, bom)
		}
	}
	var passed []Applied // over, since it does not seem to be there; the newest first
	var clash error
	for i := len(group) - 1; i >= 0; i-- {
		c := group[i]
		if n := v.ahead(group[:i+1]); apart && open && n > 0 {
			i -= n - 1
			continue
		}
		next, err := v.back(c, apart && open)
		if err == nil && apart && open && c.Disk && next != v && !workspace.Closed(v.text, c.Before, c.After) {
			next, err = v, conflict(c, v, "the editor may not have it")
		}
		elsewhere := c.Disk && i+1 < len(group) && c.After != group[i+1].Before // then, if not now
		switch {
		case apart && !open && c.isEdit():
			// It is on disk where it was saved, and what counts is the buffer.
			if err == nil && v.exists && workspace.Shows(v.text, c.Before, c.After) {
				v = next
			}
		case err == nil && (len(passed) == 0 || next != v):
			v = next
		case err == nil:
			passed = append(passed, c)
		case (apart || elsewhere) && !c.Created && !c.Deleted:
			passed, clash = append(passed, c), err
		default:
			return v, err
		}
	}
	if !v.lacks(passed) {
		return v, clash
	}
	return v, nil
}

// ahead is how many of the last changes, by commands that followed one another, the text shows nothing of: a buffer that was not
// loaded again since.
func (v version) ahead(group []Applied) int {
	last := len(group) - 1
	most := 0
	for i := last; i >= 0; i-- {
		c := group[i]
		if !c.Disk || c.Created || c.Deleted || i < last && c.After != group[i+1].Before {
			break
		}
		if workspace.Lacks(v.text, c.Before, group[last].After) {
			most = last - i + 1
		}
	}
	return most
}

// lacks reports whether the text shows nothing of changes, the newest first; those that follow one another are looked at as one.
func (v version) lacks(changes []Applied) bool {
	for len(changes) > 0 {
		n := 1
		for n < len(changes) && changes[n].After == changes[n-1].Before {
			n++
		}
		if !workspace.Lacks(v.text, changes[n-1].Before, changes[0].After) {
			return false
		}
		changes = changes[n:]
	}
	return true
}

// back takes one change back. buffer says that this is an editor's text and that the disk holds another.
func (v version) back(c Applied, buffer bool) (version, error) {
	switch {
	case c.Created && c.Deleted:
		return v, nil // it came and went
	case c.Deleted && !v.exists:
		return version{true, c.Before, c.Mode}, nil
	case c.Deleted && (buffer || v.text == c.Before):
		return v, nil // the editor has kept it, or the user has brought it back
	case c.Deleted:
		return v, conflict(c, v, "another file stands in its place")
	case !v.exists:
		return v, nil // the user has removed it, and the change with it
	case v.text == c.After, v.text == c.Before, c.Under != "" && v.text == c.Under:
		return version{!c.Created, c.Before, v.mode}, nil
	case c.Created && c.Below:
		return v, conflict(c, v, "it has changed since")
	case strings.TrimSpace(v.text) == "":
		return v, conflict(c, v, "all that stood around it is gone")
	case !mergeable(c.Before, c.After, v.text):
		return v, conflict(c, v, "it has changed since, and is binary or too large to merge")
	}
	merged, clean := workspace.Merge(c.After, c.Before, v.text)
	if !clean || workspace.Doubles(merged, v.text, c.Before, c.After) {
		return v, conflict(c, v, "your own edits overlap")
	}
	return version{true, merged, v.mode}, nil
}

// maxMerge is the size in bytes up to which texts are merged; larger ones are put back whole or not at all.
const maxMerge = 5 << 20

func mergeable(texts ...string) bool {
	for _, text := range texts {
		if len(text) > maxMerge || (workspace.File{Text: text}).Editable() != nil {
			return false
		}
	}
	return true
}
