package tools

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/opencode-lsp/opencode-lsp/permission"
)

//go:embed question.md
var questionText string

// maxOptions is how many options a question may have: more nobody reads in a prompt.
const maxOptions = 12

// Question is what the model asks the user, in OpenCode's shape.
type Question struct {
	Question string   `json:"question" jsonschema:"The question, one whole sentence."`
	Header   string   `json:"header" jsonschema:"What it is about, in two or three words."`
	Options  []Option `json:"options" jsonschema:"The answers on offer."`
	Multiple bool     `json:"multiple,omitempty" jsonschema:"Whether several options may be chosen."`
	Custom   *bool    `json:"custom,omitempty" jsonschema:"Whether own words may be the answer; true unless told."`
	// From names who asks where that is not the model.
	From string `json:"-"`
}

// Option is one answer on offer.
type Option struct {
	Label       string `json:"label" jsonschema:"The answer, in a few words."`
	Description string `json:"description" jsonschema:"What it means, in one line."`
}

// Open reports whether own words may be the answer.
func (q Question) Open() bool { return q.Custom == nil || *q.Custom }

type questionArgs struct {
	Questions []Question `json:"questions" jsonschema:"The questions, asked in their order."`
}

// question prepares to ask the user.
func (k *kit) question(_ context.Context, a questionArgs) (Op, error) {
	if len(a.Questions) == 0 {
		return nil, errors.New("questions is empty; give at least one")
	}
	for i, q := range a.Questions {
		if err := q.check(); err != nil {
			return nil, fmt.Errorf("questions[%d].%w", i, err)
		}
	}
	access := permission.Access{
		Tool: "question", Subject: plural(len(a.Questions), "question", "questions") + " to you",
		Items: []permission.Item{{Permission: "question", Values: []string{"*"}, Always: "*"}},
	}
	return NewOp(access, func(ctx context.Context, _ io.Writer) (Result, error) { return k.ask(ctx, a.Questions) }), nil
}

func (q Question) check() error {
	switch {
	case strings.TrimSpace(q.Question) == "":
		return errors.New("question is empty; say what you want to know")
	case len(q.Options) == 0 && !q.Open():
		return errors.New("options is empty; give some, or leave custom out")
	case len(q.Options) > maxOptions:
		return fmt.Errorf("options are %d; give at most %d", len(q.Options), maxOptions)
	}
	seen := map[string]bool{}
	for i, o := range q.Options {
		label := strings.ToLower(strings.TrimSpace(o.Label))
		switch {
		case label == "":
			return fmt.Errorf("options[%d].label is empty; say the answer", i)
		case seen[label]:
			return fmt.Errorf("options[%d].label is %q a second time; make the labels differ", i, o.Label)
		}
		seen[label] = true
	}
	return nil
}

// ask puts the questions one by one. What was answered before a cancel is not lost.
func (k *kit) ask(ctx context.Context, questions []Question) (Result, error) {
	var lines, titles []string
	for _, q := range questions {
		answer := ""
		var err error
		if k.Ask != nil {
			answer, err = k.Ask(ctx, q)
		}
		if err != nil {
			return answered(lines, titles), err
		}
		line := fmt.Sprintf("%q: %s", q.Question, answer)
		if answer == "" {
			line = fmt.Sprintf("%q: nobody is here to answer. Decide as the task suggests and say what you assumed, or stop.", q.Question)
			answer = "nobody answered"
		}
		lines, titles = append(lines, line), append(titles, answer)
	}
	return answered(lines, titles), nil
}

// answered is what has been answered so far, the zero Result for nothing.
func answered(lines, titles []string) Result {
	if len(lines) == 0 {
		return Result{}
	}
	return Result{Text: "The user's answers:\n- " + strings.Join(lines, "\n- "), Title: oneLine(strings.Join(titles, "; "), 100)}
}
