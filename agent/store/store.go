// Package store keeps transcripts, remembered permissions and trusted workspaces in one SQLite file that all workspaces
// and all processes of a user share. It implements [agent.Store] and the port through which the permission package
// remembers an "always".
//
// The file is opened on first use, so that a process which never touches a session starts without it. Nothing is held in
// memory: what one process commits, the next read of any other process sees.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"

	_ "modernc.org/sqlite" // registers the driver "sqlite"

	"github.com/opencode-lsp/opencode-lsp/agent"
)

// fileName is the database's name in the folder given to [Open].
const fileName = "store.db"

const (
	lockDir  = "locks"
	openLock = "open.lock"
)

var errClosed = errors.New("the session store is closed")

var _ agent.Store = (*Store)(nil)

// Store is the file of all sessions of a user. It is safe for concurrent use.
type Store struct {
	dir string
	// gate has room for the one goroutine that opens or closes the file; a channel, since waiting must end with a context.
	gate   chan struct{}
	opened atomic.Pointer[database]
	closed atomic.Bool
}

// Open returns the store in dir, an absolute path. It touches nothing: folder and file are made, readable by the user
// alone, when the store is first used, and a failure then is tried again at the next use.
func Open(dir string) (*Store, error) {
	if !filepath.IsAbs(dir) {
		return nil, fmt.Errorf("the session folder %q is not an absolute path; set XDG_DATA_HOME to one", dir)
	}
	return &Store{dir: dir, gate: make(chan struct{}, 1)}, nil
}

// Close writes everything to the file and gives it back. Calls after it fail.
func (s *Store) Close() error {
	s.closed.Store(true)
	s.gate <- struct{}{}
	defer func() { <-s.gate }()
	db := s.opened.Swap(nil)
	if db == nil {
		return nil
	}
	return s.explain(db.Close())
}

// database is the open file with its prepared statements.
type database struct {
	*sql.DB
	statements
}

// use returns the open database, opening it where this is the first use.
func (s *Store) use(ctx context.Context) (*database, error) {
	if db := s.opened.Load(); db != nil {
		return db, nil
	}
	select {
	case s.gate <- struct{}{}:
		defer func() { <-s.gate }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if s.closed.Load() {
		return nil, errClosed
	}
	if db := s.opened.Load(); db != nil {
		return db, nil
	}
	db, err := s.open(ctx)
	if err != nil {
		return nil, s.explain(err)
	}
	s.opened.Store(db)
	return db, nil
}

// open makes folder and file and brings the schema up to date. SQLite cannot wait while another process switches a new
// file to WAL, so processes take turns by a file lock.
func (s *Store) open(ctx context.Context) (*database, error) {
	if err := s.makeFolders(); err != nil {
		return nil, err
	}
	lock, err := lockFile(filepath.Join(s.dir, lockDir, openLock), true)
	if err != nil {
		return nil, err
	}
	defer lock.Close()
	if err := touch(s.path()); err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", dsn(s.path()))
	if err != nil {
		return nil, err
	}
	// One connection: SQLite has one writer anyhow, the pool queues fairly and with contexts, and the page cache is
	// paid for once.
	db.SetMaxOpenConns(1)
	d := &database{DB: db}
	if err := d.ready(ctx); err != nil {
		_ = db.Close() // why it is of no use is what counts
		return nil, err
	}
	return d, nil
}

func (d *database) ready(ctx context.Context) error {
	if err := migrate(ctx, d.DB); err != nil {
		return err
	}
	return d.prepare(ctx, d.DB)
}

func (s *Store) path() string { return filepath.Join(s.dir, fileName) }

// makeFolders makes the private folders, and closes one that was left open to others.
func (s *Store) makeFolders() error {
	if err := os.MkdirAll(filepath.Join(s.dir, lockDir), 0o700); err != nil {
		return err
	}
	info, err := os.Stat(s.dir)
	if err != nil {
		return err
	}
	if info.Mode().Perm()&0o077 == 0 {
		return nil
	}
	return os.Chmod(s.dir, 0o700)
}

// touch makes the database file before SQLite does, which would leave its mode to the umask. It opens no file that is
// there: closing it would drop the locks that SQLite holds on it for another Store of this process.
func touch(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return f.Close()
}

// dsn names the file with its settings: WAL so that readers do not wait for a writer, synchronous=NORMAL which survives
// the death of the process, a small cache since transcripts are read once, and deleted text overwritten.
func dsn(path string) string {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") { // a Windows drive
		path = "/" + path
	}
	query := url.Values{
		"_txlock": {"immediate"},
		"_pragma": {
			"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(NORMAL)", "cache_size(-512)", "mmap_size(0)",
			"journal_size_limit(1048576)", "secure_delete(1)",
		},
	}
	u := url.URL{Scheme: "file", Path: path, RawQuery: query.Encode()}
	return u.String()
}
