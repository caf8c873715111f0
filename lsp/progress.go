package lsp

import (
	"context"
	"encoding/json"
	"strings"
	"time"
)

// What editors bear: Zed cuts title and message at 50 characters, and floods of reports make all of them slow.
const (
	progressTitle    = "OpenCode"
	progressWidth    = 50 - len(progressTitle)
	progressInterval = 100 * time.Millisecond
	// createdWithin is how long the end of a turn may wait for the client's answer to create.
	createdWithin = time.Second
)

// progress is the work-done progress of a session's running turn. It belongs to the session's follower.
type progress struct {
	server  *Server
	name    string // stands before every message
	token   string
	begun   bool
	created chan error       // the client's answer to create
	due     <-chan time.Time // a report waits for its time
	message string           // the latest, not sent yet where due is set
	last    time.Time        // of the last report
}

// start asks the client to make the progress. Zed and VS Code drop what is sent for tokens that were not created.
func (p *progress) start(turn, message string) {
	if !p.server.client.caps.Window.WorkDoneProgress {
		return
	}
	p.token, p.message, p.begun = "opencode/"+turn, fit(p.name+message, progressWidth), false
	created := make(chan error, 1)
	p.created = created
	s, token := p.server, p.token
	s.work.Go(func() {
		ctx, cancel := context.WithTimeout(s.ctx, callTimeout)
		defer cancel()
		_, err := call[json.RawMessage](ctx, s.conn, "window/workDoneProgress/create", map[string]string{"token": token})
		created <- err
	})
}

// begin follows the client's answer; after an error there is no progress for this turn (LSP 3.17).
func (p *progress) begin(err error) {
	p.created = nil
	if err != nil {
		logger().Infof("%s", err)
		p.token = ""
		return
	}
	p.begun = true
	p.send(progressValue{Kind: "begin", Title: progressTitle, Message: p.message, Cancellable: cancellable()})
}

// report shows a message now, or when the last one is old enough.
func (p *progress) report(message string) {
	message = fit(p.name+oneLine(message), progressWidth)
	if p.token == "" || message == p.message {
		return
	}
	p.message = message
	if p.begun && p.due == nil {
		p.due = time.After(progressInterval - min(time.Since(p.last), progressInterval))
	}
}

// flush sends the latest message.
func (p *progress) flush() {
	p.due = nil
	if p.begun {
		p.send(progressValue{Kind: "report", Message: p.message, Cancellable: cancellable()})
	}
}

// end closes the progress. One that the client has yet to create is begun first, since Helix shows a spinner from create on
// until an end; the message that says how the turn ended comes after it, or the end would hide it there.
func (p *progress) end(message string) {
	if p.created != nil {
		select {
		case err := <-p.created:
			p.begin(err)
		case <-time.After(createdWithin):
			p.endLate(message)
		}
	}
	if p.begun {
		p.send(progressValue{Kind: "end", Message: message})
	}
	p.stop()
}

// endLate leaves a progress to a goroutine that ends it once the client has created it.
func (p *progress) endLate(message string) {
	late := *p
	p.server.work.Go(func() {
		if <-late.created == nil {
			late.begin(nil)
			late.send(progressValue{Kind: "end", Message: message})
		}
	})
}

func (p *progress) stop() {
	p.token, p.begun, p.created, p.due, p.message = "", false, nil, nil, ""
}

func (p *progress) send(v progressValue) {
	p.last = time.Now()
	p.server.conn.notify("$/progress", progressParams{Token: p.token, Value: v})
}

// cancellable must be repeated in every report, or Zed takes the cancel button away.
func cancellable() *bool {
	yes := true
	return &yes
}

// cancelProgress ends the turn whose progress the user cancelled.
func (s *Server) cancelProgress(p progressCancelParams) error {
	var token string
	a := s.agent.now()
	if json.Unmarshal(p.Token, &token) != nil || a == nil {
		return nil
	}
	turn := strings.TrimPrefix(token, "opencode/")
	for _, session := range a.Sessions.Running() {
		if session.Busy() == turn {
			session.Cancel()
		}
	}
	return nil
}
