package agent

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/opencode-lsp/opencode-lsp/permission"
	"github.com/opencode-lsp/opencode-lsp/tools"
)

// The kinds of questions.
const (
	KindPermission = "permission" // whether an operation may happen
	KindSave       = "save"       // what to do about unsaved edits
	KindQuestion   = "question"   // what the model wants to know; its answer permits nothing
)

// Nobody answers a question of the model where no person is there to do so.
const Nobody permission.Reply = "nobody"

// AskUser puts a question of the model, or of an MCP server, to the user, as a permission is asked for, and returns the answer
// in words: the label of the chosen option, several of them, or what the user typed. "" where nobody can answer; a question
// that the user rejects without a word is a *permission.RejectedError.
func (s *Session) AskUser(ctx context.Context, q tools.Question) (string, error) {
	open := OpenQuestion{
		Kind: KindQuestion, Tool: cmp.Or(q.From, "question"), Subject: q.Question, Permission: "question", Patterns: []string{},
		Multiple: q.Multiple, Custom: q.Open(), Choices: []Choice{},
	}
	if q.From != "" {
		open.Notes = append(open.Notes, q.Header)
	}
	for i, o := range q.Options {
		label := strings.TrimSpace(o.Label)
		open.Choices = append(open.Choices, Choice{permission.Reply(fmt.Sprintf("choice:%d", i+1)), label})
		open.Patterns = append(open.Patterns, label)
		open.Notes = append(open.Notes, strings.TrimRight(fmt.Sprintf("%d %s – %s", i+1, label, strings.TrimSpace(o.Description)), " –"))
	}
	a, err := s.ask(ctx, open)
	switch {
	case err != nil || a.Reply == Nobody:
		return "", err
	case a.Reply != permission.Reject && a.Message != "":
		return fmt.Sprintf("%s (the user adds: %s)", a.Reply, a.Message), nil
	case a.Reply != permission.Reject:
		return string(a.Reply), nil
	case a.Message != "":
		return a.Message, nil
	}
	return "", &permission.RejectedError{}
}

// read makes what a front was told the answer that settles the question: for one of the model's a reply may be a choice, its
// label or its number, several with commas between where that is allowed, or own words.
func (q OpenQuestion) read(a permission.Answer) (permission.Answer, error) {
	if q.Kind != KindQuestion {
		if !slices.ContainsFunc(q.Choices, func(c Choice) bool { return c.Reply == a.Reply }) {
			return a, fmt.Errorf("question #%s does not offer %q", q.ID, a.Reply)
		}
		return a, nil
	}
	words := strings.TrimSpace(string(a.Reply))
	if labels, ok := q.chosen(words); ok {
		a.Reply = permission.Reply(labels)
		return a, nil
	}
	switch permission.Reply(words) {
	case permission.Reject, Nobody:
		return a, nil
	case permission.Once, permission.Always, Skip, "":
	default:
		if q.Custom {
			a.Reply = permission.Reply(words)
			return a, nil
		}
	}
	return a, fmt.Errorf("question #%s wants %s", q.ID, q.wants())
}

// chosen finds the option that words name, or the options where several may be chosen.
func (q OpenQuestion) chosen(words string) (labels string, ok bool) {
	if label, ok := q.option(words); ok || !q.Multiple {
		return label, ok
	}
	var found []string
	for part := range strings.SplitSeq(words, ",") {
		label, ok := q.option(strings.TrimSpace(part))
		if !ok {
			return "", false
		}
		if !slices.Contains(found, label) {
			found = append(found, label)
		}
	}
	return strings.Join(found, ", "), true
}

func (q OpenQuestion) option(words string) (label string, ok bool) {
	for i, c := range q.Choices {
		if words == string(c.Reply) || strings.EqualFold(words, c.Title) {
			return c.Title, true
		}
		if words == strconv.Itoa(i+1) {
			label, ok = c.Title, true // a label that is a number counts before
		}
	}
	return label, ok
}

// wants lists what would be an answer.
func (q OpenQuestion) wants() string {
	list := []string{}
	for i, c := range q.Choices {
		list = append(list, fmt.Sprintf("%d %s", i+1, c.Title))
	}
	if q.Custom {
		list = append(list, "your own words")
	}
	return "one of: " + strings.Join(list, ", ")
}
