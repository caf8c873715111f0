// Package servers runs language servers for the problems that they see, in workspaces whose editor does not pass those on. A
// server is started when a file of its kind is first to be examined, told of the text that the user sees, unsaved or not, and
// ended when nothing has been asked of it for a while. What it says goes to [workspace.Diagnostics].
//
// Nothing here holds anybody up: [Servers.Examine] returns at once, whatever a server does or fails to do.
package servers

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tliron/commonlog"

	"github.com/opencode-lsp/opencode-lsp/workspace"
)

// Config is one language server.
type Config struct {
	Name string
	// Command is the program with its arguments; it speaks LSP on stdin and stdout.
	Command []string
	// Extensions are the endings of its files: ".go".
	Extensions []string
	// Environ are further variables, "name=value".
	Environ []string
	// Initialization are its initializationOptions, nil for none.
	Initialization json.RawMessage
}

// Options are what all servers share.
type Options struct {
	Workspace *workspace.Workspace
	// Environ is the environment of the servers.
	Environ func() []string
	// Notify tells the user, in one sentence, of a server that does not work; once for each.
	Notify func(text string)
	// Idle is after how long without work a server ends; 0 means five minutes.
	Idle time.Duration
}

// Servers are the language servers of one workspace. It is safe for concurrent use.
type Servers struct {
	opt Options

	mu     sync.Mutex
	list   []*server
	made   int // servers so far
	closed bool
	ending sync.WaitGroup // servers on their way out
}

func logger() commonlog.Logger { return commonlog.GetLogger("opencode.servers") }

// defaultIdle is how long a server waits for work.
const defaultIdle = 5 * time.Minute

// New returns no servers yet; [Servers.Configure] says which there are.
func New(opt Options) *Servers {
	if opt.Idle == 0 {
		opt.Idle = defaultIdle
	}
	return &Servers{opt: opt}
}

// Configure sets which servers there are. Those that run and stay as they are go on, the others end. It returns at once.
func (s *Servers) Configure(configs []Config) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	var list []*server
	for _, c := range configs {
		i := slices.IndexFunc(s.list, func(old *server) bool { return old.config.same(c) })
		if i >= 0 {
			list = append(list, s.list[i])
			s.list = slices.Delete(s.list, i, i+1)
			continue
		}
		s.made++
		list = append(list, newServer(s.made, c, s.opt))
	}
	for _, gone := range s.list {
		s.ending.Go(gone.close)
	}
	s.list = list
}

func (c Config) same(o Config) bool {
	return c.Name == o.Name && slices.Equal(c.Command, o.Command) && slices.Equal(c.Extensions, o.Extensions) &&
		slices.Equal(c.Environ, o.Environ) && string(c.Initialization) == string(o.Initialization)
}

// serves reports whether files of that name are the server's.
func (c Config) serves(path string) bool {
	return slices.ContainsFunc(c.Extensions, func(e string) bool { return strings.HasSuffix(filepath.Base(path), e) })
}

// Examine has the servers of a file look at its present text and reports whether there are any that can. path is canonical.
func (s *Servers) Examine(path string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	served := false
	for _, one := range s.list {
		if one.config.serves(path) && one.examine(path) {
			served = true
		}
	}
	return served
}

// Status is how a server is.
type Status struct {
	Name string
	// Running says that its program runs; Reason why it does not work, "" where it does.
	Running bool
	Reason  string
}

// Status are all servers, as configured.
func (s *Servers) Status() []Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Status
	for _, one := range s.list {
		all = append(all, one.status())
	}
	return all
}

// Close ends all servers and waits for their programs.
func (s *Servers) Close() {
	s.mu.Lock()
	s.closed = true
	for _, one := range s.list {
		s.ending.Go(one.close)
	}
	s.list = nil
	s.mu.Unlock()
	s.ending.Wait()
}
