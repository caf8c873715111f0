package agent

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"

	"github.com/opencode-lsp/opencode-lsp/tools"
)

// ledger is what a session's events say of changes to files.
type ledger struct {
	begun map[string]int64 // by turn of the conversation: the Seq of its start
	turns []entry          // those that changed something, the oldest first
	undos []Event          // that can be redone, the oldest first
}

// entry is a turn with changes: they stand in the results after Seq from, up to to.
type entry struct {
	id       string
	from, to int64
	undone   bool
}

func readLedger(events iter.Seq2[Event, error]) (ledger, error) {
	l := ledger{begun: map[string]int64{}}
	for e, err := range events {
		if err != nil {
			return l, err
		}
		switch e.Type {
		case TurnStarted:
			l.started(e)
		case CallDone:
			if len(e.Result.Changes) > 0 {
				l.add(e)
			}
		case Undone:
			l.undone(e)
		case Redone:
			l.redone(e)
		}
	}
	return l, nil
}

// started takes over a turn's start: what was gone back before is out of the conversation, and nothing can be redone.
func (l *ledger) started(e Event) {
	if from, _ := rewinds(l.undos).from(); from > 0 {
		maps.DeleteFunc(l.begun, func(_ string, seq int64) bool { return seq >= from })
	}
	l.begun[e.Turn], l.undos = e.Seq, nil
}

func (l *ledger) add(e Event) {
	if n := len(l.turns); n == 0 || l.turns[n-1].id != e.Turn {
		l.turns = append(l.turns, entry{id: e.Turn, from: e.Seq - 1})
	}
	l.turns[len(l.turns)-1].to = e.Seq
}

// changes reads what a turn changed.
func (s *Session) changes(ctx context.Context, t entry) ([]tools.Applied, error) {
	var all []tools.Applied
	for e, err := range Transcript(ctx, s.opt.Store, s.id, t.from) {
		if err != nil {
			return nil, err
		}
		if e.Seq > t.to {
			break
		}
		if e.Type == CallDone {
			all = append(all, e.Result.Changes...)
		}
	}
	return all, nil
}

// undone takes over an undo. Early logs do not name the turns: it was the last one that was not undone.
func (l *ledger) undone(e Event) {
	if len(e.Turns) == 0 && len(e.Files) > 0 {
		if open := l.open(); len(open) > 0 {
			e.Turns = []string{open[len(open)-1].id}
		}
	}
	if !e.Reverses() {
		return
	}
	l.mark(e.Turns, true)
	l.undos = append(l.undos, e)
}

func (l *ledger) redone(e Event) {
	if e.Reverses() && len(l.undos) > 0 {
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

// toRewind are the turns with changes that going back to before a turn takes back, and where that turn begins.
func (l *ledger) toRewind(turn string) (turns []entry, from int64, err error) {
	from, ok := l.begun[turn]
	if !ok {
		return nil, 0, fmt.Errorf("the session has no turn %s to go back before", turn)
	}
	return slices.DeleteFunc(l.open(), func(t entry) bool { return t.from < from }), from, nil
}
