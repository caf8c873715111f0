package lsptest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/sourcegraph/jsonrpc2"
)

// Dismissal is an answer that is none: what editors send when the user closes a question.
type Dismissal string

// The dismissals that were observed of editors.
const (
	Null    Dismissal = "null"    // most
	Empty   Dismissal = "empty"   // {}, Kate
	Failure Dismissal = "error"   // a JSON-RPC error, Emacs
	Unknown Dismissal = "unknown" // a title that was not on offer
	Later   Dismissal = "later"   // our Neovim plugin: taken, the answer comes by opencode.permission.reply
)

// Answer chooses an action of a question by its title, or by the beginning of only one title. Withdrawn questions can be
// answered too, as in editors that go on showing them.
func (e *Editor) Answer(number int, title string) error { return e.AnswerWith(number, title, "") }

// AnswerWith is Answer with words for the model, where the question is an opencode/permission.
func (e *Editor) AnswerWith(number int, title, words string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	q, err := e.unanswered(number)
	if err != nil {
		return err
	}
	i, err := choose(q.Actions, title)
	if err != nil {
		return fmt.Errorf("question %d: %w", number, err)
	}
	result := any(map[string]string{"title": q.Actions[i]})
	switch {
	case q.Method == "opencode/permission":
		result = permissionReply(q.items[i], words)
	case e.server.fullItems:
		result = q.items[i]
	}
	e.settle(q, q.Actions[i], func(id jsonrpc2.ID) { e.reply(id, result) })
	return nil
}

// permissionReply is the answer to opencode/permission: the action's reply, or its title's first word in small letters.
func permissionReply(item json.RawMessage, words string) map[string]string {
	var object struct {
		Reply string `json:"reply"`
	}
	_ = json.Unmarshal(item, &object) // a bare string has none
	result := map[string]string{"reply": cmp.Or(object.Reply, replyOf(title(item)))}
	if words != "" {
		result["message"] = words
	}
	return result
}

func replyOf(title string) string {
	switch {
	case strings.HasPrefix(title, "Allow once"):
		return "once"
	case strings.HasPrefix(title, "Always"):
		return "always"
	}
	first, _, _ := strings.Cut(title, " ")
	return strings.ToLower(first)
}

// choose finds a title, or the only one that begins so.
func choose(titles []string, want string) (int, error) {
	found := -1
	for i, t := range titles {
		switch {
		case t == want:
			return i, nil
		case strings.HasPrefix(t, want) && found >= 0:
			return 0, fmt.Errorf("%q and %q both begin with %q", titles[found], t, want)
		case strings.HasPrefix(t, want):
			found = i
		}
	}
	if found < 0 {
		return 0, fmt.Errorf("no action %q, there are %q", want, titles)
	}
	return found, nil
}

// Dismiss closes a question without an answer.
func (e *Editor) Dismiss(number int, how Dismissal) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	q, err := e.unanswered(number)
	if err != nil {
		return err
	}
	e.settle(q, string(how), func(id jsonrpc2.ID) {
		switch how {
		case Null:
			e.reply(id, nil)
		case Empty:
			e.reply(id, struct{}{})
		case Later:
			e.reply(id, map[string]string{"reply": "later"})
		case Unknown:
			e.reply(id, map[string]string{"title": "Something else", "reply": "something else"})
		default:
			e.replyError(id, jsonrpc2.CodeInternalError, "quit")
		}
	})
	return nil
}

// unanswered finds a question that has no answer yet; e.mu is held.
func (e *Editor) unanswered(number int) (*question, error) {
	if number < 1 || number > len(e.asked) {
		return nil, fmt.Errorf("there is no question %d", number)
	}
	if q := e.asked[number-1]; q.Answered == "" {
		return q, nil
	}
	return nil, fmt.Errorf("question %d was answered: %s", number, e.asked[number-1].Answered)
}
