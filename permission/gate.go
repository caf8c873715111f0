package permission

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// ErrCovered is the cause with which an open question's context ends when a grant given meanwhile covers all that it
// asks: the operation is permitted and nobody needs to answer any more.
var ErrCovered = errors.New("settled by another answer")

// Reply is a person's answer to a question.
type Reply string

// The replies of OpenCode.
const (
	Once   Reply = "once"
	Always Reply = "always"
	Reject Reply = "reject"
)

// Question is what a person is asked: the access, and what "always" would cover ("" where it is not offered).
type Question struct {
	Access Access
	// Asks are the items that need consent, a subset of Access.Items, with the reason for each.
	Asks []Verdict
	// Always are the grants that the answer "always" would remember; nil where "always" is not offered.
	Always []Grant
}

// Answer is the reply with the words that the model shall read, if any.
type Answer struct {
	Reply   Reply  `json:"reply"`
	Message string `json:"message,omitempty"`
}

// Asker puts a question to a person and waits for the answer. It returns ctx's cause when ctx ends first.
type Asker interface {
	Ask(ctx context.Context, q Question) (Answer, error)
}

// DeniedError says that a rule forbids the operation.
type DeniedError struct{ Verdict Verdict }

func (e *DeniedError) Error() string { return fmt.Sprintf("denied: %s", e.Verdict.Reason) }

// RejectedError says that the user rejected the operation. With a Message the model reads it and goes on, without one the
// turn ends.
type RejectedError struct{ Message string }

func (e *RejectedError) Error() string {
	if e.Message == "" {
		return "the user rejected this"
	}
	return "the user rejected this: " + e.Message
}

// Gate is the only way from an intended to a permitted operation: rule, remembered answer, question. Its fields do not
// change while it is in use; it is safe for concurrent use.
type Gate struct {
	// Policy gives the rules in force at that moment. Nil: everything asks.
	Policy func() Policy
	// Grants are the remembered answers. Nil: none, and "always" is not offered.
	Grants *Grants
	// Workspace and Session say whose grants count and to whom new ones belong.
	Workspace, Session string
	// Asker puts the question. Nil: nobody can be asked, which is a rejection.
	Asker Asker
	// Warn is told of grants that could not be read or kept; the question or the answer stands. Nil: nothing is told.
	Warn func(error)
}

// Check returns nil where the operation is permitted, a *DeniedError where a rule forbids it, a *RejectedError where a
// person does, else ctx's cause or what kept the question from being asked.
func (g *Gate) Check(ctx context.Context, a Access) error {
	var changed <-chan struct{}
	if g.Grants != nil {
		changed = g.Grants.Changed() // before the verdict, so that no grant slips in between
	}
	strictest, asks := g.policy().JudgeAll(a.Items)
	if strictest.Action == Deny {
		return &DeniedError{Verdict: strictest}
	}
	if asks = g.open(ctx, asks); len(asks) == 0 {
		return nil
	}
	q := Question{Access: a, Asks: asks, Always: g.offer(a, asks)}
	answer, err := g.ask(ctx, q, changed)
	if errors.Is(err, ErrCovered) {
		return nil
	}
	if err != nil {
		return err
	}
	return g.settle(ctx, q, answer)
}

func (g *Gate) policy() Policy {
	if g.Policy == nil {
		return Policy{}
	}
	return g.Policy()
}

// open returns the verdicts that still ask when the grants have been heard.
func (g *Gate) open(ctx context.Context, asks []Verdict) []Verdict {
	if g.Grants == nil || len(asks) == 0 {
		return asks
	}
	grants, err := g.Grants.List(ctx, g.Workspace)
	g.warn(err)
	for _, gr := range grants {
		if g.mine(gr) {
			asks = gr.Settle(asks)
		}
	}
	return asks
}

func (g *Gate) mine(gr Grant) bool { return gr.Session == "" || gr.Session == g.Session }

func (g *Gate) warn(err error) {
	if err != nil && g.Warn != nil {
		g.Warn(err)
	}
}

// offer gives the grants that "always" would remember; none where one of the asks cannot be remembered, or where two
// different patterns of one permission would have to be, since a button names one.
func (g *Gate) offer(a Access, asks []Verdict) []Grant {
	if g.Grants == nil {
		return nil
	}
	patterns := map[string]string{}
	var out []Grant
	for _, v := range asks {
		it := v.Item
		gr := Grant{Workspace: g.Workspace, Permission: it.Permission, Pattern: it.Always}
		old, seen := patterns[it.Permission]
		if it.Always == "" || v.Narrowed || !gr.covers(it) || seen && old != it.Always {
			return nil
		}
		patterns[it.Permission] = it.Always
		if a.Session {
			gr.Session = g.Session
		}
		if !seen {
			out = append(out, gr)
		}
	}
	return out
}

// ask puts the question and withdraws it when grants given meanwhile answer it.
func (g *Gate) ask(ctx context.Context, q Question, changed <-chan struct{}) (Answer, error) {
	if g.Asker == nil {
		return Answer{Reply: Reject}, nil
	}
	asking, cancel := context.WithCancelCause(ctx)
	var wg sync.WaitGroup
	if g.Grants != nil {
		wg.Go(func() { g.watch(asking, cancel, q.Asks, changed) })
	}
	answer, err := g.Asker.Ask(asking, q)
	covered := errors.Is(context.Cause(asking), ErrCovered)
	cancel(nil)
	wg.Wait()
	switch {
	case err == nil:
		return answer, nil
	case ctx.Err() != nil:
		return Answer{}, context.Cause(ctx)
	case covered:
		return Answer{}, ErrCovered
	default:
		return Answer{}, fmt.Errorf("ask for permission: %w", err)
	}
}

// watch ends the question as soon as grants cover everything that it asks.
func (g *Gate) watch(ctx context.Context, cancel context.CancelCauseFunc, asks []Verdict, changed <-chan struct{}) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-changed:
		}
		changed = g.Grants.Changed()
		if len(g.open(ctx, asks)) == 0 {
			cancel(ErrCovered)
			return
		}
	}
}

// settle turns the answer into the outcome. An "always" that was not offered counts for this once.
func (g *Gate) settle(ctx context.Context, q Question, a Answer) error {
	switch a.Reply {
	case Once:
	case Always:
		for _, gr := range q.Always {
			_, err := g.Grants.Add(ctx, gr)
			g.warn(err)
		}
	case Reject:
		return &RejectedError{Message: a.Message}
	default:
		return fmt.Errorf("answer %q is not one of once, always, reject", a.Reply)
	}
	return nil
}
