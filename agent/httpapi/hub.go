package httpapi

import (
	"encoding/json"
	"fmt"
	"sync"
	"time"
)

// The bounds of what waits for one subscriber. One that is slower than that is dropped: its stream ends, and with its last
// event's id it goes on where it was.
const (
	maxSubscribers = 16
	maxWaiting     = 1024
	maxWaitingSize = 8 << 20 // bytes
)

// batch is what one event of a session makes a client know, encoded. seq is 0 for what is not stored.
type batch struct {
	session string
	seq     int64
	live    bool  // output that the next stored event replaces
	after   int64 // of live output: the last stored event before it
	at      time.Time
	events  [][]byte
}

func (b *batch) size() (n int) {
	for _, e := range b.events {
		n += len(e)
	}
	return n
}

// hub hands what happens to the subscribers. It never waits for one.
type hub struct {
	mu     sync.Mutex
	subs   map[*subscriber]bool
	seen   map[string]mark // by followed session: its last stored event
	count  int64           // of events that are not stored
	closed bool
}

// subscriber is a client that follows the events.
type subscriber struct {
	mu      sync.Mutex
	waiting []batch
	size    int
	over    bool          // it was too slow, or the hub is closed
	wake    chan struct{} // holds one when there is something to do
}

// subscribe adds a client and says how far the events have come without it; false where there are too many.
func (h *hub) subscribe() (*subscriber, *cursor, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.subs) >= maxSubscribers || h.closed {
		return nil, nil, false
	}
	s := &subscriber{wake: make(chan struct{}, 1)}
	h.subs[s] = true
	c := &cursor{since: millis(time.Now().Add(-slack))} // an event may be stored and not handed on yet
	for _, m := range h.seen {
		c.advance(m.session, m.seq, time.UnixMilli(m.at))
	}
	return s, c, true
}

func (h *hub) unsubscribe(s *subscriber) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.subs, s)
}

// publish hands events on. Only a session's follower calls it for that session, so they stay in order.
func (h *hub) publish(session string, seq int64, at time.Time, events []wireEvent) {
	h.send(batch{session: session, seq: seq, at: at}, events)
}

func (h *hub) send(b batch, events []wireEvent) {
	for !h.hand(b, len(events)) { // who begins to listen meanwhile wants them, too
		b.events = h.encode(b, events)
	}
}

// hand gives a batch to those who listen. It does nothing and says so where there are some and the events, n of them, are not
// encoded yet.
func (h *hub) hand(b batch, n int) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.subs) > 0 && n > 0 && b.events == nil {
		return false
	}
	if b.seq > 0 {
		h.seen[b.session] = mark{b.session, b.seq, millis(b.at)}
	}
	for s := range h.subs {
		if (b.seq > 0 || n > 0) && !s.push(b) {
			delete(h.subs, s)
		}
	}
	return true
}

// heard reports whether anybody listens.
func (h *hub) heard() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.subs) > 0
}

// forget drops a session that is followed no more.
func (h *hub) forget(session string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.seen, session)
}

// envelope is an event as it is sent.
type envelope struct {
	ID         string `json:"id"`
	Type       string `json:"type"`
	Properties any    `json:"properties"`
}

// encode gives events their ids: those of stored ones are the same whenever they are sent.
func (h *hub) encode(b batch, events []wireEvent) [][]byte {
	ids := newIDs(b.session)
	out := make([][]byte, 0, len(events))
	for i, e := range events {
		id := ids.make("evt", b.seq, i)
		if b.seq == 0 {
			id = h.next()
		}
		data, err := json.Marshal(envelope{id, e.Type, e.Properties})
		if err != nil {
			logger().Errorf("event %s of %s: %s", e.Type, b.session, err)
			continue
		}
		out = append(out, data)
	}
	return out
}

// next is the id of an event that is not stored.
func (h *hub) next() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.count++
	return fmt.Sprintf("evt_%012x%s", h.count, "live0000000000")
}

// close ends all streams.
func (h *hub) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for s := range h.subs {
		s.end()
		delete(h.subs, s)
	}
}

// push leaves a batch for the client; false where it is too slow.
func (s *subscriber) push(b batch) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	size := b.size()
	if len(s.waiting) >= maxWaiting || s.size+size > maxWaitingSize && len(s.waiting) > 0 {
		s.over = true
		s.waiting, s.size = nil, 0
		s.poke()
		return false
	}
	s.waiting = append(s.waiting, b)
	s.size += size
	s.poke()
	return true
}

// take returns what waits and whether the stream goes on.
func (s *subscriber) take() ([]batch, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.waiting
	s.waiting, s.size = nil, 0
	return out, !s.over
}

func (s *subscriber) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	s.poke()
}

// poke is called with mu held.
func (s *subscriber) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}
