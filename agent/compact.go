package agent

import (
	"context"
	"errors"
	"fmt"
)

// assumedContext is the context of a model of which nothing is known when the user wants to compact.
const assumedContext = 64_000

// answer is one step's reply. Before it the conversation is shortened where it would be too long for the model; and once
// after it, where the provider finds it too long, to take the step again.
func (s *Session) answer(ctx context.Context) (*Reply, error) {
	if err := s.makeRoom(ctx); err != nil {
		return nil, err
	}
	reply, err := s.reply(ctx)
	if !overflows(err) {
		return reply, err
	}
	s.gauge.tooLong(s.size())
	if !s.opt.compaction().Auto {
		return nil, fmt.Errorf("%w; compaction.auto is off: run opencode.session.compact, or start a new session", err)
	}
	if _, err := s.compact(ctx, BecauseOverflow); err != nil {
		return nil, err
	}
	reply, err = s.reply(ctx)
	if overflows(err) {
		return nil, fmt.Errorf("%s finds the conversation too long even after it was shortened: start a new session or choose a model with a larger context (%w)",
			s.turn.info.Name, err)
	}
	return reply, err
}

func overflows(err error) bool {
	failure, ok := errors.AsType[*ModelError](err)
	return ok && failure.Overflow
}

// size is about how many tokens the next request takes.
func (s *Session) size() int64 { return s.gauge.estimate(s.turn.head, s.history.marks) }

// room is how the context of the turn's model is divided. Where the provider has found a request too long that should have
// fitted, or the limit is not known, it is what that request took.
func (s *Session) room() room {
	info := s.turn.info
	if most := s.gauge.ceiling; most > 0 && (info.Context == 0 || most < info.Context) {
		info.Context = most
	}
	return divide(info, s.opt.compaction())
}

// makeRoom shortens the conversation where the next request would leave too little room for the reply.
func (s *Session) makeRoom(ctx context.Context) error {
	s.gauge.use(s.turn.info.Name)
	set, room := s.opt.compaction(), s.room()
	full := func() bool { return room.context > 0 && s.size() >= room.usable }
	if set.Prune && (s.turn.step == 1 || full()) {
		if err := s.prune(); err != nil {
			return err
		}
	}
	if !set.Auto || !full() {
		return nil
	}
	if _, err := s.compact(ctx, BecauseFull); err != nil {
		return err
	}
	if limit, size := s.turn.info.Context, s.size(); limit > 0 && size > limit {
		return fmt.Errorf("instructions, tools and the newest messages alone take about %d tokens, more than the %d of %s: choose a model with a larger context",
			size, limit, s.turn.info.Name)
	}
	return nil
}

// prune drops old tool results, where that saves enough to be worth the provider's cache.
func (s *Session) prune() error {
	calls := s.history.prunable()
	if len(calls) == 0 {
		return nil
	}
	if err := s.append(Event{Type: Pruned, Pruned: calls}); err != nil {
		return err
	}
	s.gauge.forget()
	return nil
}

// Compact shortens the conversation now, while no turn runs. It returns false where there is nothing to shorten.
func (s *Session) Compact(ctx context.Context) (done bool, err error) {
	err = s.do(ctx, func(ctx context.Context) error {
		s.turn = &turn{}
		defer func() { s.turn = nil }()
		if err := s.equip(ctx, "", ""); err != nil {
			return err
		}
		s.gauge.use(s.turn.info.Name)
		done, err = s.compact(ctx, BecauseAsked)
		return err
	})
	return done, err
}

// compact shortens the conversation: a model sums up what is old, the newest stays word for word. Where nothing can sum it
// up it is dropped with a note: a turn does not fail of that. It returns false where nothing can be shortened.
func (s *Session) compact(ctx context.Context, why Cause) (bool, error) {
	r := s.room()
	if r.context == 0 {
		r = divide(ModelInfo{Context: assumedContext}, s.opt.compaction())
	}
	p := s.plan(r, why)
	if p.empty() {
		return false, nil
	}
	most := s.gauge.unscale(r.summary()) - tokensOf(messageBytes+len(summaryHead)+len(promptHead))
	c := s.history.outline(p, most/4)
	c.Why = why
	if c.Messages > 0 {
		s.summarize(ctx, c, p, r)
	}
	if ctx.Err() != nil {
		return false, context.Cause(ctx)
	}
	c.Text = fitted(c.Text, max(most-tokensOf(jsonBytes(c.Prompt)), leastCut))
	if err := s.append(Event{Type: Compacted, Summary: c}); err != nil {
		return false, err
	}
	s.gauge.forget()
	return true, nil
}

// plan chooses what stays of the conversation.
func (s *Session) plan(r room, why Cause) plan {
	set := s.opt.compaction()
	free := s.gauge.unscale(r.usable-r.summary()) - s.turn.head
	if free <= 0 { // what is reserved for the reply is needed for the question
		free = max(s.gauge.unscale(r.context-r.summary())-s.turn.head, 0)
	}
	keep := min(s.gauge.unscale(r.tail(set)), free/2)
	if why == BecauseAsked {
		keep = min(keep, sum(s.history.marks)/4)
	}
	return s.history.plan(free, keep, set.TailTurns)
}
