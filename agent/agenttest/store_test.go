package agenttest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/agent/agenttest"
)

func created(id, dir string, at int64) agent.Event {
	return agent.Event{Seq: 1, Time: time.Unix(at, 0), Type: agent.SessionCreated, SessionID: id,
		Session: &agent.SessionInfo{ID: id, Title: "new", Directory: dir, Updated: time.Unix(at, 0)}}
}

func TestStore(t *testing.T) {
	var s agenttest.MemoryStore
	ctx := t.Context()
	prompt := &agent.Prompt{Text: "go"}
	steps := []error{
		s.Append(ctx, "a", created("a", "/one", 10)),
		s.Append(ctx, "b", created("b", "/two", 20)),
		s.Append(ctx, "a", agent.Event{Seq: 2, Time: time.Unix(30, 0), Type: agent.TurnStarted, Prompt: prompt},
			agent.Event{Seq: 3, Time: time.Unix(31, 0), Type: agent.SessionChanged,
				Session: &agent.SessionInfo{ID: "a", Title: "renamed", Directory: "/one"}}),
	}
	if err := errors.Join(steps...); err != nil {
		t.Fatal(err)
	}
	prompt.Text = "changed by the caller"
	events, err := s.Load(ctx, "a", 0)
	if err != nil || len(events) != 3 || events[1].Prompt.Text != "go" {
		t.Errorf("loaded %+v, %v", events, err)
	}
	list := titles(t, &s, "")
	if list != "renamed@31 new@20" {
		t.Errorf("listed %q", list)
	}
	if list := titles(t, &s, "/two"); list != "new@20" {
		t.Errorf("listed %q of one directory", list)
	}
	if err := s.Delete(ctx, "a"); err != nil {
		t.Error(err)
	}
	if list := titles(t, &s, ""); list != "new@20" {
		t.Errorf("listed %q after deleting", list)
	}
}

func titles(t *testing.T, s *agenttest.MemoryStore, dir string) string {
	t.Helper()
	infos, err := s.List(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, i := range infos {
		out = append(out, fmt.Sprintf("%s@%d", i.Title, i.Updated.Unix()))
	}
	return strings.Join(out, " ")
}

func TestStoreErrors(t *testing.T) {
	var s agenttest.MemoryStore
	ctx := t.Context()
	ended, cancel := context.WithCancel(ctx)
	cancel()
	_, missing := s.Load(ctx, "a", 0)
	_, cancelled := s.Load(ended, "a", 0)
	_, unlisted := s.List(ended, "")
	if err := s.Append(ctx, "a", created("a", "", 1)); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		err  error
		want error
	}{
		{"load missing", missing, agent.ErrNotFound},
		{"delete missing", s.Delete(ctx, "b"), agent.ErrNotFound},
		{"load cancelled", cancelled, context.Canceled},
		{"list cancelled", unlisted, context.Canceled},
		{"append cancelled", s.Append(ended, "a", agent.Event{Seq: 2}), context.Canceled},
		{"delete cancelled", s.Delete(ended, "a"), context.Canceled},
	}
	for _, test := range tests {
		if !errors.Is(test.err, test.want) {
			t.Errorf("%s: got %v, want %v", test.name, test.err, test.want)
		}
	}
	for _, seq := range []int64{0, 1, 3} {
		if err := s.Append(ctx, "a", agent.Event{Seq: seq}); err == nil {
			t.Errorf("an event %d is taken where 2 should come", seq)
		}
	}
}

func TestAcquire(t *testing.T) {
	var s agenttest.MemoryStore
	release, err := s.Acquire("a")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Acquire("a"); !errors.Is(err, agent.ErrInUse) {
		t.Errorf("a second writer got %v", err)
	}
	if _, err := s.Acquire("b"); err != nil {
		t.Errorf("another session: %v", err)
	}
	release()
	again, err := s.Acquire("a")
	if err != nil {
		t.Fatalf("after the release: %v", err)
	}
	release() // the first writer's, a second time
	if _, err := s.Acquire("a"); !errors.Is(err, agent.ErrInUse) {
		t.Errorf("an old release freed the session: %v", err)
	}
	again()
}
