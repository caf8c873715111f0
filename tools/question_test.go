package tools

import (
	"context"
	"errors"
	"strings"
	"testing"
)

// ask is the arguments of one question.
func ask(question string, labels ...string) map[string]any {
	options := []any{}
	for _, l := range labels {
		options = append(options, map[string]any{"label": l, "description": "d"})
	}
	return map[string]any{"question": question, "header": "h", "options": options}
}

func TestQuestionAsksOneByOne(t *testing.T) {
	b := newBench(t)
	var asked []string
	b.env.Ask = func(_ context.Context, q Question) (string, error) {
		asked = append(asked, q.Question)
		return []string{"Yes", ""}[len(asked)-1], nil
	}
	r := b.call("question", "questions", []any{ask("First?", "Yes", "No"), ask("Second?")})
	contains(t, r.Text, "The user's answers:\n- \"First?\": Yes\n- \"Second?\": nobody is here to answer.")
	if strings.Join(asked, " ") != "First? Second?" || r.Title != "Yes; nobody answered" {
		t.Errorf("asked %q, title %q", asked, r.Title)
	}
	b.env.Ask = nil
	contains(t, b.call("question", "questions", []any{ask("First?", "Yes")}).Text, "nobody is here")
}

// TestQuestionCancelled: what was answered before is in the result.
func TestQuestionCancelled(t *testing.T) {
	b := newBench(t)
	b.env.Ask = func(_ context.Context, q Question) (string, error) {
		if q.Question == "Second?" {
			return "", context.Canceled
		}
		return "Yes", nil
	}
	r, err := b.try("question", "questions", []any{ask("First?", "Yes"), ask("Second?", "Yes")})
	if !errors.Is(err, context.Canceled) || r.Text != "The user's answers:\n- \"First?\": Yes" {
		t.Errorf("%q, %v", r.Text, err)
	}
}

func TestQuestionArguments(t *testing.T) {
	b := newBench(t)
	closed := ask("Q?")
	closed["custom"] = false
	many := ask("Q?", strings.Split("abcdefghijklm", "")...)
	for want, q := range map[string]map[string]any{
		"questions[0].question is empty":                           ask(" ", "a"),
		"questions[0].options is empty; give some, or leave":       closed,
		"questions[0].options are 13; give at most 12":             many,
		"questions[0].options[1].label is empty":                   ask("Q?", "a", " "),
		`questions[0].options[1].label is "A " a second time`:      ask("Q?", "a", "A "),
		"questions[0].header is missing":                           {"question": "Q?", "options": []any{}},
		"there is no argument questions[0].answers; give question": {"question": "Q?", "header": "h", "options": []any{}, "answers": 1},
	} {
		if _, err := b.prepare("question", "questions", []any{q}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q", q, err, want)
		}
	}
	b.refuse("questions is empty", "question", "questions", []any{})
}
