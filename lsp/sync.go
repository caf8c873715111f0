package lsp

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/opencode-lsp/opencode-lsp/workspace"
)

// didOpen takes a document into the mirror. A second one for the same document replaces the first (seen after reconnects).
// Documents that are no files (untitled:, git:) are not ours.
func (s *Server) didOpen(p didOpenParams) error {
	path, err := pathOf(p.TextDocument.URI)
	if err != nil {
		logger().Debugf("didOpen: %s", err)
		return nil
	}
	if s.ws.IsOpen(path) {
		logger().Warningf("didOpen: %s was open already; the new text counts", path)
	}
	s.ws.Open(path, p.TextDocument.Version, p.TextDocument.Text)
	delete(s.disorder, path)
	for _, change := range s.early.take(path, p.TextDocument.Version) {
		if err := s.didChange(change); err != nil {
			return err
		}
	}
	return nil
}

// didChange applies a change, or, where it is one that others were ahead of, all of them again in their order.
func (s *Server) didChange(p didChangeParams) error {
	path, err := pathOf(p.TextDocument.URI)
	if err != nil {
		return nil
	}
	s.typed.note()
	if s.client.name != "helix" || p.TextDocument.Version == nil {
		return s.update(path, p)
	}
	if g := s.disorder.late(path, p); g != nil {
		s.ws.Open(path, g.version, g.text)
		for _, change := range g.changes {
			if err := s.update(path, change); err != nil {
				return err
			}
		}
		return nil
	}
	s.disorder.note(s.ws, path, p)
	return s.update(path, p)
}

// update applies the changes in their order; each refers to the text that the ones before it made (LSP 3.17). A change
// that does not fit leaves the document unsynchronised: nothing reads or edits it until the editor opens it again.
func (s *Server) update(path string, p didChangeParams) error {
	var known int32
	s.ws.View(path, func(_ *workspace.Buffer, v int32) { known = v })
	version := known
	if p.TextDocument.Version != nil {
		version = *p.TextDocument.Version
	}
	changes := p.ContentChanges
	if !s.ws.IsOpen(path) {
		s.early.keep(path, p)
	} else if len(changes) == 0 && version == known {
		return nil // Neovim 0.7 says so after a save, with the version of the change before
	}
	lost := p.TextDocument.Version != nil && version <= known
	if n := lastWhole(changes); n >= 0 && s.ws.IsOpen(path) {
		s.ws.Open(path, version, changes[n].Text) // also brings an unsynchronised document back
		changes, lost = changes[n+1:], false
	}
	return s.ws.Update(path, version, func(b *workspace.Buffer) error {
		if lost {
			return fmt.Errorf("version %d came after %d: a change is lost or came twice", version, known)
		}
		for _, c := range changes {
			if err := s.client.encoding.apply(b, c); err != nil {
				return err
			}
		}
		return nil
	})
}

// lastWhole is the index of the last change that brings the whole text, -1 for none.
func lastWhole(changes []contentChange) int {
	for n, c := range slices.Backward(changes) {
		if c.Range == nil {
			return n
		}
	}
	return -1
}

// apply edits the buffer by one change.
func (e encoding) apply(b *workspace.Buffer, c contentChange) error {
	start, end, err := e.offsets(b, *c.Range)
	if err != nil {
		return err
	}
	return b.Replace(start, end, c.Text)
}

func (s *Server) didSave(p documentParams) error {
	if path, err := pathOf(p.TextDocument.URI); err == nil {
		s.ws.Saved(path)
	}
	return nil
}

func (s *Server) didClose(p documentParams) error {
	if path, err := pathOf(p.TextDocument.URI); err == nil {
		s.ws.Close(path)
	}
	return nil
}

// typing remembers when the user last typed, so that nothing is opened under the user's hands.
type typing struct {
	mu   sync.Mutex
	last time.Time
}

func (t *typing) note() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last = time.Now()
}

// quiet reports whether nothing was typed for d.
func (t *typing) quiet(d time.Duration) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return time.Since(t.last) >= d
}
