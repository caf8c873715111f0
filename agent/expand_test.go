package agent_test

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/permission"
	"github.com/opencode-lsp/opencode-lsp/tools"
)

// expandBench knows the commands /do, which runs a call, /plan for another agent, /say, /task and /bad.
func expandBench(t *testing.T, replies ...reply) *bench {
	b := newBench(t, replies...)
	b.profiles = map[string]agent.Profile{"planner": {Reminder: "Look only."}}
	b.expand = func(_ context.Context, p agent.Prompt) (agent.Expansion, error) {
		call := &tools.Call{Name: "do", Arguments: `{"word":"x"}`}
		switch p.Text {
		case "/do":
			return agent.Expansion{Pieces: []agent.Piece{{Text: "It ", Call: call}, {Text: "."}}}, nil
		case "/plan":
			return agent.Expansion{Pieces: []agent.Piece{{Text: "Plan."}}, Agent: "planner"}, nil
		case "/say":
			return agent.Expansion{Pieces: []agent.Piece{{Text: "Say it."}}}, nil
		case "/task":
			return agent.Expansion{Pieces: []agent.Piece{{Text: "Find it."}}, Task: &agent.Task{Agent: "finder", Description: "/task"}}, nil
		case "/bad":
			return agent.Expansion{}, errors.New("there is no command /bad")
		}
		return agent.Expansion{}, nil
	}
	b.open()
	return b
}

// asked are the user's texts of the last request.
func (b *bench) texts() string {
	var texts []string
	for _, m := range b.model.asked() {
		if m.Role == agent.User {
			texts = append(texts, m.Text)
		}
	}
	return strings.Join(texts, "|")
}

func TestExpand(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := expandBench(t).allow()
		b.open()
		s := b.session()
		turn, err := s.Prompt(agent.Prompt{Text: "/do", Context: " There."})
		if err != nil {
			t.Fatal(err)
		}
		b.end(s, turn)
		if got := b.texts(); got != "It did x. There." {
			t.Errorf("the model read %q", got)
		}
		for _, m := range b.model.asked() {
			if m.Role == agent.Tool {
				t.Errorf("a call of the prompt's reached the model: %+v", m)
			}
		}
		// A command has its agent for its turn; its reminder comes with it and ends with it.
		b.ended(s, "/plan")
		if got := b.texts(); !strings.HasSuffix(got, "|Plan.|[Look only.]") {
			t.Errorf("the model read %q", got)
		}
		b.ended(s, "on")
		if got := b.texts(); !strings.HasSuffix(got, "|on|[The agent is  now; what was said of planner holds no longer.]") {
			t.Errorf("the model read %q", got)
		}
		if end := b.ended(s, "/bad"); end.Status != agent.Failed || end.Error != "there is no command /bad" {
			t.Errorf("end %+v", end)
		}
		// After a restart the model reads the same.
		b.ended(s, "last")
		before := b.model.asked()
		b.sessions.Close()
		b.open()
		b.ended(b.session(), "more")
		after := b.model.asked()
		if !reflect.DeepEqual(after[:len(before)], before) {
			t.Errorf("after a restart:\n%+v\nbefore:\n%+v", after, before)
		}
		b.check()
	})
}

// What a prompt would run is asked about, and a no ends the turn before the model is asked.
func TestExpandRejected(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := expandBench(t)
		s := b.session()
		turn := b.prompt(s, "/do")
		q := b.question()
		if q.Tool != "do" {
			t.Errorf("asked %+v", q)
		}
		if err := b.sessions.Answer(q.ID, permission.Answer{Reply: permission.Reject}, "test"); err != nil {
			t.Fatal(err)
		}
		if end := b.end(s, turn); end.Status != agent.Rejected || len(b.model.requests) > 0 {
			t.Errorf("end %+v after %d requests", end, len(b.model.requests))
		}
		// With a word the model reads it.
		turn = b.prompt(s, "/do")
		if err := b.sessions.Answer(b.question().ID, permission.Answer{Reply: permission.Reject, Message: "not that"}, "test"); err != nil {
			t.Fatal(err)
		}
		if end := b.end(s, turn); end.Status != agent.Done || !strings.Contains(b.texts(), "The user says: not that") {
			t.Errorf("end %+v, the model read %q", end, b.texts())
		}
		b.check()
	})
}

// A task is done by its agent where that may be called, else by the turn's own.
func TestExpandTask(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := expandBench(t, reply{text: "Here."}, reply{text: "It is here."}, reply{text: "I looked."}).allow()
		b.agents = []agent.Profile{{Name: "finder", Mode: agent.Subagent}}
		b.open()
		s := b.session()
		if end := b.ended(s, "/task"); end.Text != "It is here." || !strings.Contains(b.texts(), "Its report:\n\nHere.") {
			t.Errorf("end %+v, the model read %q", end, b.texts())
		}
		b.agents = nil
		b.sessions.Close()
		b.open()
		if end := b.ended(b.session(), "/task"); end.Text != "I looked." || !strings.HasSuffix(b.texts(), "|Find it.") {
			t.Errorf("end %+v, the model read %q", end, b.texts())
		}
		b.check()
	})
}

// A literal prompt stands for itself; a command that joins a running turn is expanded there, but not one for another agent:
// the one at work may do more.
func TestExpandJoined(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := expandBench(t, reply{calls: []tools.Call{{Name: "do", Arguments: `{"word":"y"}`}}})
		s := b.session()
		turn, err := s.Prompt(agent.Prompt{Text: "/do", Literal: true})
		if err != nil {
			t.Fatal(err)
		}
		q := b.question()
		b.prompt(s, "/bad")
		b.prompt(s, "/plan")
		b.prompt(s, "/say")
		if err := b.sessions.Answer(q.ID, permission.Answer{Reply: permission.Once}, "test"); err != nil {
			t.Fatal(err)
		}
		b.end(s, turn)
		want := "/do|/bad|[there is no command /bad]|/plan|[The command was not run: the running turn is for another agent or model " +
			"(default, scripted/model); send it again when that has ended, or cancel it.]|Say it."
		if got := b.texts(); got != want {
			t.Errorf("the model read %q", got)
		}
		b.check()
	})
}
