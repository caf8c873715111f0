package agent

import (
	"context"
	"iter"
	"slices"
	"sync"

	"github.com/opencode-lsp/opencode-lsp/tools"
)

// How many of the newest stored events a log keeps in memory, and how many bytes of them about. A follower that is further
// behind reads the store.
const (
	windowEvents = 256
	windowBytes  = 1 << 20
)

// eventLog is a session's transcript with its followers: its newest events in memory, all of them in the store. The
// session's goroutine is the only writer of stored events; live output may come from any goroutine. Nobody waits for a
// follower: each keeps a cursor and catches up, so a slow one gets larger deltas and misses nothing that is stored.
type eventLog struct {
	// load reads the next stored events above a Seq, as [Store].Load does.
	load func(ctx context.Context, after int64) ([]Event, error)

	mu      sync.Mutex
	window  []Event // the newest stored ones
	sizes   []int   // of those, in bytes
	bytes   int     // the sum of sizes
	stored  int64   // the last Seq
	lost    []lostEnd
	live    liveOutput
	changed chan struct{} // closed and replaced when something was added; nil while nobody waits
	closed  bool
}

// lostEnd is the end of a turn that could not be stored, and after which event it came.
type lostEnd struct {
	after int64
	end   Event
}

// liveOutput is what followers see of the reply and the tool that are running. It is not stored.
type liveOutput struct {
	step    int    // counts replies, so that a cursor knows when text starts anew
	text    []byte // of the reply that is being written
	thought []byte // of what the model thinks before it
	notice  Event  // the latest Progress or Retrying event; none (no Type) once a stored event came after it
	notices int    // counts them
}

// cursor is how far a follower has read.
type cursor struct {
	seq     int64 // the last stored event that it has
	lost    int   // how many lost ends
	step    int
	text    int
	thought int
	notices int
}

// publish adds stored events. They end the live output before them: a slow follower must not see it afterwards.
func (l *eventLog) publish(events ...Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range events {
		l.stored++
		l.window, l.sizes = append(l.window, e), append(l.sizes, bulk(e))
		l.bytes += bulk(e)
	}
	old := 0
	for ; l.bytes > windowBytes || len(l.window)-old > windowEvents; old++ {
		l.bytes -= l.sizes[old]
	}
	l.window, l.sizes = slices.Delete(l.window, 0, old), slices.Delete(l.sizes, 0, old)
	l.fresh()
}

// bulk is about how many bytes of memory an event takes.
func bulk(e Event) int {
	n := 1024 + len(e.Text)
	if e.Prompt != nil {
		n += len(e.Prompt.Text) + len(e.Prompt.Context) + bulkFiles(e.Prompt.Files)
	}
	if e.Message != nil {
		n += len(e.Message.Text)
		for _, c := range e.Message.Calls {
			n += len(c.Arguments)
		}
	}
	if e.Question != nil {
		n += len(e.Question.Preview.Text)
		for _, f := range e.Question.Files {
			n += 2 * len(f.New) // about as much as before
		}
	}
	if e.Result != nil {
		n += len(e.Result.Text) + len(e.Result.Diff) + bulkFiles(e.Result.Attachments) + bulkChanges(e.Result.Changes)
	}
	return n + bulkChanges(e.Changes)
}

func bulkFiles(files []tools.Attachment) (n int) {
	for _, f := range files {
		n += len(f.Data)
	}
	return n
}

func bulkChanges(changes []tools.Applied) (n int) {
	for _, c := range changes {
		n += len(c.Before) + len(c.After)
	}
	return n
}

// loseEnd adds the end of a turn that the store did not take: whoever waits for it must see it nevertheless.
func (l *eventLog) loseEnd(end Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lost = append(l.lost, lostEnd{l.stored, end})
	l.fresh()
}

// fresh ends the live output; called with mu held.
func (l *eventLog) fresh() {
	l.live.restart()
	l.live.notice = Event{}
	l.wake()
}

// restart begins a reply anew.
func (o *liveOutput) restart() {
	o.step++
	o.text, o.thought = o.text[:0], o.thought[:0]
}

// think adds a piece of what the model thinks.
func (l *eventLog) think(piece string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.live.thought = append(l.live.thought, piece...)
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
		l.live.restart()
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

// news is what a follower finds: events; or that those up to Seq behind must be read from the store first; or a channel
// that is closed when more comes. None of them: the log was closed and everything has been read.
type news struct {
	events []Event
	behind int64
	more   <-chan struct{}
}

// read returns what is new since the cursor and moves it.
func (l *eventLog) read(c *cursor, template Event) news {
	l.mu.Lock()
	defer l.mu.Unlock()
	first := l.stored - int64(len(l.window)) + 1
	if c.seq < first-1 {
		return news{behind: first - 1}
	}
	batch := l.advance(c, l.window[c.seq-first+1:])
	batch = l.ends(c, batch, l.stored)
	if c.step != l.live.step {
		c.step, c.text, c.thought = l.live.step, 0, 0
	}
	// The notice comes first: what stands after a retry is no part of what the retry voids.
	if c.notices != l.live.notices {
		c.notices = l.live.notices
		if l.live.notice.Type != "" {
			batch = append(batch, l.live.notice)
		}
	}
	batch = more(batch, template, ThoughtDelta, l.live.thought, &c.thought)
	batch = more(batch, template, TextDelta, l.live.text, &c.text)
	switch {
	case len(batch) > 0 || l.closed:
		return news{events: batch}
	case l.changed == nil:
		l.changed = make(chan struct{})
	}
	return news{more: l.changed}
}

// more adds what was written since the cursor's place, and moves that.
func more(batch []Event, e Event, kind EventType, written []byte, at *int) []Event {
	if len(written) > *at {
		e.Type, e.Text = kind, string(written[*at:])
		*at = len(written)
		batch = append(batch, e)
	}
	return batch
}

// advance moves the cursor over stored events, and puts the lost ends into their places; called with mu held.
func (l *eventLog) advance(c *cursor, events []Event) []Event {
	var batch []Event
	for _, e := range events {
		batch = append(l.ends(c, batch, e.Seq-1), e)
		c.seq = e.Seq
	}
	return batch
}

// ends adds the lost ends that come after events up to seq; called with mu held.
func (l *eventLog) ends(c *cursor, batch []Event, seq int64) []Event {
	for ; c.lost < len(l.lost) && l.lost[c.lost].after <= seq; c.lost++ {
		batch = append(batch, l.lost[c.lost].end)
	}
	return batch
}

// catchUp reads events up to behind from the store. What cannot be read is passed over: what comes after it is seen.
func (l *eventLog) catchUp(ctx context.Context, c *cursor, behind int64) []Event {
	events, err := l.load(ctx, c.seq)
	if err != nil && ctx.Err() == nil {
		logger().Errorf("the events after %d cannot be read: %s", c.seq, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := slices.IndexFunc(events, func(e Event) bool { return e.Seq > behind }); n >= 0 {
		events = events[:n]
	}
	batch := l.advance(c, events)
	if len(events) == 0 {
		c.seq = behind
	}
	return batch
}

// follow yields the events with Seq above from, then everything that comes, until ctx ends or the log is closed.
func (l *eventLog) follow(ctx context.Context, from int64, template Event) iter.Seq[Event] {
	return func(yield func(Event) bool) {
		c := l.start(from)
		for ctx.Err() == nil {
			n := l.read(&c, template)
			if n.behind > 0 {
				n.events = l.catchUp(ctx, &c, n.behind)
			}
			for _, e := range n.events {
				if ctx.Err() != nil || !yield(e) {
					return
				}
			}
			switch {
			case len(n.events) > 0 || n.behind > 0:
				continue
			case n.more == nil:
				return
			}
			select {
			case <-n.more:
			case <-ctx.Done():
			}
		}
	}
}

// start is the cursor of a follower that has seen the events up to Seq from.
func (l *eventLog) start(from int64) cursor {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := cursor{seq: min(max(from, 0), l.stored), notices: l.live.notices}
	for c.lost < len(l.lost) && l.lost[c.lost].after < c.seq {
		c.lost++
	}
	return c
}

// last is the Seq of the last stored event.
func (l *eventLog) last() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.stored
}
