package acp

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/tools"
	"github.com/opencode-lsp/opencode-lsp/workspace"
)

// Options is what the program gives to a server.
type Options struct {
	Version string
	// Build makes the agent of one session. It must not wait for the network.
	Build func(ctx context.Context, c Client) (*Agent, error)
	// Store keeps the transcripts, for session/list and session/delete.
	Store agent.Store
	// Commands is the folder for what terminals run; see scripts.go. It is made when needed.
	Commands string
}

// Client is what an agent gets from its client.
type Client struct {
	Workspace *workspace.Workspace
	// Applier puts changes into files through the client where it takes them, else onto the disk.
	Applier workspace.Applier
	// Settings are keys of an opencode.json that the client wants: its MCP servers.
	Settings json.RawMessage
	// Barrier brings the session's unsaved edits to disk, or asks, before something reads the disk.
	Barrier func(ctx context.Context, s *agent.Session) error
	// Changed is to be told what commands have changed, before anything else runs.
	Changed func([]tools.Applied)
	// Opened is to be told of each session.
	Opened func(s *agent.Session)
	// Terminal runs commands where the user watches them; nil: the client has no terminals.
	Terminal func(s *agent.Session) tools.Terminal
	// Notify shows the user a sentence.
	Notify func(text string)
}

// Agent is what Build made, for one session of the client and the tasks below it.
type Agent struct {
	Sessions *agent.Sessions
	// Models are the names that may be chosen; Model is the one in use unless the session has its own, "" for none.
	Models func(ctx context.Context) []string
	Model  func() string
	// Context is how many tokens a model takes, 0: not known.
	Context func(model string) int64
	// Modes are the agents that people may choose; Mode is the default one. Answering is an error for any other.
	Modes     func() []Mode
	Mode      func() string
	Answering func(name string) error
	// Commands are what "/name" may stand for in a prompt, by name.
	Commands func() []Command
	// Save is edits.save: "ask", "write" or "never".
	Save func() string
	// Configure lays other settings, as [Client.Settings], over the rest of the configuration, also where
	// they are the same and the folders are others. It must not wait for the network.
	Configure func(settings json.RawMessage)
	// Trust asks, through ask, whether what the workspace's files would do may be, until ctx ends.
	Trust func(ctx context.Context, ask func(context.Context, []string) bool)
	// Close ends everything and waits.
	Close func()
}

// Mode is an agent in OpenCode's sense.
type Mode struct{ Name, Description string }

// Command is a prompt of the user's own.
type Command struct{ Name, Description string }

// Server is one client's connection.
type Server struct {
	opt     Options
	conn    *conn
	ctx     context.Context
	client  clientCapabilities // fixed at initialize
	ready   atomic.Bool        // initialize was answered
	scripts scripts
	work    sync.WaitGroup // followers, askers

	mu       sync.Mutex
	sessions map[string]*session
	opening  map[string]bool // ids that are being opened or closed
	closed   bool
}

// settleWithin is how long requests that were sent right before the end may take, closeWithin bounds the end: what cannot be
// called off must not keep the process. Together they are below 5 s.
const (
	settleWithin = 500 * time.Millisecond
	closeWithin  = 2500 * time.Millisecond
)

// Serve speaks to one client until it leaves or ctx ends.
func Serve(ctx context.Context, rwc io.ReadWriteCloser, opt Options) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s := &Server{opt: opt, ctx: ctx, conn: newConn(rwc), sessions: map[string]*session{}, opening: map[string]bool{}}
	s.scripts.dir, s.scripts.store = opt.Commands, opt.Store
	s.scripts.sweep()
	go s.conn.read(ctx, s.handle) // a read that cannot be called off ends with the process
	select {
	case <-s.conn.eof:
		s.conn.settle(settleWithin)
	case <-s.conn.done:
	case <-ctx.Done():
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.close()
		s.conn.finish()
		cancel()
		s.work.Wait()
		s.scripts.close()
	}()
	select {
	case <-ended:
	case <-time.After(closeWithin):
		logger().Errorf("the end did not wait for everything that was under way")
	}
}

// close ends all sessions; each writes down its end.
func (s *Server) close() {
	s.mu.Lock()
	s.closed = true
	var all []*session
	for _, one := range s.sessions {
		all = append(all, one)
	}
	s.mu.Unlock()
	var wg sync.WaitGroup
	for _, one := range all {
		wg.Go(one.close)
	}
	wg.Wait()
}

// method serves one method of the protocol.
type method func(s *Server, ctx context.Context, params json.RawMessage) (any, error)

// beside is a method that may take its time beside others.
func beside[P interface{ check() error }](f func(*Server, context.Context, P) (any, error)) method {
	return func(s *Server, _ context.Context, params json.RawMessage) (any, error) {
		p, err := decode[P](params)
		if err != nil {
			return nil, err
		}
		return later(func(ctx context.Context) (any, error) { return f(s, ctx, p) }), nil
	}
}

// inTurn is a method that is served, or begun, in its turn among the messages.
func inTurn[P interface{ check() error }](f func(*Server, P) (any, error)) method {
	return func(s *Server, _ context.Context, params json.RawMessage) (any, error) {
		p, err := decode[P](params)
		if err != nil {
			return nil, err
		}
		return f(s, p)
	}
}

// requests and notifications are what the server understands.
var (
	requests = map[string]method{
		"initialize":                inTurn((*Server).initialize),
		"authenticate":              inTurn((*Server).authenticate),
		"session/new":               beside((*Server).newSession),
		"session/load":              beside((*Server).loadSession),
		"session/resume":            beside((*Server).resumeSession),
		"session/fork":              beside((*Server).forkSession),
		"session/list":              beside((*Server).listSessions),
		"session/delete":            beside((*Server).deleteSession),
		"session/close":             beside((*Server).closeSession),
		"session/prompt":            inTurn((*Server).prompt),
		"session/set_mode":          inTurn((*Server).setMode),
		"session/set_model":         beside((*Server).setModel),
		"session/set_config_option": inTurn((*Server).setOption),
	}
	notifications = map[string]method{"session/cancel": inTurn((*Server).cancel)}
)

// handle is the connection's handler.
func (s *Server) handle(ctx context.Context, name string, params json.RawMessage, notification bool) (any, error) {
	if notification {
		if m := notifications[name]; m != nil && s.ready.Load() {
			return m(s, ctx, params)
		}
		return nil, nil // unknown ones are passed over
	}
	m := requests[name]
	switch {
	case m == nil && notifications[name] != nil:
		return nil, &Error{Code: codeInvalidRequest, Message: name + " is a notification"}
	case m == nil:
		return nil, &Error{Code: codeUnknownMethod, Message: "the method " + quoted(name) + " is not known"}
	case name != "initialize" && !s.ready.Load():
		return nil, &Error{Code: codeInvalidRequest, Message: "initialize comes first"}
	}
	return m(s, ctx, params)
}

func quoted(name string) string {
	data, err := json.Marshal(name[:min(len(name), 80)])
	if err != nil {
		return "of that name"
	}
	return string(data)
}

func (p initializeParams) check() error {
	if p.ProtocolVersion == nil {
		return errors.New("protocolVersion is missing")
	}
	return nil
}

func (s *Server) initialize(p initializeParams) (any, error) {
	if s.ready.Load() {
		return nil, &Error{Code: codeInvalidRequest, Message: "initialize was answered already"}
	}
	if err := json.Unmarshal(p.Capabilities, &s.client); err != nil && len(p.Capabilities) > 0 {
		logger().Warningf("clientCapabilities: %s", err) // what could be read counts, as the schema wants it
	}
	s.ready.Store(true)
	yes := struct{}{}
	return map[string]any{
		"protocolVersion": protocolVersion,
		"agentInfo":       map[string]string{"name": "opencode-lsp", "title": "OpenCode", "version": s.opt.Version},
		"authMethods":     []any{},
		"agentCapabilities": map[string]any{
			"loadSession":        true,
			"promptCapabilities": map[string]bool{"image": true, "audio": false, "embeddedContext": true},
			"mcpCapabilities":    map[string]bool{"http": true, "sse": true},
			"sessionCapabilities": map[string]any{
				"list": yes, "resume": yes, "close": yes, "delete": yes, "fork": yes, "additionalDirectories": yes,
			},
		},
	}, nil
}

type authParams struct {
	MethodID string `json:"methodId"`
}

func (p authParams) check() error { return need("methodId", p.MethodID) }

// authenticate has nothing to offer: keys stand in the environment or the configuration.
func (s *Server) authenticate(authParams) (any, error) {
	return nil, invalid("there is no way to sign in: put the provider's key into its variable, such as OPENAI_API_KEY")
}
