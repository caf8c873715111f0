package lsp

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	protocol "github.com/tliron/glsp/protocol_3_16"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/tools"
)

// follower carries one session's events to the editor. It alone sends that session's messages, so they arrive in order.
type follower struct {
	server   *Server
	session  *agent.Session
	file     *transcript
	progress progress
	events   chan agent.Event
	asked    map[string]bool // the open questions
	last     string          // the turn that ended last
}

// followers knows the sessions that are followed.
type followers struct {
	mu   sync.Mutex
	done map[string]chan struct{} // closed when the follower of that session has ended
}

func (l *followers) add(session string) (end func()) {
	done := make(chan struct{})
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.done == nil {
		l.done = map[string]chan struct{}{}
	}
	l.done[session] = done
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.done[session] == done {
			delete(l.done, session)
		}
		close(done)
	}
}

// wait returns when the session's follower has ended, if there was one.
func (l *followers) wait(ctx context.Context, session string) {
	l.mu.Lock()
	done := l.done[session]
	delete(l.done, session)
	l.mu.Unlock()
	if done == nil {
		return
	}
	select {
	case <-done:
	case <-ctx.Done():
	}
}

// opened follows a session until it or the server ends. When it returns the transcript holds what happened so far, so that
// it can be shown.
func (s *Server) opened(session *agent.Session) {
	f := &follower{
		server: s, session: session,
		file:   &transcript{path: s.transcriptPath(session.ID())},
		events: make(chan agent.Event),
		asked:  map[string]bool{},
	}
	f.progress.server = s
	f.file.catchUp(session)
	end := s.followers.add(session.ID())
	s.work.Go(func() {
		defer end()
		f.follow()
	})
}

// follow hands the events from a pump to the loop, which has more to wait for.
func (f *follower) follow() {
	ctx, cancel := context.WithCancel(context.Background()) // the session ends first, so that its last events are shown
	from := f.file.seq
	if f.server.client.extensions.Events {
		from = 0 // a plugin shows what was before, too
	}
	f.server.work.Go(func() {
		defer close(f.events)
		for e := range f.session.Events(ctx, from) {
			f.events <- e
		}
	})
	defer func() {
		cancel()
		for range f.events { // let the pump end
		}
	}()
	f.loop(f.session.Replayed())
}

// loop handles events until the session is closed. Stored events up to replayed were seen by an earlier follower: they go
// to the transcript file only.
func (f *follower) loop(replayed int64) {
	defer f.progress.stop()
	for {
		select {
		case e, ok := <-f.events:
			if !ok {
				return
			}
			f.file.add(e)
			if e.Seq == 0 || e.Seq > replayed {
				f.show(e)
			}
			f.server.sendEvent(e)
		case err := <-f.progress.created:
			f.progress.begin(err)
		case <-f.progress.due:
			f.progress.flush()
		case <-f.server.conn.rpc.DisconnectNotify():
			f.drain()
			return
		}
	}
}

// drain writes what the closing session still has to say into the transcript; the editor is gone.
func (f *follower) drain() {
	for e := range f.events {
		f.file.add(e)
	}
}

// show does what the editor sees of an event.
func (f *follower) show(e agent.Event) {
	switch e.Type {
	case agent.TurnStarted:
		f.name()
		f.progress.start(e.Turn, f.doing())
	case agent.TextDelta:
		f.progress.report("answering")
	case agent.CallStarted:
		f.progress.report("running " + e.Call.Name)
	case agent.Progress:
		f.progress.report(e.Text)
	case agent.Retrying:
		f.progress.report("waiting for the model")
		f.server.logMessage(e.Text)
	case agent.Asked:
		f.progress.report(fmt.Sprintf("waiting for you: #%s %s", e.Question.ID, e.Question.Tool))
		f.asked[e.Question.ID] = true
		f.server.prompts.ask(f.session, *e.Question)
	case agent.Answered:
		delete(f.asked, e.Answer.ID)
		f.server.prompts.settled(e.Answer.ID)
		f.progress.report(f.doing())
	case agent.CallDone:
		f.progress.report(f.doing())
	case agent.Compacted:
		f.progress.report(f.doing())
		f.compacted(e)
	case agent.TurnEnded:
		if e.Turn != f.last { // else it is written down late, and the user was told at its time
			f.last = e.Turn
			f.end(e.End)
		}
	}
}

// doing is what the model is at: the task of its list that is in progress, where it keeps one.
func (f *follower) doing() string {
	todos := f.session.Todos()
	if i := slices.IndexFunc(todos, func(t tools.Todo) bool { return t.Status == "in_progress" }); i >= 0 {
		return todos[i].Content
	}
	return "thinking"
}

// end takes back what the turn has on the screen; a question whose answer could not be stored is among it.
func (f *follower) end(end *agent.TurnEnd) {
	for id := range f.asked {
		f.server.prompts.settled(id)
	}
	clear(f.asked)
	f.progress.end(string(end.Status))
	if f.session.Info().Parent == "" { // else it is the parent's to tell
		f.ended(end)
	}
}

// name puts the agent's name before the progress of a child session, so that several can be told apart.
func (f *follower) name() {
	if info := f.session.Info(); info.Parent != "" {
		f.progress.name = info.Agent + ": "
	}
}

// ended tells the user how a turn ended, in one message, and opens the transcript where the answer is all there is.
func (f *follower) ended(end *agent.TurnEnd) {
	s := f.server
	switch {
	case end.Status == agent.Failed:
		s.showMessage(protocol.MessageTypeError, "OpenCode: "+visible(end.Error))
	case end.Status == agent.Cancelled:
		s.showMessage(protocol.MessageTypeInfo, "OpenCode: cancelled")
	case end.Status == agent.Rejected:
		s.showMessage(protocol.MessageTypeInfo, "OpenCode: stopped, since you rejected the call")
	case len(end.Files) > 0:
		s.showMessage(protocol.MessageTypeInfo, f.changed(end.Files))
	case end.Text != "":
		f.openAnswer()
	}
}

// compacted says that the conversation was shortened; in a message where the user wanted it.
func (f *follower) compacted(e agent.Event) {
	text := fmt.Sprintf("OpenCode: the conversation is shortened; a summary stands for %d messages", e.Summary.Messages)
	if e.Summary.Failure != "" {
		text = fmt.Sprintf("OpenCode: the conversation is shortened without a summary of %d messages: %s", e.Summary.Messages, visible(e.Summary.Failure))
	}
	if e.Summary.Why == agent.BecauseAsked || e.Summary.Failure != "" {
		f.server.showMessage(protocol.MessageTypeInfo, text)
	} else {
		f.server.logMessage(text)
	}
}

// changed says which files the turn changed and which of them are not saved.
func (f *follower) changed(files []string) string {
	var names, unsaved []string
	for _, path := range files {
		name := f.server.relative(path)
		names = append(names, name)
		if f.server.ws.Unsaved(path) {
			unsaved = append(unsaved, name)
		}
	}
	text := "OpenCode: done, changed " + enumerate(names)
	if len(unsaved) > 0 {
		text += "; not saved yet: " + enumerate(unsaved)
	}
	return text
}

// maxNames is how many files one sentence names.
const maxNames = 8

func enumerate(names []string) string {
	more := ""
	if n := len(names) - maxNames; n > 0 {
		names, more = names[:maxNames], fmt.Sprintf(" and %d more", n)
	}
	return visible(strings.Join(names, ", ")) + more
}

// quietBefore is how long the user must not have typed before a document may be opened beside the work.
const quietBefore = 2 * time.Second

// openAnswer shows the transcript without taking the focus; while the user types, or where the editor cannot show
// documents, a message says where it is.
func (f *follower) openAnswer() {
	s := f.server
	if s.settings().OpenTranscript == "never" {
		return
	}
	if s.client.caps.Window.ShowDocument.Support && s.typed.quiet(quietBefore) {
		path := f.file.path
		s.work.Go(func() { s.showDocument(path, false) })
		return
	}
	s.showMessage(protocol.MessageTypeInfo, "OpenCode has answered: "+f.file.path)
}

func (s *Server) settings() Settings {
	if a := s.agent.now(); a != nil && a.Settings != nil {
		return a.Settings()
	}
	return Settings{}
}

func (s *Server) transcriptPath(session string) string {
	return filepath.Join(s.opt.Transcripts, session+".md")
}

// relative is a path as the user knows it: below its root, else whole.
func (s *Server) relative(path string) string {
	p, err := s.ws.Resolve(path)
	if err != nil || !p.Inside() {
		return path
	}
	return p.Rel
}

// sendEvent passes an event to a plugin that announced it wants them. The pieces of a reply go only to one that asks for them
// too: two hundred a second made typing in VS Code slower by 40 %.
func (s *Server) sendEvent(e agent.Event) {
	wants := s.client.extensions
	if wants.Events && (wants.Deltas || e.Type != agent.TextDelta && e.Type != agent.ThoughtDelta) {
		s.conn.notify("opencode/event", e)
	}
}
