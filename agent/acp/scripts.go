package acp

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"regexp"
	"sync"

	"github.com/opencode-lsp/opencode-lsp/agent"
)

// scripts are the files that the terminals of this process run, in a folder of its own below dir. Whoever holds the folder's
// lock lives: it is the store's, which the kernel takes from a process however that ends.
type scripts struct {
	dir   string
	store agent.Store

	once    sync.Once
	own     string // the folder
	release func() // of its lock
	err     error
}

// The names of the folders and of the files in them; nothing else is ever removed.
var (
	scriptFolder = regexp.MustCompile(`^[A-Z2-7]{26}$`)
	scriptFile   = regexp.MustCompile(`^[A-Z2-7]{26}\.sh$`)
)

// write keeps a command in a new file that only the user can read.
func (s *scripts) write(text string) (path string, err error) {
	if s.once.Do(s.begin); s.err != nil {
		return "", s.err
	}
	path = filepath.Join(s.own, rand.Text()+".sh")
	return path, os.WriteFile(path, []byte(text), 0o600)
}

// begin makes the folder. Its lock comes first: a folder without is one that a dead process left.
func (s *scripts) begin() {
	name := rand.Text()
	if s.release, s.err = s.store.Acquire(lockOf(name)); s.err != nil {
		return
	}
	s.own = filepath.Join(s.dir, name)
	if s.err = os.MkdirAll(s.own, 0o700); s.err != nil {
		s.release()
	}
}

// lockOf is the name under which the store locks a folder; no session is called so.
func lockOf(name string) string { return "commands/" + name }

// close gives the folder up. What a command that was not waited for has in it is for the next sweep.
func (s *scripts) close() {
	if s.once.Do(func() { s.err = errGone }); s.err == nil {
		os.Remove(s.own)
		s.release()
	}
}

// sweep removes what processes that were killed have left.
func (s *scripts) sweep() {
	folders, err := os.ReadDir(s.dir)
	if err != nil {
		return // there were no commands yet
	}
	for _, f := range folders {
		if !f.IsDir() || !scriptFolder.MatchString(f.Name()) {
			continue
		}
		if release, err := s.store.Acquire(lockOf(f.Name())); err == nil {
			removeScripts(filepath.Join(s.dir, f.Name()))
			release()
		}
	}
}

// removeScripts removes a folder with its scripts; it stays where there is anything else in it.
func removeScripts(dir string) {
	files, err := os.ReadDir(dir)
	if err != nil {
		logger().Warningf("scripts of terminals that were left: %s", err)
		return
	}
	for _, f := range files {
		if scriptFile.MatchString(f.Name()) {
			os.Remove(filepath.Join(dir, f.Name()))
		}
	}
	if err := os.Remove(dir); err != nil {
		logger().Warningf("scripts of terminals that were left: %s", err)
	}
}
