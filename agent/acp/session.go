package acp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/tools"
	"github.com/opencode-lsp/opencode-lsp/workspace"
)

// session is one of the client's sessions: an agent session with all that belongs to it alone.
type session struct {
	server *Server
	id     string
	agent  *Agent
	root   *agent.Session
	files  *files
	asks   *asker
	ctx    context.Context // ends before the agent is closed: nobody waits for the client any more
	cancel context.CancelFunc

	settings json.RawMessage // of the client, changed by who holds the claim to the session

	follower  sync.Once
	done      chan struct{} // closed when the follower has ended
	terminals chan shownTerminal

	mu          sync.Mutex
	mode, model string                   // chosen by the client, "" for what the session has
	waiting     map[string][]chan ending // by turn
	aside       context.CancelFunc       // of /compact, /undo or /redo while it runs
	seen        int64                    // the last event that the client was shown
	notices     []string                 // sentences for the user that were not shown yet
	offered     []command                // that the client was told of
	known       map[string]bool          // the calls that the client knows before the follower begins
	trust       sync.Once
}

// build makes the agent of a session and lets pick choose what it goes on with.
func (s *Server) build(at setup, pick func(*agent.Sessions) (*agent.Session, error)) (*session, error) {
	settings, err := mcpSettings(at.MCPServers)
	if err != nil {
		return nil, err
	}
	one := &session{server: s, settings: settings, done: make(chan struct{}), terminals: make(chan shownTerminal, 4), known: map[string]bool{}, waiting: map[string][]chan ending{}}
	one.ctx, one.cancel = context.WithCancel(s.ctx)
	ws := workspace.New(at.folders()...)
	one.files = newFiles(one, ws, at.folders())
	one.asks = newAsker(one)
	c := Client{
		Workspace: ws, Applier: one.files, Settings: settings, Barrier: one.files.barrier, Changed: one.files.learn, Opened: one.opened, Notify: one.notice,
	}
	if s.client.Terminal {
		c.Terminal = func(child *agent.Session) tools.Terminal { return one.terminal(child) }
	}
	if one.agent, err = s.opt.Build(one.ctx, c); err != nil {
		one.cancel()
		return nil, err
	}
	if one.root, err = pick(one.agent.Sessions); err != nil {
		one.cancel()
		one.agent.Close()
		return nil, err
	}
	one.id = one.root.ID()
	one.files.begin(one.id)
	s.work.Go(one.asks.run)
	return one, nil
}

// setUp gives an open session the servers and the further folders that it is loaded or resumed with. The specification has
// them sent in full each time: what is not named any more is not used any more. Its caller holds the claim to the session.
func (one *session) setUp(at setup) error {
	settings, err := mcpSettings(at.MCPServers)
	if err != nil {
		return err
	}
	moved := one.files.setFolders(at.folders())
	if moved || !bytes.Equal(settings, one.settings) {
		one.settings = settings
		one.agent.Configure(settings)
	}
	return nil
}

// keep makes a session known, or closes it where the connection is over.
func (s *Server) keep(one *session) error {
	s.mu.Lock()
	closed := s.closed
	if !closed {
		s.sessions[one.id] = one
	}
	s.mu.Unlock()
	if closed {
		one.close()
		return errGone
	}
	return nil
}

// find is an open session.
func (s *Server) find(id string) (*session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if one := s.sessions[id]; one != nil {
		return one, nil
	}
	return nil, &Error{Code: codeNotFound, Message: "no session " + quoted(id) + " is open; load or resume it first"}
}

// claim keeps others from opening or closing a session of that id meanwhile.
func (s *Server) claim(id string) (release func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.opening[id] {
		return nil, &Error{Code: codeInvalidRequest, Message: "session " + quoted(id) + " is being opened or closed; wait for the answer to that"}
	}
	s.opening[id] = true
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.opening, id)
	}, nil
}

// close ends the session. The turn that runs is cancelled and written to its end.
func (one *session) close() {
	one.cancel()
	one.mu.Lock()
	if one.aside != nil {
		one.aside()
	}
	one.mu.Unlock()
	one.agent.Close()
	one.follower.Do(func() { close(one.done) }) // it was never begun
	<-one.done
	one.abandon()
}

// opened is told of each session of the agent before its first event; the root's follower begins when the client knows it.
func (one *session) opened(s *agent.Session) {
	if s.Info().Parent != "" {
		one.server.work.Go(func() { one.followChild(s) })
	}
}

// update sends one thing that the client sees of the session.
func (one *session) update(what any) {
	one.server.conn.notify(context.Background(), "session/update", map[string]any{"sessionId": one.id, "update": what})
}

// notice keeps a sentence for the user until the follower shows it.
func (one *session) notice(text string) {
	logger().Warningf("%s", text)
	one.mu.Lock()
	defer one.mu.Unlock()
	one.notices = append(one.notices, text)
}

// takeNotices returns what was not shown yet.
func (one *session) takeNotices() []string {
	one.mu.Lock()
	defer one.mu.Unlock()
	list := one.notices
	one.notices = nil
	return list
}

func (s *Server) newSession(ctx context.Context, p setup) (any, error) {
	one, err := s.build(p, func(all *agent.Sessions) (*agent.Session, error) { return all.New(ctx, agent.Start{}) })
	if err != nil {
		return nil, err
	}
	return s.begin(ctx, one, true)
}

// begin gives the client a session that is ready.
func (s *Server) begin(ctx context.Context, one *session, named bool) (any, error) {
	if err := s.keep(one); err != nil {
		return nil, err
	}
	result := one.state(ctx)
	if named {
		result["sessionId"] = one.id
	}
	return answer{result, one.follow}, nil
}

func (s *Server) loadSession(ctx context.Context, p resumeParams) (any, error) {
	one, release, err := s.open(ctx, p)
	if err != nil {
		return nil, err
	}
	defer release()
	if err := one.replay(ctx); err != nil {
		if _, unknown := s.find(one.id); unknown != nil {
			one.close()
		}
		return nil, err
	}
	return s.begin(ctx, one, false)
}

func (s *Server) resumeSession(ctx context.Context, p resumeParams) (any, error) {
	one, release, err := s.open(ctx, p)
	if err != nil {
		return nil, err
	}
	defer release()
	return s.begin(ctx, one, false)
}

// open opens a stored session, or finds it open and idle, to be set up as the client now says. Nobody else opens or closes it
// until release is called.
func (s *Server) open(ctx context.Context, p resumeParams) (one *session, release func(), err error) {
	free, err := s.claim(p.SessionID)
	if err != nil {
		return nil, nil, err
	}
	if one, err = s.find(p.SessionID); err == nil {
		if err = one.idleIn(p.Cwd); err == nil {
			err = one.setUp(p.setup)
		}
	} else {
		one, err = s.build(p.setup, func(all *agent.Sessions) (*agent.Session, error) {
			if err := lists(ctx, all, p.SessionID); err != nil {
				return nil, err
			}
			return all.Open(ctx, p.SessionID)
		})
	}
	if err != nil {
		free()
		return nil, nil, missing(p.SessionID, err)
	}
	return one, free, nil
}

// idleIn is an error where the session does not belong to a folder, or is at work.
func (one *session) idleIn(cwd string) error {
	one.mu.Lock()
	busy := one.aside != nil
	one.mu.Unlock()
	switch {
	case one.root.Info().Directory != workspace.New(cwd).Roots()[0]:
		return agent.ErrNotFound
	case busy || one.root.Busy() != "":
		return &Error{Code: codeInvalidRequest, Message: "the session is busy; cancel its turn before it is loaded again"}
	}
	return nil
}

// lists reports, by an error, whether a session is one of the folder's that a person began.
func lists(ctx context.Context, all *agent.Sessions, id string) error {
	list, err := all.List(ctx)
	if err == nil && !slices.ContainsFunc(list, func(i agent.SessionInfo) bool { return i.ID == id }) {
		err = agent.ErrNotFound
	}
	return err
}

// missing says which session there is not, or who has it.
func missing(id string, err error) error {
	switch {
	case errors.Is(err, agent.ErrNotFound):
		return &Error{Code: codeNotFound, Message: "there is no session " + quoted(id) + " in that folder; session/list shows those there are"}
	case errors.Is(err, agent.ErrInUse):
		return &Error{Code: codeInvalidRequest, Message: "session " + quoted(id) + " is open in another editor; close it there first"}
	}
	return err
}

func (s *Server) forkSession(ctx context.Context, p resumeParams) (any, error) {
	one, err := s.build(p.setup, func(all *agent.Sessions) (*agent.Session, error) {
		if err := lists(ctx, all, p.SessionID); err != nil {
			return nil, err
		}
		return all.Fork(ctx, p.SessionID, "")
	})
	if err != nil {
		return nil, missing(p.SessionID, err)
	}
	return s.begin(ctx, one, true)
}

func (s *Server) closeSession(_ context.Context, p sessionParams) (any, error) {
	release, err := s.claim(p.SessionID)
	if err != nil {
		return nil, err
	}
	defer release()
	one, err := s.find(p.SessionID)
	if err != nil {
		return nil, err
	}
	s.drop(one)
	return nil, nil
}

func (s *Server) drop(one *session) {
	s.mu.Lock()
	delete(s.sessions, one.id)
	s.mu.Unlock()
	one.close()
}
