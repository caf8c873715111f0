package agent_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/tools"
)

// wordy is a bench whose model takes limit tokens and calls a tool with long results n times before it answers.
func wordy(t *testing.T, limit, n int) *bench {
	b := newBench(t).allow()
	b.info.Context, b.model.limit = int64(limit), limit
	b.run = func(_ context.Context, _ io.Writer, word string) (tools.Result, error) {
		return tools.Result{Text: word + strings.Repeat("\tsome \"code\"\n", 250)}, nil // 4 KB of JSON, 1,000 tokens
	}
	b.model.summary = func(agent.Request) reply { return reply{text: "## Goal\nsummed up"} }
	b.add(n)
	return b
}

// add lets the model call n times more and then answer.
func (b *bench) add(n int) {
	for i := range n {
		b.model.replies = append(b.model.replies, reply{calls: []tools.Call{do(fmt.Sprintf("step %d", i))}})
	}
	b.model.replies = append(b.model.replies, reply{text: "all done"})
}

// compactions are the summaries in a session's log.
func (b *bench) compactions(id string) []agent.Summary {
	b.Helper()
	var all []agent.Summary
	for _, e := range b.events(id) {
		if e.Type == agent.Compacted {
			all = append(all, *e.Summary)
		}
	}
	return all
}

// A long turn on a model with a small context: no request is longer than the model takes, each is one that a strict
// provider accepts, nothing is lost from the log, and what the model sees is the same after a restart.
func TestLongTurn(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := wordy(t, 8000, 60)
		s := b.session()
		if end := b.ended(s, "the whole task"); end.Status != agent.Done || end.Text != "all done" {
			t.Fatalf("end = %+v", end)
		}
		if b.model.refused != 0 {
			t.Errorf("%d requests were too long", b.model.refused)
		}
		for _, r := range b.model.requests {
			checkRequest(t, r.Messages)
		}
		if n := len(b.compactions(s.ID())); n < 5 || n > 20 {
			t.Errorf("%d compactions", n)
		}
		if n := len(b.results(s.ID())); n != 60 {
			t.Errorf("%d results in the log", n)
		}
		last := b.model.asked()
		if head := last[0]; head.Role != agent.User || !strings.Contains(head.Text, "summed up") || !strings.HasSuffix(head.Text, "the whole task") {
			t.Errorf("the conversation begins with %q", head.Text)
		}
		b.sessions.Close()
		b.open()
		b.ended(b.session(), "more")
		want := append(last, agent.Message{Role: agent.Assistant, Text: "all done", Model: "scripted/model"}, agent.Message{Role: agent.User, Text: "more"})
		if got := b.model.asked(); !reflect.DeepEqual(got, want) {
			t.Errorf("after a restart the model sees\n%+v\nwant\n%+v", got, want)
		}
		b.check()
	})
}

// What a provider finds too long is shortened and sent again, once.
func TestOverflow(t *testing.T) {
	tests := map[string]struct {
		limit   int // what the model really takes
		auto    bool
		status  agent.Status
		message string
		refused int
	}{
		"the limit is not known":      {8000, true, agent.Done, "", 1},
		"too long whatever is done":   {60, true, agent.Failed, "even after it was shortened", 3},
		"compaction.auto is switched": {8000, false, agent.Failed, "run opencode.session.compact", 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				b := wordy(t, test.limit, 30)
				b.info.Context, b.shorten.Auto = 0, test.auto
				s := b.session()
				b.model.limit = 0
				b.model.replies = []reply{{text: "hello"}}
				b.ended(s, "the first prompt")
				b.model.limit, b.model.replies = test.limit, nil
				b.add(30)
				end := b.ended(s, "go")
				if end.Status != test.status || !strings.Contains(end.Error, test.message) {
					t.Errorf("end = %+v", end)
				}
				if b.model.refused != test.refused {
					t.Errorf("%d requests were too long, want %d", b.model.refused, test.refused)
				}
				for _, r := range b.model.requests {
					checkRequest(t, r.Messages)
				}
				b.check()
			})
		})
	}
}

// A turn does not fail because nothing sums the conversation up: what is left out is dropped with a note.
func TestNoSummary(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := wordy(t, 8000, 20)
		b.small = &script{replies: slices.Repeat([]reply{{err: errors.New("the small one is ill")}}, 99)}
		b.model.summary = func(agent.Request) reply { return reply{err: errors.New("no summary today")} }
		s := b.session()
		if end := b.ended(s, "the whole task"); end.Status != agent.Done {
			t.Errorf("end = %+v", end)
		}
		head := b.model.asked()[0].Text
		if !strings.Contains(head, "left out without a summary: no summary today") || !strings.HasSuffix(head, "the whole task") {
			t.Errorf("the conversation begins with %q", head)
		}
		b.check()
	})
}

// The small model sums up where there is one, and gets the earlier summary to carry on.
func TestSmallModelSumsUp(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := wordy(t, 8000, 30)
		small := &script{}
		n, got := 0, ""
		small.summary = func(req agent.Request) reply {
			if strings.Contains(req.System, "title") {
				return reply{text: "Title"}
			}
			n++
			got = req.Messages[0].Text
			return reply{text: fmt.Sprintf("<think>hm</think>summary %d", n)}
		}
		b.small = small
		s := b.session()
		b.ended(s, "go")
		all := b.compactions(s.ID())
		if len(all) < 2 || all[1].Text != "summary 2" || all[1].Model != "scripted/small" || all[1].Why != agent.BecauseFull {
			t.Fatalf("compactions = %+v", all)
		}
		if !strings.Contains(got, fmt.Sprintf("summary %d", n-1)) || strings.Contains(got, "hm") {
			t.Errorf("the summarizing model got %q", got)
		}
		b.check()
	})
}

// A prompt longer than the model's whole context is cut with a note; the log keeps it whole.
func TestGiantPrompt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := wordy(t, 8000, 3)
		s := b.session()
		giant := "look at this: " + strings.Repeat("paste \"it\"\n", 20_000) + "what is wrong?"
		if end := b.ended(s, giant); end.Status != agent.Done {
			t.Fatalf("end = %+v", end)
		}
		text := b.model.requests[0].Messages[0].Text
		if !strings.HasPrefix(text, "look at this") || !strings.HasSuffix(text, "what is wrong?") || !strings.Contains(text, "bytes are left out here") {
			t.Errorf("the model sees %.200q", text)
		}
		if b.model.refused != 0 {
			t.Errorf("%d requests were too long", b.model.refused)
		}
		for _, e := range b.events(s.ID()) {
			if e.Type == agent.TurnStarted && e.Prompt.Text != giant {
				t.Error("the log does not hold the prompt whole")
			}
		}
		b.check()
	})
}

// What goes wrong while a conversation is shortened costs at most the turn, and the next one begins where it would have.
func TestCompactionInterrupted(t *testing.T) {
	tests := map[string]func(b *bench, s *agent.Session, turn string){
		"cancelled": func(b *bench, s *agent.Session, turn string) {
			s.Cancel()
			if end := b.end(s, turn); end.Status != agent.Cancelled {
				b.Errorf("end = %+v", end)
			}
		},
		"closed": func(b *bench, _ *agent.Session, _ string) {
			b.sessions.Close()
			b.open()
		},
		"killed": func(b *bench, s *agent.Session, _ string) {
			log := b.events(s.ID())
			b.sessions.Close()
			b.store = &faultyStore{}
			if err := b.store.Append(b.Context(), s.ID(), log...); err != nil {
				b.Fatal(err)
			}
			b.open()
		},
	}
	for name, interrupt := range tests {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				b := wordy(t, 8000, 12)
				b.model.summary = func(agent.Request) reply { return reply{hang: true} }
				s := b.session()
				turn := b.prompt(s, "go")
				synctest.Wait()
				if n := len(b.compactions(s.ID())); n != 0 {
					t.Fatalf("%d compactions", n)
				}
				interrupt(b, s, turn)
				b.model.summary = func(agent.Request) reply { return reply{text: "at last"} }
				b.model.replies = []reply{{text: "well again"}}
				s = b.session()
				if end := b.ended(s, "again"); end.Status != agent.Done || end.Text != "well again" {
					t.Errorf("the next turn ended with %+v", end)
				}
				if all := b.compactions(s.ID()); len(all) != 1 || all[0].Text != "at last" {
					t.Errorf("compactions = %+v", all)
				}
				checkRequest(t, b.model.asked())
				b.check()
			})
		})
	}
}

// A summary that cannot be stored ends the turn, and the conversation goes on from what is stored.
func TestCompactionNotStored(t *testing.T) {
	for _, kind := range []agent.EventType{agent.Compacted, agent.Pruned} {
		t.Run(string(kind), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				b := wordy(t, 8000, 12)
				if kind == agent.Pruned {
					b = wordy(t, 100_000, 90)
					b.shorten.Prune = true
				}
				b.store.set(func(e agent.Event) bool { return e.Type == kind })
				s := b.session()
				if end := b.ended(s, "go"); end.Status != agent.Failed || !strings.Contains(end.Error, "disk is full") {
					t.Errorf("end = %+v", end)
				}
				b.store.set(nil)
				b.model.replies = []reply{{text: "well again"}}
				if end := b.ended(s, "again"); end.Status != agent.Done {
					t.Errorf("the next turn ended with %+v", end)
				}
				checkRequest(t, b.model.asked())
				b.check()
			})
		})
	}
}

// Old results are dropped where that is switched on, in one go that is worth it; the requests between begin alike.
func TestPrune(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := wordy(t, 100_000, 120)
		b.shorten.Prune = true
		s := b.session()
		b.ended(s, "go")
		pruned := 0
		for _, e := range b.events(s.ID()) {
			if e.Type == agent.Pruned {
				pruned++
			}
		}
		changed := 0
		for i, r := range b.model.requests[1:] {
			before := b.model.requests[i].Messages
			if !slices.EqualFunc(before, r.Messages[:min(len(before), len(r.Messages))], func(a, b agent.Message) bool { return reflect.DeepEqual(a, b) }) {
				changed++
			}
		}
		if n := len(b.compactions(s.ID())); pruned == 0 || n != 0 || changed != pruned {
			t.Errorf("pruned %d times, compacted %d times, beginnings changed %d times", pruned, n, changed)
		}
		last := b.model.asked()
		b.sessions.Close()
		b.shorten.Prune = false
		b.open()
		b.ended(b.session(), "more")
		if got := b.model.asked(); !reflect.DeepEqual(got[:len(last)], last) {
			t.Error("after a restart the model sees something else")
		}
		b.check()
	})
}

// The user may shorten a conversation that is not too long yet.
func TestCompactAsked(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := wordy(t, 100_000, 8)
		s := b.session()
		if done, err := s.Compact(t.Context()); done || err != nil {
			t.Errorf("an empty session: %t, %v", done, err)
		}
		b.ended(s, "go")
		before := len(b.model.asked())
		if done, err := s.Compact(t.Context()); !done || err != nil {
			t.Errorf("compact: %t, %v", done, err)
		}
		b.ended(s, "more")
		if n := len(b.model.asked()); n >= before {
			t.Errorf("%d messages, %d before", n, before)
		}
		all := b.compactions(s.ID())
		if len(all) != 1 || all[0].Why != agent.BecauseAsked || all[0].Text != "## Goal\nsummed up" {
			t.Errorf("compactions = %+v", all)
		}
		b.model.replies = []reply{{hang: true}}
		b.prompt(s, "busy")
		synctest.Wait()
		if _, err := s.Compact(t.Context()); !errors.Is(err, agent.ErrBusy) {
			t.Errorf("while busy: %v", err)
		}
		b.check()
	})
}

// Models whose tokens are shorter than the rule of thumb says are not sent too much either, once they have counted.
func TestUsageCorrects(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := wordy(t, 16_000, 60)
		b.model.limit = 9000 // in our tokens
		b.model.perToken = 1.7
		s := b.session()
		if end := b.ended(s, "go"); end.Status != agent.Done {
			t.Errorf("end = %+v", end)
		}
		if b.model.refused != 0 {
			t.Errorf("%d requests were too long", b.model.refused)
		}
		b.check()
	})
}
