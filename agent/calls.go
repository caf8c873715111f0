package agent

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"

	"github.com/opencode-lsp/opencode-lsp/permission"
	"github.com/opencode-lsp/opencode-lsp/tools"
)

// outcome is what a call came to.
type outcome struct {
	tools.Result
	err error
}

// round is the calls of one reply on their way to exactly one result each, in their order.
type round struct {
	session *Session
	ongoing []ongoing // begun, and without a result yet
	skip    string    // why what is left is not run
	stop    error     // with which the turn ends
}

// ongoing is a call with the channel that its one outcome comes from.
type ongoing struct {
	call tools.Call
	done <-chan outcome
}

// calls runs the calls of one reply. They are judged one after the other, each when those before it are done, but for
// calls of tools that run side by side. A rejection or cancel leaves the rest unrun.
func (s *Session) calls(ctx context.Context, calls []tools.Call) error {
	r := &round{session: s}
	for i, c := range calls {
		r.begin(ctx, c)
		if i+1 < len(calls) && s.beside(c) && s.beside(calls[i+1]) {
			continue
		}
		if err := r.land(ctx); err != nil {
			return err
		}
	}
	return r.stop
}

func (s *Session) beside(c tools.Call) bool { return s.turn.equipment.Tools.Beside(c.Name) }

// begin starts a call, unless the rest is not to be run.
func (r *round) begin(ctx context.Context, c tools.Call) {
	if r.skip != "" {
		r.ongoing = append(r.ongoing, ongoing{c, over(outcome{Result: tools.Result{Text: r.skip, Error: true}})})
		return
	}
	r.ongoing = append(r.ongoing, ongoing{c, r.session.call(ctx, c)})
}

// over is the channel of an outcome that is known.
func over(o outcome) <-chan outcome {
	done := make(chan outcome, 1)
	done <- o
	return done
}

// land waits for all that was begun and writes down what came of it.
func (r *round) land(ctx context.Context) error {
	var failed error
	for _, o := range r.ongoing {
		result := r.word(ctx, <-o.done)
		if failed == nil { // nothing is written behind a gap
			failed = r.session.result(o.call, result)
		}
	}
	r.ongoing = nil
	return failed
}

// word says an outcome to the model and decides whether the rest of the calls is run.
func (r *round) word(ctx context.Context, o outcome) tools.Result {
	result, err := o.Result, o.err
	var rejected *permission.RejectedError
	switch {
	case errors.As(err, &rejected) && rejected.Message == "":
		r.stop, r.skip = errRejected, "This call was not run: the user rejected an earlier one."
		result.Text, result.Error = cmp.Or(result.Text, "The user rejected this call; it was not run."), true
	case errors.As(err, &rejected):
		r.skip = "This call was not run: the user answered an earlier one with a remark. Read it first."
		result = tools.Result{Text: "The user rejected this call; it was not run. The user says: " + rejected.Message, Error: true}
	case ctx.Err() != nil:
		r.stop, r.skip = context.Cause(ctx), "This call was not run: the user cancelled the turn."
		if result.Text == "" {
			result.Text, result.Error = "The user cancelled this call.", true
		}
	case err != nil:
		result.Text, result.Error = err.Error(), true
	}
	return result
}

// call prepares a call and performs it.
func (s *Session) call(ctx context.Context, c tools.Call) <-chan outcome {
	s.turn.call = c
	again := s.loop.again(c)
	op, access, err := s.prepare(ctx, c)
	if err != nil {
		return over(outcome{err: cmp.Or(s.breakLoop(ctx, again, c), err)})
	}
	if again {
		access.Items = append(slices.Clip(access.Items), loopItem(c))
	}
	return s.perform(ctx, c, op, access)
}

// perform is the one place where consent is asked for and operations run: check, then run. What runs beside others is under
// way when it returns; anything else is done. What a call turns out to need besides comes back as an Op of its own and is
// performed the same way.
func (s *Session) perform(ctx context.Context, c tools.Call, op tools.Op, access permission.Access) <-chan outcome {
	if err := s.turn.equipment.Gate.Check(ctx, access); err != nil {
		return over(outcome{err: explain(err)})
	}
	if ctx.Err() != nil { // the answer came with the cancel
		return over(outcome{err: context.Cause(ctx)})
	}
	if err := s.append(Event{Type: CallStarted, Call: &c}); err != nil {
		return over(outcome{err: err})
	}
	out := &progressWriter{session: s, turn: s.turn.id}
	done := make(chan outcome, 1)
	run := func() {
		var o outcome
		defer func() { done <- o }()
		defer crash(c, &o.err)
		o.Result, o.err = op.Run(ctx, out)
	}
	if s.beside(c) {
		go run()
		return done
	}
	run()
	o := <-done
	if more, ok := errors.AsType[*tools.MoreError](o.err); ok {
		return s.perform(ctx, c, more.Op, more.Op.Access())
	}
	return over(o)
}

// prepare validates a call.
func (s *Session) prepare(ctx context.Context, c tools.Call) (op tools.Op, access permission.Access, err error) {
	defer crash(c, &err)
	if op, err = s.turn.equipment.Tools.Prepare(ctx, c); err == nil {
		access = op.Access()
	}
	return op, access, err
}

// crash, deferred, makes a panic in a tool a failed result: one bad call must not end the editor's server.
func crash(c tools.Call, err *error) {
	if p := recover(); p != nil {
		logger().Criticalf("tool %s panicked: %v\n%s", c.Name, p, debug.Stack())
		*err = errors.New("the tool crashed; this is a bug of opencode-lsp: try another way")
	}
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
