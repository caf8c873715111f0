package agent

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/opencode-lsp/opencode-lsp/tools"
)

// How often and how long a step waits for a provider that is busy or broke off; OpenCode's figures.
const (
	retries    = 5
	firstDelay = 2 * time.Second
	maxDelay   = 30 * time.Second
)

// reply asks the model for one reply. What was streamed before a failure is void. On cancel the text so far is kept as an
// unfinished message.
func (s *Session) reply(ctx context.Context) (*Reply, error) {
	req := Request{
		Session: s.id, System: s.turn.equipment.System, Messages: s.history.messages, Tools: s.turn.specs, Params: s.turn.profile.Params,
	}
	var r *Reply
	err := s.patiently(ctx, func() (err error) {
		if r, err = s.stream(ctx, req); err != nil && ctx.Err() == nil {
			r = nil
		}
		return err
	})
	switch {
	case err == nil:
		if r.Usage != nil {
			s.gauge.counts(r.Usage.Input, s.turn.head, s.history.marks)
		}
		return r, nil
	case r != nil:
		return nil, errors.Join(context.Cause(ctx), s.keep(r))
	}
	return nil, err
}

// patiently asks again where the provider was busy or broke off.
func (s *Session) patiently(ctx context.Context, ask func() error) error {
	for attempt := 1; ; attempt++ {
		err := ask()
		failure, ok := errors.AsType[*ModelError](err)
		if ctx.Err() != nil || !ok || !failure.Retry || attempt > retries {
			return err
		}
		if err := s.backOff(ctx, attempt, failure); err != nil {
			return err
		}
	}
}

// keep stores the text of a reply that was cut off by a cancel; its calls were never whole.
func (s *Session) keep(r *Reply) error {
	if r.Text == "" {
		return nil
	}
	r.Calls, r.Finish = nil, "cancelled"
	return s.append(Event{Type: MessageDone, Message: r})
}

func (s *Session) backOff(ctx context.Context, attempt int, failure *ModelError) error {
	wait := min(firstDelay<<(attempt-1), maxDelay)
	wait += rand.N(wait / 4)
	if failure.After > 0 {
		wait = failure.After
	}
	s.log.notice(Event{
		Time: time.Now(), Type: Retrying, SessionID: s.id, Turn: s.turn.id,
		Text: fmt.Sprintf("%s; trying again in %s", failure.Error(), wait.Round(time.Second)),
	})
	select {
	case <-time.After(wait):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// stream reads one reply. It returns what came even when the stream failed.
func (s *Session) stream(ctx context.Context, req Request) (*Reply, error) {
	reply := &Reply{Model: s.turn.info.Name}
	var text strings.Builder
	var calls callPieces
	var failure error
	for d, err := range s.turn.model.Stream(ctx, req) {
		if err != nil {
			failure = err
			break
		}
		if d.Text != "" {
			text.WriteString(d.Text)
			s.log.text(d.Text)
		}
		if d.Reasoning != "" {
			s.log.think(d.Reasoning)
		}
		if d.Thought != nil {
			reply.Reasoning = append(reply.Reasoning, *d.Thought)
		}
		calls.add(d.Call)
		if d.Usage != nil {
			reply.Usage = d.Usage
		}
		if d.Finish != "" {
			reply.Finish = d.Finish
		}
	}
	reply.Text = text.String()
	reply.Calls = calls.whole()
	if reply.Usage != nil {
		reply.Cost = s.turn.info.Price.Of(*reply.Usage)
	}
	s.history.unique(reply.Calls)
	return reply, failure
}

// callPieces puts streamed tool calls together.
type callPieces []*callBuilder

type callBuilder struct {
	index     int
	id, name  string
	arguments strings.Builder
}

func (p *callPieces) add(d *CallDelta) {
	if d == nil {
		return
	}
	var b *callBuilder
	for _, c := range *p {
		if c.index == d.Index {
			b = c
		}
	}
	if b == nil {
		b = &callBuilder{index: d.Index}
		*p = append(*p, b)
	}
	if d.ID != "" {
		b.id = d.ID
	}
	if d.Name != "" {
		b.name = d.Name
	}
	b.arguments.WriteString(d.Arguments)
}

func (p callPieces) whole() []tools.Call {
	var calls []tools.Call
	for _, b := range p {
		calls = append(calls, tools.Call{ID: b.id, Name: b.name, Arguments: b.arguments.String()})
	}
	return calls
}
