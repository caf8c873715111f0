package lsp

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	protocol "github.com/tliron/glsp/protocol_3_16"

	"github.com/opencode-lsp/opencode-lsp/agent"
)

// follower carries one session's events to the editor. It alone sends that session's messages, so they arrive in order.
type follower struct {
	server   *Server
	session  *agent.Session
	file     *transcript
	progress progress
	events   chan agent.Event
}

// follow runs until the session or the server ends.
func (s *Server) follow(session *agent.Session) {
	f := &follower{
		server: s, session: session,
		file:   &transcript{path: s.transcriptPath(session.ID())},
		events: make(chan agent.Event),
	}
	f.progress.server = s
	ctx, cancel := context.WithCancel(context.Background()) // the session ends first, so that its last events are shown
	s.work.Go(func() {
		defer close(f.events)
		for e := range session.Events(ctx, 0) {
			f.events <- e
		}
	})
	defer func() {
		cancel()
		for range f.events { // let the pump end
		}
	}()
	f.loop(session.Replayed())
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
		f.progress.start(e.Turn, "thinking")
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
		f.server.prompts.ask(f.session, *e.Question)
	case agent.Answered:
		f.server.prompts.settled(e.Answer.ID)
		f.progress.report("thinking")
	case agent.CallDone:
		f.progress.report("thinking")
	case agent.TurnEnded:
		f.progress.end(string(e.End.Status))
		f.ended(e.End)
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
	text := "OpenCode: done, changed " + strings.Join(names, ", ")
	if len(unsaved) > 0 {
		text += "; not saved yet: " + strings.Join(unsaved, ", ")
	}
	return text
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

// transcript is the Markdown file of one session. It is written anew when a follower starts and only grows from then on.
type transcript struct {
	path   string
	opened bool
	failed bool
}

func (t *transcript) add(e agent.Event) {
	text := agent.Markdown(e)
	if e.Seq == 0 || text == "" || t.failed {
		return
	}
	if err := t.write(text); err != nil {
		t.failed = true
		logger().Errorf("transcript: %s", err)
	}
}

func (t *transcript) write(text string) error {
	flags := os.O_WRONLY | os.O_CREATE | os.O_APPEND
	if !t.opened {
		if err := os.MkdirAll(filepath.Dir(t.path), 0o700); err != nil {
			return err
		}
		flags |= os.O_TRUNC
		t.opened = true
	}
	f, err := os.OpenFile(t.path, flags, 0o600)
	if err != nil {
		return err
	}
	if _, err := f.WriteString(text); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// sendEvent passes an event to a plugin that announced it wants them. The pieces of a reply go only to one that asks for them
// too: two hundred a second made typing in VS Code slower by 40 %.
func (s *Server) sendEvent(e agent.Event) {
	wants := s.client.extensions
	if wants.Events && (wants.Deltas || e.Type != agent.TextDelta) {
		s.conn.notify("opencode/event", e)
	}
}
