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
// the user's own edits stay. A file that the agent made goes away where nobody has changed it.
func (r reverter) Revert(ctx context.Context, c tools.Applied) error {
	s := r.server
	now, err := s.ws.Read(c.Path)
	if err != nil {
		return err
	}
	if c.Created && now.Text == c.After && !now.Open {
		return s.remove(ctx, now)
	}
	merged, clean := workspace.Merge(c.After, now.Text, c.Before)
	if !clean {
		return errors.New("your own edits overlap")
	}
	change := workspace.NewChange(now, merged)
	if change.Empty() {
		return nil
	}
	_, err = workspace.Land(ctx, s.ws, s.applier, change)
	return err
}
