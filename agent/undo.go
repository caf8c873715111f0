package agent

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/opencode-lsp/opencode-lsp/tools"
)

// ErrNothingToUndo says that no turn of the session has changed a file that is not undone yet.
var ErrNothingToUndo = errors.New("there is nothing to undo in this session")

// Reverter takes one change of the agent back where the file lives, keeping what the user did since. It returns an error,
// and has changed nothing, where that cannot be done cleanly.
type Reverter interface {
	Revert(ctx context.Context, c tools.Applied) error
}

// Undo takes back what the last turn with changes did to files, newest change first, and returns the absolute paths. A
// file where the user's own edits stand in the way stays as it is and is named in the error.
func (s *Session) Undo(ctx context.Context, r Reverter) ([]string, error) {
	files := []string{}
	err := s.do(ctx, func(ctx context.Context) error {
		changes := lastChanges(s.log.snapshot())
		if len(changes) == 0 {
			return ErrNothingToUndo
		}
		var kept []string
		for _, c := range slices.Backward(changes) {
			switch err := r.Revert(ctx, c); {
			case ctx.Err() != nil:
				return context.Cause(ctx)
			case err != nil:
				kept = append(kept, fmt.Sprintf("%s (%s)", filepath.Base(c.Path), err))
			case !slices.Contains(files, c.Path):
				files = append(files, c.Path)
			}
		}
		if len(files) > 0 {
			if err := s.append(Event{Type: Undone, Files: files}); err != nil {
				return err
			}
		}
		if len(kept) > 0 {
			return fmt.Errorf("not undone, undo by hand: %s", strings.Join(kept, ", "))
		}
		return nil
	})
	return files, err
}

// lastChanges are the changes of the last turn that made any and is not undone.
func lastChanges(events []Event) []tools.Applied {
	undone := 0
	var changes []tools.Applied
	for _, e := range slices.Backward(events) {
		switch e.Type {
		case Undone:
			undone++
		case CallDone:
			changes = append(e.Result.Changes[:len(e.Result.Changes):len(e.Result.Changes)], changes...)
		case TurnStarted:
			if len(changes) == 0 {
				continue
			}
			if undone == 0 {
				return changes
			}
			undone--
			changes = nil
		}
	}
	return nil
}
