package agent

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/opencode-lsp/opencode-lsp/tools"
)

// turn is one run of the loop: from a prompt to the answer.
type turn struct {
	id    string
	files []string
	step  int
	spent Spending

	// Made by equip.
	model     Model
	info      ModelInfo
	profile   Profile
	equipment Equipment
	specs     []ToolSpec
	head      int64 // the weight of instructions and tools
	// call is the tool call that is being judged or run, for the questions that it leads to.
	call tools.Call
}

// errRejected ends a turn whose operation the user rejected without a word to the model.
var errRejected = errors.New("rejected by the user")

// runTurn runs a turn to its end and writes down how it ended, whatever happens.
func (s *Session) runTurn(p Prompt) {
	ctx, cancel := context.WithCancelCause(s.ctx)
	defer cancel(nil)
	s.openTurn(cancel)
	s.loop = loopGuard{}
	// What a store that failed left open in an earlier turn is closed first: a call without a result cannot be sent.
	err := s.append(append(s.history.repair(storeFailed), Event{Type: TurnStarted, Prompt: &p})...)
	for err == nil {
		if err = s.steps(ctx, p); err != nil {
			break
		}
		s.opt.settle(ctx, s)
		if s.closeTurn() {
			s.end(TurnEnd{Status: Done, Text: s.history.lastText})
			return
		}
	}
	s.opt.settle(ctx, s)
	s.fail(ctx, err)
}

// openTurn makes the turn known to the verbs; a Cancel that came before it began counts.
func (s *Session) openTurn(cancel context.CancelCauseFunc) {
	s.mail.mu.Lock()
	defer s.mail.mu.Unlock()
	s.turn = &turn{id: s.mail.turn}
	s.mail.cancel = cancel
	if s.mail.early {
		s.mail.early = false
		cancel(errCancelled)
	}
}

// closeTurn ends the turn for the verbs: from here a prompt starts a new one. It reports false, and does nothing, while
// prompts wait to join.
func (s *Session) closeTurn() bool {
	s.mail.mu.Lock()
	defer s.mail.mu.Unlock()
	if len(s.mail.queue) > 0 {
		return false
	}
	s.mail.turn, s.mail.cancel = "", nil
	return true
}

// steps asks the model and runs its calls until it answers without any.
func (s *Session) steps(ctx context.Context, p Prompt) error {
	if err := s.begin(ctx, p); err != nil {
		return err
	}
	if p.NoReply && !s.waiting() {
		return nil
	}
	for ctx.Err() == nil {
		if err := errors.Join(s.takeTitle(), s.join(ctx), s.note(ctx)); err != nil {
			return err
		}
		s.turn.step++
		last, err := s.lastStep()
		if err != nil {
			return err
		}
		reply, err := s.answer(ctx)
		if err != nil {
			return err
		}
		s.turn.spent.Spend(reply)
		if err := s.append(Event{Type: MessageDone, Message: reply}); err != nil {
			return err
		}
		if len(reply.Calls) == 0 {
			return nil
		}
		if last {
			return s.stopHere(reply)
		}
		if err := s.calls(ctx, reply.Calls); err != nil {
			return err
		}
	}
	return context.Cause(ctx)
}

// waiting reports whether prompts wait to join the turn.
func (s *Session) waiting() bool {
	s.mail.mu.Lock()
	defer s.mail.mu.Unlock()
	return len(s.mail.queue) > 0
}

// begin finds out who takes the turn, with which model and what tools. Prompts that join it later change nothing of that.
func (s *Session) begin(ctx context.Context, p Prompt) error {
	t := s.turn
	if t.model != nil {
		return nil
	}
	if err := s.reassign(p); err != nil {
		return err
	}
	x, err := s.expansion(ctx, p)
	if err != nil {
		return err
	}
	if err := s.equip(ctx, x.Agent, x.Model); err != nil {
		return err
	}
	t.profile.Params.Variant = cmp.Or(x.Variant, t.profile.Params.Variant)
	s.took(t.taker())
	if !p.NoReply { // the first prompt that the model answers is what the session is about
		s.startTitle(p)
	}
	if err := s.fill(ctx, p, x); err != nil {
		return err
	}
	if err := s.instruct(p); err != nil {
		return err
	}
	return s.remind()
}

// equip finds agent, model and tools for a turn: those named, else the session's.
func (s *Session) equip(ctx context.Context, agent, model string) error {
	t, info := s.turn, s.history.info
	var err error
	if t.profile, err = s.opt.profile(cmp.Or(agent, info.Agent)); err != nil {
		return err
	}
	if t.model, t.info, err = s.opt.Model(cmp.Or(model, info.Model, t.profile.Model)); err != nil {
		return err
	}
	if t.equipment, err = s.opt.Equip(ctx, s, t.profile, t.info); err != nil {
		return err
	}
	for _, tool := range t.equipment.Tools.Tools() {
		t.specs = append(t.specs, ToolSpec{Name: tool.Name(), Description: tool.Description(), Schema: tool.Schema()})
	}
	t.head = weighHead(t.equipment.System, t.specs)
	return nil
}

// reassign takes over the agent, the model and the switches that a prompt names, for this turn and the next ones; no agent
// or model that there is not, for the next ones would fail of it too.
func (s *Session) reassign(p Prompt) error {
	if p.Agent != "" {
		if _, err := s.opt.profile(p.Agent); err != nil {
			return err
		}
	}
	if p.Model != "" {
		if _, _, err := s.opt.Model(p.Model); err != nil {
			return err
		}
	}
	info := s.history.info
	info.Agent, info.Model = cmp.Or(p.Agent, info.Agent), cmp.Or(p.Model, info.Model)
	if len(p.Switches) > 0 {
		info.Switches = p.Switches
	}
	if was := s.history.info; info.Agent == was.Agent && info.Model == was.Model && slices.Equal(info.Switches, was.Switches) {
		return nil
	}
	return s.append(Event{Type: SessionChanged, Session: &info})
}

// note tells the model what the front has to say before the next step.
func (s *Session) note(ctx context.Context) error {
	if s.opt.Note == nil {
		return nil
	}
	text := s.opt.Note(ctx, s)
	if text == "" {
		return nil
	}
	return s.append(Event{Type: Noted, Text: text})
}

// fail ends a turn that was cancelled, rejected or failed. Prompts that were waiting are kept in the conversation.
func (s *Session) fail(ctx context.Context, err error) {
	end := TurnEnd{Status: Failed, Text: s.history.lastText, Error: err.Error()}
	switch {
	case errors.Is(err, errRejected):
		end.Status, end.Error = Rejected, ""
	case ctx.Err() != nil:
		end.Status, end.Error = Cancelled, ""
	}
	for !s.closeTurn() {
		if err := s.adopt(func(Prompt) error { return nil }); err != nil {
			logger().Errorf("session %s: %s", s.id, err)
		}
	}
	s.end(end)
}

// end writes the turn's end. Where even that cannot be stored followers still see it: an editor must not wait for ever.
func (s *Session) end(end TurnEnd) {
	end.Files = append([]string{}, s.turn.files...)
	end.Spent = s.turn.spent
	e := Event{Type: TurnEnded, Turn: s.turn.id, End: &end}
	if s.history.turn != s.turn.id { // not even its start was stored
		s.lose(e)
	} else if err := s.append(append(s.history.loose(storeFailed), e)...); err != nil {
		logger().Errorf("session %s: %s", s.id, err)
		end.Status, end.Error = Failed, err.Error()
		s.lose(e)
	}
	s.turn = nil
}

// lose shows an end that is not stored.
func (s *Session) lose(e Event) {
	e.Time, e.SessionID = time.Now(), s.id
	s.log.loseEnd(e)
}
