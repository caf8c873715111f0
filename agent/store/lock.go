package store

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/opencode-lsp/opencode-lsp/agent"
)

// errLocked says that someone else holds a file lock.
var errLocked = errors.New("locked")

// Acquire takes the right to append to a session until release is called or the process dies, however it dies: the
// kernel owns the lock. It fails with [agent.ErrInUse] where anyone else has it, this process included. release may be
// called more than once, and must be kept: what nothing refers to any more is collected, and the lock with it.
func (s *Store) Acquire(session string) (release func(), err error) {
	if s.closed.Load() {
		return nil, errClosed
	}
	if err := s.makeFolders(); err != nil {
		return nil, s.explain(err)
	}
	f, err := s.lockSession(session)
	switch {
	case errors.Is(err, errLocked):
		return nil, fmt.Errorf("session %s: %w", session, agent.ErrInUse)
	case err != nil:
		return nil, s.explain(fmt.Errorf("lock session %s: %w", session, err))
	}
	return sync.OnceFunc(func() {
		_ = os.Remove(f.Name()) // while its lock is held, so that nobody else has locked it; Windows keeps it
		_ = f.Close()
	}), nil
}

// lockSession locks the session's file. One that its last owner removed between our opening and our locking it protects
// nothing and is given up for the one that is there now.
func (s *Store) lockSession(session string) (*os.File, error) {
	sum := sha256.Sum256([]byte(session)) // an id is no file name
	path := filepath.Join(s.dir, lockDir, hex.EncodeToString(sum[:16])+".lock")
	for {
		f, err := lockFile(path, false)
		if err != nil {
			return nil, err
		}
		if same(f, path) {
			return f, nil
		}
		_ = f.Close()
	}
}

func same(f *os.File, path string) bool {
	ours, err1 := f.Stat()
	there, err2 := os.Stat(path)
	return err1 == nil && err2 == nil && os.SameFile(ours, there)
}

// lockFile opens a file, making it where needed, and locks it until it is closed. It waits for another owner, or fails
// with errLocked.
func lockFile(path string, wait bool) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := lock(f, wait); err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}
