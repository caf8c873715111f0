package agent

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/opencode-lsp/opencode-lsp/tools"
)

// types reads once, as a follower that was slow, and tells what it saw.
func types(l *eventLog, c *cursor) []string {
	var seen []string
	for {
		n := l.read(c, Event{})
		if n.behind > 0 {
			n.events = l.catchUp(context.Background(), c, n.behind)
		}
		if len(n.events) == 0 {
			return seen
		}
		for _, e := range n.events {
			seen = append(seen, string(e.Type)+" "+e.Text)
		}
	}
}

func TestSlowFollower(t *testing.T) {
	stored := func(seq int64, kind EventType) Event { return Event{Seq: seq, Type: kind} }
	tests := map[string]struct {
		happens func(l *eventLog)
		want    []string
	}{
		"text comes in one piece": {func(l *eventLog) { l.text("a"); l.text("b") }, []string{"delta ab"}},
		"a retry voids the text":  {func(l *eventLog) { l.text("void"); l.notice(Event{Type: Retrying, Text: "busy"}) }, []string{"retry busy"}},
		"text after a retry stands after it": {func(l *eventLog) {
			l.text("void")
			l.notice(Event{Type: Retrying, Text: "busy"})
			l.text("good")
		}, []string{"retry busy", "delta good"}},
		"output of a tool that is done is not news": {func(l *eventLog) {
			l.notice(Event{Type: Progress, Text: "line"})
			l.publish(stored(1, CallDone))
		}, []string{"result "}},
		"a finished message holds its text": {func(l *eventLog) {
			l.text("so far")
			l.publish(stored(1, MessageDone))
		}, []string{"message "}},
		"an end that was not stored keeps its place": {func(l *eventLog) {
			l.publish(stored(1, TurnStarted))
			l.loseEnd(Event{Type: TurnEnded, Text: "lost"})
			l.notice(Event{Type: Progress, Text: "later"})
			l.publish(stored(2, TurnStarted))
		}, []string{"turn.started ", "turn.ended lost", "turn.started "}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var l eventLog
			c := l.start(0)
			test.happens(&l)
			if got := types(&l, &c); !slices.Equal(got, test.want) {
				t.Errorf("saw %q, want %q", got, test.want)
			}
		})
	}
}

func TestFollowFrom(t *testing.T) {
	var l eventLog
	l.publish(Event{Seq: 1, Type: SessionCreated}, Event{Seq: 2, Type: TurnStarted})
	l.loseEnd(Event{Type: TurnEnded})
	l.publish(Event{Seq: 3, Type: TurnStarted})
	l.close()
	for from, want := range map[int64]int{-1: 4, 0: 4, 1: 3, 2: 2, 3: 0, 99: 0} {
		got := 0
		for range l.follow(t.Context(), from, Event{}) {
			got++
		}
		if got != want {
			t.Errorf("from %d: %d events, want %d", from, got, want)
		}
	}
	if l.last() != 3 {
		t.Errorf("last = %d", l.last())
	}
}

// A follower that is further behind than the log's memory reaches reads the store, and sees everything once and in order,
// also while more comes.
func TestFollowFarBehind(t *testing.T) {
	const all = 3 * windowEvents
	var l eventLog
	var stored []Event
	fails := 0
	l.load = func(_ context.Context, after int64) ([]Event, error) {
		if fails > 0 {
			fails--
			return nil, errors.New("the disk is gone")
		}
		return stored[after:min(after+50, int64(len(stored)))], nil
	}
	add := func() {
		e := Event{Seq: int64(len(stored)) + 1, Type: Noted}
		stored = append(stored, e)
		l.publish(e)
		if e.Seq%100 == 0 {
			l.loseEnd(Event{Type: TurnEnded, Text: strconv.Itoa(int(e.Seq))})
		}
	}
	for range all {
		add()
	}
	if len(l.window) > windowEvents {
		t.Errorf("%d events in memory", len(l.window))
	}
	last, lost := int64(0), 0
	for e := range l.follow(t.Context(), 0, Event{}) {
		switch {
		case e.Seq == 0 && e.Text != strconv.Itoa(int(last)):
			t.Errorf("lost end %s after event %d", e.Text, last)
		case e.Seq == 0:
			lost++
		case e.Seq != last+1:
			t.Fatalf("event %d after %d", e.Seq, last)
		default:
			last = e.Seq
		}
		if last < all && e.Seq > 0 {
			add()
		} else if last == int64(len(stored)) {
			l.close()
		}
	}
	if lost != int(last)/100 || last < all {
		t.Errorf("%d lost ends up to event %d", lost, last)
	}

	fails = 1
	first := int64(0)
	for e := range l.follow(t.Context(), 10, Event{}) {
		if e.Seq > 0 {
			first = e.Seq
			break
		}
	}
	if want := l.stored - int64(len(l.window)) + 1; first != want {
		t.Errorf("after an error the first event is %d, want %d", first, want)
	}
}

// A few large events take no more memory than many small ones.
func TestWindowBytes(t *testing.T) {
	var l eventLog
	for i := range 20 {
		big := tools.Applied{Before: strings.Repeat("x", windowBytes/4), After: strings.Repeat("x", windowBytes/4)}
		l.publish(Event{Seq: int64(i) + 1, Type: CallDone, Result: &CallResult{Result: tools.Result{Changes: []tools.Applied{big}}}})
	}
	if l.bytes > windowBytes || len(l.window) != 1 || l.stored != 20 {
		t.Errorf("%d events of %d bytes in memory, %d stored", len(l.window), l.bytes, l.stored)
	}
}

func TestProgressWriter(t *testing.T) {
	tests := map[string]struct {
		writes []string
		want   string
	}{
		"one line":          {[]string{"a\n"}, "a"},
		"in pieces":         {[]string{"he", "llo"}, "hello"},
		"a line in pieces":  {[]string{"he", "llo\n"}, "hello"},
		"the last of many":  {[]string{"a\nb\nc\n"}, "c"},
		"begun last line":   {[]string{"a\nb"}, "b"},
		"blank lines after": {[]string{"a\n\n \n"}, "a"},
		"nothing":           {[]string{"", "\n", "  "}, ""},
	}
	for name, test := range tests {
		w := &progressWriter{}
		got := ""
		for _, p := range test.writes {
			got = w.last([]byte(p))
		}
		if got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
	w := &progressWriter{}
	for range 1000 {
		w.last(make([]byte, 4096))
	}
	if len(w.line) > 2*maxProgressLine {
		t.Errorf("a line without end takes %d bytes", len(w.line))
	}
}
