package agent

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"github.com/opencode-lsp/opencode-lsp/permission"
	"github.com/opencode-lsp/opencode-lsp/tools"
)

// turn is one run of the loop: from a prompt to the answer.
type turn struct {
	id    string
	files []string
	step  int

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
	for ctx.Err() == nil {
		if err := errors.Join(s.join(), s.note()); err != nil {
			return err
		}
		s.turn.step++
		if limit := cmp.Or(s.turn.profile.Steps, s.opt.MaxSteps); limit > 0 && s.turn.step > limit {
			return fmt.Errorf("the turn reached its limit of %d steps; prompt again to go on", limit)
		}
		reply, err := s.answer(ctx)
		if err != nil {
			return err
		}
		if err := s.append(Event{Type: MessageDone, Message: reply}); err != nil {
			return err
		}
		if len(reply.Calls) == 0 {
			return nil
		}
		if err := s.calls(ctx, reply.Calls); err != nil {
			return err
		}
	}
	return context.Cause(ctx)
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
	if err := s.equip(ctx); err != nil {
		return err
	}
	s.startTitle(p)
	return nil
}

// equip finds the session's agent, its model and its tools for a turn.
func (s *Session) equip(ctx context.Context) error {
	t, info := s.turn, s.history.info
	var err error
	if t.profile, err = s.opt.profile(info.Agent); err != nil {
		return err
	}
	model, about, err := s.opt.Model(cmp.Or(info.Model, t.profile.Model))
	if err != nil {
		return err
	}
	if t.equipment, err = s.opt.Equip(ctx, s, t.profile, about); err != nil {
		return err
	}
	t.model, t.info = model, about
	for _, tool := range t.equipment.Tools.Tools() {
		t.specs = append(t.specs, ToolSpec{Name: tool.Name(), Description: tool.Description(), Schema: tool.Schema()})
	}
	t.head = weighHead(t.equipment.System, t.specs)
	return nil
}

// reassign takes over the agent and the model that a prompt names, for this turn and the next ones.
func (s *Session) reassign(p Prompt) error {
	info := s.history.info
	info.Agent, info.Model = cmp.Or(p.Agent, info.Agent), cmp.Or(p.Model, info.Model)
	if info == s.history.info {
		return nil
	}
	return s.append(Event{Type: SessionChanged, Session: &info})
}

// join takes the prompts that came while the turn ran into the conversation.
func (s *Session) join() error {
	for {
		p, ok := s.next()
		if !ok {
			return nil
		}
		if err := s.append(Event{Type: PromptJoined, Prompt: &p}); err != nil {
			return err
		}
	}
}

// note tells the model what the front has to say before the next step.
func (s *Session) note() error {
	if s.opt.Note == nil {
		return nil
	}
	text := s.opt.Note(s)
	if text == "" {
		return nil
	}
	return s.append(Event{Type: Noted, Text: text})
}

// calls runs the calls of one reply in their order and gives each exactly one result. A rejection or cancel leaves the
// rest unrun.
func (s *Session) calls(ctx context.Context, calls []tools.Call) error {
	var stop error
	skip := ""
	for _, c := range calls {
		if skip != "" {
			if err := s.result(c, tools.Result{Text: skip, Error: true}); err != nil {
				return err
			}
			continue
		}
		result, err := s.call(ctx, c)
		var rejected *permission.RejectedError
		switch {
		case errors.As(err, &rejected) && rejected.Message == "":
			stop, skip = errRejected, "This call was not run: the user rejected an earlier one."
			result = tools.Result{Text: "The user rejected this call; it was not run.", Error: true}
		case errors.As(err, &rejected):
			skip = "This call was not run: the user answered an earlier one with a remark. Read it first."
			result = tools.Result{Text: "The user rejected this call; it was not run. The user says: " + rejected.Message, Error: true}
		case ctx.Err() != nil:
			stop, skip = context.Cause(ctx), "This call was not run: the user cancelled the turn."
			if result.Text == "" {
				result = tools.Result{Text: "The user cancelled this call.", Error: true}
			}
		case err != nil:
			result.Text, result.Error = err.Error(), true
		}
		if err := s.result(c, result); err != nil {
			return err
		}
	}
	return stop
}

// call is the one place where consent is asked for and operations run: prepare, check, run. A panic in a tool becomes a
// failed result: one bad call must not end the editor's server.
func (s *Session) call(ctx context.Context, c tools.Call) (result tools.Result, err error) {
	defer func() {
		if p := recover(); p != nil {
			logger().Criticalf("tool %s panicked: %v\n%s", c.Name, p, debug.Stack())
			result, err = tools.Result{}, errors.New("the tool crashed; this is a bug of opencode-lsp: try another way")
		}
	}()
	s.turn.call = c
	again := s.loop.again(c)
	op, err := s.turn.equipment.Tools.Prepare(ctx, c)
	if err != nil {
		return tools.Result{}, cmp.Or(s.breakLoop(ctx, again, c), err)
	}
	access := op.Access()
	if again {
		access.Items = append(slices.Clip(access.Items), loopItem(c))
	}
	if err := s.turn.equipment.Gate.Check(ctx, access); err != nil {
		return tools.Result{}, explain(err)
	}
	if ctx.Err() != nil { // the answer came with the cancel
		return tools.Result{}, context.Cause(ctx)
	}
	if err := s.append(Event{Type: CallStarted, Call: &c}); err != nil {
		return tools.Result{}, err
	}
	return op.Run(ctx, &progressWriter{session: s, turn: s.turn.id})
}

// breakLoop asks whether a model shall go on that repeats a call which is not even valid.
func (s *Session) breakLoop(ctx context.Context, again bool, c tools.Call) error {
	if !again {
		return nil
	}
	return explain(s.turn.equipment.Gate.Check(ctx, permission.Access{
		Tool: c.Name, Subject: "go on, though the model repeats a call that cannot work", Items: []permission.Item{loopItem(c)},
	}))
}

// explain makes a rule's denial a sentence for the model.
func explain(err error) error {
	if denied, ok := errors.AsType[*permission.DeniedError](err); ok {
		return fmt.Errorf("the user's permission rules forbid this (%s); do not try to get around it", denied.Verdict.Reason)
	}
	return err
}

func (s *Session) result(c tools.Call, r tools.Result) error {
	for _, f := range r.Files {
		if !slices.Contains(s.turn.files, f) {
			s.turn.files = append(s.turn.files, f)
		}
	}
	return s.append(Event{Type: CallDone, Result: &CallResult{Call: c.ID, Name: c.Name, Result: r}})
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
		if err := s.join(); err != nil {
			logger().Errorf("session %s: %s", s.id, err)
		}
	}
	s.end(end)
}

// end writes the turn's end. Where even that cannot be stored followers still see it: an editor must not wait for ever.
func (s *Session) end(end TurnEnd) {
	end.Files = append([]string{}, s.turn.files...)
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
	s.log.lost(e)
}
