package agent

import (
	"context"
	"errors"
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
	// Load returns a session's events in order, or ErrNotFound.
	Load(ctx context.Context, session string) ([]Event, error)
	// List returns the sessions of a directory, newest first; "" means all.
	List(ctx context.Context, directory string) ([]SessionInfo, error)
	// Delete removes a session and its events, or fails with ErrNotFound.
	Delete(ctx context.Context, session string) error
}
