package lsp

import (
	"context"
	"errors"

	"github.com/opencode-lsp/opencode-lsp/tools"
	"github.com/opencode-lsp/opencode-lsp/workspace"
)

// reverter takes the agent's changes back through the editor.
type reverter struct{ server *Server }

// Revert implements [agent.Reverter]: what the agent did is taken out of the file as it is now, by three-way merge, so that
// the user's own edits stay. A file that the agent made goes away where nobody has changed it, one that it removed comes back
// where nothing else stands in its place.
func (r reverter) Revert(ctx context.Context, c tools.Applied) error {
	now, err := r.server.ws.Read(c.Path)
	if err != nil {
		return err
	}
	switch {
	case c.Created && c.Deleted:
		return nil // it came and went
	case c.Created && now.Exists && now.Text == c.After:
		return r.land(ctx, workspace.NewRemoval(now))
	case c.Deleted:
		return r.restore(ctx, c, now)
	}
	merged, clean := workspace.Merge(c.After, now.Text, c.Before)
	if !clean {
		return errors.New("your own edits overlap")
	}
	return r.land(ctx, workspace.NewChange(now, merged))
}

// restore brings back a file that the agent removed. An editor may have kept its buffer.
func (r reverter) restore(ctx context.Context, c tools.Applied, now workspace.File) error {
	disk, err := r.server.ws.OnDisk(c.Path)
	if err != nil {
		return err
	}
	if disk.Exists || now.Exists && now.Text != c.Before {
		return errors.New("another file stands in its place")
	}
	disk.Mode = c.Mode
	return r.land(ctx, workspace.NewChange(disk, c.Before))
}

func (r reverter) land(ctx context.Context, c workspace.Change) error {
	if c.Empty() {
		return nil
	}
	_, err := workspace.Land(ctx, r.server.ws, r.server.applier, c)
	return err
}
