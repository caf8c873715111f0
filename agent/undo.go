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
		var kept map[string]error
		files, kept = revert(ctx, r, joined(changes))
		if len(files) > 0 {
			if err := s.append(Event{Type: Undone, Files: files}); err != nil {
				return err
			}
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return notUndone(kept)
	})
	return files, err
}

// revert takes changes back, newest first, until ctx ends; a file that could not be reverted once is left alone.
func revert(ctx context.Context, r Reverter, changes []tools.Applied) (files []string, kept map[string]error) {
	files, kept = []string{}, map[string]error{}
	for _, c := range slices.Backward(changes) {
		if ctx.Err() != nil {
			break
		}
		if kept[c.Path] != nil {
			continue
		}
		if err := r.Revert(ctx, c); err != nil {
			kept[c.Path] = err
		} else if !slices.Contains(files, c.Path) {
			files = append(files, c.Path)
		}
	}
	return files, kept
}

func notUndone(kept map[string]error) error {
	var names []string
	for path, err := range kept {
		names = append(names, fmt.Sprintf("%s (%s)", filepath.Base(path), err))
	}
	if len(names) == 0 {
		return nil
	}
	slices.Sort(names)
	return fmt.Errorf("not undone, undo by hand: %s", strings.Join(names, ", "))
}

// joined makes one change of those that follow one another in a file, so that it is taken back whole or not at all.
func joined(changes []tools.Applied) []tools.Applied {
	var out []tools.Applied
	last := map[string]int{} // path: index into out
	for _, c := range changes {
		i, seen := last[c.Path]
		if seen && out[i].After == c.Before && !c.Created {
			out[i].After, out[i].Deleted, out[i].Mode = c.After, c.Deleted, c.Mode
			continue
		}
		last[c.Path] = len(out)
		out = append(out, c)
	}
	return out
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
