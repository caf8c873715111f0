package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/opencode-lsp/opencode-lsp/agent"
)

// Append stores events in order and all or none. Their Seq must go on from the last stored one, without a gap.
func (s *Store) Append(ctx context.Context, session string, events ...agent.Event) error {
	if len(events) == 0 {
		return nil
	}
	db, err := s.use(ctx)
	if err != nil {
		return err
	}
	return s.explain(transact(ctx, db.DB, func(tx *sql.Tx) error {
		return db.append(ctx, tx, session, events)
	}))
}

func (d *database) append(ctx context.Context, tx *sql.Tx, session string, events []agent.Event) error {
	seq, info, err := d.head(ctx, tx, session)
	if err != nil {
		return err
	}
	add := tx.StmtContext(ctx, d.addEvent)
	for _, e := range events {
		if seq++; e.Seq != seq {
			return fmt.Errorf("append to session %s: event %d where %d follows", session, e.Seq, seq)
		}
		data, err := json.Marshal(e)
		if err != nil {
			return fmt.Errorf("append to session %s: %w", session, err)
		}
		if _, err := add.ExecContext(ctx, session, seq, string(data)); err != nil {
			return err
		}
		info = told(info, e)
	}
	return d.putHead(ctx, tx, seq, info)
}

// head returns the number of a session's last event and what lists show of it; 0 and the bare id for a new one.
func (d *database) head(ctx context.Context, tx *sql.Tx, session string) (int64, agent.SessionInfo, error) {
	info := agent.SessionInfo{ID: session}
	var seq int64
	var data string
	err := tx.StmtContext(ctx, d.last).QueryRowContext(ctx, session).Scan(&seq, &data)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, info, nil
	}
	if err != nil {
		return 0, info, err
	}
	return seq, info, json.Unmarshal([]byte(data), &info)
}

func (d *database) putHead(ctx context.Context, tx *sql.Tx, seq int64, info agent.SessionInfo) error {
	data, err := json.Marshal(info)
	if err != nil {
		return err
	}
	_, err = tx.StmtContext(ctx, d.putSession).
		ExecContext(ctx, info.ID, info.Directory, string(data), info.Updated.UnixNano(), seq)
	return err
}

// told is info after an event. A change names what changed; what it leaves empty stays.
func told(info agent.SessionInfo, e agent.Event) agent.SessionInfo {
	info.Updated = e.Time
	if info.Created.IsZero() {
		info.Created = e.Time
	}
	if e.Message != nil {
		info.Spent.Spend(e.Message)
	}
	if e.Session == nil {
		return info
	}
	info.Title = cmp.Or(e.Session.Title, info.Title)
	info.Directory = cmp.Or(e.Session.Directory, info.Directory)
	info.Model = cmp.Or(e.Session.Model, info.Model)
	info.Agent = cmp.Or(e.Session.Agent, info.Agent)
	info.Parent = cmp.Or(e.Session.Parent, info.Parent)
	if e.Session.Limits != nil {
		info.Limits = e.Session.Limits
	}
	if e.Session.Switches != nil {
		info.Switches = e.Session.Switches
	}
	if !e.Session.Created.IsZero() {
		info.Created = e.Session.Created
	}
	return info
}

// pageBytes is about how much Load reads at a time; an event that is longer comes alone.
const pageBytes = 256 << 10

// Load returns the next events of a session with Seq above after, in order, or an error that is [agent.ErrNotFound]. Where
// none comes back there are no more.
func (s *Store) Load(ctx context.Context, session string, after int64) ([]agent.Event, error) {
	db, err := s.use(ctx)
	if err != nil {
		return nil, err
	}
	size := 0
	events, err := collect(ctx, db.load, func(rows *sql.Rows) (agent.Event, bool, error) {
		e, n, err := decodeSized[agent.Event](rows)
		size += n
		return e, size < pageBytes, err
	}, session, after)
	if err != nil {
		return nil, s.explain(err)
	}
	if len(events) == 0 && after <= 0 {
		return nil, fmt.Errorf("session %s: %w", session, agent.ErrNotFound)
	}
	return events, nil
}

// List returns the sessions of a directory, newest first; "" means all.
func (s *Store) List(ctx context.Context, directory string) ([]agent.SessionInfo, error) {
	db, err := s.use(ctx)
	if err != nil {
		return nil, err
	}
	infos, err := collect(ctx, db.list, decodeInfo, directory)
	return infos, s.explain(err)
}

func decodeInfo(rows *sql.Rows) (agent.SessionInfo, bool, error) {
	var info agent.SessionInfo
	var data string
	var updated int64
	if err := rows.Scan(&data, &updated); err != nil {
		return info, false, err
	}
	err := json.Unmarshal([]byte(data), &info)
	info.Updated = time.Unix(0, updated)
	return info, true, err
}

// Delete removes a session and its events, or fails with [agent.ErrNotFound]. It does not ask who is writing it: a writer
// in another process fails at its next Append.
func (s *Store) Delete(ctx context.Context, session string) error {
	db, err := s.use(ctx)
	if err != nil {
		return err
	}
	return s.explain(transact(ctx, db.DB, func(tx *sql.Tx) error {
		result, err := tx.StmtContext(ctx, db.dropSession).ExecContext(ctx, session)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return cmp.Or(err, fmt.Errorf("session %s: %w", session, agent.ErrNotFound))
		}
		_, err = tx.StmtContext(ctx, db.dropEvents).ExecContext(ctx, session)
		return err
	}))
}

// collect runs a query and reads its rows, as long as read says that there may be more, so that the one connection is free
// again when it returns.
func collect[T any](ctx context.Context, stmt *sql.Stmt, read func(*sql.Rows) (v T, more bool, err error), args ...any) ([]T, error) {
	rows, err := stmt.QueryContext(ctx, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for more := true; more && rows.Next(); {
		var v T
		if v, more, err = read(rows); err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, rows.Err()
}

// decode reads a row of one JSON column.
func decode[T any](rows *sql.Rows) (T, bool, error) {
	v, _, err := decodeSized[T](rows)
	return v, true, err
}

// decodeSized is decode with the length of the JSON.
func decodeSized[T any](rows *sql.Rows) (v T, size int, err error) {
	var data sql.RawBytes
	if err := rows.Scan(&data); err != nil {
		return v, 0, err
	}
	return v, len(data), json.Unmarshal(data, &v)
}
