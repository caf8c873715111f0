package acp

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/permission"
)

// asker puts the questions of one session and its tasks to the client, one at a time. Nothing but an answer that was offered
// is an answer: where the client fails, or says anything else, the question is rejected.
type asker struct {
	one  *session
	wake chan struct{}

	mu       sync.Mutex
	queue    []*asked
	current  *asked
	withdraw context.CancelFunc // of current
}

// asked is a question on its way to the client.
type asked struct {
	session *agent.Session // nil for a question of the front itself
	id      string
	put     func(ctx context.Context)
}

func newAsker(one *session) *asker { return &asker{one: one, wake: make(chan struct{}, 1)} }

// run asks until the session is closed.
func (a *asker) run() {
	for {
		select {
		case <-a.one.ctx.Done():
			return
		case <-a.wake:
			for q, ctx := a.next(); q != nil; q, ctx = a.next() {
				q.put(ctx)
			}
		}
	}
}

func (a *asker) push(q *asked) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.queue = append(a.queue, q)
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

// next takes the next question, and ends what was asked before.
func (a *asker) next() (*asked, context.Context) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.withdraw != nil {
		a.withdraw()
	}
	a.current, a.withdraw = nil, nil
	if len(a.queue) == 0 || a.one.ctx.Err() != nil {
		return nil, nil
	}
	a.current, a.queue = a.queue[0], a.queue[1:]
	var ctx context.Context
	ctx, a.withdraw = context.WithCancel(a.one.ctx)
	return a.current, ctx
}

// settled takes back a question that something else has answered.
func (a *asker) settled(id string) { a.drop(func(q *asked) bool { return q.id == id }) }

// clear takes back all questions of a session whose turn has ended.
func (a *asker) clear(s *agent.Session) { a.drop(func(q *asked) bool { return q.session == s }) }

func (a *asker) drop(which func(*asked) bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.queue = slices.DeleteFunc(a.queue, which)
	if a.current != nil && which(a.current) {
		a.withdraw()
	}
}

// ask queues the question of an event.
func (a *asker) ask(s *agent.Session, e agent.Event) {
	q := *e.Question
	put := func(ctx context.Context) { a.permission(ctx, s, e.Turn, q) }
	if q.Kind == agent.KindQuestion {
		put = func(ctx context.Context) { a.question(ctx, s, q) }
	}
	a.push(&asked{session: s, id: q.ID, put: put})
}

// permission asks, for a turn, for one of the offered answers.
func (a *asker) permission(ctx context.Context, s *agent.Session, turn string, q agent.OpenQuestion) {
	about := a.call(s, q)
	reply, err := a.request(ctx, about, choicesOf(q))
	if about.ID != q.Call {
		defer a.close(about, err == nil && reply != permission.Reject)
	}
	switch {
	case ctx.Err() != nil: // settled elsewhere
	case errors.Is(err, errDismissed):
		a.dismissed(s, turn)
	case err != nil:
		logger().Warningf("question #%s: rejected, since the client gave no answer: %s", q.ID, err)
		a.answer(s, q, permission.Answer{Reply: permission.Reject})
	default:
		a.answer(s, q, permission.Answer{Reply: reply})
	}
}

// dismissed cancels what the client says was cancelled before there was an answer: the turn that has asked, or, where it is a
// task's, the one that waits for it. That one is looked up first: if the task's turn still runs afterwards, it is the right one.
func (a *asker) dismissed(s *agent.Session, turn string) {
	waits := a.one.root.Busy()
	if s.Busy() == turn {
		a.one.root.CancelTurn(waits)
	}
}

// close ends what stood for a question alone; nothing else tells the client that it is over.
func (a *asker) close(about toolCall, well bool) {
	status := "failed"
	if well {
		status = "completed"
	}
	a.one.update(toolCall{Update: "tool_call_update", ID: about.ID, Status: status})
}

// answer settles a question, and reports whether it is settled.
func (a *asker) answer(s *agent.Session, q agent.OpenQuestion, answer permission.Answer) bool {
	err := s.Answer(q.ID, answer, "acp")
	if late, ok := errors.AsType[*agent.LateError](err); ok {
		logger().Infof("%s", late)
	} else if err != nil {
		logger().Warningf("question #%s: %s", q.ID, err)
		return false
	}
	return true
}

// errDismissed is the outcome cancelled: no answer.
var errDismissed = errors.New("cancelled")

// offer is an answer with the kind by which clients show it.
type offer struct {
	permission.Reply
	permissionOption
}

// choicesOf are the answers that a question offers, the harmless one first: a client that takes the first by itself permits
// nothing.
func choicesOf(q agent.OpenQuestion) []offer {
	kinds := map[permission.Reply]string{permission.Always: "allow_always", permission.Reject: "reject_once"}
	var list []offer
	for _, c := range q.Choices {
		o := offer{c.Reply, permissionOption{ID: string(c.Reply), Name: clip(oneLine(c.Title)), Kind: kinds[c.Reply]}}
		if o.Kind == "" {
			o.Kind = "allow_once"
		}
		if c.Reply == permission.Reject {
			list = slices.Insert(list, 0, o)
		} else {
			list = append(list, o)
		}
	}
	return list
}

// request sends session/request_permission and reads the answer, which must be one of the offers.
func (a *asker) request(ctx context.Context, about toolCall, offers []offer) (permission.Reply, error) {
	options := make([]permissionOption, 0, len(offers))
	for _, o := range offers {
		options = append(options, o.permissionOption)
	}
	got, err := call[permissionOutcome](ctx, a.one.server.conn, "session/request_permission",
		map[string]any{"sessionId": a.one.id, "toolCall": about, "options": options})
	switch {
	case err != nil:
		return "", err
	case got.Outcome.Outcome == "cancelled":
		return "", errDismissed
	case got.Outcome.Outcome != "selected":
		return "", fmt.Errorf("the outcome %s is not known", quoted(got.Outcome.Outcome))
	}
	i := slices.IndexFunc(offers, func(o offer) bool { return o.ID == got.Outcome.OptionID })
	if i < 0 {
		return "", fmt.Errorf("the option %s was not offered", quoted(got.Outcome.OptionID))
	}
	return offers[i].Reply, nil
}

// call is the tool call that a question is about, with all that a person needs to judge it.
func (a *asker) call(s *agent.Session, q agent.OpenQuestion) toolCall {
	t := toolCall{ID: a.callID(s, q), Title: questionTitle(q), Kind: kind(q.Tool), Status: "pending"}
	if notes := notesOf(q); notes != "" {
		b := textBlock(notes)
		t.Content = append(t.Content, toolContent{Type: "content", Content: &b})
	}
	for _, f := range q.Files {
		t.Locations = append(t.Locations, location{Path: f.Path})
		t.Content = append(t.Content, toolContent{Type: "diff", Path: f.Path, OldText: f.Old, NewText: &f.New})
	}
	// A client shows a diff's characters as they are: what would hide in it is shown beside it.
	if q.Preview.Text != "" && (len(q.Files) == 0 || permission.Hidden(q.Preview.Text)) {
		t.Content = append(t.Content, fenced(q.Preview.Text))
	}
	return a.one.files.named(t)
}

// callID is the question's own call, so that it stands with it; for a task's, and for a question that is no call's, one of
// its own.
func (a *asker) callID(s *agent.Session, q agent.OpenQuestion) string {
	switch {
	case s != a.one.root:
		return s.ID() + "/" + q.Call + "/" + q.ID
	case q.Call == "" || q.Kind != agent.KindPermission:
		return "question/" + q.ID
	}
	return q.Call
}

// questionTitle is the question in one line.
func questionTitle(q agent.OpenQuestion) string {
	subject := oneLine(q.Subject)
	if q.Tool == "bash" {
		return "`" + strings.ReplaceAll(clip(subject), "`", "'") + "`"
	}
	return clip(oneLine(q.Tool) + ": " + subject)
}

// notesOf are the lines below the question, as text in which nothing is Markdown: what its title and the answers had to cut,
// and what else there is to know.
func notesOf(q agent.OpenQuestion) string {
	var lines []string
	if subject := oneLine(q.Subject); q.Tool != "bash" && !strings.HasSuffix(questionTitle(q), subject) {
		lines = append(lines, subject)
	}
	for _, c := range q.Choices {
		if title := oneLine(c.Title); clip(title) != title {
			lines = append(lines, title)
		}
	}
	for _, p := range q.Parts {
		lines = append(lines, p.String())
	}
	lines = append(lines, q.Notes...)
	if len(lines) == 0 {
		return ""
	}
	return fenced(strings.Join(lines, "\n")).Content.Text
}
