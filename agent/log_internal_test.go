package agent

import (
	"slices"
	"testing"
)

// types reads once, as a follower that was slow, and tells what it saw.
func types(l *eventLog, c *cursor) []string {
	var seen []string
	for {
		batch, _ := l.read(c, Event{})
		if len(batch) == 0 {
			return seen
		}
		for _, e := range batch {
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
			l.lost(Event{Type: TurnEnded, Text: "lost"})
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
	l.lost(Event{Type: TurnEnded})
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
