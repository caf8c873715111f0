// Package lsp is the editor front: it speaks the Language Server Protocol to one editor and maps code actions and commands
// onto agent sessions, the agent's edits onto workspace/applyEdit, and its questions onto window/showMessageRequest.
//
// glsp gives the protocol's types, sourcegraph/jsonrpc2 the transport; conn.go and frame.go own the connection. Requests
// run beside the reading goroutine, document sync on it. What the agent does reaches the editor through one follower per
// session (follow.go), so that messages arrive in the order of the session's events.
package lsp

import (
	"context"
	"encoding/json"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sourcegraph/jsonrpc2"
	"github.com/tliron/commonlog"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/workspace"
)

// Options is what the program gives to a server.
type Options struct {
	Version string
	// Build makes the agent for a workspace. It is called once, after initialized, and must not wait for the network.
	Build func(ctx context.Context, e Editor) (*Agent, error)
	// SocketDir is the folder (0700) where the server listens for `opencode-lsp send`; "" for none.
	SocketDir string
	// Transcripts is the folder of the transcripts; created when needed.
	Transcripts string
}

// Editor is what an agent gets from its editor.
type Editor struct {
	Workspace *workspace.Workspace
	// Applier puts changes into the editor's buffers.
	Applier workspace.Applier
	// Options are the client's initializationOptions, Settings its section "opencode" of workspace/configuration.
	Options, Settings json.RawMessage
	// Problems says that the editor passes on what its other language servers say.
	Problems bool
	// Barrier brings the session's unsaved edits to disk, or asks, before something reads the disk.
	Barrier func(ctx context.Context, s *agent.Session) error
	// Settle does the same, without asking, when a turn ends.
	Settle func(ctx context.Context, s *agent.Session)
	// Opened is to be told of each session.
	Opened func(s *agent.Session)
	// Notify shows the user a message of one sentence.
	Notify func(text string)
	// Trust asks the user whether what the lines name may be used; the answer comes later, false for none.
	Trust func(ctx context.Context, lines []string) bool
}

// Agent is what Build made.
type Agent struct {
	Sessions *agent.Sessions
	Settings func() Settings
	// Configure takes new settings of the editor (section "opencode").
	Configure func(json.RawMessage)
	// Models are the names that opencode.model.select offers; Model is the one in use, "" for none.
	Models func(ctx context.Context) []string
	Model  func() string
	// SetModel makes a model the default of this editor. Usable is an error where there is no such model.
	SetModel func(name string) error
	Usable   func(name string) error
	// Agents are the names that opencode.agent.select offers; Agent is the one in use.
	Agents func() []string
	Agent  func() string
	// SetAgent makes an agent the default of this editor. Answering is an error where people may not prompt an agent.
	SetAgent  func(name string) error
	Answering func(name string) error
	// Commands are what "/name" may stand for in a prompt, by name.
	Commands func() []Command
	// Serve starts or stops serving the sessions over HTTP; its errors are for the user. Nil: it cannot.
	Serve func(ctx context.Context, args ServeArgs) (Serving, error)
	// Close ends everything and waits.
	Close func()
}

// Command is a prompt of the user's own.
type Command struct {
	Name, Description string
	// CodeAction offers it among the code actions.
	CodeAction bool
}

// Settings are the keys of the configuration that this front obeys.
type Settings struct {
	EditUnopened   string // edits.unopened: "editor" or "disk"
	Save           string // edits.save: "ask", "write" or "never"
	OpenTranscript string // transcript.open: "auto" or "never"
	PromptType     int    // permission_prompt.type as an LSP MessageType
	PromptFirst    string // permission_prompt.first: "details" or "reject"
}

// Server is one editor connection, from initialize to exit.
type Server struct {
	opt Options
	// headless: there is no editor, only a socket for answers.
	headless bool

	conn   *conn
	ctx    context.Context
	cancel context.CancelFunc

	state     atomic.Int32 // of the lifecycle
	client    client       // fixed at initialize
	ws        *workspace.Workspace
	agent     lazy
	prompts   *prompter // the sessions' questions
	asides    *prompter // the server's own: one that is ignored must not hold back the others
	selected  selection
	edits     editLog
	typed     typing
	early     early
	disorder  disorder
	followers followers
	rerooted  chan struct{} // the roots have changed, for the sockets
	applier   *applier
	work      sync.WaitGroup // followers, prompter, watcher, socket
}

// The states of the lifecycle, in order.
const (
	stateNew int32 = iota
	stateInitialized
	stateShutdown
)

func logger() commonlog.Logger { return commonlog.GetLogger("opencode.lsp") }

// Serve speaks to one editor until it leaves, and returns the process's exit code: 0 after shutdown and exit, else 1.
func Serve(ctx context.Context, rwc io.ReadWriteCloser, opt Options) int {
	s := &Server{opt: opt, ws: workspace.New("/"), rerooted: make(chan struct{}, 1)}
	s.ctx, s.cancel = context.WithCancel(ctx)
	s.prompts, s.asides = newPrompter(s), newPrompter(s)
	s.applier = newApplier(s)
	s.agent.ready = make(chan struct{})
	dial(s.ctx, s, rwc)
	select {
	case <-s.conn.rpc.DisconnectNotify():
	case <-s.ctx.Done():
	}
	clean := s.state.Load() >= stateShutdown
	s.closeSoon()
	if clean {
		return 0
	}
	return 1
}

// closeWithin bounds the closing: a write to an editor that does not read cannot be called off, and must not keep the
// process. Together with parentPoll it is below 5 s.
const closeWithin = 2500 * time.Millisecond

func (s *Server) closeSoon() {
	done := make(chan struct{})
	go func() {
		s.close()
		close(done)
	}()
	limit := time.NewTimer(closeWithin)
	defer limit.Stop()
	select {
	case <-done:
	case <-limit.C:
		logger().Errorf("the end did not wait for everything that was under way")
	}
}

// close ends what the server started, in the order that lets each part write down its end.
func (s *Server) close() {
	s.prompts.close()
	s.asides.close()
	s.agent.close()
	s.cancel()
	s.conn.close()
	s.work.Wait()
}

// lookup finds the method, or says why it cannot be served now.
func (s *Server) lookup(name string, notification bool) (method, error) {
	m, known := methods[name]
	state := s.state.Load()
	switch {
	case name == "exit":
		return m, nil
	case notification && (!known || state == stateNew || state >= stateShutdown && name != "exit"):
		return method{}, nil
	case !notification && known && m.notification:
		return m, rpcError(jsonrpc2.CodeInvalidRequest, "%s is a notification", name)
	case notification && !m.notification:
		return method{}, nil
	case state >= stateShutdown:
		return m, rpcError(jsonrpc2.CodeInvalidRequest, "the server was shut down")
	case state == stateNew && !m.early:
		return m, rpcError(codeNotInitialized, "the server is not initialized")
	case !known:
		return m, rpcError(jsonrpc2.CodeMethodNotFound, "method %q is not known", name)
	}
	return m, nil
}

// methods is what the server understands.
var methods = map[string]method{
	"initialize":                          {inline: true, early: true, call: initialize},
	"initialized":                         notification((*Server).initialized),
	"shutdown":                            {inline: true, call: shutdown},
	"exit":                                notification((*Server).exit),
	"$/cancelRequest":                     notification((*Server).cancelRequest),
	"$/setTrace":                          notification((*Server).ignore),
	"textDocument/didOpen":                notification((*Server).didOpen),
	"textDocument/didChange":              notification((*Server).didChange),
	"textDocument/didSave":                notification((*Server).didSave),
	"textDocument/didClose":               notification((*Server).didClose),
	"workspace/didChangeConfiguration":    notification((*Server).didChangeConfiguration),
	"workspace/didChangeWorkspaceFolders": notification((*Server).didChangeFolders),
	"workspace/didChangeWatchedFiles":     notification((*Server).ignore),
	"window/workDoneProgress/cancel":      notification((*Server).cancelProgress),
	"opencode/diagnostics":                notification((*Server).told),
	"textDocument/codeAction":             request((*Server).codeActions),
	"workspace/executeCommand":            request((*Server).executeCommand),
}

func (s *Server) ignore(json.RawMessage) error { return nil }

func (s *Server) cancelRequest(p cancelParams) error {
	s.conn.cancel(p.ID)
	return nil
}

// lazy is the agent, built after initialized so that the answer to initialize is quick.
type lazy struct {
	begun atomic.Bool
	end   sync.Once
	ready chan struct{} // closed when built
	agent *Agent
	err   error
}

// wait returns the agent once it is built.
func (l *lazy) wait(ctx context.Context) (*Agent, error) {
	select {
	case <-l.ready:
		return l.agent, l.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// now returns the agent if it is built already.
func (l *lazy) now() *Agent {
	select {
	case <-l.ready:
		return l.agent
	default:
		return nil
	}
}

// build makes the agent the first time it is called. Later callers do not wait here but in wait, where they can be cancelled.
func (l *lazy) build(f func() (*Agent, error)) {
	if l.begun.CompareAndSwap(false, true) {
		defer close(l.ready)
		l.agent, l.err = f()
	}
}

func (l *lazy) close() {
	l.build(func() (*Agent, error) { return nil, context.Canceled })
	<-l.ready
	l.end.Do(func() { // shutdown and the end of the connection both come here; each waits
		if l.agent != nil {
			l.agent.Close()
		}
	})
}
