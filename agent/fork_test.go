package agent_test

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/agent/agenttest"
	"github.com/opencode-lsp/opencode-lsp/tools"
)

// A fork begins as the other session did, up to the end of a turn, and goes its own way from there.
func TestFork(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := wordy(t, 8000, 15)
		s := b.session()
		first := b.prompt(s, "first")
		b.end(s, first) // compacted meanwhile
		b.add(1)
		b.ended(s, "second")
		want := b.model.asked()
		b.model.replies = []reply{{hang: true}}
		b.prompt(s, "third, which runs")
		synctest.Wait()

		whole, err := b.sessions.Fork(t.Context(), s.ID(), "")
		if err != nil {
			t.Fatal(err)
		}
		b.model.replies = []reply{{text: "forked"}}
		b.ended(whole, "on")
		got := b.model.asked()
		if last := got[len(got)-1].Text; last != "on" || !reflect.DeepEqual(got[:len(want)], want) {
			t.Errorf("the fork sees\n%+v\nwant\n%+v", got, want)
		}
		if info := whole.Info(); info.Title != "first (fork)" || info.ID != whole.ID() || info.Parent != "" {
			t.Errorf("info = %+v", info)
		}

		part, err := b.sessions.Fork(t.Context(), s.ID(), first)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range b.events(part.ID()) {
			if e.SessionID != part.ID() || e.Session != nil && e.Session.ID != part.ID() || e.Prompt != nil && e.Prompt.Text != "first" {
				t.Errorf("event %+v in the fork", e)
			}
		}
		if _, err := b.sessions.Fork(t.Context(), s.ID(), "trn_none"); err == nil || !strings.Contains(err.Error(), "has no turn trn_none") {
			t.Errorf("a turn that is not there: %v", err)
		}
		if _, err := b.sessions.Fork(t.Context(), "ses_none", ""); !errors.Is(err, agent.ErrNotFound) {
			t.Errorf("a session that is not there: %v", err)
		}
		b.check()
	})
}

// A fork that cannot be stored leaves nothing behind.
func TestForkNotStored(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := wordy(t, 100_000, 40)
		s := b.session()
		b.ended(s, "go")
		b.store.set(func(e agent.Event) bool { return e.SessionID != s.ID() && e.Seq > 60 })
		if _, err := b.sessions.Fork(t.Context(), s.ID(), ""); !errors.Is(err, errDiskFull) {
			t.Errorf("fork: %v", err)
		}
		if list, err := b.sessions.List(t.Context()); err != nil || len(list) != 1 {
			t.Errorf("sessions = %+v, %v", list, err)
		}
		b.check()
	})
}

// A session is renamed while it is idle, busy or not open, and neither becomes the current one for it nor loses the name to
// a title that a model thinks of.
func TestRename(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t, reply{calls: []tools.Call{do("one")}})
		b.small = &script{replies: []reply{{text: "a model's"}, {text: "another"}}}
		other := b.session()
		s, err := b.sessions.New(t.Context(), agent.Start{})
		if err != nil {
			t.Fatal(err)
		}
		rename := func(s *agent.Session, title string) {
			t.Helper()
			if err := b.sessions.Rename(t.Context(), s.ID(), title); err != nil {
				t.Error(err)
			}
			synctest.Wait()
		}
		rename(other, "first")
		turn := b.prompt(s, "go")
		b.question()
		rename(s, "mine\nof two lines")
		s.Cancel()
		b.end(s, turn)
		synctest.Wait()
		if got := s.Info().Title; got != "mine" {
			t.Errorf("title = %q", got)
		}
		if current := b.session(); current != s {
			t.Error("the other one has become the current session")
		}
		if err := b.sessions.Rename(t.Context(), s.ID(), " \n"); err == nil {
			t.Error("an empty title is taken")
		}
		b.sessions.Close()
		b.open()
		rename(other, "second")
		if running := b.sessions.Running(); len(running) != 0 {
			t.Errorf("%d sessions stay open", len(running))
		}
		list, err := b.sessions.List(t.Context())
		titles := map[string]string{}
		for _, info := range list {
			titles[info.ID] = info.Title
		}
		if err != nil || titles[other.ID()] != "second" || titles[s.ID()] != "mine" {
			t.Errorf("titles = %q, %v", titles, err)
		}
		b.check()
	})
}

// Whoever keeps something for a session hears of its end.
func TestClosed(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var closed []string
		sessions := agent.NewSessions(agent.Options{
			Directory: "/ws", Store: &agenttest.MemoryStore{}, Closed: func(s *agent.Session) { closed = append(closed, s.ID()) },
		})
		var want []string
		for range 2 {
			s, err := sessions.New(t.Context(), agent.Start{})
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, s.ID())
		}
		if gone, err := sessions.Delete(t.Context(), want[0]); err != nil || !slices.Equal(gone, want[:1]) || !slices.Equal(closed, want[:1]) {
			t.Errorf("deleted %v, %v; closed %v", gone, err, closed)
		}
		sessions.Close()
		if !slices.Equal(closed, want) {
			t.Errorf("closed %v, want %v", closed, want)
		}
	})
}
