package agent_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/agent/agenttest"
	"github.com/opencode-lsp/opencode-lsp/permission"
	"github.com/opencode-lsp/opencode-lsp/tools"
)

// What a front attaches by a call is asked about; a prompt that wants no reply is read with the next one.
func TestAttached(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t, reply{text: "read"})
		s := b.session()
		call := do("one")
		turn, err := s.Prompt(agent.Prompt{Text: "see", Literal: true, NoReply: true, Attached: []agent.Piece{{Text: "\n> ", Call: &call}, {Text: "."}}})
		if err != nil {
			t.Fatal(err)
		}
		q := b.question()
		if err := b.sessions.Answer(q.ID, permission.Answer{Reply: permission.Once}, "test"); err != nil {
			t.Fatal(err)
		}
		if end := b.end(s, turn); end.Status != agent.Done || len(b.model.requests) != 0 {
			t.Errorf("end = %+v after %d requests", end, len(b.model.requests))
		}
		if end := b.ended(s, "and?"); end.Text != "read" || !strings.HasPrefix(b.model.asked()[0].Text, "see\n> did one.") {
			t.Errorf("end = %+v, asked %+v", end, b.model.asked())
		}
		b.check()
	})
}

// A prompt that joins one which wants no reply gets its own.
func TestNoReplyJoined(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t, reply{text: "both read"})
		s := b.session()
		call := do("one")
		turn, err := s.Prompt(agent.Prompt{Text: "first", NoReply: true, Attached: []agent.Piece{{Call: &call}}})
		if err != nil {
			t.Fatal(err)
		}
		q := b.question() // holds the turn up
		b.prompt(s, "second")
		if err := b.sessions.Answer(q.ID, permission.Answer{Reply: permission.Once}, "test"); err != nil {
			t.Fatal(err)
		}
		if end := b.end(s, turn); end.Text != "both read" || len(b.model.asked()) != 2 {
			t.Errorf("end = %+v, asked %+v", end, b.model.asked())
		}
		b.check()
	})
}

func TestMend(t *testing.T) {
	b := newBench(t)
	events := []agent.Event{
		{Type: agent.SessionCreated, Session: &agent.SessionInfo{ID: "ses_a", Directory: "/ws"}},
		{Type: agent.TurnStarted, Turn: "t", Prompt: &agent.Prompt{Text: "hi"}},
		{Type: agent.MessageDone, Turn: "t", Message: &agent.Reply{Calls: []tools.Call{do("one")}}},
	}
	for i := range events {
		events[i].Seq, events[i].SessionID, events[i].Time = int64(i+1), "ses_a", time.Now()
	}
	if err := b.store.Append(t.Context(), "ses_a", events...); err != nil {
		t.Fatal(err)
	}
	stored := func() int {
		all, err := agenttest.Events(t.Context(), b.store, "ses_a")
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	release, err := b.store.Acquire("ses_a")
	if err != nil {
		t.Fatal(err)
	}
	if err := b.sessions.Mend(t.Context(), "ses_a"); err != nil || stored() != 3 {
		t.Errorf("while another process has it: %v, %d events", err, stored())
	}
	release()
	for range 2 { // the second time there is nothing to do
		if err := b.sessions.Mend(t.Context(), "ses_a"); err != nil || stored() != 5 {
			t.Errorf("mended: %v, %d events", err, stored())
		}
	}
	if n := len(b.sessions.Running()); n != 0 {
		t.Errorf("%d sessions are open", n)
	}
	if err := b.sessions.Mend(t.Context(), "ses_b"); !errors.Is(err, agent.ErrNotFound) {
		t.Errorf("of an unknown session: %v", err)
	}
	b.check()
}
