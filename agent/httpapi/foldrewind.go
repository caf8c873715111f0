package httpapi

import (
	"maps"
	"slices"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/tools"
)

// undo is one that can be redone.
type undo struct {
	from    int64 // the Seq from which on it takes back the conversation, too; 0 for files alone
	changes []tools.Applied
}

func (u undo) rewinds() bool { return u.from > 0 }

// reversed follows undo and redo.
func (f *fold) reversed(e agent.Event) {
	switch {
	case !e.Reverses():
		return
	case e.Type == agent.Undone:
		f.undone = append(f.undone, undo{e.From, e.Changes})
	case len(f.undone) > 0:
		f.undone = f.undone[:len(f.undone)-1]
	}
	f.touched()
}

// revert says from which message on clients hide what is there until the next turn takes it out; nil for none.
func (f *fold) revert() *Revert {
	standing := f.undone[len(f.undone)-f.redos():]
	if len(standing) == 0 {
		return nil
	}
	first := standing[0].from
	var changes []tools.Applied
	for _, u := range standing {
		if u.rewinds() {
			first = min(first, u.from)
		}
		changes = append(changes, u.changes...)
	}
	r := &Revert{MessageID: f.ids.message(first)}
	if len(changes) > 0 {
		r.Diff = f.around.patch(changes)
	}
	return r
}

// redos is how often a redo has to follow until nothing is reverted.
func (f *fold) redos() int {
	i := slices.IndexFunc(f.undone, undo.rewinds)
	if i < 0 {
		return 0
	}
	return len(f.undone) - i
}

// cut takes out what is reverted, as the next turn starts.
func (f *fold) cut() {
	revert := f.revert()
	f.undone = nil
	if revert == nil {
		return
	}
	i, _ := slices.BinarySearch(f.messages, revert.MessageID)
	for _, id := range f.messages[i:] {
		f.emit("message.removed", messageRemoved{f.info.ID, id})
	}
	f.messages = f.messages[:i]
	maps.DeleteFunc(f.first, func(_, first string) bool { return first >= revert.MessageID })
	maps.DeleteFunc(f.infos, func(first string, _ agent.SessionInfo) bool { return first >= revert.MessageID })
}
