package agent

import (
	"context"
	"errors"
	"slices"

	"github.com/opencode-lsp/opencode-lsp/tools"
)

// ErrNothingToUndo says that no turn of the session has changed a file that is not undone yet.
var ErrNothingToUndo = errors.New("there is nothing to undo in this session")

// ErrNothingToRedo says that nothing was undone since the last prompt, or that it is redone already.
var ErrNothingToRedo = errors.New("there is nothing to redo in this session; after a new prompt nothing can be redone")

// AllTurns, in the place of a turn's id, undoes the whole session.
const AllTurns = "all"

// Reverter takes changes to one file back where it lives now, keeping what the user did since; [tools.Reverter] does.
type Reverter interface {
	// Revert takes groups of changes back, the newest first, each whole or not at all. It stops at the first that cannot be
	// taken back cleanly, with the reason, and returns what it did before, in a form that Revert can take back in turn.
	Revert(ctx context.Context, path string, groups [][]tools.Applied) (done []tools.Applied, err error)
}

// Reversal is what an undo or a redo came to.
type Reversal struct {
	// Files are the absolute paths that were changed.
	Files []string
	// Kept are the files that were not, or not all the way.
	Kept []Kept
}

// Kept is a file in which something stands in the way of an undo or a redo.
type Kept struct {
	Path string `json:"path"`
	// Why is a few words; Diff, where it can be shown, what would have to be done by hand.
	Why  string `json:"why"`
	Diff string `json:"diff,omitempty"`
}

// Undo takes back what the last turn did to files that changed any and is not undone; with the id of a turn, that turn and all
// after it; with [AllTurns] all of them. What the user did before, between and after stays. A file where that cannot be done
// cleanly stays as it is. Nothing is undone while a turn runs ([ErrBusy]).
func (s *Session) Undo(ctx context.Context, turn string) (Reversal, error) {
	return s.reverse(ctx, func(ctx context.Context, past ledger) (Event, [][]tools.Applied, error) {
		turns, err := past.toUndo(turn)
		if err != nil {
			return Event{}, nil, err
		}
		return s.undoing(ctx, turns)
	})
}

// Rewind goes back to before a turn: what that turn and all after it did to files is taken back, as with Undo, and as soon as
// another turn starts they are out of the conversation, too. Until then Redo takes it back.
func (s *Session) Rewind(ctx context.Context, turn string) (Reversal, error) {
	return s.reverse(ctx, func(ctx context.Context, past ledger) (Event, [][]tools.Applied, error) {
		turns, from, err := past.toRewind(turn)
		if err != nil {
			return Event{}, nil, err
		}
		e, groups, err := s.undoing(ctx, turns)
		e.From = from
		return e, groups, err
	})
}

// undoing is the event of an undo of turns, and their changes, the newest first.
func (s *Session) undoing(ctx context.Context, turns []entry) (Event, [][]tools.Applied, error) {
	e := Event{Type: Undone}
	var groups [][]tools.Applied
	for _, t := range slices.Backward(turns) {
		changes, err := s.changes(ctx, t)
		if err != nil {
			return e, nil, err
		}
		e.Turns = append(e.Turns, t.id)
		groups = append(groups, changes)
	}
	return e, groups, nil
}

// Redo takes the last undo back, until a new prompt is sent; the user's edits stay, as with Undo.
func (s *Session) Redo(ctx context.Context) (Reversal, error) {
	return s.reverse(ctx, func(_ context.Context, past ledger) (Event, [][]tools.Applied, error) {
		if len(past.undos) == 0 {
			return Event{}, nil, ErrNothingToRedo
		}
		last := past.undos[len(past.undos)-1]
		return Event{Type: Redone, Turns: last.Turns, From: last.From}, [][]tools.Applied{last.Changes}, nil
	})
}

// reverse takes back what plan says, groups of changes with the newest first, and writes down what came of it in the event
// that plan gives.
func (s *Session) reverse(ctx context.Context, plan func(context.Context, ledger) (Event, [][]tools.Applied, error)) (Reversal, error) {
	var r Reversal
	err := s.do(ctx, func(ctx context.Context) error {
		past, err := readLedger(Transcript(ctx, s.opt.Store, s.id, 0))
		if err != nil {
			return err
		}
		e, groups, err := plan(ctx, past)
		if err != nil {
			return err
		}
		s.takeBack(ctx, &e, groups)
		r = Reversal{Files: append([]string{}, e.Files...), Kept: e.Kept}
		if len(e.Files) == 0 && len(e.Kept) > 0 {
			e.Turns, e.From = nil, 0 // nothing has happened; it can be tried again
		}
		if err := s.append(e); err != nil {
			return err
		}
		if s.opt.Settle != nil && len(e.Files) > 0 {
			s.opt.Settle(ctx, s)
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return nil
	})
	return r, err
}

// takeBack takes groups of changes back file by file, until ctx ends, and fills the event.
func (s *Session) takeBack(ctx context.Context, e *Event, groups [][]tools.Applied) {
	for _, path := range paths(groups) {
		if ctx.Err() != nil {
			return
		}
		done, err := s.opt.Reverter.Revert(ctx, path, of(path, groups))
		if len(done) > 0 {
			e.Changes = append(e.Changes, done...)
			e.Files = append(e.Files, path)
		}
		if err != nil {
			e.Kept = append(e.Kept, keep(path, err))
		}
	}
}

func keep(path string, err error) Kept {
	k := Kept{Path: path, Why: err.Error()}
	if c, ok := errors.AsType[*tools.ConflictError](err); ok {
		k.Diff = c.Diff(path)
	}
	return k
}

// paths are the files that changes were made to, in the order in which they come up from the oldest on: what a move made goes
// after its source is back.
func paths(groups [][]tools.Applied) []string {
	var all []string
	for _, group := range slices.Backward(groups) {
		for _, c := range group {
			if !slices.Contains(all, c.Path) {
				all = append(all, c.Path)
			}
		}
	}
	return all
}

// of is the changes to one file, without empty groups.
func of(path string, groups [][]tools.Applied) [][]tools.Applied {
	var out [][]tools.Applied
	for _, group := range groups {
		if here := changesTo(path, group); len(here) > 0 {
			out = append(out, here)
		}
	}
	return out
}

func changesTo(path string, group []tools.Applied) []tools.Applied {
	var out []tools.Applied
	for _, c := range group {
		if c.Path == path {
			out = append(out, c)
		}
	}
	return out
}
