package main

import (
	"context"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/agent/httpapi"
	"github.com/opencode-lsp/opencode-lsp/lsp"
)

// editorServer serves the sessions of an editor over HTTP once the editor's user asks for that (opencode.serve). Questions go
// to the editor as ever; clients may answer them only where remote approval was asked for.
type editorServer struct {
	ctx      context.Context
	engine   *engine
	sessions *agent.Sessions
	slot     chan struct{}  // held while it is started, stopped or closed
	now      *editorServing // nil: not served
}

// editorServing is one time that they are served, from start to end.
type editorServing struct {
	server *httpapi.Server
	secret *serverSecret
	stop   context.CancelFunc
	done   chan struct{} // closed when it has ended, which it does by itself where a listener fails
}

func (n *editorServing) ended() bool {
	select {
	case <-n.done:
		return true
	default:
		return false
	}
}

func newEditorServer(ctx context.Context, e *engine, sessions *agent.Sessions) *editorServer {
	return &editorServer{ctx: ctx, engine: e, sessions: sessions, slot: make(chan struct{}, 1)}
}

// serve starts or stops the server. One that runs stays as it is, whatever the arguments say.
func (s *editorServer) serve(ctx context.Context, args lsp.ServeArgs) (lsp.Serving, error) {
	select {
	case s.slot <- struct{}{}:
	case <-ctx.Done():
		return lsp.Serving{}, context.Cause(ctx)
	}
	defer func() { <-s.slot }()
	if s.now != nil && (args.Stop || s.now.ended()) {
		s.end()
	}
	if s.now == nil && !args.Stop {
		if err := s.start(args); err != nil {
			return lsp.Serving{}, err
		}
	}
	if s.now == nil {
		return lsp.Serving{}, nil
	}
	return lsp.Serving{URL: s.now.server.URL(), PasswordFile: s.now.secret.path}, nil
}

// start opens the listeners and answers behind them until end. Without a password in the environment one is made.
func (s *editorServer) start(args lsp.ServeArgs) error {
	o := serveOptions{
		port: args.Port, hostname: args.Hostname, names: args.AllowHost, tlsCert: args.TLSCert, tlsKey: args.TLSKey,
		plaintext: args.InsecurePlaintext, remoteApproval: args.RemoteApproval, generate: s.engine.program.password == "",
	}
	if err := o.check(); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(s.ctx)
	secret, err := s.engine.program.serverSecret(o)
	if err != nil {
		stop()
		return err
	}
	server, err := s.engine.program.listen(ctx, o, secret)
	if err != nil {
		stop()
		secret.forget()
		return err
	}
	s.now = &editorServing{server: server, secret: secret, stop: stop, done: make(chan struct{})}
	go s.run(ctx, s.now, o.remoteApproval)
	return nil
}

// run answers until ctx ends or a listener fails.
func (s *editorServer) run(ctx context.Context, n *editorServing, remoteApproval bool) {
	defer close(n.done)
	defer n.secret.forget()
	api := s.engine.api(s.sessions, remoteApproval)
	defer api.Close()
	if err := n.server.Serve(ctx, api); err != nil {
		logger().Errorf("serve: %s", err)
	}
}

// end closes the server, if there is one, and waits for it.
func (s *editorServer) end() {
	if s.now != nil {
		s.now.stop()
		<-s.now.done
	}
	s.now = nil
}

// close ends it for good.
func (s *editorServer) close() {
	s.slot <- struct{}{} // never given back
	s.end()
}
