package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"github.com/opencode-lsp/opencode-lsp/permission"
)

// LoadGrants returns what the user allowed for good in a workspace, oldest first.
func (s *Store) LoadGrants(ctx context.Context, workspace string) ([]permission.Grant, error) {
	db, err := s.use(ctx)
	if err != nil {
		return nil, err
	}
	grants, err := collect(ctx, db.grants, decode[permission.Grant], workspace)
	return grants, s.explain(err)
}

// SaveGrant remembers a grant under its ID, in the place of an earlier one of that ID.
func (s *Store) SaveGrant(ctx context.Context, grant permission.Grant) error {
	data, err := json.Marshal(grant)
	if err != nil {
		return err
	}
	return s.exec(ctx, func(d *database) *sql.Stmt { return d.saveGrant },
		grant.ID, grant.Workspace, string(data), grant.Created.UnixNano())
}

// DeleteGrant forgets a grant; one that is not there is forgotten already.
func (s *Store) DeleteGrant(ctx context.Context, id string) error {
	return s.exec(ctx, func(d *database) *sql.Stmt { return d.dropGrant }, id)
}

// Trusted returns the hash of what the user trusted in a workspace, and whether there was anything.
func (s *Store) Trusted(ctx context.Context, workspace string) (hash string, ok bool, err error) {
	db, err := s.use(ctx)
	if err != nil {
		return "", false, err
	}
	err = db.trusted.QueryRowContext(ctx, workspace).Scan(&hash)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	return hash, err == nil, s.explain(err)
}

// Trust remembers that the user trusts in a workspace exactly what hashes to hash, and nothing that was trusted before.
func (s *Store) Trust(ctx context.Context, workspace, hash string) error {
	return s.exec(ctx, func(d *database) *sql.Stmt { return d.trust }, workspace, hash)
}

// exec runs one statement that returns nothing.
func (s *Store) exec(ctx context.Context, pick func(*database) *sql.Stmt, args ...any) error {
	db, err := s.use(ctx)
	if err != nil {
		return err
	}
	_, err = pick(db).ExecContext(ctx, args...)
	return s.explain(err)
}
