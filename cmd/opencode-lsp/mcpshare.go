package main

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"

	"github.com/opencode-lsp/opencode-lsp/tools/mcp"
)

// serverShare gives those sessions of an ACP client the same MCP servers that work in the same folders with the same settings of
// the client, as the sessions of an editor have them: each server runs once, however many threads there are.
type serverShare struct {
	mu  sync.Mutex
	all map[string]*sharedServers // by folders and settings
	of  map[*engine]*sharedServers
}

// sharedServers run as long as an engine uses them.
type sharedServers struct {
	*mcp.Servers
	key   string
	users []*engine // the oldest first; the last one stays here when it has left
}

func newServerShare() *serverShare {
	return &serverShare{all: map[string]*sharedServers{}, of: map[*engine]*sharedServers{}}
}

// join gives a loaded engine settings, and the servers for them and its folders in the place of those that it had, which end
// where nobody else uses them; it waits for that. Both are changed at once: no engine configures another's servers.
func (s *serverShare) join(e *engine, settings json.RawMessage) {
	key := strings.Join(append(slices.Clone(e.ws.Roots()), string(settings)), "\x00")
	s.mu.Lock()
	next := s.all[key]
	if next != nil && next == s.of[e] {
		s.mu.Unlock()
		return
	}
	if next == nil {
		next = s.newServers(e)
		next.key, s.all[key] = key, next
	}
	next.users = append(next.users, e)
	unused := s.part(e)
	s.of[e] = next
	s.mu.Unlock()
	e.mu.Lock()
	e.editor, e.servers = settings, next.Servers
	e.mu.Unlock()
	unused.close()
}

// leave takes the servers from an engine that ends: what it closes must not be what others use.
func (s *serverShare) leave(e *engine) {
	e.mu.Lock()
	e.servers = mcp.New(e.serverOptions())
	e.mu.Unlock()
	s.mu.Lock()
	unused := s.part(e)
	s.mu.Unlock()
	unused.close()
}

// part separates an engine from its servers, and returns them where nobody uses them any more; called with mu held.
func (s *serverShare) part(e *engine) *sharedServers {
	had := s.of[e]
	delete(s.of, e)
	if had == nil {
		return nil
	}
	if len(had.users) > 1 {
		had.users = slices.DeleteFunc(slices.Clone(had.users), func(u *engine) bool { return u == e })
		return nil
	}
	delete(s.all, had.key)
	return had
}

func (u *sharedServers) close() {
	if u != nil {
		u.Close()
	}
}

// newServers are servers that look to whoever uses them for what they need, e to begin with.
func (s *serverShare) newServers(e *engine) *sharedServers {
	shared := &sharedServers{}
	users := func() []*engine {
		s.mu.Lock()
		defer s.mu.Unlock()
		return shared.users
	}
	opt := e.serverOptions()
	opt.Roots = func() []string { return users()[0].ws.Roots() }
	opt.Environ = func() []string { u := users()[0]; return u.program.environ(u.now()) }
	opt.Notify = func(text string) {
		for _, u := range users() {
			u.notify(text)
		}
	}
	shared.Servers = mcp.New(opt)
	return shared
}
