package lsp

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/sourcegraph/jsonrpc2"
	protocol "github.com/tliron/glsp/protocol_3_16"
)

// parentPoll is how often the editor's process is looked at; the server ends within 5 s of its death.
const parentPoll = 2 * time.Second

// client is what the server knows of its editor; it does not change after initialize.
type client struct {
	name       string
	encoding   encoding
	caps       clientCapabilities
	roots      []string
	options    json.RawMessage
	processID  int
	extensions extensions
}

// prompts reports whether the client may know window/showMessageRequest: it says so, or is one of Emacs' two, Eglot and
// lsp-mode, which know it without saying.
func (c client) prompts() bool {
	return c.caps.Window.ShowMessage != nil || c.name == "Eglot" || c.name == "emacs"
}

func initialize(_ context.Context, s *Server, params json.RawMessage) (any, error) {
	if s.state.Load() != stateNew {
		return nil, rpcError(jsonrpc2.CodeInvalidRequest, "initialize was already sent")
	}
	p, err := decode[initializeParams](params)
	if err != nil {
		return nil, err
	}
	s.client = client{
		name:       p.ClientInfo.Name,
		encoding:   chooseEncoding(p.Capabilities.General.PositionEncodings),
		caps:       p.Capabilities,
		roots:      rootsOf(p),
		options:    p.InitializationOptions,
		extensions: p.Capabilities.Experimental.OpenCode,
	}
	if p.ProcessID != nil {
		s.client.processID = *p.ProcessID
	}
	s.ws.SetRoots(s.client.roots...)
	s.state.Store(stateInitialized)
	logger().Infof("initialize from %q, roots %v, %s", p.ClientInfo.Name, s.client.roots, s.client.encoding)
	return s.initializeResult(), nil
}

func (s *Server) initializeResult() initializeResult {
	var r initializeResult
	r.Capabilities = serverCapabilities{
		PositionEncoding:       string(s.client.encoding),
		TextDocumentSync:       syncOptions{OpenClose: true, Change: 2, Save: map[string]any{"includeText": false}},
		CodeActionProvider:     codeActionOptions{actionKinds()},
		ExecuteCommandProvider: commandOptions{commandNames()},
		Experimental:           map[string]any{"opencode": map[string]any{"version": s.opt.Version, "protocol": protocolRevision}},
	}
	r.Capabilities.Workspace.WorkspaceFolders.Supported = true
	r.Capabilities.Workspace.WorkspaceFolders.ChangeNotifications = true
	r.ServerInfo.Name = "opencode-lsp"
	r.ServerInfo.Version = s.opt.Version
	return r
}

// rootsOf are the folders of the workspace, else rootUri, rootPath or the working directory, in this order.
func rootsOf(p initializeParams) []string {
	var roots []string
	for _, f := range p.WorkspaceFolders {
		if path, err := pathOf(f.URI); err == nil {
			roots = append(roots, path)
		}
	}
	if len(roots) > 0 {
		return roots
	}
	if path, err := pathOf(p.RootURI); err == nil {
		return []string{path}
	}
	if filepath.IsAbs(p.RootPath) {
		return []string{filepath.Clean(p.RootPath)}
	}
	if wd, err := os.Getwd(); err == nil {
		return []string{wd}
	}
	return []string{os.TempDir()}
}

func (s *Server) initialized(json.RawMessage) error {
	s.work.Go(func() { s.agent.build(s.buildAgent) })
	if s.client.processID > 0 {
		s.work.Go(s.watchParent)
	}
	if s.opt.SocketDir != "" {
		s.work.Go(s.listen)
	}
	s.prompts.start()
	s.asides.start()
	return nil
}

// buildAgent makes the agent; a client that sends requests without initialized gets it built too.
func (s *Server) buildAgent() (*Agent, error) {
	a, err := s.opt.Build(s.ctx, Editor{
		Workspace: s.ws,
		Applier:   s.applier,
		Options:   s.client.options,
		Settings:  s.pullConfiguration(settingsTimeout),
		Problems:  s.client.extensions.Diagnostics,
		Barrier:   s.barrier,
		Settle:    s.settle,
		Opened:    s.opened,
		Notify:    func(text string) { s.showMessage(protocol.MessageTypeWarning, text) },
		Trust:     s.askTrust,
	})
	if err != nil {
		logger().Errorf("start: %s", err)
		s.showMessage(protocol.MessageTypeError, "OpenCode cannot start: "+err.Error())
	}
	return a, err
}

// ready returns the agent, building it where initialized never came.
func (s *Server) ready(ctx context.Context) (*Agent, error) {
	s.agent.build(s.buildAgent)
	a, err := s.agent.wait(ctx)
	if err != nil {
		return nil, rpcError(codeRequestFailed, "OpenCode cannot start: %s", err)
	}
	return a, nil
}

// watchParent ends the server when the editor's process is gone: stdin may stay open through an inherited descriptor.
func (s *Server) watchParent() {
	tick := time.NewTicker(parentPoll)
	defer tick.Stop()
	for {
		select {
		case <-s.ctx.Done():
			return
		case <-tick.C:
			if !alive(s.client.processID) {
				logger().Warningf("the editor (process %d) is gone", s.client.processID)
				s.cancel()
				return
			}
		}
	}
}

// shutdown stops all work; open questions end unanswered. The answer does not wait for that: exit does.
func shutdown(_ context.Context, s *Server, _ json.RawMessage) (any, error) {
	s.state.Store(stateShutdown)
	s.work.Go(s.agent.close)
	return nil, nil
}

func (s *Server) exit(json.RawMessage) error {
	s.cancel()
	return nil
}

func (s *Server) didChangeConfiguration(p struct {
	Settings json.RawMessage `json:"settings"`
}) error {
	s.work.Go(func() { s.reconfigure(p.Settings) })
	return nil
}

// reconfigure hands the section "opencode" to the agent: pulled where the client lets us (VS Code sends null here), else
// as pushed.
func (s *Server) reconfigure(pushed json.RawMessage) {
	a, err := s.ready(s.ctx)
	if err != nil {
		return
	}
	var sections struct {
		OpenCode json.RawMessage `json:"opencode"`
	}
	if json.Unmarshal(pushed, &sections) == nil && len(sections.OpenCode) > 0 {
		a.Configure(sections.OpenCode)
		return
	}
	if s.client.caps.Workspace.Configuration {
		a.Configure(s.pullConfiguration(callTimeout))
	}
}

// pullConfiguration asks for the section "opencode", where the client lets us; null means nothing.
func (s *Server) pullConfiguration(limit time.Duration) json.RawMessage {
	if !s.client.caps.Workspace.Configuration {
		return nil
	}
	ctx, cancel := context.WithTimeout(s.ctx, limit)
	defer cancel()
	answer, err := call[[]json.RawMessage](ctx, s.conn, "workspace/configuration",
		map[string]any{"items": []map[string]string{{"section": "opencode"}}})
	if err != nil || len(answer) == 0 || string(answer[0]) == "null" {
		return nil
	}
	return answer[0]
}

func (s *Server) didChangeFolders(p protocol.DidChangeWorkspaceFoldersParams) error {
	roots := s.ws.Roots()
	for _, f := range p.Event.Removed {
		if path, err := s.folder(f.URI); err == nil {
			roots = slices.DeleteFunc(roots, func(r string) bool { return r == path })
		}
	}
	for _, f := range p.Event.Added {
		if path, err := s.folder(f.URI); err == nil && !slices.Contains(roots, path) {
			roots = append(roots, path)
		}
	}
	if len(roots) > 0 {
		s.ws.SetRoots(roots...)
	}
	select {
	case s.rerooted <- struct{}{}:
	default: // it looks at the roots soon anyway
	}
	return nil
}

// folder is the canonical path of a folder's URI, as the roots are kept.
func (s *Server) folder(uri string) (string, error) {
	path, err := pathOf(uri)
	if err != nil {
		return "", err
	}
	p, err := s.ws.Resolve(path)
	return p.Abs, err
}

// callTimeout bounds requests that an editor answers by itself, without its user.
const callTimeout = 10 * time.Second

// settingsTimeout is how long the first prompt waits for a client that does not answer workspace/configuration.
const settingsTimeout = 2 * time.Second
