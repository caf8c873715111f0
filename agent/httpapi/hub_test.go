package httpapi

import (
	"strings"
	"testing"
	"time"
)

// A subscriber that is too slow is dropped, by number and by size; the one who writes never waits, and what waits stays
// within its bounds.
func TestSlowSubscriber(t *testing.T) {
	for name, size := range map[string]int{"many": 10, "large": 1 << 20} {
		t.Run(name, func(t *testing.T) {
			h := hub{subs: map[*subscriber]bool{}, seen: map[string]mark{}}
			slow, _, _ := h.subscribe()
			quick, _, _ := h.subscribe()
			event := []wireEvent{{"x", props{"text": strings.Repeat("a", size)}}}
			got := 0
			for i := range int64(2 * maxWaiting) {
				h.publish("ses_1", i+1, time.Now(), event)
				if most := slow.size; most > maxWaitingSize+size {
					t.Fatalf("%d bytes wait", most)
				}
				list, more := quick.take()
				if got += len(list); !more {
					t.Fatal("the quick one was dropped")
				}
				if len(h.subs) == 1 && got > 20 {
					break
				}
			}
			if list, more := slow.take(); more || len(list) > 0 {
				t.Errorf("the slow one has %d and goes on: %t", len(list), more)
			}
			if len(h.subs) != 1 || got < 8 {
				t.Errorf("%d subscribers, %d events", len(h.subs), got)
			}
		})
	}
}

// Where nobody listens nothing is encoded, and who comes later knows how far the events are.
func TestNobodyListens(t *testing.T) {
	h := hub{subs: map[*subscriber]bool{}, seen: map[string]mark{}}
	h.publish("ses_1", 7, time.Now(), []wireEvent{{"x", func() {}}})
	_, c, _ := h.subscribe()
	if seq, ok := c.find("ses_1"); seq != 7 || !ok {
		t.Errorf("the cursor is %s", c)
	}
	h.close()
	if _, _, ok := h.subscribe(); ok {
		t.Error("a closed hub takes subscribers")
	}
}
