package httpapi

import (
	"context"
	"net/http"
	"sync"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/workspace"
)

// Options is what an API serves. The functions are called by many requests at once.
type Options struct {
	Version   string
	Sessions  *agent.Sessions
	Store     agent.Store
	Workspace *workspace.Workspace
	// RemoteApproval lets clients answer questions. Without it every reply is refused and the question stays open, for the
	// editor or `opencode-lsp answer`.
	RemoteApproval bool
	// Paths are the program's own folders.
	Paths Paths
	// Agent and Model name who takes a prompt that names none: the model as "provider/model", "" for none.
	Agent, Model func() string
	// Agents are those of the configuration, the hidden ones too. Answering is an error, for people, where they may not give
	// one a prompt.
	Agents    func() []agent.Profile
	Answering func(name string) error
	// Commands are what "/name" stands for in a prompt.
	Commands func() []Command
	Skills   func() []Skill
	// Providers are those with models that can be used or are known; each with its models.
	Providers func(ctx context.Context) []Provider
	// Config is the configuration in force, without anything secret.
	Config func() map[string]any
	// MCP are the MCP servers by name, LSP the language servers that run, Formatters the programs that format files.
	MCP        func() map[string]MCPStatus
	LSP        func() []LSPStatus
	Formatters func() []FormatterStatus
	// MayRead reports whether the rules let a file be read without asking, by its canonical path.
	MayRead func(abs string) bool
	// Text is a text that [workspace.Contents] keeps under its name.
	Text func(ref string) (string, error)
	// Deleted is told of a session that was deleted, to remove what is kept of it elsewhere.
	Deleted func(session string)
}

// Paths are folders in OpenCode's names.
type Paths struct {
	Home, State, Config string
}

// API serves OpenCode's API. It is safe for concurrent use. Close it when done.
type API struct {
	opt       Options
	mux       *http.ServeMux
	directory string
	project   Project
	hub       hub
	ctx       context.Context // ends with the API
	stop      context.CancelFunc
	work      sync.WaitGroup // the followers
	long      chan struct{}  // holds one for each answer of a long route

	mu        sync.Mutex
	followers map[string]*follower
	closed    bool
}

// New makes the API of a workspace and follows the sessions that are open already. [API.Opened] has to be told of those that
// are opened later.
func New(opt Options) *API {
	a := &API{opt: opt, directory: opt.Workspace.Roots()[0], followers: map[string]*follower{}, long: make(chan struct{}, maxLong)}
	a.project = projectOf(a.directory)
	a.hub.subs, a.hub.seen = map[*subscriber]bool{}, map[string]mark{}
	a.ctx, a.stop = context.WithCancel(context.Background())
	a.mux = http.NewServeMux()
	for _, r := range routes() {
		a.mux.Handle(r.method+" "+r.path, a.handler(r))
	}
	for _, s := range opt.Sessions.Running() {
		a.opened(s, s.Last())
	}
	return a
}

// ServeHTTP answers one request.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if f := a.here(r); f != nil {
		fail(w, f)
		return
	}
	if _, pattern := a.mux.Handler(r); pattern == "" {
		fail(w, a.unknown(r))
		return
	}
	a.mux.ServeHTTP(w, r)
}

// unknown is the answer to what no route serves.
func (a *API) unknown(r *http.Request) *failure {
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodDelete} {
		other := r.Clone(r.Context())
		other.Method = method
		if _, pattern := a.mux.Handler(other); pattern != "" {
			return &failure{status: http.StatusMethodNotAllowed, name: "BadRequest", message: shown(r.Method) + " is not served here; see /doc"}
		}
	}
	return notFound("Route", r.URL.Path)
}

// Close ends the streams and waits until nothing is followed any more. The sessions go on.
func (a *API) Close() {
	a.mu.Lock()
	a.closed = true
	a.mu.Unlock()
	a.stop()
	a.hub.close()
	a.work.Wait()
}

// around is what the mapping of a session takes from outside.
func (a *API) around() surroundings {
	return surroundings{version: a.opt.Version, project: a.project.ID, directory: a.directory, agent: a.opt.Agent(), model: a.opt.Model(), patch: a.patch}
}
