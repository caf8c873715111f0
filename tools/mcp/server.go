package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/opencode-lsp/opencode-lsp/permission"
	"github.com/opencode-lsp/opencode-lsp/tools/mcp/oauth"
	"github.com/opencode-lsp/opencode-lsp/tools/peer"
)

// State is how a server is, in OpenCode's words.
type State string

// The states of a server.
const (
	Connecting State = "connecting"
	Connected  State = "connected"
	Disabled   State = "disabled"
	Failed     State = "failed"
	NeedsAuth  State = "needs_auth"
)

// Status is one server as people see it.
type Status struct {
	Name  string `json:"name"`
	State State  `json:"state"`
	// Reason says in one sentence what is wrong and how to mend it.
	Reason string `json:"reason,omitempty"`
	// Tools and Prompts are how many it offers, Resources whether it offers any; Server is what it calls itself.
	Tools     int    `json:"tools"`
	Prompts   int    `json:"prompts"`
	Resources bool   `json:"resources"`
	Server    string `json:"server,omitempty"`
	// Notes say what of it is left out, and why.
	Notes []string `json:"notes,omitempty"`
}

// Restarts: a server that ends is started again after firstBackoff, twice as long each time. After maxRestarts in a row,
// none of which lived longer than steady, it is left alone until it is needed and retryAfter has passed.
const (
	firstBackoff = time.Second
	maxBackoff   = 30 * time.Second
	maxRestarts  = 5
	steady       = time.Minute
	retryAfter   = time.Minute
	// relist is the shortest time between two listings of one server.
	relist = time.Second
)

// server is one configured server. One goroutine owns its connection: it alone connects, lists and closes.
type server struct {
	name   string
	raw    json.RawMessage
	config Config
	wrong  error // what is wrong with the configuration
	opt    *Options
	tokens oauth.Store
	life   context.Context
	stop   context.CancelFunc
	done   chan struct{}
	again  chan struct{} // holds one where a server that was given up is to be tried

	mu     sync.Mutex // guards what follows
	now    Status
	conn   *connection // nil unless connected
	offer  *offer
	settle chan struct{} // closed once the first attempt, or the one that again asked for, has its result
	idle   bool          // given up until again
	failed time.Time
	stamp  time.Time // of what signing in gave, when that did not do
}

// startServer starts the goroutine of a server, which ends with stop.
func startServer(name string, raw json.RawMessage, opt *Options) *server {
	s := &server{
		name: name, raw: raw, opt: opt, tokens: oauth.Store{Dir: opt.Tokens}, done: make(chan struct{}), again: make(chan struct{}, 1),
		now: Status{Name: name, State: Connecting}, settle: make(chan struct{}),
	}
	s.life, s.stop = context.WithCancel(context.Background())
	s.config, s.wrong = readConfig(raw)
	go s.run()
	return s
}

func (s *server) wait() { <-s.done }

// run connects and stays connected.
func (s *server) run() {
	defer close(s.done)
	if s.wrong != nil {
		s.fail(s.wrong)
		return
	}
	if s.config.off() {
		s.set(Status{Name: s.name, State: Disabled})
		return
	}
	for ended := 0; s.life.Err() == nil; ended++ {
		start := time.Now()
		err := s.session()
		if s.life.Err() != nil {
			return
		}
		if time.Since(start) > steady {
			ended = 0
		}
		s.fail(err)
		if hopeless(err) || ended >= maxRestarts {
			ended = -1
			s.sleep()
			continue
		}
		s.pause(min(firstBackoff<<ended, maxBackoff))
	}
}

// hopeless reports whether trying again at once would come to the same.
func hopeless(err error) bool {
	_, auth := errors.AsType[*authError](err)
	return auth || errors.Is(err, peer.ErrNotFound) || errors.Is(err, errSlow)
}

// session is one connection, from its start until it is lost.
func (s *server) session() error {
	c, err := s.connect(s.life)
	if err != nil {
		return err
	}
	defer c.close()
	return s.follow(c)
}

// follow lists what the server offers, and anew when it says that this has changed, until the connection is lost.
func (s *server) follow(c *connection) error {
	for {
		o, err := c.list(s.life, s.config)
		if err != nil {
			return err
		}
		s.take(c, o)
		select {
		case <-s.life.Done():
			return context.Cause(s.life)
		case <-c.lost:
			return c.why()
		case <-c.changed:
			s.pause(relist) // however often it says so
		}
	}
}

func (s *server) pause(d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-s.again:
	case <-s.life.Done():
	}
}

// sleep waits until the server is wanted.
func (s *server) sleep() {
	s.mu.Lock()
	s.idle = true
	s.mu.Unlock()
	select {
	case <-s.again:
	case <-s.life.Done():
	}
}

// nudge has a server that was given up tried again where that may help by now: it has been a while, or the user signed in.
func (s *server) nudge() {
	s.mu.Lock()
	defer s.mu.Unlock()
	signed := s.now.State == NeedsAuth && !s.tokens.Stamp(s.config.URL).Equal(s.stamp)
	if s.idle && (signed || s.now.State == Failed && time.Since(s.failed) > retryAfter) {
		s.retry()
	}
}

// retry is called with the lock held.
func (s *server) retry() {
	s.idle = false
	s.now.State = Connecting
	s.settle = make(chan struct{})
	select {
	case s.again <- struct{}{}:
	default:
	}
}

// settled waits until the running attempt has its result.
func (s *server) settled(ctx context.Context) {
	s.mu.Lock()
	settle := s.settle
	s.mu.Unlock()
	select {
	case <-settle:
	case <-ctx.Done():
	}
}

// take makes a connection, with what it lists now, the one in use.
func (s *server) take(c *connection, o *offer) {
	s.mu.Lock()
	s.conn, s.offer = c, o
	s.mu.Unlock()
	s.set(Status{
		Name: s.name, State: Connected, Tools: len(o.tools), Prompts: len(o.prompts), Resources: o.resources, Server: c.says, Notes: o.notes,
	})
	for _, note := range o.notes {
		s.tell(note)
	}
}

// fail notes why there is no connection and says so, once for each reason.
func (s *server) fail(err error) {
	now := Status{Name: s.name, State: Failed, Reason: permission.Visible(err.Error())}
	if auth, ok := errors.AsType[*authError](err); ok {
		now.State, now.Reason = NeedsAuth, auth.sentence(s.name)
	}
	s.mu.Lock()
	same := s.now.Reason == now.Reason
	s.conn, s.offer = nil, nil
	s.failed = time.Now()
	s.stamp = s.tokens.Stamp(s.config.URL)
	s.mu.Unlock()
	s.set(now)
	if !same {
		s.tell(now.Reason)
	}
}

// set makes a status the current one; whoever waits for a result has it.
func (s *server) set(now Status) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = now
	select {
	case <-s.settle:
	default:
		close(s.settle)
	}
}

func (s *server) status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

// connected is the connection in use and what it offers; nil where there is none.
func (s *server) connected() (*connection, *offer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conn, s.offer
}

func (s *server) tell(what string) {
	text := fmt.Sprintf("MCP server %s: %s", permission.Visible(s.name), what)
	logger().Notice(text)
	s.opt.Notify("OpenCode: " + text)
}
