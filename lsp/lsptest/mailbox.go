package lsptest

import (
	"iter"
	"sync"
)

// mailbox is an unbounded queue with one reader: a read loop that puts never waits for the one who handles, so two ends
// that both write cannot stop each other.
type mailbox[T any] struct {
	wake chan struct{} // holds one token while there is something to look at

	mu     sync.Mutex
	items  []T
	closed bool
}

func newMailbox[T any]() *mailbox[T] { return &mailbox[T]{wake: make(chan struct{}, 1)} }

// put adds an item; on a closed mailbox it does nothing.
func (m *mailbox[T]) put(item T) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.closed {
		m.items = append(m.items, item)
		m.signal()
	}
}

// close ends the sequence of all once what was put before is read.
func (m *mailbox[T]) close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	m.signal()
}

func (m *mailbox[T]) signal() {
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// all yields the items in order and waits for more until the mailbox is closed.
func (m *mailbox[T]) all() iter.Seq[T] {
	return func(yield func(T) bool) {
		for range m.wake {
			items, closed := m.take()
			for _, item := range items {
				if !yield(item) {
					return
				}
			}
			if closed {
				return
			}
		}
	}
}

func (m *mailbox[T]) take() ([]T, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	items := m.items
	m.items = nil
	return items, m.closed
}
