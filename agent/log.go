package agent

import (
	"context"
	"iter"
	"slices"
	"sync"
)

// eventLog is a session's transcript in memory with its followers. The session's goroutine is the only writer of stored
// events; live output may come from any goroutine. Nobody waits for a follower: each keeps a cursor and catches up, so a
// slow one gets larger deltas and misses nothing that is stored.
type eventLog struct {
	mu      sync.Mutex
	events  []Event
	live    liveOutput
	changed chan struct{} // closed and replaced when something was added; nil while nobody waits
	closed  bool
}

// liveOutput is what followers see of the reply and the tool that are running. It is not stored.
type liveOutput struct {
	step     int    // counts replies, so that a cursor knows when text starts anew
	text     []byte // of the reply that is being written
	progress Event
	notices  int // counts Progress and Retrying events
}

// cursor is how far a follower has read.
type cursor struct {
	next    int // index into events
	step    int
	text    int
	notices int
}

// publish adds stored events. The finished message or a new turn ends the live output before it.
func (l *eventLog) publish(events ...Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = append(l.events, events...)
	l.live.step++
	l.live.text = l.live.text[:0]
	l.wake()
}

// text adds a piece of the reply that is being written.
func (l *eventLog) text(piece string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.live.text = append(l.live.text, piece...)
	l.wake()
}

// notice shows a live Progress or Retrying event; a retry voids the text written so far.
func (l *eventLog) notice(e Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e.Type == Retrying {
		l.live.step++
		l.live.text = l.live.text[:0]
	}
	l.live.progress = e
	l.live.notices++
	l.wake()
}

// close ends all followers once they have read what is there.
func (l *eventLog) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	l.wake()
}

// wake is called with mu held.
func (l *eventLog) wake() {
	if l.changed != nil {
		close(l.changed)
		l.changed = nil
	}
}

// read returns what is new since the cursor and moves it, or a channel that is closed when more comes; the channel is nil
// when the log was closed and everything has been read.
func (l *eventLog) read(c *cursor, template Event) ([]Event, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	batch := slices.Clone(l.events[min(c.next, len(l.events)):])
	c.next = max(c.next, len(l.events))
	if c.step != l.live.step {
		c.step, c.text = l.live.step, 0
	}
	if n := len(l.live.text); n > c.text {
		e := template
		e.Type, e.Text = TextDelta, string(l.live.text[c.text:])
		c.text = n
		batch = append(batch, e)
	}
	if c.notices != l.live.notices {
		c.notices = l.live.notices
		batch = append(batch, l.live.progress)
	}
	if len(batch) > 0 {
		return batch, nil
	}
	if l.closed {
		return nil, nil
	}
	if l.changed == nil {
		l.changed = make(chan struct{})
	}
	return nil, l.changed
}

// follow yields the events with Seq above from, then everything that comes, until ctx ends or the log is closed.
func (l *eventLog) follow(ctx context.Context, from int64, template Event) iter.Seq[Event] {
	return func(yield func(Event) bool) {
		c := l.start(from)
		for ctx.Err() == nil {
			batch, more := l.read(&c, template)
			for _, e := range batch {
				if ctx.Err() != nil || !yield(e) {
					return
				}
			}
			if len(batch) > 0 {
				continue
			}
			if more == nil {
				return
			}
			select {
			case <-more:
			case <-ctx.Done():
			}
		}
	}
}

// start is the cursor of a follower that has seen the events up to Seq from.
func (l *eventLog) start(from int64) cursor {
	l.mu.Lock()
	defer l.mu.Unlock()
	return cursor{next: int(max(from, 0)), notices: l.live.notices}
}

// snapshot returns the stored events. The slice must not be changed.
func (l *eventLog) snapshot() []Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clip(l.events)
}
