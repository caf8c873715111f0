package acp

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/permission"
	"github.com/opencode-lsp/opencode-lsp/workspace"
)

// Apply implements [workspace.Applier]. What the client can write goes through it, so that it shows in its review and in its
// undo; removals, moves, files outside of its project and those that it does not show go to the disk.
func (f *files) Apply(ctx context.Context, c workspace.Change) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if c.Remove || c.MoveTo != "" || !f.one.server.client.FS.Write || !f.ours(c.File.Path) {
		return f.onDisk(ctx, c)
	}
	now, err := f.ws.Read(ctx, c.File.Path)
	if err != nil {
		return err
	}
	if !now.Same(c.File) {
		return fmt.Errorf("write %s: %w", c.File.Path, workspace.ErrStale)
	}
	if now.Exists && !f.shown(c.File.Path) {
		return f.onDisk(ctx, c) // a whole text would take the place of a buffer that nobody has seen
	}
	return f.write(ctx, c)
}

// write gives the client the whole text, which is all that ACP has. Once it was sent its outcome is waited for, though not long
// where the user cancels meanwhile.
func (f *files) write(ctx context.Context, c workspace.Change) error {
	before, err := f.ws.OnDisk(c.File.Path)
	if err != nil {
		return err
	}
	within, cancel := lingering(ctx)
	defer cancel()
	_, err = call[any](within, f.one.server.conn, "fs/write_text_file",
		map[string]any{"sessionId": f.session(), "path": f.theirs(c.File.Path), "content": f.clientText(c)})
	if err != nil {
		return fmt.Errorf("the editor did not write %s: %w", f.name(c.File.Path), err)
	}
	return f.confirm(ctx, c, before)
}

// clientText is the new text as the client shows texts of that file.
func (f *files) clientText(c workspace.Change) string {
	f.mu.Lock()
	form := f.form[c.File.Path]
	f.mu.Unlock()
	text := c.After()
	if form.noMark {
		text = strings.TrimPrefix(text, mark)
	}
	if form.lf {
		text = strings.ReplaceAll(text, "\r\n", "\n")
	}
	return text
}

// confirm looks at what became of an edit: several clients answer before they have written, or without. Where the client does
// not say, the disk may.
func (f *files) confirm(ctx context.Context, c workspace.Change, before workspace.File) error {
	ctx, cancel := lingering(ctx)
	defer cancel()
	now, err := f.ws.Read(ctx, c.File.Path)
	if err != nil {
		if disk, failed := f.ws.OnDisk(c.File.Path); failed == nil && disk.Exists && disk.Text == c.After() {
			return nil
		}
		return err
	}
	if now.Same(c.File) && !c.Empty() {
		return fmt.Errorf("the editor says that it wrote %s, but the file is as it was; try again, or ask the user", f.name(c.File.Path))
	}
	if now.Open {
		f.mu.Lock()
		defer f.mu.Unlock()
		if _, known := f.edited[before.Path]; !known || before.Same(c.File) { // the edit before it was saved meanwhile
			f.edited[before.Path] = sum(before)
		}
	}
	return nil
}

// onDisk makes a change to the disk, below no buffer that shows something else.
func (f *files) onDisk(ctx context.Context, c workspace.Change) error {
	if c.File.Open && !c.Remove {
		return fmt.Errorf("%s has changes in the editor that are not saved, and they cannot be kept over this connection: ask the user to save the file first",
			f.name(c.File.Path))
	}
	if err := (workspace.Disk{Workspace: f.ws}).Apply(ctx, c); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.clean[c.File.Path] = sum(c.File) // a buffer that shows this is late
	return nil
}

// barrier asks what to do about edits that the client has not brought to disk, before something reads the disk.
func (f *files) barrier(ctx context.Context, s *agent.Session) error {
	paths := f.unsaved(ctx)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case len(paths) == 0:
		return nil
	}
	switch f.one.agent.Save() {
	case "never":
		return nil
	case "write":
		return f.save(ctx, paths)
	}
	var names []string
	for _, path := range paths {
		names = append(names, f.name(path))
	}
	answer, err := s.AskSave(ctx, "edited but not saved: "+strings.Join(names, ", "), []string{"The command reads the disk, which does not show these edits yet."}, names)
	switch {
	case err != nil:
		return err
	case answer.Reply == permission.Once:
		return f.save(ctx, paths)
	case answer.Reply == agent.Skip:
		return nil
	}
	return &permission.RejectedError{Message: answer.Message}
}

// save writes the buffers' text to disk where that still holds what it held before the agent's edits.
func (f *files) save(ctx context.Context, paths []string) error {
	var kept []string
	for _, path := range paths {
		err := f.saveOne(ctx, path)
		if errors.Is(err, workspace.ErrStale) {
			kept = append(kept, f.name(path))
		} else if err != nil {
			return err
		}
	}
	if len(kept) > 0 {
		return fmt.Errorf("not written, since the disk holds other changes: %s; ask the user to save or merge by hand", strings.Join(kept, ", "))
	}
	return nil
}

func (f *files) saveOne(ctx context.Context, path string) error {
	buffer, err := f.ws.Read(ctx, path)
	if err != nil {
		return err
	}
	disk, err := f.ws.OnDisk(path)
	if err != nil {
		return err
	}
	f.mu.Lock()
	base := f.edited[path]
	f.mu.Unlock()
	switch {
	case disk.Text == buffer.Text && disk.Exists:
		return nil
	case sum(disk) != base:
		return workspace.ErrStale
	}
	return workspace.Disk{Workspace: f.ws}.Apply(ctx, workspace.NewChange(disk, buffer.Text))
}

func sorted(list []string) []string {
	slices.Sort(list)
	return list
}
