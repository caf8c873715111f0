package main

import (
	"context"
	"sync"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/lsp"
)

// editorServer serves the sessions of an editor over HTTP once the editor's user asks for that (opencode.serve). Questions go
// to the editor as ever; clients may answer them only where remote approval was asked for.
type editorServer struct {
	ctx      context.Context
	engine   *engine
	sessions *agent.Sessions
	slot     chan struct{} // held while it is started, stopped or closed
	at       lsp.Serving   // without a URL: not served
	stop     context.CancelFunc
	work     sync.WaitGroup
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
	switch {
	case args.Stop:
		s.end()
	case s.at.URL == "":
		if err := s.start(args); err != nil {
			return lsp.Serving{}, err
		}
	}
	return s.at, nil
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
	s.at, s.stop = lsp.Serving{URL: server.URL(), PasswordFile: secret.path}, stop
	s.work.Go(func() {
		defer secret.forget()
		api := s.engine.api(s.sessions, o.remoteApproval)
		defer api.Close()
		if err := server.Serve(ctx, api); err != nil {
			logger().Errorf("serve: %s", err)
		}
	})
	return nil
}

// end closes the server, if there is one, and waits for it.
func (s *editorServer) end() {
	if s.stop != nil {
		s.stop()
		s.work.Wait()
	}
	s.at, s.stop = lsp.Serving{}, nil
}

// close ends it for good.
func (s *editorServer) close() {
	s.slot <- struct{}{} // never given back
	s.end()
}
