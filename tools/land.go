package tools

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/opencode-lsp/opencode-lsp/workspace"
)

// land carries out changes that were permitted: all of them are checked again before the first is made, and where a later one
// fails all the same, those before it are taken back.
func (k *kit) land(ctx context.Context, changes []change) (Result, error) {
	for _, c := range changes {
		if err := k.current(ctx, c); err != nil {
			return Result{}, err
		}
	}
	problems := k.watch(pathsOf(changes))
	var done []change
	for _, c := range changes {
		landed, err := workspace.Land(ctx, k.Workspace, k.applier(), c.Change)
		if errors.Is(err, workspace.ErrStale) {
			err = changedError(c.at)
		}
		if err != nil {
			return k.takeBack(ctx, done, err)
		}
		c.known, c.Change = c.After(), landed
		done = append(done, c)
	}
	r := k.landed(k.format(ctx, done))
	r.Text += problems(ctx)
	return r, nil
}

// pathsOf are the files that are there once the changes are made.
func pathsOf(changes []change) []string {
	var paths []string
	for _, c := range changes {
		if !c.Remove {
			paths = append(paths, cmp.Or(c.MoveTo, c.File.Path))
		}
	}
	return paths
}

// current refuses a change whose file, or whose path, is no longer what the user was shown.
func (k *kit) current(ctx context.Context, c change) error {
	if err := k.again(c.at); err != nil {
		return err
	}
	now, err := k.Workspace.Read(ctx, c.File.Path)
	if err != nil {
		return err
	}
	if _, err := c.Rebase(now); err != nil {
		return changedError(c.at)
	}
	if c.MoveTo == "" {
		return nil
	}
	if err := k.again(c.to); err != nil {
		return err
	}
	there, err := k.Workspace.Read(ctx, c.MoveTo)
	if err == nil && there.Exists {
		err = fmt.Errorf("%s has come into being meanwhile; nothing was changed", c.to.name)
	}
	return err
}

// takeBack undoes the changes before one that failed. What could not be undone stands in the result, for the user's undo.
func (k *kit) takeBack(ctx context.Context, done []change, reason error) (Result, error) {
	if len(done) == 0 {
		return Result{}, reason
	}
	var left []change
	var undone []string
	for _, c := range slices.Backward(done) {
		if _, err := workspace.Land(context.WithoutCancel(ctx), k.Workspace, k.applier(), c.Reverse()); err != nil {
			left = append(left, c)
			continue
		}
		undone = append(undone, c.label())
	}
	slices.Reverse(left)
	r := k.landed(left)
	r.Error, r.Title = true, ""
	r.Text = reason.Error()
	if len(undone) > 0 {
		r.Text += ". What had been changed before was taken back: " + strings.Join(undone, ", ")
	}
	if len(left) > 0 {
		r.Text += ". These changes stay, since they could not be taken back: " + subject(left)
	}
	return r, nil
}

// landed is the result of changes that were made.
func (k *kit) landed(done []change) Result {
	var r Result
	notes := make([]string, 0, len(done))
	for _, c := range done {
		r.Diff += c.diff()
		r.Changes = append(r.Changes, k.applied(c)...)
		if c.note != "" {
			notes = append(notes, c.note)
		}
		if !c.stale {
			k.Seen.note(c.Result().Path, c.known)
		}
	}
	for _, a := range r.Changes {
		r.Files = append(r.Files, a.Path)
	}
	if len(done) > 0 {
		r.Title = subject(done)
	}
	r.Text = strings.TrimSpace("Done: " + r.Title + ". " + strings.Join(notes, " "))
	return r
}

// applied is the change as undo needs it.
func (k *kit) applied(c change) []Applied {
	after := c.Result()
	if c.MoveTo == "" {
		a := Applied{Path: c.File.Path, Before: c.File.Text, After: after.Text, Created: !c.File.Exists, Deleted: c.Remove}
		if c.Remove {
			a.Mode = c.File.Mode
		}
		return []Applied{a}
	}
	here := Applied{Path: after.Path, After: after.Text, Created: true}
	if disk, err := k.Workspace.OnDisk(after.Path); err == nil && disk.Text != after.Text {
		here.Under = disk.Text
	}
	return []Applied{{Path: c.File.Path, Before: c.File.Text, Deleted: true, Mode: c.File.Mode}, here}
}
