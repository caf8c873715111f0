package agenttest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	"github.com/opencode-lsp/opencode-lsp/agent"
)

// MemoryStore is an agent.Store in memory. It keeps events as JSON, as a store on disk would, so that nothing is shared
// with the caller. The zero value is ready for use.
type MemoryStore struct {
	mu       sync.Mutex
	sessions map[string]*transcript
}

var _ agent.Store = (*MemoryStore)(nil)

type transcript struct {
	held   bool
	info   agent.SessionInfo
	events [][]byte
}

// Acquire implements agent.Store. Releasing twice does nothing the second time.
func (s *MemoryStore) Acquire(session string) (release func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.transcript(session)
	if t.held {
		return nil, fmt.Errorf("acquire session %s: %w", session, agent.ErrInUse)
	}
	t.held = true
	return sync.OnceFunc(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		t.held = false
	}), nil
}

// Append implements agent.Store.
func (s *MemoryStore) Append(ctx context.Context, session string, events ...agent.Event) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("append to session %s: %w", session, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.transcript(session)
	var rows [][]byte
	for i, e := range events {
		if want := int64(len(t.events) + i + 1); e.Seq != want {
			return fmt.Errorf("append to session %s: event %d comes where %d should", session, e.Seq, want)
		}
		row, err := json.Marshal(e)
		if err != nil {
			return fmt.Errorf("append to session %s: %w", session, err)
		}
		rows = append(rows, row)
	}
	t.events = append(t.events, rows...)
	for _, e := range events {
		t.note(e)
	}
	return nil
}

// note keeps what List shows up to date.
func (t *transcript) note(e agent.Event) {
	if e.Message != nil {
		t.info.Spent.Spend(e.Message)
	}
	if e.Session != nil && (e.Type == agent.SessionCreated || e.Type == agent.SessionChanged) {
		t.info = *e.Session
	}
	if e.Time.After(t.info.Updated) {
		t.info.Updated = e.Time
	}
}

// pageSize is how many events Load returns at most: few, so that tests meet more than one page.
const pageSize = 40

// Load implements agent.Store.
func (s *MemoryStore) Load(ctx context.Context, session string, after int64) ([]agent.Event, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("load session %s: %w", session, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.sessions[session]
	if t == nil || len(t.events) == 0 {
		return nil, fmt.Errorf("load session %s: %w", session, agent.ErrNotFound)
	}
	rows := t.events[min(int(max(after, 0)), len(t.events)):]
	events := make([]agent.Event, min(len(rows), pageSize))
	for i := range events {
		if err := json.Unmarshal(rows[i], &events[i]); err != nil {
			return nil, fmt.Errorf("load session %s: event %d: %w", session, int(after)+i+1, err)
		}
	}
	return events, nil
}

// Events are all stored events of a session.
func Events(ctx context.Context, store agent.Store, session string) ([]agent.Event, error) {
	var all []agent.Event
	for e, err := range agent.Transcript(ctx, store, session, 0) {
		if err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	return all, nil
}

// List implements agent.Store.
func (s *MemoryStore) List(ctx context.Context, directory string) ([]agent.SessionInfo, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []agent.SessionInfo
	for _, t := range s.sessions {
		if len(t.events) > 0 && (directory == "" || t.info.Directory == directory) {
			list = append(list, t.info)
		}
	}
	slices.SortFunc(list, func(a, b agent.SessionInfo) int { return b.Updated.Compare(a.Updated) })
	return list, nil
}

// Delete implements agent.Store.
func (s *MemoryStore) Delete(ctx context.Context, session string) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("delete session %s: %w", session, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.sessions[session]; t == nil || len(t.events) == 0 {
		return fmt.Errorf("delete session %s: %w", session, agent.ErrNotFound)
	}
	delete(s.sessions, session)
	return nil
}

// transcript returns the session's, made where missing. The caller holds mu.
func (s *MemoryStore) transcript(session string) *transcript {
	if s.sessions == nil {
		s.sessions = make(map[string]*transcript)
	}
	t := s.sessions[session]
	if t == nil {
		t = new(transcript)
		s.sessions[session] = t
	}
	return t
}
