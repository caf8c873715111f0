package agent

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/opencode-lsp/opencode-lsp/permission"
)

// pending is a question that waits for its answer.
type pending struct {
	question OpenQuestion
	answer   chan answered
}

type answered struct {
	permission.Answer
	by string
}

// LateError says that a question was settled before this answer came, or never existed.
type LateError struct {
	ID string
	// By is the channel that settled it, "" where no such question is known.
	By string
}

func (e *LateError) Error() string {
	if e.By == "" {
		return fmt.Sprintf("there is no open question #%s", e.ID)
	}
	return fmt.Sprintf("question #%s was already settled by %s", e.ID, e.By)
}

// Withdrawn is the cause by which the asker takes a question back, since something else answered it: the name of that.
type Withdrawn string

func (w Withdrawn) Error() string { return "settled by " + string(w) }

// Answer settles an open question. The first answer wins, a later one gets a *LateError. by names the channel for the log.
func (s *Session) Answer(id string, a permission.Answer, by string) error {
	s.mail.mu.Lock()
	defer s.mail.mu.Unlock()
	p := s.mail.pending[id]
	if p == nil {
		return &LateError{ID: id, By: s.mail.settled[id]}
	}
	a, err := p.question.read(a)
	if err != nil {
		return err
	}
	s.settle(id, by)
	p.answer <- answered{a, by}
	return nil
}

// settle is called with the mailbox locked.
func (s *Session) settle(id, by string) {
	delete(s.mail.pending, id)
	s.mail.settled[id] = by
}

// Pending are the open questions, oldest first.
func (s *Session) Pending() []OpenQuestion {
	s.mail.mu.Lock()
	defer s.mail.mu.Unlock()
	var open []OpenQuestion
	for _, p := range s.mail.pending {
		open = append(open, p.question)
	}
	slices.SortFunc(open, func(a, b OpenQuestion) int { return number(a.ID) - number(b.ID) })
	return open
}

func number(id string) int {
	n, _ := strconv.Atoi(id)
	return n
}

// Ask implements [permission.Asker] for the session's gate: it writes the question down, waits for the first answer from
// any front, and writes that down too.
func (s *Session) Ask(ctx context.Context, q permission.Question) (permission.Answer, error) {
	open := OpenQuestion{
		Kind: KindPermission, Tool: q.Access.Tool, Subject: q.Access.Subject, Notes: notes(q), Preview: q.Access.Preview, Files: q.Access.Files, Parts: parts(q),
		Choices:  []Choice{{permission.Once, "Allow once"}, {permission.Reject, "Reject"}},
		Patterns: []string{},
	}
	for _, v := range q.Asks {
		if len(v.Item.Values) == 0 {
			continue // an access without items asks too
		}
		if open.Permission == "" {
			open.Permission = v.Item.Permission
		}
		open.Patterns = append(open.Patterns, v.Item.Values[0])
	}
	if title := alwaysTitle(q); title != "" {
		open.Choices = slices.Insert(open.Choices, 1, Choice{permission.Always, title})
		open.Always = alwaysPatterns(q)
	}
	return s.ask(ctx, open)
}

// AskSave asks what to do about edits of the agent that are not on disk yet. subject names the files.
func (s *Session) AskSave(ctx context.Context, subject string, notes []string, files []string) (permission.Answer, error) {
	return s.ask(ctx, OpenQuestion{
		Kind: KindSave, Tool: "save", Subject: subject, Notes: notes, Permission: "save", Patterns: files,
		Choices: []Choice{{permission.Once, "Write to disk"}, {Skip, "Run anyway"}, {permission.Reject, "Reject"}},
	})
}

// ask must run on the session's goroutine.
func (s *Session) ask(ctx context.Context, q OpenQuestion) (permission.Answer, error) {
	q.ID = s.opt.nextQuestion()
	q.Call = s.turn.call.ID
	if info := s.history.info; info.Parent != "" {
		q.Notes = slices.Insert(q.Notes, 0, fmt.Sprintf("For the agent %s: %s", info.Agent, info.Title))
	}
	p := &pending{question: q, answer: make(chan answered, 1)}
	s.mail.mu.Lock()
	s.mail.pending[q.ID] = p // before anyone sees the question: a plugin may answer at once
	s.mail.mu.Unlock()
	if err := s.append(Event{Type: Asked, Question: &q}); err != nil {
		s.mail.mu.Lock()
		defer s.mail.mu.Unlock()
		s.settle(q.ID, string(storeFailed))
		return permission.Answer{}, err
	}
	got, err := s.await(ctx, p)
	settled := &Settled{ID: q.ID, Answer: got.Answer, By: got.by}
	if stored := s.append(Event{Type: Answered, Answer: settled}); stored != nil {
		return permission.Answer{}, stored // not written down: not consent
	}
	return got.Answer, err
}

func (s *Session) await(ctx context.Context, p *pending) (answered, error) {
	select {
	case a := <-p.answer:
		return a, nil
	case <-ctx.Done():
	}
	by := "cancel"
	if errors.Is(context.Cause(ctx), permission.ErrCovered) {
		by = "a remembered answer"
	} else if w, ok := errors.AsType[Withdrawn](context.Cause(ctx)); ok {
		by = string(w)
	}
	s.mail.mu.Lock()
	defer s.mail.mu.Unlock()
	select {
	case a := <-p.answer: // it came first after all
		return a, nil
	default:
	}
	s.settle(p.question.ID, by)
	return answered{by: by}, context.Cause(ctx)
}

// notes are the lines below the subject: the access's own and why each item must be asked, where its part does not say so.
func notes(q permission.Question) []string {
	var lines []string
	split := parts(q) != nil
	for _, v := range q.Asks {
		line := ""
		switch {
		case split || len(v.Item.Values) == 0:
		case v.Item.Why != "":
			line = "Asked because " + v.Item.Why + "."
		case v.Item.Permission == "external_directory":
			line = "Outside the workspace: " + v.Item.Values[0]
		}
		if line != "" && !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	return append(lines, q.Access.Notes...)
}

// alwaysTitle names what "always" would cover, "" where it is not offered.
func alwaysTitle(q permission.Question) string {
	if len(q.Always) == 0 {
		return ""
	}
	labels := alwaysLabels(q.Always)
	edits := slices.ContainsFunc(q.Always, func(g permission.Grant) bool { return g.Permission == "edit" })
	title := "Always allow " + labels[0]
	switch more := len(labels) - 1; {
	case q.Access.Session && edits:
		title = "Always allow edits"
	case more > 0:
		title += fmt.Sprintf(" and %d more", more)
	}
	if q.Access.Session {
		title += " this session"
	}
	return title
}

// alwaysLabels are the grants as people call them. The pattern of a doom_loop is the tool alone, which would read as if all
// calls of it were meant.
func alwaysLabels(grants []permission.Grant) []string {
	var labels, repeated []string
	for _, g := range grants {
		switch {
		case g.Permission == doomLoopPermission:
			repeated = append(repeated, "repeated "+g.Pattern+" calls")
		case g.Pattern == "*":
			labels = append(labels, g.Permission)
		default:
			labels = append(labels, g.Pattern)
		}
	}
	slices.Sort(labels)
	return append(slices.Compact(labels), repeated...)
}

// alwaysPatterns are the patterns that "always" would cover, each once and in order.
func alwaysPatterns(q permission.Question) []string {
	patterns := map[string]bool{}
	for _, g := range q.Always {
		patterns[g.Pattern] = true
	}
	return slices.Sorted(maps.Keys(patterns))
}
