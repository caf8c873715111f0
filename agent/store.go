package agent

import (
	"context"
	"errors"
	"iter"
)

// ErrNotFound says that there is no session of that id.
var ErrNotFound = errors.New("no such session")

// ErrInUse says that another process writes this session.
var ErrInUse = errors.New("the session is open in another editor")

// Store keeps transcripts. Implementations are safe for concurrent use, also by several processes.
type Store interface {
	// Acquire takes the right to append to a session until release is called or the process dies, or fails with ErrInUse.
	Acquire(session string) (release func(), err error)
	// Append stores events in order; their Seq must follow the stored ones. When it returns they survive a kill.
	// A SessionCreated or SessionChanged event updates what List shows, any other its Updated time.
	Append(ctx context.Context, session string, events ...Event) error
	// Load returns the next events of a session, those with Seq above after, in order: at least one where there is any, and
	// no more at a time than memory takes with ease. It fails with ErrNotFound where the session has none at all.
	Load(ctx context.Context, session string, after int64) ([]Event, error)
	// List returns the sessions of a directory, newest first; "" means all.
	List(ctx context.Context, directory string) ([]SessionInfo, error)
	// Delete removes a session and its events, or fails with ErrNotFound.
	Delete(ctx context.Context, session string) error
}

// Transcript reads a session's stored events with Seq above after, in order. An error ends it.
func Transcript(ctx context.Context, store Store, session string, after int64) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		for {
			events, err := store.Load(ctx, session, after)
			if err != nil {
				yield(Event{}, err)
				return
			}
			if len(events) == 0 {
				return
			}
			for _, e := range events {
				if !yield(e, nil) {
					return
				}
			}
			after = events[len(events)-1].Seq
		}
	}
}
