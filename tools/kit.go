package tools

import (
	"crypto/sha256"
	"sync"

	"github.com/opencode-lsp/opencode-lsp/workspace"
)

// Builtin returns OpenCode's tools that work on env: read, list, glob, grep, edit, write, bash, todowrite. They share
// what the session has seen of each file, so there is one Builtin per session.
func Builtin(env *Env) []Tool {
	k := &kit{Env: env, seen: &seen{sums: make(map[string][sha256.Size]byte)}}
	if k.Todos == nil {
		k.Todos = new(Todos)
	}
	return []Tool{
		Define("bash", bashText, k.bash),
		Define("edit", editText, k.edit),
		Define("glob", globText, k.glob),
		Define("grep", grepText, k.grep),
		Define("list", listText, k.list),
		Define("read", readText, k.read),
		Define("todowrite", todoText, k.todowrite),
		Define("write", writeText, k.write),
	}
}

// kit is what the built-in tools of one session share.
type kit struct {
	*Env
	seen *seen
}

// seen remembers, as a hash, what the model last read or wrote of each file. It is safe for concurrent use.
type seen struct {
	mu   sync.Mutex
	sums map[string][sha256.Size]byte
}

func (s *seen) note(path, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sums[path] = sha256.Sum256([]byte(text))
}

// stale reports whether the model has seen the file with another text. A file that it never saw is not stale.
func (s *seen) stale(f workspace.File) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	sum, ok := s.sums[f.Path]
	return ok && sum != sha256.Sum256([]byte(f.Text))
}
