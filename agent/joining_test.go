package agent_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/opencode-lsp/opencode-lsp/agent"
)

// A prompt joins a turn of the agent and model that it names, or leaves open, and no other's.
func TestJoinsItsOwn(t *testing.T) {
	for name, second := range map[string]struct {
		prompt agent.Prompt
		joins  bool
	}{
		"leaves it open":   {agent.Prompt{Text: "and this"}, true},
		"names the same":   {agent.Prompt{Text: "and this", Agent: "build", Model: "scripted/model"}, true},
		"another agent":    {agent.Prompt{Text: "and this", Agent: "plan"}, false},
		"another model":    {agent.Prompt{Text: "and this", Model: "scripted/other"}, false},
		"another variant":  {agent.Prompt{Text: "and this", Variant: "high"}, false},
		"switches a tool":  {agent.Prompt{Text: "and this", Switches: []agent.Limit{{Permission: "bash", Pattern: "*", Action: "deny"}}}, false},
		"has instructions": {agent.Prompt{Text: "and this", System: "Be brief."}, true},
		"the same variant": {agent.Prompt{Text: "and this", Variant: "low"}, true},
	} {
		for _, early := range []bool{true, false} {
			t.Run(name, func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					b := newBench(t, reply{text: "one"}, reply{text: "two"})
					s := b.session()
					b.model.replies[0].hang = true
					turn, err := s.Prompt(agent.Prompt{Text: "go", Agent: "build", Model: "scripted/model", Variant: "low"})
					if err != nil {
						t.Fatal(err)
					}
					if !early {
						synctest.Wait()
					}
					same, err := s.Prompt(second.prompt)
					other, refused := errors.AsType[*agent.OtherTakerError](err)
					if refused == second.joins || refused && !errors.Is(err, agent.ErrBusy) || !refused && (err != nil || same != turn) {
						t.Errorf("turn %q of %q, error %v (%v)", same, turn, err, other)
					}
					s.Cancel()
					b.end(s, turn)
					if _, err := s.Prompt(second.prompt); err != nil {
						t.Errorf("after the turn: %v", err)
					}
					b.check()
				})
			})
		}
	}
}

// Whom a command is for is not known before its turn begins: nothing that names an agent joins it until then.
func TestJoinsNoCommandEarly(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t, reply{text: "one", hang: true})
		known := make(chan struct{})
		b.expand = func(context.Context, agent.Prompt) (agent.Expansion, error) {
			<-known
			return agent.Expansion{}, nil
		}
		b.open()
		s := b.session()
		turn, err := s.Prompt(agent.Prompt{Text: "/go", Agent: "plan"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Prompt(agent.Prompt{Text: "and this", Agent: "plan"}); !errors.Is(err, agent.ErrBusy) {
			t.Errorf("before the turn: %v", err)
		}
		if same, err := s.Prompt(agent.Prompt{Text: "and that"}); err != nil || same != turn {
			t.Errorf("whoever takes it: turn %q, %v", same, err)
		}
		close(known)
		synctest.Wait()
		if same, err := s.Prompt(agent.Prompt{Text: "and this", Agent: "plan"}); err != nil || same != turn {
			t.Errorf("in the turn: turn %q, %v", same, err)
		}
		s.Cancel()
		b.end(s, turn)
		b.check()
	})
}

// Of many sessions those that rest are left to the store, but for the current one, those at work and those just opened; they
// can be opened again.
func TestRestingSessions(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t)
		made := func(aside bool) *agent.Session {
			s, err := b.sessions.New(t.Context(), agent.Start{Aside: aside})
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		open := func(s *agent.Session) bool {
			return slices.ContainsFunc(b.sessions.Running(), func(o *agent.Session) bool { return o.ID() == s.ID() })
		}
		current, busy := made(false), made(true)
		b.model.replies = []reply{{hang: true}}
		turn := b.prompt(busy, "go on for ever")
		var resting []*agent.Session
		for range 100 {
			resting = append(resting, made(true))
			time.Sleep(time.Millisecond) // the clock of a bubble stands still otherwise, and all are as old
		}
		if n := len(b.sessions.Running()); n != 102 {
			t.Errorf("%d sessions are open; those just made may be used at once", n)
		}
		for range 300 {
			made(true)
		}
		if n := len(b.sessions.Running()); n > 257 {
			t.Errorf("%d sessions are open at once", n)
		}
		time.Sleep(time.Minute)
		last := made(true)
		if n := len(b.sessions.Running()); n != 32 {
			t.Errorf("%d sessions stay open, want 32", n)
		}
		if b.sessions.Last() != current || !open(current) || !open(busy) || !open(last) || open(resting[0]) {
			t.Errorf("open: current %v, busy %v, last %v, resting %v", open(current), open(busy), open(last), open(resting[0]))
		}
		again, err := b.sessions.Visit(t.Context(), resting[0].ID())
		if err != nil {
			t.Fatal(err)
		}
		b.ended(again, "hello")
		busy.Cancel()
		b.end(busy, turn)
		b.check()
	})
}
