package tools

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/opencode-lsp/opencode-lsp/workspace"
)

// bring makes a file what it is to be: in the editor, and below it where they are apart. direct says that a file which is not
// open is written on disk, whatever edits.unopened says: there a command changed it.
func (r *Reverter) bring(ctx context.Context, p place, direct bool) ([]Applied, error) {
	var done []Applied
	for _, m := range p.moves(direct) {
		a, err := r.record(m)
		if err == nil {
			err = r.apply(ctx, m)
		}
		if err != nil {
			return done, err
		}
		done = append(done, a)
	}
	return done, nil
}

// move is one change of a file, below the editor or through it.
type move struct {
	workspace.Change
	direct, below bool
}

// moves are the changes that bring a file where it is to be.
func (p place) moves(direct bool) []move {
	var all []move
	add := func(from workspace.File, to version, direct, below bool) {
		if from.Exists != to.exists || from.Text != to.text {
			all = append(all, move{towards(from, to), direct, below})
		}
	}
	add(p.now, p.seen, !p.now.Open && (direct || !mergeable(p.seen.text)), false)
	if p.apart && p.seen.exists {
		add(p.disk, p.below, true, true)
	}
	return all
}

// towards is the change from a file to a version of it.
func towards(from workspace.File, to version) workspace.Change {
	if from.Exists && !to.exists {
		return workspace.NewRemoval(from)
	}
	if !from.Exists {
		from.Mode = to.mode
	}
	return workspace.NewChange(from, to.text)
}

// apply is where undo and redo change files, on the word of the user who gave the command.
func (r *Reverter) apply(ctx context.Context, m move) error {
	if m.direct {
		return workspace.Disk{Workspace: r.Workspace, Under: true}.Apply(ctx, m.Change)
	}
	return r.Applier.Apply(ctx, m.Change)
}

// record is a change as Revert takes it back, its texts by reference.
func (r *Reverter) record(m move) (Applied, error) {
	a := Applied{Path: m.File.Path, Created: !m.File.Exists, Deleted: m.Remove, Disk: m.direct, Below: m.below}
	if m.Remove {
		a.Mode = m.File.Mode
	}
	return a, cmp.Or(r.keep(m.File.Text, &a.Before, &a.BeforeRef), r.keep(m.After(), &a.After, &a.AfterRef))
}

// keep holds on to a text: by reference, or here where it is fit for JSON and there is no other way.
func (r *Reverter) keep(text string, here, ref *string) error {
	err := errors.New("no folder is set for it")
	if r.Contents != nil && text != "" {
		if *ref, err = r.Contents.Save([]byte(text)); err == nil {
			return nil
		}
	}
	if !mergeable(text) {
		return fmt.Errorf("no copy can be kept for redo: %w", err)
	}
	*here = text
	return nil
}
