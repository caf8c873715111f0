package httpapi

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/opencode-lsp/opencode-lsp/agent"
)

// follower maps the events of one open session to the wire and hands them on.
type follower struct {
	session *agent.Session
	done    chan struct{} // closed when it has ended
	past    int64         // up to here it happened before anybody could hear of it
	mu      sync.Mutex
	fold    *fold
}

// Opened follows a session from now on. It is what [agent.Options].Opened has to call; a session that is followed already is
// left alone.
func (a *API) Opened(s *agent.Session) { a.opened(s, s.Replayed()) }

func (a *API) opened(s *agent.Session, past int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	last := a.followers[s.ID()]
	if a.closed || last != nil && last.session == s {
		return
	}
	f := &follower{session: s, past: past, done: make(chan struct{}), fold: newFold(s.ID(), a.around())}
	a.followers[s.ID()] = f
	if parent := a.followers[s.Info().Parent]; parent != nil {
		parent.begot(s.Info())
	}
	a.work.Go(func() {
		if last != nil {
			<-last.done // the session was closed and is opened anew: what was said before comes first
		}
		a.follow(f)
		a.mu.Lock()
		defer a.mu.Unlock()
		if a.followers[s.ID()] == f {
			delete(a.followers, s.ID())
		}
		close(f.done)
	})
}

// settled waits until all that a closed session said is handed on.
func (a *API) settled(session string) {
	if f := a.follower(session); f != nil {
		<-f.done
	}
}

// follow reads the session from its beginning, so that the mapping knows all of it; what was before is no news.
func (a *API) follow(f *follower) {
	id := f.session.ID()
	defer a.hub.forget(id)
	for e := range f.session.Events(a.ctx, 0) {
		if e.Time.IsZero() {
			e.Time = time.Now() // live output has no time of its own, and clients sort messages by it
		}
		if e.Seq > 0 && e.Seq <= f.past {
			f.step(e)
			continue
		}
		for _, live := range f.rest(e) {
			a.live(f, live)
		}
		if e.Seq == 0 && e.Type != agent.TurnEnded { // an end that could not be stored is none that another event replaces
			a.live(f, e)
			continue
		}
		events := f.step(e)
		if a.hub.heard() {
			events = a.withDiff(events, e)
		}
		a.hub.publish(id, e.Seq, e.Time, events)
	}
}

// live hands on output that the next stored event replaces.
func (a *API) live(f *follower, e agent.Event) {
	events := f.step(e)
	a.hub.send(batch{session: f.session.ID(), live: true, after: f.fold.last, at: e.Time}, events) // the fold is its follower's: nobody else writes it
}

// rest is how a finished reply goes on after what was seen of it live: the last of it is stored before the follower comes to
// it. Clients that put a text together from the pieces miss nothing.
func (f *follower) rest(e agent.Event) []agent.Event {
	if e.Type != agent.MessageDone {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	var rest []agent.Event
	add := func(kind agent.EventType, whole string, seen *strings.Builder) {
		if more, ok := strings.CutPrefix(whole, seen.String()); ok && more != "" && strings.TrimSpace(whole) != "" {
			rest = append(rest, agent.Event{Type: kind, SessionID: e.SessionID, Turn: e.Turn, Time: e.Time, Text: more})
		}
	}
	live := f.fold.live
	if live == nil {
		live = &liveReply{}
	}
	if thoughts := e.Message.Reasoning; len(thoughts) > 0 {
		add(agent.ThoughtDelta, thoughts[0].Text, &live.thought)
	}
	add(agent.TextDelta, e.Message.Text, &live.text)
	return rest
}

// withDiff adds what the session has changed in files, where an event has changed that.
func (a *API) withDiff(events []wireEvent, e agent.Event) []wireEvent {
	changed := e.Type == agent.TurnEnded && len(e.End.Files) > 0 || (e.Type == agent.Undone || e.Type == agent.Redone) && len(e.Files) > 0
	if !changed {
		return events
	}
	diff, err := a.diff(a.ctx, e.SessionID, "")
	if err != nil {
		logger().Infof("diff of %s: %s", e.SessionID, err)
		return events
	}
	return append(events, wireEvent{"session.diff", props{"sessionID": e.SessionID, "diff": diff}})
}

// begot tells the parent's follower of the session of a task: the call that started it shows which it is.
func (f *follower) begot(child agent.SessionInfo) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fold.children = append(f.fold.children, child)
}

func (f *follower) step(e agent.Event) []wireEvent {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.fold.step(e)
}

// partial is what stands of the reply that is being written after the event last.
func (f *follower) partial(last int64) []wireEvent {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fold.last != last {
		return nil
	}
	return f.fold.partial()
}

// revert is what a client hides of the session; false where the follower is behind.
func (f *follower) revert() (revert *Revert, known bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.fold.revert(), f.fold.last == f.session.Last()
}

// open are the questions that wait.
func (f *follower) open() []openQuestion {
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []openQuestion
	for id, q := range f.fold.asked {
		list = append(list, openQuestion{q, id})
	}
	return list
}

// follower is that of an open session, nil for none.
func (a *API) follower(session string) *follower {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.followers[session]
}

// openQuestion is a question with the session's own id of it.
type openQuestion struct {
	asked
	own string
}

// questions are those that wait in all open sessions, the oldest of each session first.
func (a *API) questions() []openQuestion {
	a.mu.Lock()
	followers := make([]*follower, 0, len(a.followers))
	for _, f := range a.followers {
		followers = append(followers, f)
	}
	a.mu.Unlock()
	var list []openQuestion
	for _, f := range followers {
		list = append(list, f.open()...)
	}
	slices.SortFunc(list, func(x, y openQuestion) int { return cmp.Compare(x.id, y.id) })
	return list
}
