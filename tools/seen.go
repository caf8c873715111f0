package tools

import (
	"crypto/sha256"
	"sync"

	"github.com/opencode-lsp/opencode-lsp/workspace"
)

// Seen remembers, as a hash, what the model of one session last read or wrote of each file. It is safe for concurrent use.
type Seen struct {
	mu   sync.Mutex
	sums map[string][sha256.Size]byte
	news map[string][sha256.Size]byte // of which the model was told that it changed
	told func(path string)
}

// NewSeen returns an empty memory; told, if not nil, is called with the path of each file that comes into it.
func NewSeen(told func(path string)) *Seen {
	return &Seen{sums: make(map[string][sha256.Size]byte), news: make(map[string][sha256.Size]byte), told: told}
}

func (s *Seen) note(path, text string) {
	s.mu.Lock()
	s.sums[path] = sha256.Sum256([]byte(text))
	s.mu.Unlock()
	if s.told != nil {
		s.told(path)
	}
}

// tell notes that the model was told of a change by a result, which does not show it the text.
func (s *Seen) tell(f workspace.File) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.news[f.Path] = sha256.Sum256([]byte(f.Text))
}

// News reports whether the file is stale and the model was not told so.
func (s *Seen) News(f workspace.File) bool {
	if !s.stale(f) {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.news[f.Path] != sha256.Sum256([]byte(f.Text))
}

// stale reports whether the model has seen the file with another text. A file that it never saw is not stale.
func (s *Seen) stale(f workspace.File) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	sum, ok := s.sums[f.Path]
	return ok && sum != sha256.Sum256([]byte(f.Text))
}
