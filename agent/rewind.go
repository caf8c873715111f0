package agent

import (
	"context"
	"slices"
)

// rewinds are the undos since the last turn from the first rewind on, each without its changes.
type rewinds []Event

// add takes over an event. It returns, at the start of a turn, from which Seq on the conversation before it is gone; 0 for
// none of it.
func (r *rewinds) add(e Event) (from int64) {
	switch {
	case e.Type == TurnStarted:
		from, _ = r.from()
		*r = nil
	case !e.Reverses():
	case e.Type == Undone && (e.From > 0 || len(*r) > 0):
		*r = append(*r, Event{Type: e.Type, Seq: e.Seq, From: e.From, Turns: e.Turns, Files: e.Files})
	case e.Type == Redone && len(*r) > 0:
		*r = (*r)[:len(*r)-1]
	}
	return from
}

// from is where the conversation is cut when the next turn starts, 0 for nowhere; what was undone after that is still to be
// told.
func (r rewinds) from() (from int64, after []Event) {
	for i, e := range r {
		if e.From > 0 && (from == 0 || e.From < from) {
			from, after = e.From, r[i+1:]
		}
	}
	return from, after
}

// past is the history as it was before what the user has gone back before, where one of the events starts the turn that makes
// it so; nil else.
func (s *Session) past(ctx context.Context, events ...Event) (*history, error) {
	from, _ := s.history.back.from()
	if from == 0 || !slices.ContainsFunc(events, func(e Event) bool { return e.Type == TurnStarted }) {
		return nil, nil
	}
	past, err := recall(ctx, s.opt.Store, s.id, from)
	return &past, err
}

// goBack takes out of the conversation what came after past, if that is given. What was compacted since is there again.
func (s *Session) goBack(past *history) {
	if past == nil {
		return
	}
	s.history.resume(*past)
	s.gauge.forget()
	s.recallReminder(past.agent)
}

// Gone reports of stored events, by Seq, whether a turn has started since the user went back before them: they are out of the
// conversation.
func (s *Session) Gone(ctx context.Context) (func(seq int64) bool, error) {
	type span struct{ from, to int64 }
	var spans []span
	var back rewinds
	for e, err := range Transcript(ctx, s.opt.Store, s.id, 0) {
		if err != nil {
			return nil, err
		}
		if from := back.add(e); from > 0 {
			spans = append(spans, span{from, e.Seq})
		}
	}
	return func(seq int64) bool {
		return slices.ContainsFunc(spans, func(sp span) bool { return seq >= sp.from && seq < sp.to })
	}, nil
}

// recall is the history as it was before the turn that starts with the event of that Seq.
func recall(ctx context.Context, store Store, session string, start int64) (history, error) {
	var h history
	for e, err := range Transcript(ctx, store, session, 0) {
		if err != nil {
			return h, err
		}
		if from, _ := h.back.from(); from > 0 && e.Type == TurnStarted {
			past, err := recall(ctx, store, session, from)
			if err != nil {
				return h, err
			}
			h.resume(past)
		}
		if e.Seq >= start {
			break
		}
		h.add(e)
	}
	return h, nil
}

// resume lets the conversation go on from an earlier state of it. What is true of the session however the conversation goes,
// its title, its cost, its tasks, stays as it is.
func (h *history) resume(past history) {
	h.messages, h.marks, h.summary = past.messages, past.marks, past.summary
	h.prompt, h.promptSeq, h.open, h.agent = past.prompt, past.promptSeq, past.open, past.agent
	_, after := h.back.from()
	for _, e := range after {
		if len(e.Files) > 0 {
			h.push(e.Seq, Message{Role: User, Text: reversalNote(e)})
		}
	}
	h.back = nil
}

// recallReminder finds out whether the model has a reminder before it, from the agent that it answered for last.
func (s *Session) recallReminder(agent string) {
	s.reminded = ""
	if profile, err := s.opt.profile(agent); err == nil && profile.Reminder != "" {
		s.reminded = profile.Name
	}
}
