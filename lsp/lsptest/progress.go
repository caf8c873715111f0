package lsptest

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	protocol "github.com/tliron/glsp/protocol_3_16"
)

// The limits of progress: Zed cuts title and message at 50 characters, and more reports
// than ten a second only make status bars flicker.
const (
	maxProgressText   = 50
	maxReportsASecond = 10
)

// Progress is one task that the server reports on. Message is the last one; Reports counts them.
type Progress struct {
	Token      string
	Title      string
	Message    string
	Reports    int
	Begun      bool
	Ended      bool
	Cancelable bool // by window/workDoneProgress/cancel
	raw        json.RawMessage
	times      []time.Time
}

// String is the task in one line.
func (p Progress) String() string {
	state := "running"
	if p.Ended {
		state = "ended"
	} else if !p.Begun {
		state = "created"
	}
	return fmt.Sprintf("%s %s %s: %s", p.Token, state, p.Title, p.Message)
}

func (e *Editor) createProgress(raw json.RawMessage) error {
	var p struct {
		Token json.RawMessage `json:"token"`
	}
	if err := json.Unmarshal(raw, &p); err != nil || len(p.Token) == 0 {
		return invalidParams(fmt.Errorf("no token in %s", raw))
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.task(p.Token) != nil {
		e.complainLocked("progress %s is created twice", p.Token)
		return invalidParams(fmt.Errorf("token %s is taken", p.Token))
	}
	e.tasks = append(e.tasks, &Progress{Token: tokenText(p.Token), raw: p.Token})
	e.notice()
	return nil
}

// task finds a task by its raw token; e.mu is held.
func (e *Editor) task(token json.RawMessage) *Progress {
	i := slices.IndexFunc(e.tasks, func(p *Progress) bool { return string(p.raw) == string(token) })
	if i < 0 {
		return nil
	}
	return e.tasks[i]
}

func tokenText(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}

// progressValue is a begin, report or end.
type progressValue struct {
	Kind        string  `json:"kind"`
	Title       string  `json:"title"`
	Message     *string `json:"message"`
	Cancellable bool    `json:"cancellable"`
}

func (e *Editor) reportProgress(raw json.RawMessage) {
	var p struct {
		Token json.RawMessage `json:"token"`
		Value progressValue   `json:"value"`
	}
	err := json.Unmarshal(raw, &p)
	e.mu.Lock()
	defer e.mu.Unlock()
	task := e.task(p.Token)
	switch {
	case err != nil:
		e.complainLocked("$/progress cannot be read: %s", raw)
	case task == nil:
		e.complainLocked("progress %s was not created: Zed drops it", p.Token)
	case task.Ended:
		e.complainLocked("progress %s goes on after its end", p.Token)
	default:
		e.advance(task, p.Value)
		e.notice()
	}
}

func (e *Editor) advance(task *Progress, v progressValue) {
	if task.Begun == (v.Kind == "begin") {
		e.complainLocked("progress %s has its %s at the wrong time", task.Token, v.Kind)
	}
	if v.Message != nil {
		task.Message = *v.Message
	}
	switch v.Kind {
	case "begin":
		task.Begun, task.Title = true, v.Title
	case "report":
		task.Reports++
		e.checkRate(task)
	case "end":
		task.Ended = true
		return
	default:
		e.complainLocked("progress %s has the unknown kind %q", task.Token, v.Kind)
	}
	task.Cancelable = v.Cancellable
	if !v.Cancellable {
		e.complainLocked("the %s of progress %s is not cancellable: Zed takes the button away", v.Kind, task.Token)
	}
	if n := utf8.RuneCountInString(task.Title + task.Message); n > maxProgressText {
		e.complainLocked("progress %s shows %d characters, Zed cuts at %d", task.Token, n, maxProgressText)
	}
}

func (e *Editor) checkRate(task *Progress) {
	now := time.Now()
	task.times = append(task.times, now)
	if i := len(task.times) - 1 - maxReportsASecond; i >= 0 && now.Sub(task.times[i]) < time.Second {
		e.complainLocked("progress %s reports more than %d times a second", task.Token, maxReportsASecond)
	}
}

func (e *Editor) checkProgressEnded() {
	for _, p := range e.Tasks() {
		if p.Begun && !p.Ended {
			e.complain("progress %s never ended", p.Token)
		}
	}
}

// Tasks are the tasks that the server announced, oldest first.
func (e *Editor) Tasks() []Progress {
	e.mu.Lock()
	defer e.mu.Unlock()
	all := make([]Progress, 0, len(e.tasks))
	for _, p := range e.tasks {
		all = append(all, *p)
	}
	return all
}

// CancelTask cancels a running task as a click on its status does; an empty token is the newest one that can be.
func (e *Editor) CancelTask(token string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, p := range slices.Backward(e.tasks) {
		if p.Begun && !p.Ended && p.Cancelable && (token == "" || token == p.Token) {
			e.Notify(protocol.MethodWindowWorkDoneProgressCancel, map[string]any{"token": p.raw})
			return nil
		}
	}
	return fmt.Errorf("no task %s runs that can be cancelled", token)
}
