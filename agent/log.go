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
	events  []Event // stored ones, and the ends of turns that could not be stored (Seq 0)
	stored  int64   // how many of them are stored: the last Seq
	live    liveOutput
	changed chan struct{} // closed and replaced when something was added; nil while nobody waits
	closed  bool
}

// liveOutput is what followers see of the reply and the tool that are running. It is not stored.
type liveOutput struct {
	step    int    // counts replies, so that a cursor knows when text starts anew
	text    []byte // of the reply that is being written
	notice  Event  // the latest Progress or Retrying event; none (no Type) once a stored event came after it
	notices int    // counts them
}

// cursor is how far a follower has read.
type cursor struct {
	next    int // index into events
	step    int
	text    int
	notices int
}

// publish adds stored events. They end the live output before them: a slow follower must not see it afterwards.
func (l *eventLog) publish(events ...Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stored += int64(len(events))
	l.add(events...)
}

// lost adds the end of a turn that the store did not take: whoever waits for it must see it nevertheless.
func (l *eventLog) lost(end Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.add(end)
}

// add is called with mu held.
func (l *eventLog) add(events ...Event) {
	l.events = append(l.events, events...)
	l.live.step++
	l.live.text = l.live.text[:0]
	l.live.notice = Event{}
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
	l.live.notice = e
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
	// The notice comes first: what stands after a retry is no part of what the retry voids.
	if c.notices != l.live.notices {
		c.notices = l.live.notices
		if l.live.notice.Type != "" {
			batch = append(batch, l.live.notice)
		}
	}
	if n := len(l.live.text); n > c.text {
		e := template
		e.Type, e.Text = TextDelta, string(l.live.text[c.text:])
		c.text = n
		batch = append(batch, e)
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
	from = min(max(from, 0), l.stored)
	seen := slices.IndexFunc(l.events, func(e Event) bool { return e.Seq == from }) + 1 // lost ends stand between
	if from == 0 {
		seen = 0
	}
	return cursor{next: seen, notices: l.live.notices}
}

// last is the Seq of the last stored event.
func (l *eventLog) last() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.stored
}

// snapshot returns the events. The slice must not be changed.
func (l *eventLog) snapshot() []Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clip(l.events)
}
