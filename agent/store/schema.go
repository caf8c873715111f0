package store

import (
	"context"
	"database/sql"
	"fmt"
)

// migrations returns the steps from an empty file to the present schema; the file's user_version counts those done.
// A step that was released is never changed.
//
// An event's JSON holds everything; session and seq stand beside it to find it. A session's row repeats what lists show. It
// has no index by directory: lists are short and rare, and an index would be written with every event.
func migrations() []string {
	return []string{`
CREATE TABLE session (
	id        TEXT PRIMARY KEY,
	directory TEXT NOT NULL,
	info      TEXT NOT NULL, -- agent.SessionInfo
	updated   INTEGER NOT NULL, -- Unix time in nanoseconds
	seq       INTEGER NOT NULL -- of the last event
) WITHOUT ROWID;
CREATE TABLE event (
	session TEXT NOT NULL,
	seq     INTEGER NOT NULL,
	data    TEXT NOT NULL, -- agent.Event
	PRIMARY KEY (session, seq)
);
CREATE TABLE remembered (
	id         TEXT PRIMARY KEY,
	workspace  TEXT NOT NULL,
	grant_json TEXT NOT NULL, -- permission.Grant
	created    INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX remembered_workspace ON remembered (workspace, created);
CREATE TABLE trusted (
	workspace TEXT PRIMARY KEY,
	hash      TEXT NOT NULL
) WITHOUT ROWID;`}
}

// newerError says that the file was written by a later release.
type newerError struct{ found, known int }

func (e *newerError) Error() string { return fmt.Sprintf("schema %d, known %d", e.found, e.known) }

// migrate brings the schema up to date in one transaction, or refuses a file from the future untouched.
func migrate(ctx context.Context, db *sql.DB) error {
	steps := migrations()
	var version int
	if err := db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	switch {
	case version == len(steps):
		return nil
	case version > len(steps) || version < 0:
		return &newerError{version, len(steps)}
	}
	return transact(ctx, db, func(tx *sql.Tx) error {
		for _, step := range steps[version:] {
			if _, err := tx.ExecContext(ctx, step); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", len(steps)))
		return err
	})
}

// transact runs f in a transaction that holds the write lock from its start: all of f or nothing.
func transact(ctx context.Context, db *sql.DB, f func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := f(tx); err != nil {
		_ = tx.Rollback() // f's error is the one that tells why
		return err
	}
	return tx.Commit()
}

// statements are prepared once; all but the rare ones run for every event.
type statements struct {
	last, addEvent, putSession   *sql.Stmt
	load, list, dropSession      *sql.Stmt
	dropEvents                   *sql.Stmt
	grants, saveGrant, dropGrant *sql.Stmt
	trusted, trust               *sql.Stmt
}

func (s *statements) prepare(ctx context.Context, db *sql.DB) error {
	for target, query := range map[**sql.Stmt]string{
		&s.last:     "SELECT seq, info FROM session WHERE id = ?",
		&s.addEvent: "INSERT INTO event (session, seq, data) VALUES (?, ?, ?)",
		&s.putSession: `INSERT INTO session (id, directory, info, updated, seq) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET directory = excluded.directory, info = excluded.info,
			updated = excluded.updated, seq = excluded.seq`,
		&s.load:        "SELECT data FROM event WHERE session = ? AND seq > ? ORDER BY seq",
		&s.list:        "SELECT info, updated FROM session WHERE ?1 = '' OR directory = ?1 ORDER BY updated DESC, id DESC",
		&s.dropSession: "DELETE FROM session WHERE id = ?",
		&s.dropEvents:  "DELETE FROM event WHERE session = ?",
		&s.grants:      "SELECT grant_json FROM remembered WHERE workspace = ? ORDER BY created, id",
		&s.saveGrant:   "INSERT OR REPLACE INTO remembered (id, workspace, grant_json, created) VALUES (?, ?, ?, ?)",
		&s.dropGrant:   "DELETE FROM remembered WHERE id = ?",
		&s.trusted:     "SELECT hash FROM trusted WHERE workspace = ?",
		&s.trust:       "INSERT OR REPLACE INTO trusted (workspace, hash) VALUES (?, ?)",
	} {
		stmt, err := db.PrepareContext(ctx, query)
		if err != nil {
			return fmt.Errorf("prepare %q: %w", query, err)
		}
		*target = stmt
	}
	return nil
}
