package lsptest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/sourcegraph/jsonrpc2"
)

// Question is one that the server asks the user: a window/showMessageRequest or, in an editor that announced it, an
// opencode/permission.
type Question struct {
	// Number counts the questions of this editor from 1.
	Number int
	// Method is the request's.
	Method string
	// Type is the message type: 1 error, 2 warning, 3 info; 0 for opencode/permission.
	Type    int
	Message string
	Actions []string // titles
	// ID, Tool and Diff come with opencode/permission only.
	ID, Tool, Diff string
	// Withdrawn says that the server cancelled the request; most editors go on showing it.
	Withdrawn bool
	// Answered says how it ended, "" while it is open.
	Answered string
}

// Open reports whether the question waits for the user and the server still wants to know.
func (q Question) Open() bool { return q.Answered == "" && !q.Withdrawn }

// String is the question as the user sees it: the message, then each action in brackets.
func (q Question) String() string {
	var b strings.Builder
	b.WriteString(q.Message + "\n")
	for _, title := range q.Actions {
		fmt.Fprintf(&b, "[%s]\n", title)
	}
	if q.Diff != "" {
		b.WriteString(strings.TrimSuffix(q.Diff, "\n") + "\n")
	}
	return b.String()
}

// question is a Question with what its answer needs. Editor.mu guards the Question.
type question struct {
	Question
	request jsonrpc2.ID
	items   []json.RawMessage // the actions as they came
	done    chan struct{}     // closed when it is answered
}

func (e *Editor) showMessageRequest(id jsonrpc2.ID, raw json.RawMessage) (any, error) {
	if e.opt.Behaviour.NoPrompts {
		return nil, methodNotFound("window/showMessageRequest")
	}
	var p struct {
		Type    int               `json:"type"`
		Message string            `json:"message"`
		Actions []json.RawMessage `json:"actions"`
	}
	if err := json.Unmarshal(raw, &p); err != nil {
		return nil, invalidParams(err)
	}
	q := &question{Question: Question{Method: "window/showMessageRequest", Type: p.Type, Message: p.Message}}
	return e.ask(q, id, p.Actions)
}

func (e *Editor) permission(id jsonrpc2.ID, raw json.RawMessage) (any, error) {
	if !e.opt.Experimental.Permission {
		return nil, methodNotFound("opencode/permission")
	}
	var p struct {
		ID      json.RawMessage   `json:"id"`
		Tool    string            `json:"tool"`
		Subject string            `json:"subject"`
		Detail  string            `json:"detail"`
		Diff    string            `json:"diff"`
		Actions []json.RawMessage `json:"actions"`
	}
	if err := json.Unmarshal(raw, &p); err != nil {
		return nil, invalidParams(err)
	}
	head := fmt.Sprintf("OpenCode #%s %s: %s", tokenText(p.ID), p.Tool, p.Subject)
	q := &question{Question: Question{Method: "opencode/permission", ID: tokenText(p.ID), Tool: p.Tool, Diff: p.Diff,
		Message: strings.TrimSuffix(head+"\n"+p.Detail, "\n")}}
	return e.ask(q, id, p.Actions)
}

// ask shows the question. In a modal editor nothing else is handled until it is answered.
func (e *Editor) ask(q *question, id jsonrpc2.ID, items []json.RawMessage) (any, error) {
	q.request, q.items, q.done = id, items, make(chan struct{})
	for _, item := range items {
		q.Actions = append(q.Actions, title(item))
	}
	e.mu.Lock()
	q.Number = len(e.asked) + 1
	for _, fault := range q.faults(e.asked) {
		e.complainLocked("question %d: %s", q.Number, fault)
	}
	e.asked = append(e.asked, q)
	e.notice()
	e.mu.Unlock()
	if e.opt.Behaviour.ModalPrompts {
		select {
		case <-q.done:
		case <-e.done:
		}
	}
	return nil, errHeld
}

// title is an action's: of an object, or a bare string.
func title(item json.RawMessage) string {
	var object struct {
		Title string `json:"title"`
		Reply string `json:"reply"`
	}
	if json.Unmarshal(item, &object) == nil {
		if object.Title == "" {
			return object.Reply
		}
		return object.Title
	}
	return tokenText(item)
}

// cancelQuestion takes $/cancelRequest.
func (e *Editor) cancelQuestion(raw json.RawMessage) {
	var p struct {
		ID jsonrpc2.ID `json:"id"`
	}
	if json.Unmarshal(raw, &p) != nil {
		e.complain("$/cancelRequest cannot be read: %s", raw)
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	i := slices.IndexFunc(e.asked, func(q *question) bool { return q.Answered == "" && q.request == p.ID })
	if i < 0 {
		return // answered meanwhile, which is nobody's fault
	}
	e.asked[i].Withdrawn = true
	if e.opt.Behaviour.HonourCancel {
		e.settle(e.asked[i], "cancelled", func(id jsonrpc2.ID) { e.replyError(id, -32800, "request cancelled") })
	}
	e.notice()
}

// settle answers a question; e.mu is held.
func (e *Editor) settle(q *question, how string, reply func(jsonrpc2.ID)) {
	q.Answered = how
	close(q.done)
	reply(q.request)
	e.notice()
}

// Questions are all that were asked so far.
func (e *Editor) Questions() []Question {
	e.mu.Lock()
	defer e.mu.Unlock()
	all := make([]Question, 0, len(e.asked))
	for _, q := range e.asked {
		all = append(all, q.Question)
	}
	return all
}

// OpenQuestions are those that wait for an answer.
func (e *Editor) OpenQuestions() []Question {
	return slices.DeleteFunc(e.Questions(), func(q Question) bool { return !q.Open() })
}

// saveDocuments saves buffers for the server, as our plugins do.
func (e *Editor) saveDocuments(raw json.RawMessage) (any, error) {
	if !e.opt.Experimental.Save {
		return nil, methodNotFound("opencode/saveDocuments")
	}
	var p struct {
		URIs []string `json:"uris"`
	}
	if err := json.Unmarshal(raw, &p); err != nil {
		return nil, invalidParams(err)
	}
	saved := []string{}
	for _, uri := range p.URIs {
		path, err := filePath(uri)
		if err == nil && !e.opt.Behaviour.RefuseSave {
			err = e.Save(path)
		}
		if err == nil && !e.opt.Behaviour.RefuseSave {
			saved = append(saved, uri)
		}
	}
	return map[string]any{"saved": saved}, nil
}
