package httpapi

import (
	"maps"
	"slices"

	"github.com/opencode-lsp/opencode-lsp/agent"
)

// reversed follows undo and redo.
func (f *fold) reversed(e agent.Event) {
	switch {
	case len(e.Turns) == 0 && e.From == 0:
		return
	case e.Type == agent.Undone:
		f.undone = append(f.undone, e.From)
	case len(f.undone) > 0:
		f.undone = f.undone[:len(f.undone)-1]
	}
	f.touched()
}

// revert says from which message on clients hide what is there until the next turn takes it out; nil for none.
func (f *fold) revert() *Revert {
	first := int64(0)
	for _, from := range f.undone {
		if from > 0 && (first == 0 || from < first) {
			first = from
		}
	}
	if first == 0 {
		return nil
	}
	return &Revert{MessageID: f.ids.message(first)}
}

// redos is how often a redo has to follow until nothing is reverted.
func (f *fold) redos() int {
	i := slices.IndexFunc(f.undone, func(from int64) bool { return from > 0 })
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
