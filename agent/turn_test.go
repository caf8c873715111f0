package agent_test

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/permission"
	"github.com/opencode-lsp/opencode-lsp/tools"
)

// A store that fails once, at any kind of event, ends the turn for everyone who waits; the session goes on afterwards, and
// no call is left without its result, which providers would refuse from then on.
func TestStoreFails(t *testing.T) {
	kinds := []agent.EventType{agent.TurnStarted, agent.MessageDone, agent.Asked, agent.Answered, agent.CallStarted, agent.CallDone, agent.TurnEnded}
	for _, kind := range kinds {
		for _, lasting := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s,lasting=%t", kind, lasting), func(t *testing.T) {
				bubble(t, func(t *testing.T) { storeFails(t, kind, lasting) })
			})
		}
	}
}

func storeFails(t *testing.T, kind agent.EventType, lasting bool) {
	b := newBench(t)
	s := b.session()
	b.ended(s, "the title's") // its own events are not what fails
	b.model.replies = []reply{{calls: []tools.Call{do("one"), do("two")}}}
	broken := false
	b.store.set(func(e agent.Event) bool {
		hit := e.Type == kind && !broken
		broken = broken || hit
		return hit || broken && lasting
	})
	live := make(chan agent.Event, 1)
	go func() {
		for e := range s.Events(t.Context(), 0) {
			if e.Type == agent.TurnEnded && e.End.Error != "" && len(live) == 0 {
				live <- e
			}
		}
		close(live)
	}()
	turn := b.prompt(s, "go")
	for range 3 {
		synctest.Wait()
		for _, q := range s.Pending() {
			_ = s.Answer(q.ID, permission.Answer{Reply: permission.Once}, "test")
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	end, err := s.Wait(ctx, turn)
	if err != nil {
		t.Fatalf("nobody was told of the end: %v", err)
	}
	if lasting && (end.Status != agent.Failed || !strings.Contains(end.Error, "disk is full")) {
		t.Errorf("end = %+v", end)
	}
	if s.Busy() != "" {
		t.Error("the session stayed busy")
	}
	b.store.set(nil)
	b.model.replies = []reply{{text: "well again"}}
	if end := b.ended(s, "and now"); end.Status != agent.Done || end.Text != "well again" {
		t.Errorf("the next turn ended with %+v", end)
	}
	checkRequest(t, b.model.asked())
	b.check()
	if e := <-live; lasting && e.Turn != turn {
		t.Errorf("followers saw the end of %q", e.Turn)
	}
}

// checkRequest: what strict providers demand of a conversation.
func checkRequest(t *testing.T, messages []agent.Message) {
	t.Helper()
	var open []string
	for i, m := range messages {
		if m.Role == agent.Tool {
			if len(open) == 0 || open[0] != m.Call {
				t.Errorf("message %d is the result of %s, open are %v", i, m.Call, open)
				continue
			}
			open = open[1:]
			continue
		}
		if len(open) > 0 {
			t.Errorf("message %d comes while calls %v have no result", i, open)
		}
		for _, c := range m.Calls {
			open = append(open, c.ID)
		}
	}
	if len(open) > 0 {
		t.Errorf("calls %v have no result", open)
	}
}

// A process that was killed at any moment leaves a transcript that the next one mends.
func TestResume(t *testing.T) {
	full := func(t *testing.T) []agent.Event {
		b := newBench(t, reply{text: "on it", calls: []tools.Call{do("one"), do("two")}}, reply{text: "done"})
		s := b.session()
		turn := b.prompt(s, "go")
		for n := range 2 {
			q := b.question()
			if n == 0 {
				b.prompt(s, "joins")
			}
			if err := s.Answer(q.ID, permission.Answer{Reply: permission.Once}, "test"); err != nil {
				t.Fatal(err)
			}
		}
		b.end(s, turn)
		b.check()
		return b.events(s.ID())
	}
	var events []agent.Event
	bubble(t, func(t *testing.T) { events = full(t) })
	for cut := 1; cut <= len(events); cut++ {
		t.Run(fmt.Sprintf("%d %s", cut, events[cut-1].Type), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				b := newBench(t, reply{text: "resumed"})
				id := events[0].SessionID
				if err := b.store.Append(t.Context(), id, events[:cut]...); err != nil {
					t.Fatal(err)
				}
				s, err := b.sessions.Open(t.Context(), id)
				if err != nil {
					t.Fatal(err)
				}
				checkTranscript(t, b.events(id))
				if got := s.Replayed(); got != int64(cut) {
					t.Errorf("replayed = %d, want %d", got, cut)
				}
				if end := b.ended(s, "go on"); end.Status != agent.Done || end.Text != "resumed" {
					t.Errorf("end = %+v", end)
				}
				checkRequest(t, b.model.asked())
				b.check()
			})
		})
	}
}

// A call that was running is told apart from one that never began.
func TestResumeTellsWhatRan(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t, reply{calls: []tools.Call{do("one"), do("two")}}).allow()
		b.run = func(ctx context.Context, _ io.Writer, _ string) (tools.Result, error) {
			<-ctx.Done()
			return tools.Result{}, ctx.Err()
		}
		s := b.session()
		b.prompt(s, "go")
		synctest.Wait()
		killed := b.events(s.ID())
		b.sessions.Close()

		b = newBench(t)
		if err := b.store.Append(t.Context(), s.ID(), killed...); err != nil {
			t.Fatal(err)
		}
		b.session()
		got := b.results(s.ID())
		if len(got) != 2 || !strings.Contains(got[0], "may be done in part") || !strings.Contains(got[1], "was not run") {
			t.Errorf("results = %q", got)
		}
		b.check()
	})
}

func TestRetry(t *testing.T) {
	busy := func(after time.Duration) error { return &agent.ModelError{Message: "busy", Retry: true, After: after} }
	tests := map[string]struct {
		replies []reply
		status  agent.Status
		atLeast time.Duration
		atMost  time.Duration
	}{
		"retry-after is kept":    {[]reply{{err: busy(42 * time.Second)}, {text: "ok"}}, agent.Done, 42 * time.Second, 42 * time.Second},
		"delays grow":            {[]reply{{err: busy(0)}, {err: busy(0)}, {text: "ok"}}, agent.Done, 6 * time.Second, 8 * time.Second},
		"five times, no more":    {slices.Repeat([]reply{{err: busy(time.Second)}}, 7), agent.Failed, 5 * time.Second, 5 * time.Second},
		"what does not help":     {[]reply{{err: &agent.ModelError{Message: "no key"}}}, agent.Failed, 0, 0},
		"any other error":        {[]reply{{err: io.ErrUnexpectedEOF}}, agent.Failed, 0, 0},
		"a stream that broke":    {[]reply{{text: "void words ", err: busy(time.Second)}, {text: "ok"}}, agent.Done, time.Second, time.Second},
		"calls of a broken one":  {[]reply{{text: "x", err: busy(time.Second)}, {text: "ok"}}, agent.Done, time.Second, time.Second},
		"an answer of no words":  {[]reply{{}}, agent.Done, 0, 0},
		"the reply after a call": {[]reply{{calls: []tools.Call{do("one")}}, {err: busy(time.Second)}, {text: "ok"}}, agent.Done, time.Second, time.Second},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				b := newBench(t, test.replies...).allow()
				began := time.Now()
				s := b.session()
				end := b.ended(s, "go")
				if took := time.Since(began); end.Status != test.status || took < test.atLeast || took > test.atMost {
					t.Errorf("end = %+v after %s", end, took)
				}
				if test.status == agent.Failed && end.Error == "" {
					t.Error("failed without a reason")
				}
				if strings.Contains(end.Text, "void") {
					t.Errorf("void text in %q", end.Text)
				}
				b.check()
			})
		})
	}
}

// The text of a turn is of that turn.
func TestTextOfFailedTurn(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t, reply{text: "the first answer"}, reply{err: io.ErrUnexpectedEOF})
		s := b.session()
		b.ended(s, "one")
		if end := b.ended(s, "two"); end.Text != "" {
			t.Errorf("text = %q", end.Text)
		}
		b.check()
	})
}

func TestStepLimit(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t).allow()
		b.maxSteps = 3
		b.open()
		for n := range 9 {
			b.model.replies = append(b.model.replies, reply{calls: []tools.Call{do(fmt.Sprint(n))}})
		}
		s := b.session()
		if end := b.ended(s, "go"); end.Status != agent.Failed || !strings.Contains(end.Error, "limit of 3 steps") {
			t.Errorf("end = %+v", end)
		}
		if got := b.results(s.ID()); len(got) != 3 {
			t.Errorf("results = %q", got)
		}
		b.check()
	})
}

// The third identical call in a row is a question of its own, valid or not; other calls between, or another turn, and it
// is not in a row.
func TestDoomLoop(t *testing.T) {
	tests := map[string]struct {
		words []string
		turns int
		asked int
	}{
		"twice":        {[]string{"a", "a"}, 1, 0},
		"thrice":       {[]string{"a", "a", "a"}, 1, 1},
		"not in a row": {[]string{"a", "a", "b", "a", "a"}, 1, 0},
		"six times":    {[]string{"a", "a", "a", "a", "a", "a"}, 1, 2},
		"not valid":    {[]string{"bad", "bad", "bad"}, 1, 1},
		"each turn":    {[]string{"a"}, 4, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				b := newBench(t).allow()
				b.rules = append(b.rules, permission.Rule{Permission: "doom_loop", Pattern: "*", Action: permission.Ask})
				s := b.session()
				asked := 0
				for range test.turns {
					for _, w := range test.words {
						b.model.replies = append(b.model.replies, reply{calls: []tools.Call{do(w)}})
					}
					turn := b.prompt(s, "go")
					for synctest.Wait(); len(s.Pending()) > 0; synctest.Wait() {
						asked++
						if err := s.Answer(s.Pending()[0].ID, permission.Answer{Reply: permission.Once}, "test"); err != nil {
							t.Fatal(err)
						}
					}
					b.end(s, turn)
				}
				if asked != test.asked {
					t.Errorf("asked %d times, want %d", asked, test.asked)
				}
				b.check()
			})
		})
	}
}

// A tool's panic, before or while it runs, is that call's failure alone.
func TestPanickingTool(t *testing.T) {
	for _, word := range []string{"panic early", "panic late"} {
		bubble(t, func(t *testing.T) {
			b := newBench(t, reply{calls: []tools.Call{do(word), do("two")}}, reply{text: "ok"}).allow()
			b.run = func(_ context.Context, _ io.Writer, word string) (tools.Result, error) {
				if strings.HasPrefix(word, "panic") {
					panic(word)
				}
				return tools.Result{Text: "did " + word}, nil
			}
			s := b.session()
			if end := b.ended(s, "go"); end.Status != agent.Done {
				t.Errorf("end = %+v", end)
			}
			if got := b.results(s.ID()); len(got) != 2 || !strings.Contains(got[0], "the tool crashed") || got[1] != "did two" {
				t.Errorf("results = %q", got)
			}
			b.check()
		})
	}
}

// Calls without an id, or with one that was there before, get one of their own.
func TestCallIDs(t *testing.T) {
	bubble(t, func(t *testing.T) {
		same := tools.Call{ID: "x", Name: "do", Arguments: `{"word":"w"}`}
		b := newBench(t, reply{calls: []tools.Call{same, do("a"), same}}, reply{calls: []tools.Call{same, do("b")}}, reply{text: "ok"}).allow()
		s := b.session()
		b.ended(s, "go")
		seen := map[string]bool{}
		for _, e := range b.events(s.ID()) {
			if e.Type == agent.CallDone {
				seen[e.Result.Call] = true
			}
		}
		if len(seen) != 5 || seen[""] {
			t.Errorf("ids = %v", seen)
		}
		b.check()
	})
}
