package lsp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"

	protocol "github.com/tliron/glsp/protocol_3_16"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/permission"
)

// prompter puts questions to the user, one at a time: Neovim nests a second prompt above the first, Helix closes a stack of
// them with one key. Questions that are settled elsewhere leave the queue; the one on the screen cannot be
// withdrawn in most editors, so its late answer is ignored.
type prompter struct {
	server *Server

	mu       sync.Mutex
	queue    []*prompt
	current  *prompt
	withdraw context.CancelFunc // of current
	mute     bool               // the client cannot ask
	told     bool               // and the user knows
	wake     chan struct{}
	started  sync.Once
}

// prompt is one question on its way to the user.
type prompt struct {
	id   string // of the agent's question, "" for the server's own
	text string
	kind protocol.MessageType
	// titles are the actions, the harmless one first; choose takes the chosen one and reports whether to ask again.
	titles []string
	choose func(title string) (again bool)
	// none is called where no answer came or the client cannot ask.
	none func()
	// custom, if set, asks through opencode/permission instead.
	custom func(ctx context.Context) error
}

func newPrompter(s *Server) *prompter { return &prompter{server: s, wake: make(chan struct{}, 1)} }

// start runs the prompter's goroutine; before initialized no request may be sent.
func (p *prompter) start() {
	p.started.Do(func() { p.server.work.Go(p.run) })
}

func (p *prompter) run() {
	for {
		select {
		case <-p.server.ctx.Done():
			return
		case <-p.wake:
			for q, ctx := p.next(); q != nil; q, ctx = p.next() {
				p.put(ctx, q)
			}
		}
	}
}

// push queues a prompt.
func (p *prompter) push(q *prompt) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.queue = append(p.queue, q)
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

func (p *prompter) next() (*prompt, context.Context) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.current = nil
	if len(p.queue) == 0 || p.server.ctx.Err() != nil {
		return nil, nil
	}
	p.current, p.queue = p.queue[0], p.queue[1:]
	var ctx context.Context
	ctx, p.withdraw = context.WithCancel(p.server.ctx)
	return p.current, ctx
}

// settled takes a question that was answered elsewhere out of the queue.
func (p *prompter) settled(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.queue = slices.DeleteFunc(p.queue, func(q *prompt) bool { return q.id == id })
	if p.current != nil && p.current.id == id {
		p.withdraw()
	}
}

func (p *prompter) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.queue = nil
	if p.current != nil {
		p.withdraw()
	}
}

// maxAgain is how often in a row a prompt comes back after the details were shown: a client that chooses the first action
// by itself must not be asked for ever.
const maxAgain = 3

// put asks until there is an answer, or none will come through the prompt.
func (p *prompter) put(ctx context.Context, q *prompt) {
	defer p.withdraw()
	if q.custom != nil {
		err := q.custom(ctx)
		if err == nil || ctx.Err() != nil {
			return
		}
		logger().Warningf("%s", err)
	}
	for again := 0; again <= maxAgain && p.canAsk(); again++ {
		title, err := p.show(ctx, q)
		switch {
		case ctx.Err() != nil:
			return
		case unsupported(err):
			p.setMute()
			continue
		case err != nil:
			logger().Warningf("%s", err)
		}
		if !slices.Contains(q.titles, title) {
			q.none() // null, {}, an error, a title that was never offered: no answer, and never consent
			return
		}
		if !q.choose(title) {
			return
		}
	}
	q.none()
}

// show sends the request and returns the title that came back, "" for none.
func (p *prompter) show(ctx context.Context, q *prompt) (string, error) {
	params := protocol.ShowMessageRequestParams{Type: q.kind, Message: q.text}
	for _, t := range q.titles {
		params.Actions = append(params.Actions, protocol.MessageActionItem{Title: t})
	}
	raw, err := call[json.RawMessage](ctx, p.server.conn, string(protocol.ServerWindowShowMessageRequest), params)
	var item protocol.MessageActionItem
	if err == nil && json.Unmarshal(raw, &item) != nil {
		return "", nil
	}
	return item.Title, err
}

// canAsk reports whether the client shows prompts.
func (p *prompter) canAsk() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.mute && !p.server.client.prompts() {
		p.mute = true
	}
	return !p.mute
}

func (p *prompter) setMute() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mute = true
}

// firstMute reports, once, that the client turned out not to show prompts.
func (p *prompter) firstMute() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	first := p.mute && !p.told
	p.told = p.told || p.mute
	return first
}

// ask puts a session's question to the user.
func (p *prompter) ask(session *agent.Session, q agent.OpenQuestion) {
	s := p.server
	settings := s.settings()
	text, titles, replies := promptText(q, settings.PromptFirst)
	kind := protocol.MessageTypeWarning
	if settings.PromptType != 0 {
		kind = protocol.MessageType(settings.PromptType)
	}
	pr := &prompt{id: q.ID, text: text, kind: kind, titles: titles}
	pr.choose = func(title string) bool {
		reply, ok := replies[title]
		if !ok {
			s.showDetails(session.ID(), q)
			return true
		}
		reportLate(session.Answer(q.ID, permission.Answer{Reply: reply}, "prompt"))
		return false
	}
	pr.none = func() { p.stillOpen(q) }
	if s.client.extensions.Permission {
		pr.custom = func(ctx context.Context) error { return s.customPermission(ctx, session, q, titles) }
	}
	p.push(pr)
}

// stillOpen tells the user how else to answer.
func (p *prompter) stillOpen(q agent.OpenQuestion) {
	s := p.server
	reply := "once"
	if q.Kind == agent.KindQuestion {
		reply = "TEXT"
	}
	how := fmt.Sprintf("answer it by code action, by opencode.permission.reply or by `opencode-lsp answer %s %s`", q.ID, reply)
	if p.firstMute() {
		s.showMessage(protocol.MessageTypeWarning, fmt.Sprintf("OpenCode #%s %s: %s waits for your %s; this editor shows no prompts, so %s",
			q.ID, q.Tool, fit(oneLine(q.Subject), 100), waitsFor(q), how))
		return
	}
	s.showMessage(protocol.MessageTypeWarning, fmt.Sprintf("OpenCode #%s %s is still open: %s", q.ID, q.Tool, how))
}

// reportLate logs an answer that came after another one.
func reportLate(err error) {
	if late, ok := errors.AsType[*agent.LateError](err); ok {
		logger().Infof("%s", late)
	} else if err != nil {
		logger().Warningf("%s", err)
	}
}

// showDetails opens the transcript, where the question stands in full; where the editor opens no documents a message says
// where it is. So it does while the user types: then the Enter that chose this was meant for the text (Helix).
func (s *Server) showDetails(session string, q agent.OpenQuestion) {
	path := s.transcriptPath(session)
	if s.client.caps.Window.ShowDocument.Support && s.typed.quiet(quietBefore) && s.showDocument(path, true) {
		return
	}
	s.showMessage(protocol.MessageTypeInfo, fmt.Sprintf("OpenCode #%s in full: %s", q.ID, path))
}

// permissionParams is our own request opencode/permission, for clients that announce it.
type permissionParams struct {
	ID      string         `json:"id"`
	Tool    string         `json:"tool"`
	Subject string         `json:"subject"`
	Detail  string         `json:"detail"`
	Diff    string         `json:"diff,omitempty"`
	Actions []customAction `json:"actions"`
}

// later is the answer of a plugin that keeps the question and settles it by opencode.permission.reply: no request waits for
// a person then, and the plugin puts its questions to the user one at a time.
const later permission.Reply = "later"

type customAction struct {
	Reply permission.Reply `json:"reply"`
	Title string           `json:"title"`
}

// customPermission asks our own plugin. An answer of another shape is no answer, and the plain prompt follows.
func (s *Server) customPermission(ctx context.Context, session *agent.Session, q agent.OpenQuestion, titles []string) error {
	params := permissionParams{ID: q.ID, Tool: q.Tool, Subject: q.Subject, Detail: detail(q)}
	if q.Preview.Kind == "diff" {
		params.Diff = q.Preview.Text
	}
	for _, c := range q.Choices {
		params.Actions = append(params.Actions, customAction{c.Reply, title(c)})
	}
	answer, err := call[permission.Answer](ctx, s.conn, "opencode/permission", params)
	if err != nil {
		return err
	}
	switch answer.Reply {
	case "":
		return errors.New("opencode/permission: no answer")
	case later:
		return nil
	}
	err = session.Answer(q.ID, answer, "prompt")
	if late, ok := errors.AsType[*agent.LateError](err); ok {
		reportLate(late)
		return nil
	}
	return err
}
