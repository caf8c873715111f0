package servers

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/opencode-lsp/opencode-lsp/tools/peer"
)

// How long a server that failed is left alone: the first time and at most; it doubles in between. One that ran for steady
// before begins anew.
const (
	firstRest = time.Second
	longRest  = 5 * time.Minute
	steady    = time.Minute
)

// server is one language server. Its goroutine starts the program when there is something to examine, and ends it.
type server struct {
	number int
	config Config
	opt    Options
	ctx    context.Context
	stop   context.CancelFunc
	done   chan struct{}
	wake   chan struct{} // holds a token when paths is not empty

	mu      sync.Mutex
	paths   map[string]bool // to be examined
	running bool
	reason  string    // why it failed last
	until   time.Time // left alone until then
	rest    time.Duration
	told    bool // the user knows that it does not work
}

func newServer(number int, c Config, opt Options) *server {
	s := &server{number: number, config: c, opt: opt, done: make(chan struct{}), wake: make(chan struct{}, 1), paths: map[string]bool{}}
	s.ctx, s.stop = context.WithCancel(context.Background())
	go s.run()
	return s
}

// feed is the name under which what the server says is kept. Each has its own: one that ends must not take away what its
// successor has said.
func (s *server) feed() string { return fmt.Sprintf("server %d %s", s.number, s.config.Name) }

// examine queues a file and reports whether the server can look at it now.
func (s *server) examine(path string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Now().Before(s.until) {
		return false
	}
	s.paths[path] = true
	select {
	case s.wake <- struct{}{}:
	default: // it has a token already
	}
	return true
}

// take empties the queue.
func (s *server) take() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := slices.Sorted(maps.Keys(s.paths))
	clear(s.paths)
	return list
}

func (s *server) status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Status{s.config.Name, s.running, s.reason}
}

func (s *server) close() {
	s.stop()
	<-s.done
}

// run owns the program.
func (s *server) run() {
	defer close(s.done)
	for {
		select {
		case <-s.ctx.Done():
			return
		case <-s.wake:
			begun := time.Now()
			err := s.serve()
			s.opt.Workspace.Diagnostics().Forget(s.feed())
			s.ended(err, time.Since(begun))
		}
	}
}

// ended notes how a run of the program ended.
func (s *server) ended(err error, ran time.Duration) {
	s.mu.Lock()
	s.running = false
	if err == nil || s.ctx.Err() != nil {
		s.reason, s.rest = "", 0
		s.mu.Unlock()
		return
	}
	if ran > steady {
		s.rest = 0
	}
	s.rest = min(max(2*s.rest, firstRest), longRest)
	s.until, s.reason = time.Now().Add(s.rest), err.Error()
	first := !s.told
	s.told = true
	s.mu.Unlock()
	logger().Warningf("%s: %s", s.config.Name, err)
	if first && s.opt.Notify != nil {
		s.opt.Notify(fmt.Sprintf("OpenCode: the language server %s does not work: %s", s.config.Name, err))
	}
}

func (s *server) started() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running = true
}

// farewell is how long a server gets to say goodbye.
const farewell = 2 * time.Second

// conversation is a program as a connection, whose end does not end the program: it is to leave by itself.
type conversation struct{ *peer.Process }

// Close implements [io.Closer].
func (c conversation) Close() error { return c.CloseInput() }

// errDeaf is a server that does not read what it is sent.
var errDeaf = errors.New("it does not read what it is sent")

// serve runs the program until it has been idle, fails, or the server is closed.
func (s *server) serve() error {
	p, err := peer.Start(peer.Program{
		Name: s.config.Name, Command: s.config.Command, Dir: s.opt.Workspace.Roots()[0],
		Environ: append(slices.Clip(s.opt.Environ()), s.config.Environ...), Setting: `"lsp" in opencode.json`, Log: logger(),
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	lost := make(chan struct{}, 1)
	work := make(chan error, 1)
	go func() {
		work <- s.converse(ctx, conversation{p}, func() {
			select {
			case lost <- struct{}{}:
			default: // said already
			}
		})
	}()
	select {
	case err = <-work:
		work <- err
	case <-lost:
		err = errDeaf
	case <-s.ctx.Done():
	}
	if over, ok := within(farewell, work); ok {
		p.Close()
		return p.Why(over)
	}
	p.Close() // nothing can be read or written any more: the conversation ends
	<-work
	return err
}

// within waits a moment for a conversation to end by itself: that of a program which has ended, or is told goodbye.
func within(d time.Duration, work <-chan error) (error, bool) {
	limit := time.NewTimer(d)
	defer limit.Stop()
	select {
	case err := <-work:
		return err, true
	case <-limit.C:
		return nil, false
	}
}
