package lsp

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"

	"github.com/opencode-lsp/opencode-lsp/workspace"
)

// Files are removed and moved through the editor where it knows how, so that its buffers, its undo and its file tree follow;
// else on disk. Whether it happened the disk says. New files are made on disk and filled by an edit (create).

// knows reports whether the editor does the file operation, "delete" or "rename", for this file. One that it has open by way
// of a symlink is left to the disk: the editor would remove or rename the link.
func (s *Server) knows(operation string, f workspace.File) bool {
	caps := s.client.caps.Workspace
	return slices.Contains(caps.WorkspaceEdit.ResourceOperations, operation) && caps.ApplyEdit &&
		(f.Open || s.editsUnopened()) && s.ws.OpenName(f.Path) == f.Path
}

// operate asks the editor for a file operation.
func (s *Server) operate(ctx context.Context, op fileOperation) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return s.applyEdit(ctx, applyEditParams{Edit: workspaceEdit{[]any{op}}})
}

// gone reports whether nothing stands on disk under that name.
func gone(path string) bool {
	_, err := os.Lstat(path)
	return errors.Is(err, os.ErrNotExist)
}

// remove removes a file. An editor that says it did and did not is passed over; one that refuses is obeyed.
func (a *applier) remove(ctx context.Context, c workspace.Change) error {
	s, path := a.server, c.File.Path
	if s.knows("delete", c.File) {
		err := s.operate(ctx, fileOperation{Kind: "delete", URI: uriOf(path)})
		switch {
		case gone(path):
			s.edits.forget(path)
			return nil
		case ctx.Err() != nil, errors.Is(err, errRefused):
			return err
		}
	}
	err := a.disk(ctx, c)
	if err != nil && !gone(path) {
		return err
	}
	s.edits.forget(path)
	return nil
}

// move moves a file and gives it its new text.
func (a *applier) move(ctx context.Context, c workspace.Change) error {
	s := a.server
	there, err := s.ws.Read(ctx, c.MoveTo)
	if err != nil {
		return err
	}
	if there.Exists {
		return workspace.ErrStale
	}
	// Neovim before 0.8 makes no folders for a rename.
	if !s.knows("rename", c.File) || gone(filepath.Dir(c.MoveTo)) {
		return a.moveByParts(ctx, c)
	}
	saved, err := s.ws.OnDisk(c.File.Path)
	if err != nil {
		return err
	}
	err = s.rename(ctx, c.File.Path, c.MoveTo)
	switch {
	case gone(c.File.Path) && !gone(c.MoveTo):
		return a.fill(ctx, c, saved.Text)
	case ctx.Err() != nil, errors.Is(err, errRefused):
		return err
	}
	return a.moveByParts(ctx, c)
}

func (s *Server) rename(ctx context.Context, from, to string) error {
	return s.operate(ctx, fileOperation{Kind: "rename", OldURI: uriOf(from), NewURI: uriOf(to)})
}

// moveByParts makes the new file and removes the old one.
func (a *applier) moveByParts(ctx context.Context, c workspace.Change) error {
	made := workspace.NewChange(workspace.File{Path: c.MoveTo, Mode: c.File.Mode}, c.After())
	if err := a.apply(ctx, made); err != nil {
		return err
	}
	err := a.remove(ctx, workspace.NewRemoval(c.File))
	if err != nil {
		return errors.Join(err, a.apply(context.WithoutCancel(ctx), workspace.NewRemoval(made.Result())))
	}
	return nil
}

// fill gives a file that the editor has moved its new text; saved is what the disk held of it. Where that cannot be done the
// file goes back.
func (a *applier) fill(ctx context.Context, c workspace.Change, saved string) error {
	s := a.server
	s.edits.move(c.File.Path, c.MoveTo)
	if c.File.Open {
		opened, cancel := context.WithTimeout(ctx, openWithin)
		defer cancel()
		// An editor that tells of no buffer by then has closed it, or opens it when it is looked at.
		_ = s.ws.Wait(opened, c.MoveTo, func(f workspace.File) bool { return f.Open && f.Text == c.File.Text })
	}
	err := a.retext(ctx, c, saved)
	if err != nil {
		back := context.WithoutCancel(ctx)
		err = errors.Join(err, s.rename(back, c.MoveTo, c.File.Path))
		s.edits.move(c.MoveTo, c.File.Path)
	}
	return err
}

// retext applies the edits of a move where the file is now. What was unsaved may have been lost on the way, and the user may
// have gone on typing.
func (a *applier) retext(ctx context.Context, c workspace.Change, saved string) error {
	now, err := a.server.ws.Read(ctx, c.MoveTo)
	if err != nil {
		return err
	}
	after := c.After()
	edit := workspace.NewChange(now, after)
	if now.Text != after && now.Text != c.File.Text && now.Text != saved {
		pinned := workspace.Change{File: c.File, Edits: c.Edits}
		pinned.File.Path = c.MoveTo
		if edit, err = pinned.Rebase(now); err != nil {
			return err
		}
	}
	if edit.Empty() {
		return nil
	}
	a.quiet = true
	defer func() { a.quiet = false }()
	return a.apply(ctx, edit)
}
