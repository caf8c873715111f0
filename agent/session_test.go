package agent_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/permission"
	"github.com/opencode-lsp/opencode-lsp/tools"
)

// bubble runs f where waiting costs nothing; a goroutine that outlives its session fails the test.
func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}

func TestTurn(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t, reply{text: "on it", calls: []tools.Call{do("one"), do("two")}}, reply{text: "all done"}).allow()
		s := b.session()
		end := b.ended(s, "go")
		if end.Status != agent.Done || end.Text != "all done" {
			t.Errorf("end = %+v", end)
		}
		if got := b.results(s.ID()); !slices.Equal(got, []string{"did one", "did two"}) {
			t.Errorf("results = %q", got)
		}
		b.check()
	})
}

// A cancel wherever a turn may be ends it, and leaves a transcript that the next turn can go on from.
func TestCancel(t *testing.T) {
	calls := []tools.Call{do("one"), do("two")}
	tests := map[string]struct {
		replies []reply
		allow   bool
		early   bool // before the turn begins
		results []string
	}{
		"before it begins":    {early: true},
		"before any text":     {replies: []reply{{hang: true}}},
		"in the stream":       {replies: []reply{{text: "so far", hang: true}}},
		"in a question":       {replies: []reply{{calls: calls}}, results: []string{"The user cancelled this call.", "This call was not run: the user cancelled the turn."}},
		"in a tool":           {replies: []reply{{calls: calls}}, allow: true, results: []string{"stopped", "This call was not run: the user cancelled the turn."}},
		"while it waits":      {replies: []reply{{err: &agent.ModelError{Message: "busy", Retry: true, After: time.Hour}}}},
		"in the second reply": {replies: []reply{{calls: []tools.Call{do("quick")}}, {hang: true}}, allow: true, results: []string{"did quick"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				b := newBench(t, test.replies...)
				if test.allow {
					b.allow()
				}
				b.run = func(ctx context.Context, _ io.Writer, word string) (tools.Result, error) {
					if word == "quick" {
						return tools.Result{Text: "did quick"}, nil
					}
					<-ctx.Done()
					return tools.Result{Text: "stopped", Error: true}, ctx.Err()
				}
				s := b.session()
				turn := b.prompt(s, "go")
				if !test.early {
					synctest.Wait()
				}
				if !s.Cancel() {
					t.Error("Cancel found no turn")
				}
				if end := b.end(s, turn); end.Status != agent.Cancelled || end.Error != "" {
					t.Errorf("end = %+v", end)
				}
				if got := b.results(s.ID()); !slices.Equal(got, test.results) {
					t.Errorf("results = %q, want %q", got, test.results)
				}
				if s.Cancel() {
					t.Error("a second Cancel found a turn")
				}
				b.model.replies = nil
				if end := b.ended(s, "again"); end.Status != agent.Done {
					t.Errorf("the next turn ended with %+v", end)
				}
				b.check()
			})
		})
	}
}

// An answer that comes together with the cancel must not run what was asked about.
func TestAnswerAgainstCancel(t *testing.T) {
	for range 50 {
		bubble(t, func(t *testing.T) {
			b := newBench(t, reply{calls: []tools.Call{do("one")}})
			var mu sync.Mutex
			ran, cancelled := false, false
			b.run = func(ctx context.Context, _ io.Writer, _ string) (tools.Result, error) {
				mu.Lock()
				defer mu.Unlock()
				ran = ctx.Err() == nil
				if ctx.Err() != nil {
					t.Error("the call was started after the cancel")
				}
				return tools.Result{Text: "did"}, nil
			}
			s := b.session()
			turn := b.prompt(s, "go")
			q := b.question()
			s.Cancel()
			cancelled = true
			err := s.Answer(q.ID, permission.Answer{Reply: permission.Once}, "test")
			b.end(s, turn)
			if cancelled && ran {
				t.Errorf("cancelled first, yet run (answer: %v)", err)
			}
			b.check()
		})
	}
}

// A front may answer at the moment when it sees the question.
func TestAnswerAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t, reply{calls: []tools.Call{do("one"), do("two"), do("three")}})
		s := b.session()
		follower := make(chan error, 1)
		go func() {
			for e := range s.Events(t.Context(), 0) {
				if e.Type == agent.Asked {
					if err := s.Answer(e.Question.ID, permission.Answer{Reply: permission.Once}, "test"); err != nil {
						follower <- err
						return
					}
				}
			}
			follower <- nil
		}()
		if end := b.ended(s, "go"); end.Status != agent.Done {
			t.Errorf("end = %+v", end)
		}
		b.check()
		if err := <-follower; err != nil {
			t.Error(err)
		}
	})
}

func TestAnswers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t, reply{calls: []tools.Call{do("one"), do("two")}})
		s := b.session()
		turn := b.prompt(s, "go")
		q := b.question()
		var late *agent.LateError
		if err := b.sessions.Answer("99", permission.Answer{Reply: permission.Once}, "test"); !errors.As(err, &late) || late.By != "" {
			t.Errorf("answer to no question: %v", err)
		}
		for _, reply := range []permission.Reply{"", "yes", permission.Always, agent.Skip} {
			if err := b.sessions.Answer(q.ID, permission.Answer{Reply: reply}, "test"); err == nil || errors.As(err, &late) {
				t.Errorf("answer %q, which is not on offer: %v", reply, err)
			}
		}
		if err := b.sessions.Answer(q.ID, permission.Answer{Reply: permission.Reject}, "first"); err != nil {
			t.Error(err)
		}
		if err := b.sessions.Answer(q.ID, permission.Answer{Reply: permission.Once}, "second"); !errors.As(err, &late) || late.By != "first" {
			t.Errorf("late answer: %v", err)
		}
		if end := b.end(s, turn); end.Status != agent.Rejected || end.Error != "" {
			t.Errorf("end = %+v", end)
		}
		want := []string{"The user rejected this call; it was not run.", "This call was not run: the user rejected an earlier one."}
		if got := b.results(s.ID()); !slices.Equal(got, want) {
			t.Errorf("results = %q", got)
		}
		b.check()
	})
}

// A remark goes to the model, which goes on.
func TestRejectWithMessage(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t, reply{calls: []tools.Call{do("one"), do("two")}}, reply{text: "sorry"})
		s := b.session()
		turn := b.prompt(s, "go")
		if err := s.Answer(b.question().ID, permission.Answer{Reply: permission.Reject, Message: "use three"}, "test"); err != nil {
			t.Fatal(err)
		}
		if end := b.end(s, turn); end.Status != agent.Done || end.Text != "sorry" {
			t.Errorf("end = %+v", end)
		}
		if got := b.results(s.ID()); len(got) != 2 || !strings.HasSuffix(got[0], "The user says: use three") {
			t.Errorf("results = %q", got)
		}
		b.check()
	})
}

// Prompts join the running turn until the moment of its end; from then on they start the next one. None is lost.
func TestPromptsJoin(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t, reply{calls: []tools.Call{do("one")}}, reply{text: "brief"}).allow()
		s := b.session()
		joined := ""
		b.run = func(context.Context, io.Writer, string) (tools.Result, error) {
			joined = b.prompt(s, "be brief")
			return tools.Result{Text: "did"}, nil
		}
		turn := b.prompt(s, "go")
		b.end(s, turn)
		if joined != turn {
			t.Errorf("the prompt went to turn %s, not %s", joined, turn)
		}
		messages := b.model.asked()
		if last := messages[len(messages)-1]; last.Role != agent.User || last.Text != "be brief" {
			t.Errorf("last message = %+v", last)
		}
		b.check()
	})
}

// A prompt that comes while the turn settles is answered in it.
func TestPromptAsTurnEnds(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t, reply{calls: []tools.Call{do("one")}}, reply{text: "first"}, reply{text: "second"}).allow()
		b.run = func(context.Context, io.Writer, string) (tools.Result, error) {
			return tools.Result{Text: "did", Files: []string{"/ws/a"}}, nil
		}
		var once sync.Once
		b.settle = func(_ context.Context, s *agent.Session) { once.Do(func() { b.prompt(s, "one more thing") }) }
		b.open()
		s := b.session()
		if end := b.ended(s, "go"); end.Text != "second" || !slices.Equal(end.Files, []string{"/ws/a"}) {
			t.Errorf("end = %+v", end)
		}
		b.check()
	})
}

// Many prompts from many sides, cancels between: every prompt is in the transcript once, and its turn ends.
func TestPromptsFromManySides(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t).allow()
		s := b.session()
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 10 {
					turn := b.prompt(s, "go")
					s.Cancel()
					b.end(s, turn)
				}
			})
		}
		wg.Wait()
		prompts := 0
		for _, e := range b.events(s.ID()) {
			if e.Prompt != nil {
				prompts++
			}
		}
		if prompts != 80 {
			t.Errorf("%d prompts in the transcript, want 80", prompts)
		}
		b.check()
	})
}

// Close in any state waits for the end and leaves nothing open.
func TestClose(t *testing.T) {
	tests := map[string][]reply{
		"idle":        nil,
		"in a stream": {{text: "so far", hang: true}},
		"in question": {{calls: []tools.Call{do("one"), do("two")}}},
		"waiting":     {{err: &agent.ModelError{Message: "busy", Retry: true}}},
	}
	for name, replies := range tests {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				b := newBench(t, replies...)
				s := b.session()
				if replies != nil {
					b.prompt(s, "go")
				}
				synctest.Wait()
				b.check()
				if _, err := s.Prompt(agent.Prompt{Text: "late"}); !errors.Is(err, agent.ErrClosed) {
					t.Errorf("prompt after close: %v", err)
				}
				if _, err := b.sessions.New(t.Context(), agent.Start{}); !errors.Is(err, agent.ErrClosed) {
					t.Errorf("new session after close: %v", err)
				}
			})
		})
	}
}

// The title is asked for beside the turn; a session that is deleted meanwhile does not wait for it.
func TestTitle(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t, reply{text: "hello"})
		b.small = &script{replies: []reply{{text: "<think>\nhm</think>\n\"A fine title\"\nmore"}}}
		s := b.session()
		b.ended(s, "say hello\nplease")
		synctest.Wait()
		if got := s.Info().Title; got != "A fine title" {
			t.Errorf("title = %q", got)
		}
		b.check()
	})
}

func TestDeleteWhileRunning(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t, reply{calls: []tools.Call{do("one")}})
		b.small = &script{replies: []reply{{hang: true}}}
		s := b.session()
		turn := b.prompt(s, "go")
		b.question()
		if _, err := b.sessions.Delete(t.Context(), s.ID()); err != nil {
			t.Fatal(err)
		}
		if end := b.end(s, turn); end.Status != agent.Cancelled {
			t.Errorf("end = %+v", end)
		}
		if _, err := b.sessions.Open(t.Context(), s.ID()); !errors.Is(err, agent.ErrNotFound) {
			t.Errorf("open after delete: %v", err)
		}
		if len(b.sessions.Pending()) != 0 {
			t.Error("its question is still open")
		}
		b.check()
	})
}

// Requests that come at once share one session, also when it must be read from the store first.
func TestCurrentAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t)
		all := func() map[string]bool {
			ids := map[string]bool{}
			var mu sync.Mutex
			var wg sync.WaitGroup
			for range 20 {
				wg.Go(func() {
					s := b.session()
					mu.Lock()
					defer mu.Unlock()
					ids[s.ID()] = true
				})
			}
			wg.Wait()
			return ids
		}
		first := all()
		b.sessions.Close()
		b.open()
		if again := all(); len(first) != 1 || len(again) != 1 || !again[b.session().ID()] {
			t.Errorf("sessions = %v, then %v", first, again)
		}
		b.check()
	})
}

// What another process writes is not ours: a prompt without a session goes to a new one.
func TestTwoServers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t)
		mine := b.session()
		other := *b
		other.open()
		theirs := other.session()
		if theirs.ID() == mine.ID() {
			t.Error("two processes write one session")
		}
		if _, err := other.sessions.Open(t.Context(), mine.ID()); !errors.Is(err, agent.ErrInUse) {
			t.Errorf("open: %v", err)
		}
		if _, err := other.sessions.Delete(t.Context(), mine.ID()); !errors.Is(err, agent.ErrInUse) {
			t.Errorf("delete: %v", err)
		}
		if end := b.ended(mine, "go"); end.Status != agent.Done {
			t.Errorf("end = %+v", end)
		}
		other.sessions.Close()
		b.check()
	})
}
