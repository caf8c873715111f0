package agent

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/opencode-lsp/opencode-lsp/tools"
)

// Expansion is what a prompt stands for: "/name" a command's template, "@file" the file's text.
type Expansion struct {
	// Pieces make the text that the model reads; nil: the prompt as it was typed.
	Pieces []Piece
	// Agent, Model and its Variant, where set, are those of this turn, not of the session.
	Agent, Model, Variant string
	// Task, where set, gives the text to another agent in a session of its own, if the turn's agent may call it; the model
	// reads the report.
	Task *Task
}

// Task names who does a prompt in a session of its own.
type Task struct{ Agent, Description string }

// Piece is a part of a prompt: text or, where Call is set, the result of a tool call, which is asked about, run and
// written down as the model's own calls are.
type Piece struct {
	Text string      `json:"text,omitempty"`
	Call *tools.Call `json:"call,omitempty"`
}

// expansion is what the prompt stands for, and what is attached to it.
func (s *Session) expansion(ctx context.Context, p Prompt) (x Expansion, err error) {
	if s.opt.Expand != nil && !p.Literal {
		if x, err = s.opt.Expand(ctx, p); err != nil {
			return x, err
		}
	}
	x.Variant = cmp.Or(p.Variant, x.Variant)
	if len(p.Attached) > 0 {
		if x.Pieces == nil {
			x.Pieces = []Piece{{Text: p.Text}}
		}
		x.Pieces = append(x.Pieces, p.Attached...)
	}
	return x, nil
}

// fill makes the text of an expansion and puts it in the place of the prompt that was stored last. A rejected call ends
// the turn.
func (s *Session) fill(ctx context.Context, p Prompt, x Expansion) error {
	if x.Pieces == nil {
		return nil
	}
	var b strings.Builder
	whole := Prompt{Context: p.Context, Files: slices.Clone(p.Files)}
	for _, piece := range x.Pieces {
		b.WriteString(piece.Text)
		if piece.Call == nil {
			continue
		}
		result, err := s.inline(ctx, *piece.Call)
		if err != nil {
			return err
		}
		b.WriteString(strings.TrimRight(result.Text, "\n"))
		whole.Files = append(whole.Files, result.Attachments...)
	}
	whole.Text = b.String()
	if x.Task != nil {
		if err := s.delegate(ctx, *x.Task, &whole); err != nil {
			return err
		}
	}
	return s.append(Event{Type: PromptExpanded, Prompt: &whole})
}

// delegate has another agent do what p asks, and makes p its report. Where that agent cannot be called p stays as it is,
// for the turn's own.
func (s *Session) delegate(ctx context.Context, t Task, p *Prompt) error {
	arguments, err := json.Marshal(taskArgs{Description: t.Description, Prompt: p.Text + p.Context, Agent: t.Agent})
	if err != nil {
		return err
	}
	call := tools.Call{Name: "task", Arguments: string(arguments)}
	if _, err := s.turn.equipment.Tools.Prepare(ctx, call); err != nil {
		return nil
	}
	result, err := s.inline(ctx, call)
	if err != nil {
		return err
	}
	p.Text = fmt.Sprintf("The agent %s was asked to do this in a session of its own:\n\n%s%s\n\nIts report:\n\n%s\n\nTell the user what came of it.",
		t.Agent, p.Text, p.Context, result.Text)
	p.Context = ""
	return nil
}

// inline runs a call that a prompt makes. Its error ends the turn.
func (s *Session) inline(ctx context.Context, c tools.Call) (tools.Result, error) {
	c.ID = fmt.Sprintf("prompt_%d", s.log.last()+1)
	r := &round{session: s}
	result := r.word(ctx, <-s.call(ctx, c))
	if err := s.result(c, result); err != nil {
		return result, err
	}
	return result, r.stop
}

// join takes the prompts that came while the turn ran into the conversation. A command that cannot be used is said to the
// model, so that the turn goes on.
func (s *Session) join(ctx context.Context) error {
	return s.adopt(func(p Prompt) error {
		x, err := s.expansion(ctx, p)
		if err != nil {
			return s.append(Event{Type: Noted, Text: err.Error()})
		}
		if now := s.turn.taker(); !now.suits(taker{agent: x.Agent, model: x.Model, variant: x.Variant}) {
			other := &OtherTakerError{now.agent, now.model}
			return s.append(Event{Type: Noted, Text: "The command was not run: " + other.Error() + "."})
		}
		if err := s.fill(ctx, p, x); err != nil {
			return err
		}
		return s.instruct(p)
	})
}

// instruct tells the model what the client has to say beside a prompt. It stands in the conversation, not in the system prompt,
// which stays the same for the provider's cache.
func (s *Session) instruct(p Prompt) error {
	if strings.TrimSpace(p.System) == "" {
		return nil
	}
	return s.append(Event{Type: Noted, Text: "Instructions for this prompt:\n" + strings.TrimSpace(p.System)})
}

// adopt writes down the prompts that wait, each followed by what then makes of it.
func (s *Session) adopt(then func(Prompt) error) error {
	for {
		p, ok := s.next()
		if !ok {
			return nil
		}
		if err := s.append(Event{Type: PromptJoined, Prompt: &p}); err != nil {
			return err
		}
		if err := then(p); err != nil {
			return err
		}
	}
}

// remind tells the model what the turn's agent has to keep in mind, or that the limits of the one before are gone.
func (s *Session) remind() error {
	text := s.turn.profile.Reminder
	if text == "" && s.reminded != "" {
		text = fmt.Sprintf("The agent is %s now; what was said of %s holds no longer.", s.turn.profile.Name, s.reminded)
	}
	s.reminded = ""
	if s.turn.profile.Reminder != "" {
		s.reminded = s.turn.profile.Name
	}
	if text == "" {
		return nil
	}
	return s.append(Event{Type: Noted, Text: strings.TrimSpace(text)})
}
