package tools

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/opencode-lsp/opencode-lsp/workspace"
)

// Reverter takes changes back where the files are now: each is taken out of the present text by three-way merge, so that what
// the user did before, between and after stays. It goes through the editor where a file is open, and on disk too where a
// command changed that below the editor.
type Reverter struct {
	Workspace *workspace.Workspace
	Applier   workspace.Applier
	// Contents keeps texts by reference; nil: nothing is kept so.
	Contents *workspace.Contents
}

// revertTries is how often a change is taken back anew because the user goes on typing.
const revertTries = 5

// Revert takes groups of changes to one file back, the newest group first, each group's changes in the order in which they were
// made. A group goes back whole or not at all; the first that cannot ends it with a *ConflictError or another reason, and
// those before it stay back. It returns what it did, as changes that Revert can take back in turn.
func (r *Reverter) Revert(ctx context.Context, path string, groups [][]Applied) (done []Applied, err error) {
	if groups, err = r.load(groups); err != nil {
		return nil, err
	}
	for try := 1; ; try++ {
		step, err := r.attempt(ctx, path, groups)
		done = append(done, step...)
		if !errors.Is(err, workspace.ErrStale) || try == revertTries || ctx.Err() != nil {
			return done, err
		}
	}
}

// load fills in the texts that are kept by reference.
func (r *Reverter) load(groups [][]Applied) ([][]Applied, error) {
	out := make([][]Applied, len(groups))
	for i, group := range groups {
		for _, c := range group {
			if err := cmp.Or(r.fill(&c.Before, c.BeforeRef), r.fill(&c.After, c.AfterRef)); err != nil {
				return nil, err
			}
			out[i] = append(out[i], c)
		}
	}
	return out, nil
}

// joined makes one edit of those that follow one another: what lies between them is of no interest where the user sees the last.
// The disk may hold any of them. What a command did is not joined: an editor may have seen a part of it.
func joined(group []Applied) []Applied {
	var out []Applied
	for _, c := range group {
		if n := len(out); n > 0 && out[n-1].After == c.Before && out[n-1].isEdit() && c.isEdit() {
			out[n-1].After = c.After
			continue
		}
		out = append(out, c)
	}
	return out
}

// isEdit reports whether the change went through the editor and the file was there before and after.
func (c Applied) isEdit() bool { return !c.Created && !c.Deleted && !c.Disk }

func (r *Reverter) fill(text *string, ref string) (err error) {
	switch {
	case ref == "":
		return nil
	case r.Contents == nil:
		return errors.New("what it held is not kept")
	}
	*text, err = r.Contents.Load(ref)
	return err
}

// attempt is Revert without trying again.
func (r *Reverter) attempt(ctx context.Context, path string, groups [][]Applied) ([]Applied, error) {
	p, err := r.look(ctx, path)
	if err != nil {
		return nil, err
	}
	p.apart = p.apart || p.now.Open && slices.ContainsFunc(groups, hasBelow)
	var kept error
	for _, group := range groups {
		next, err := p.without(group)
		if err != nil {
			kept = err
			break
		}
		p = next
	}
	done, err := r.bring(ctx, p, onDisk(groups))
	if err != nil {
		return done, err
	}
	return done, kept
}

// onDisk reports whether one of the changes was made on disk by a command.
func onDisk(groups [][]Applied) bool {
	for _, group := range groups {
		for _, c := range group {
			if c.Disk {
				return true
			}
		}
	}
	return false
}

// look reads what the user sees of a file, and what the disk holds where that is something else.
func (r *Reverter) look(ctx context.Context, path string) (place, error) {
	now, err := r.Workspace.Read(ctx, path)
	if err != nil {
		return place{}, err
	}
	p := place{now: now, seen: version{exists: now.Exists, text: now.Text}}
	if !now.Open {
		return p, nil
	}
	p.disk, err = r.Workspace.OnDisk(path)
	if err != nil {
		return place{}, err
	}
	p.below = version{exists: p.disk.Exists, text: p.disk.Text}
	p.apart = !p.disk.Exists || strings.TrimPrefix(p.disk.Text, bom) != strings.TrimPrefix(now.Text, bom)
	return p, nil
}

// place is one file on its way back.
type place struct {
	now, disk workspace.File
	// seen is what the user is to see; below what the disk is to hold, where the editor shows something else (apart).
	seen, below version
	apart       bool
}

// without takes a group of changes out of what the user sees and of what the disk holds.
func (p place) without(group []Applied) (place, error) {
	if !p.apart {
		var err error
		p.seen, err = p.seen.without(joined(group), false, p.now.Open)
		return p, err
	}
	shown, below := group, group
	if hasBelow(group) {
		shown, below = choose(group, false), choose(group, true)
	}
	seen, err := p.seen.without(joined(shown), true, true)
	if err != nil || !concernsDisk(below) {
		p.seen = seen
		return p, err // the disk gets an edit by the next save
	}
	disk := p.below
	changed := seen != p.seen
	p.seen = seen
	if p.below, err = p.below.without(below, true, false); err != nil && changed && seen.exists && !slices.ContainsFunc(below, isRemoval) {
		p.below = disk // the next save brings it there
		return p, nil
	}
	switch {
	case err != nil:
		return p, err
	case !p.below.exists && p.seen.exists && !hasBelow(below):
		p.below = disk // the user goes on with what would be removed
	case p.below.exists && !p.seen.exists:
		return p, errors.New("the disk holds something else than the editor")
	}
	return p, nil
}

// hasBelow reports whether the group is of an undo that left a buffer alone: then each change belongs to one of the two.
func hasBelow(group []Applied) bool {
	return slices.ContainsFunc(group, func(c Applied) bool { return c.Below })
}

func isRemoval(c Applied) bool { return c.Deleted }

// choose are the changes below a buffer, or the others.
func choose(group []Applied, below bool) []Applied {
	return slices.DeleteFunc(slices.Clone(group), func(c Applied) bool { return c.Below != below })
}

// concernsDisk reports whether one of the changes is to be looked for on disk though the editor has the file open.
func concernsDisk(group []Applied) bool {
	for _, c := range group {
		if c.Disk || c.Created || c.Deleted {
			return true
		}
	}
	return false
}
