package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// fileError is a failure of the file itself, told to the user in one sentence with its remedy.
type fileError struct {
	message string
	err     error
}

func (e *fileError) Error() string { return e.message }
func (e *fileError) Unwrap() error { return e.err }

// explain turns what SQLite or the system says of the file into a sentence for people; other errors pass.
func (s *Store) explain(err error) error {
	if err == nil {
		return nil
	}
	if format := remedy(err); format != "" {
		return &fileError{fmt.Sprintf(format, s.path()), err}
	}
	return err
}

const (
	full      = "the disk is full, so %s cannot grow; free some space and try again"
	damaged   = "the session database %s is damaged; move it away to start with an empty one, and try again"
	unwritten = "the session database %s cannot be opened for writing; make its folder writable for you, or set XDG_DATA_HOME to another one"
	busy      = "another process keeps the session database %s locked; end it or try again"
	newer     = "the session database %s was written by a newer opencode-lsp; update this one, or set XDG_DATA_HOME to another folder"
	unread    = "the disk answers with errors for %s; check it, and free some space if it is full"
)

// remedy returns the sentence for an error, with a place for the path, or "".
func remedy(err error) string {
	var fromSQLite *sqlite.Error
	var fromSystem *fs.PathError
	var fromFuture *newerError
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return ""
	case errors.As(err, &fromFuture):
		return newer
	case errors.Is(err, syscall.ENOSPC):
		return full
	case errors.As(err, &fromSQLite):
		return remedyByCode(fromSQLite.Code() & 0xff) // the low byte is the primary code
	case errors.As(err, &fromSystem):
		return unwritten
	}
	return ""
}

func remedyByCode(code int) string {
	switch code {
	case sqlite3.SQLITE_FULL:
		return full
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return damaged
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM:
		return unwritten
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return busy
	case sqlite3.SQLITE_IOERR:
		return unread
	}
	return ""
}
