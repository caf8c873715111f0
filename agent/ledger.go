package agent

import (
	"fmt"
	"slices"

	"github.com/opencode-lsp/opencode-lsp/tools"
)

// ledger is what a session's events say of changes to files.
type ledger struct {
	turns []entry // those that changed something, the oldest first
	undos []Event // that can be redone, the oldest first
}

// entry is the changes of one turn.
type entry struct {
	id      string
	changes []tools.Applied
	undone  bool
}

func readLedger(events []Event) ledger {
	var l ledger
	for _, e := range events {
		switch e.Type {
		case TurnStarted:
			l.undos = nil
		case CallDone:
			l.add(e.Turn, e.Result.Changes)
		case Undone:
			l.undone(e)
		case Redone:
			l.redone(e)
		}
	}
	return l
}

func (l *ledger) add(turn string, changes []tools.Applied) {
	if len(changes) == 0 {
		return
	}
	if n := len(l.turns); n == 0 || l.turns[n-1].id != turn {
		l.turns = append(l.turns, entry{id: turn})
	}
	last := &l.turns[len(l.turns)-1]
	last.changes = append(last.changes, changes...)
}

// undone takes over an undo. Early logs do not name the turns: it was the last one that was not undone.
func (l *ledger) undone(e Event) {
	if len(e.Turns) == 0 && len(e.Files) > 0 {
		if open := l.open(); len(open) > 0 {
			e.Turns = []string{open[len(open)-1].id}
		}
	}
	if len(e.Turns) == 0 {
		return
	}
	l.mark(e.Turns, true)
	l.undos = append(l.undos, e)
}

func (l *ledger) redone(e Event) {
	if len(e.Turns) > 0 && len(l.undos) > 0 {
		l.mark(e.Turns, false)
		l.undos = l.undos[:len(l.undos)-1]
	}
}

func (l *ledger) mark(turns []string, undone bool) {
	for i := range l.turns {
		if slices.Contains(turns, l.turns[i].id) {
			l.turns[i].undone = undone
		}
	}
}

// open are the turns that are not undone.
func (l *ledger) open() []entry {
	return slices.DeleteFunc(slices.Clone(l.turns), func(t entry) bool { return t.undone })
}

// toUndo are the turns that an undo takes back, the oldest first: the last one, or those from the given one on.
func (l *ledger) toUndo(turn string) ([]entry, error) {
	open := l.open()
	if len(open) == 0 {
		return nil, ErrNothingToUndo
	}
	switch turn {
	case "":
		return open[len(open)-1:], nil
	case AllTurns:
		return open, nil
	}
	i := slices.IndexFunc(open, func(t entry) bool { return t.id == turn })
	if i < 0 {
		return nil, fmt.Errorf("turn %s has changed nothing that is not undone yet", turn)
	}
	return open[i:], nil
}
