package agent

import (
	"maps"
	"slices"
	"time"
)

// So many sessions stay open. Beyond that those that rest are left to the store, the longest unused first: soon after its last
// use only where there are very many, since whoever opened it may be about to prompt.
const (
	maxOpen  = 32
	manyOpen = 256
	soon     = 10 * time.Second
)

// resting are the sessions to let go for one that is just opened and does not run yet.
func (m *Sessions) resting(opened *Session) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	over := len(m.open) - maxOpen
	if over <= 0 {
		return nil
	}
	all := slices.SortedFunc(maps.Values(m.open), func(a, b *Session) int { return a.used.Compare(b.used) })
	var ids []string
	for _, s := range all {
		if len(ids) == over || time.Since(s.used) < soon && len(m.open)-len(ids) <= manyOpen {
			break
		}
		if s != opened && s.id != m.current && s.rests() {
			ids = append(ids, s.id)
		}
	}
	return ids
}

// retire ends an open session and leaves it to the store; called with the slot held.
func (m *Sessions) retire(id string) {
	m.mu.Lock()
	s := m.open[id]
	delete(m.open, id)
	if m.current == id {
		m.current = ""
	}
	m.mu.Unlock()
	if s != nil {
		s.close()
	}
}

// rests reports whether nothing goes on in the session, and nothing waits.
func (s *Session) rests() bool {
	s.mail.mu.Lock()
	defer s.mail.mu.Unlock()
	m := &s.mail
	return m.turn == "" && len(m.queue)+len(m.jobs)+len(m.pending) == 0 && !m.working && m.title == ""
}
