package agent

import "slices"

// OpenCode's figures for dropping old tool results, in tokens: the newest that stay, and the least that it must save.
const (
	pruneKeeps = 40_000
	pruneSaves = 20_000
)

// cleared stands in the place of a result that was dropped.
const cleared = "(This old result was dropped to save room. Call the tool again if you need it.)"

// unpruned is the tool whose results always stay: they are instructions.
const unpruned = "skill"

// prunable are the calls whose results are old and worth dropping; none where that would save too little.
func (h *history) prunable() []string {
	names := h.callNames()
	var calls []string
	var newest, saved int64
	for i, m := range slices.Backward(h.messages) {
		if m.Role != Tool || m.Text == cleared {
			continue
		}
		if newest += h.marks[i].tokens; newest > pruneKeeps && names[m.Call] != unpruned {
			calls = append(calls, m.Call)
			saved += h.marks[i].tokens
		}
	}
	if saved <= pruneSaves {
		return nil
	}
	slices.Reverse(calls)
	return calls
}

// prune drops the results of calls.
func (h *history) prune(calls []string) {
	h.messages, h.marks = slices.Clone(h.messages), slices.Clone(h.marks) // a request may still hold the old ones
	for i := range h.messages {
		if m := &h.messages[i]; m.Role == Tool && slices.Contains(calls, m.Call) {
			m.Text, m.Files = cleared, nil
			h.marks[i].tokens = weigh(*m)
		}
	}
}

// callNames are the tools' names of the calls in the conversation.
func (h *history) callNames() map[string]string {
	names := map[string]string{}
	for _, m := range h.messages {
		for _, c := range m.Calls {
			names[c.ID] = c.Name
		}
	}
	return names
}
