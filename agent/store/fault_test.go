package store

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/opencode-lsp/opencode-lsp/agent"
)

// childDir names, in the environment of this test binary started again, the store that it shall write until it is killed.
const childDir = "STORE_TEST_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		writeForever(dir)
	}
	os.Exit(m.Run())
}

// writeForever appends events and prints the number of each when Append has returned.
func writeForever(dir string) {
	s, err := Open(dir)
	if err != nil {
		panic(err)
	}
	release, err := s.Acquire("a")
	if err != nil {
		panic(err)
	}
	defer release() // never: a lock that nothing refers to ends with its file, whenever the collector comes by
	for seq := int64(1); ; seq++ {
		if err := s.Append(context.Background(), "a", prompt("a", seq, strings.Repeat("x", 1000))); err != nil {
			panic(err)
		}
		fmt.Println(seq)
	}
}

func TestKilledBetweenAppends(t *testing.T) {
	dir := t.TempDir()
	for round := range 3 {
		sub := filepath.Join(dir, strconv.Itoa(round))
		printed := killAfter(t, sub, 50+round*37)
		s := open(t, sub)
		release, err := s.Acquire("a")
		if err != nil {
			t.Fatalf("the dead process still owns the session: %v", err)
		}
		defer release()
		got, err := s.Load(t.Context(), "a", 0)
		if err != nil || len(got) < printed {
			t.Fatalf("%d events stored, %v; Append had returned for %d", len(got), err, printed)
		}
		add(t, s, "a", prompt("a", int64(len(got))+1, "on it goes"))
	}
}

// killAfter runs the child, kills it with SIGKILL once it has printed n numbers, and returns how many it printed.
func killAfter(t *testing.T, dir string, n int) (printed int) {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childDir+"="+dir)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if printed++; printed == n {
			if _, err := open(t, dir).Acquire("a"); !errors.Is(err, agent.ErrInUse) {
				t.Errorf("Acquire beside the living owner: %v", err)
			}
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = child.Wait() // it was killed
	return printed
}

func TestAcquire(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	release, err := s.Acquire("../a")
	if err != nil {
		t.Fatal(err)
	}
	for _, other := range []*Store{s, open(t, dir)} {
		if _, err := other.Acquire("../a"); !errors.Is(err, agent.ErrInUse) {
			t.Errorf("second owner: %v", err)
		}
	}
	another, err := s.Acquire("b")
	if err != nil {
		t.Fatal(err)
	}
	another()
	release()
	release()
	again, err := open(t, dir).Acquire("../a")
	if err != nil {
		t.Fatalf("after release: %v", err)
	}
	release() // must not take the new owner's lock away
	if _, err := s.Acquire("../a"); !errors.Is(err, agent.ErrInUse) {
		t.Errorf("after a late release: %v", err)
	}
	again()
	if left, err := os.ReadDir(filepath.Join(dir, lockDir)); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestFaultsAreSentences(t *testing.T) {
	for name, tc := range map[string]struct {
		harm func(t *testing.T, dir string, s *Store)
		want string
	}{
		"folder is a file": {func(t *testing.T, dir string, _ *Store) { write(t, dir, "x") }, unwritten},
		"file is a folder": {func(t *testing.T, dir string, _ *Store) { mkdir(t, filepath.Join(dir, fileName)) }, unwritten},
		"garbage": {func(t *testing.T, dir string, _ *Store) {
			write(t, filepath.Join(dir, fileName), strings.Repeat("no database ", 100))
		}, damaged},
		"newer schema": {func(t *testing.T, _ string, s *Store) { run(t, s, "PRAGMA user_version = 99"); reopen(t, s) }, newer},
		"read-only":    {func(t *testing.T, _ string, s *Store) { run(t, s, "PRAGMA query_only = 1") }, unwritten},
		"full disk":    {func(t *testing.T, _ string, s *Store) { run(t, s, "PRAGMA max_page_count = 1") }, full},
		"locked": {func(t *testing.T, dir string, s *Store) {
			run(t, s, "PRAGMA busy_timeout = 1")
			other := open(t, dir)
			run(t, other, "BEGIN IMMEDIATE")
			t.Cleanup(func() { run(t, other, "ROLLBACK") })
		}, busy},
		"torn pages": {func(t *testing.T, dir string, s *Store) {
			add(t, s, "big", created("big", "/w", 1), prompt("big", 2, strings.Repeat("x", 1<<20)))
			reopen(t, s)
			tear(t, filepath.Join(dir, fileName))
		}, damaged},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "data")
			s := open(t, dir)
			tc.harm(t, dir, s)
			err := s.Append(t.Context(), "a", created("a", "/w", 1), prompt("a", 2, strings.Repeat("x", 1<<20)))
			if err == nil {
				_, err = s.Load(t.Context(), "big", 0)
			}
			if want := fmt.Sprintf(tc.want, filepath.Join(dir, fileName)); err == nil || err.Error() != want {
				t.Errorf("got  %v\nwant %s", err, want)
			}
		})
	}
}

func TestFailureIsTriedAgain(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	s := open(t, dir)
	write(t, dir, "in the way")
	if err := s.Trust(t.Context(), "/w", "h"); err == nil {
		t.Fatal("a file where the folder should be went unnoticed")
	}
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	if err := s.Trust(t.Context(), "/w", "h"); err != nil {
		t.Errorf("after the mend: %v", err)
	}
}

func TestCancelledIsNoFault(t *testing.T) {
	s := open(t, t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Append(ctx, "a", created("a", "/w", 1)); !errors.Is(err, context.Canceled) {
		t.Errorf("Append = %v", err)
	}
	add(t, s, "a", created("a", "/w", 1))
}

func TestRelativeFolderIsRefused(t *testing.T) {
	if s, err := Open("data"); err == nil {
		t.Errorf("Open = %v", s)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	mkdir(t, filepath.Dir(path))
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func mkdir(t *testing.T, path string) {
	t.Helper()
	if err := os.MkdirAll(path, 0o700); err != nil {
		t.Fatal(err)
	}
}

// tear overwrites the pages after the first few.
func tear(t *testing.T, path string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt([]byte(strings.Repeat("torn", 3*4096)), 4096); err != nil {
		t.Fatal(err)
	}
}

// run executes SQL on the store's one connection, to bring about what a disk does.
func run(t *testing.T, s *Store, query string) {
	t.Helper()
	db, err := s.use(t.Context())
	if err == nil {
		_, err = db.Exec(query)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// reopen closes the file, so that the next use opens it again.
func reopen(t *testing.T, s *Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s.closed.Store(false)
}
