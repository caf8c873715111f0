package mcp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/mark3labs/mcp-go/client"
	"github.com/mark3labs/mcp-go/client/transport"
	"github.com/mark3labs/mcp-go/mcp"

	"github.com/opencode-lsp/opencode-lsp/permission"
	"github.com/opencode-lsp/opencode-lsp/tools/peer"
)

// connection is one connection to a server.
type connection struct {
	name   string
	client *client.Client
	wire   transport.Interface
	stop   context.CancelFunc // ends everything that goes on in it
	closes []func()
	lost   chan struct{} // closed when it is lost
	// why is why it was lost, explain what an error of a request says to the user.
	why     func() error
	explain func(error) error
	// changed holds one where the server says that what it offers has changed.
	changed chan struct{}
	ids     atomic.Int64

	says, instructions string
	capable            mcp.ServerCapabilities

	mu    sync.Mutex
	calls []*call  // running, the newest last
	roots []string // as the server knows them, or may have asked for them
}

// firstID is where the ids of our own requests start: the client's own are below.
const firstID = 1 << 20

// connect starts or reaches the server and shakes hands, within connectTimeout.
func (s *server) connect(ctx context.Context) (*connection, error) {
	if s.config.Type == "local" {
		return s.connectLocal(ctx)
	}
	c, err := s.connectRemote(ctx, s.streamable)
	if errors.Is(err, transport.ErrLegacySSEServer) {
		return s.connectRemote(ctx, s.events)
	}
	return c, err
}

func (s *server) connectLocal(ctx context.Context) (*connection, error) {
	p, err := peer.Start(peer.Program{
		Name: s.name, Command: s.config.Command, Dir: s.folder(), Environ: s.environ(), Setting: "the server's \"command\"", Log: logger(),
	})
	if err != nil {
		return nil, err
	}
	w := newWire(s.name, output{p}, p)
	c := s.newConnection(w)
	c.lost = w.done
	c.explain = func(err error) error {
		if errors.Is(err, errEnded) {
			return p.Why(err)
		}
		return err
	}
	c.why = func() error { return c.explain(w.lost()) }
	if err := s.handshake(ctx, c); err != nil {
		c.close()
		return nil, c.explain(err)
	}
	return c, nil
}

// output is what a program writes; closing it does not end the program.
type output struct{ *peer.Process }

// Close implements [io.Closer].
func (o output) Close() error { return o.CloseOutput() }

// folder is where a local server starts.
func (s *server) folder() string {
	root := "."
	if roots := s.opt.Roots(); len(roots) > 0 {
		root = roots[0]
	}
	switch {
	case s.config.Cwd == "":
		return root
	case filepath.IsAbs(s.config.Cwd):
		return s.config.Cwd
	}
	return filepath.Join(root, s.config.Cwd)
}

// environ is what a local server gets: what commands get, and what its configuration adds.
func (s *server) environ() []string {
	environ := slices.Clone(s.opt.Environ())
	for name, value := range s.config.Environment {
		environ = append(environ, name+"="+value)
	}
	return environ
}

// dial makes the transport of a remote server.
type dial func(*remote) (transport.Interface, error)

func (s *server) streamable(r *remote) (transport.Interface, error) {
	return transport.NewStreamableHTTP(s.config.URL,
		transport.WithHTTPBasicClient(r.client()), transport.WithHTTPHeaders(s.config.Headers),
		transport.WithHTTPLogger(slog.New(slog.DiscardHandler)),
		//lint:ignore SA1019 the protocol versions that servers speak today have no other way to hear from them
		transport.WithContinuousListening())
}

func (s *server) events(r *remote) (transport.Interface, error) {
	return transport.NewSSE(s.config.URL,
		transport.WithHTTPClient(r.client()), transport.WithHeaders(s.config.Headers),
		transport.WithSSELogger(slog.New(slog.DiscardHandler)), transport.WithEndpointTimeout(connectTimeout))
}

func (s *server) connectRemote(ctx context.Context, dial dial) (*connection, error) {
	r, err := newRemote(s)
	if err != nil {
		return nil, err
	}
	t, err := dial(r)
	if err != nil {
		return nil, err
	}
	c := s.newConnection(t)
	c.lost = r.lost
	c.why, c.explain = r.why, r.explain
	c.closes = append(c.closes, r.close)
	if sse, ok := t.(*transport.SSE); ok {
		sse.SetConnectionLostHandler(r.lose)
	}
	if err := s.handshake(ctx, c); err != nil {
		c.close()
		return nil, r.explain(err)
	}
	return c, nil
}

func (s *server) newConnection(t transport.Interface) *connection {
	c := &connection{name: s.name, wire: t, changed: make(chan struct{}, 1), roots: s.opt.Roots()}
	c.ids.Store(firstID)
	opts := []client.ClientOption{
		client.WithProtocolVersion(mcp.LATEST_LEGACY_PROTOCOL_VERSION), client.WithRootsHandler(roots(s.opt.Roots)),
	}
	if s.opt.Asks {
		opts = append(opts, client.WithElicitationHandler(elicitation{c}), client.WithSamplingHandler(sampling{c}))
	}
	c.client = client.NewClient(t, opts...)
	c.client.OnNotification(c.notified)
	return c
}

// handshake starts the transport, whose life is the connection's, and initializes.
func (s *server) handshake(ctx context.Context, c *connection) error {
	life, stop := context.WithCancel(ctx)
	c.stop = stop
	timed, cancel := context.WithTimeoutCause(ctx, connectTimeout, errSlow)
	defer cancel()
	// Start takes the context of the whole connection, so the time limit ends that while it is starting.
	undo := context.AfterFunc(timed, stop)
	err := c.client.Start(life)
	if err == nil {
		err = c.initialize(timed, s.opt)
	}
	undo()
	if timed.Err() != nil && ctx.Err() == nil {
		return errSlow
	}
	return err
}

// errSlow is a server that hangs.
var errSlow = fmt.Errorf("it did not answer within %s; it may hang, or need longer to start", connectTimeout)

func (c *connection) initialize(ctx context.Context, opt *Options) error {
	var r mcp.InitializeRequest
	r.Params.ClientInfo = mcp.Implementation{Name: "opencode-lsp", Version: opt.Version}
	if opt.Asks {
		r.Params.Capabilities.Elicitation = &mcp.ElicitationCapability{Form: &struct{}{}}
	}
	got, err := c.client.Initialize(ctx, r)
	if unsupported, ok := errors.AsType[mcp.UnsupportedProtocolVersionError](err); ok {
		return fmt.Errorf("it speaks protocol version %q, which is not known here", bounded(unsupported.Version, 40))
	}
	if lost, ok := errors.AsType[*transport.Error](err); ok {
		return lost.Err
	}
	if err != nil {
		return fmt.Errorf("its answer to the handshake is none: %w", err)
	}
	c.capable = got.Capabilities
	c.instructions = got.Instructions
	c.says = bounded(permission.Visible(got.ServerInfo.Name+" "+got.ServerInfo.Version), 80)
	return nil
}

// tellRoots tells the server that the workspace has other folders, where that is so.
func (c *connection) tellRoots(ctx context.Context, now []string) {
	c.mu.Lock()
	same := slices.Equal(c.roots, now)
	c.roots = now
	c.mu.Unlock()
	if same {
		return
	}
	if err := c.client.RootListChanges(ctx); err != nil {
		logger().Debugf("%s: roots: %s", c.name, err)
	}
}

// close ends the connection and everything that goes on in it, and waits.
func (c *connection) close() {
	if c.stop != nil {
		c.stop()
	}
	if err := c.client.Close(); err != nil {
		logger().Debugf("%s: close: %s", c.name, err)
	}
	for _, f := range c.closes {
		f()
	}
}

// notified hears a server's notifications; it must not block.
func (c *connection) notified(n mcp.JSONRPCNotification) {
	switch n.Method {
	case mcp.MethodNotificationToolsListChanged, mcp.MethodNotificationPromptsListChanged, mcp.MethodNotificationResourcesListChanged:
		select {
		case c.changed <- struct{}{}:
		default:
		}
	case string(mcp.MethodNotificationProgress):
		c.progress(n.Params.AdditionalFields)
	case string(mcp.MethodNotificationMessage):
		text, _ := n.Params.AdditionalFields["data"].(string)
		logger().Debugf("%s: %.300q", c.name, text)
	}
}
