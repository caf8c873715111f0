package mcp

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/tliron/commonlog"

	"github.com/opencode-lsp/opencode-lsp/permission"
)

// Options is what servers are run with. The functions are called from several goroutines.
type Options struct {
	// Version is this program's, told to servers.
	Version string
	// Roots are the absolute workspace folders; a local server starts in the first.
	Roots func() []string
	// Environ is the environment of local servers, without the agent's own keys.
	Environ func() []string
	// HTTP carries the requests to remote servers; nil is the usual transport.
	HTTP http.RoundTripper
	// Tokens is the folder that keeps what signing in gave; created when needed.
	Tokens string
	// Notify shows the user a sentence; nil: nobody is there.
	Notify func(text string)
	// Asks says that sessions call the tools, so that servers are told they may ask the user and the model meanwhile.
	Asks bool
}

// Servers are the MCP servers of one workspace: they start, restart and end here. It is safe for concurrent use.
type Servers struct {
	opt    Options
	ending sync.WaitGroup // servers that are on their way out

	mu     sync.Mutex
	byName map[string]*server
	closed bool
	warned map[string]bool // what was said once
}

// New returns no servers yet.
func New(opt Options) *Servers {
	if opt.Notify == nil {
		opt.Notify = func(string) {}
	}
	if opt.HTTP == nil {
		opt.HTTP = http.DefaultTransport
	}
	return &Servers{opt: opt, byName: map[string]*server{}, warned: map[string]bool{}}
}

func logger() commonlog.Logger { return commonlog.GetLogger("opencode.mcp") }

// Configure makes the configured servers, as JSON of OpenCode's shape, the ones that run: it starts and stops what
// differs and returns at once. What a configuration says wrong is in Status.
func (s *Servers) Configure(configs map[string]json.RawMessage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	for name, old := range s.byName {
		if raw, ok := configs[name]; !ok || !bytes.Equal(raw, old.raw) {
			delete(s.byName, name)
			old.stop()
			s.ending.Go(old.wait)
		}
	}
	for name, raw := range configs {
		if s.byName[name] == nil {
			s.byName[name] = startServer(name, raw, &s.opt)
		}
	}
}

// Ready waits until every server is connected or has failed, at most wait, and tries again those that may work by now: a
// server that hangs never stalls a session. It is called at the beginning of each turn, and tells the servers then that the
// workspace has other folders, where it has.
func (s *Servers) Ready(ctx context.Context, wait time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	list := s.all()
	for _, server := range list {
		server.nudge()
	}
	for _, server := range list {
		server.settled(ctx)
		if c, _ := server.connected(); c != nil {
			c.tellRoots(ctx, s.opt.Roots())
		}
	}
}

// all are the servers by name.
func (s *Servers) all() []*server {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []*server
	for _, name := range slices.Sorted(maps.Keys(s.byName)) {
		list = append(list, s.byName[name])
	}
	return list
}

// find is the server of that name.
func (s *Servers) find(name string) (*server, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if found := s.byName[name]; found != nil {
		return found, nil
	}
	return nil, fmt.Errorf("no MCP server is called %q; the configuration has %s", name, listed(slices.Sorted(maps.Keys(s.byName))))
}

// Status says of every server, by name, how it is.
func (s *Servers) Status() []Status {
	var list []Status
	for _, server := range s.all() {
		list = append(list, server.status())
	}
	return list
}

// Instructions are what the connected servers say of themselves, for the model: a server's words, to be quoted as such.
func (s *Servers) Instructions() []Instructions {
	var list []Instructions
	for _, server := range s.all() {
		if c, _ := server.connected(); c != nil && c.instructions != "" {
			list = append(list, Instructions{server.name, bounded(c.instructions, maxInstructions)})
		}
	}
	return list
}

// Instructions are one server's words.
type Instructions struct{ Server, Text string }

// Close ends all servers and waits for their end.
func (s *Servers) Close() {
	s.mu.Lock()
	s.closed = true
	list := slices.Collect(maps.Values(s.byName))
	clear(s.byName)
	s.mu.Unlock()
	for _, server := range list {
		server.stop()
	}
	for _, server := range list {
		server.wait()
	}
	s.ending.Wait()
}

// once says something to the user, one time.
func (s *Servers) once(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	s.mu.Lock()
	said := s.warned[text]
	s.warned[text] = true
	s.mu.Unlock()
	if !said {
		logger().Notice(text)
		s.opt.Notify("OpenCode: " + permission.Visible(text))
	}
}
