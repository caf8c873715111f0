package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/agent/httpapi"
	"github.com/opencode-lsp/opencode-lsp/lsp"
	"github.com/opencode-lsp/opencode-lsp/workspace"
)

// serveOptions are the flags of `serve`, and the arguments of opencode.serve.
type serveOptions struct {
	port            int
	hostname        string
	names           []string
	tlsCert, tlsKey string
	plaintext       bool
	generate        bool
	passwordFile    string
	remoteApproval  bool
	log             string
	verbose         bool
}

func (p *program) serveCommand() *cobra.Command {
	var o serveOptions
	cmd := &cobra.Command{
		Use: "serve", Short: "Serve OpenCode's HTTP API for this folder to clients that know the password", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(); err != nil {
				return err
			}
			closeLog, err := p.startLog(o.log, o.verbose)
			if err != nil {
				return failed(err)
			}
			defer closeLog()
			p.password = p.takePassword()
			return failed(p.serveHere(cmd.Context(), o))
		},
	}
	f := cmd.Flags()
	f.IntVar(&o.port, "port", 0, "the port; 0 tries 4096, then any that is free")
	f.StringVar(&o.hostname, "hostname", "", "a name or address of this machine; left out, 127.0.0.1 and ::1")
	f.StringArrayVar(&o.names, "allow-host", nil, "a further name, with or without port, by which clients reach the server")
	f.StringVar(&o.tlsCert, "tls-cert", "", "the certificate (PEM) for https")
	f.StringVar(&o.tlsKey, "tls-key", "", "its key (PEM)")
	f.BoolVar(&o.plaintext, "insecure-plaintext", false, "serve other machines without TLS: whoever is on the way reads the password")
	f.BoolVar(&o.generate, "generate-password", false, "make a password and write it to a file of mode 0600, whose path is printed; SIGUSR1 makes another")
	f.StringVar(&o.passwordFile, "password-file", "", "read the password from this file; SIGUSR1 reads it again")
	f.BoolVar(&o.remoteApproval, "remote-approval", false, "let clients answer permission questions")
	f.StringVar(&o.log, "log", "", "log to this file instead of the state folder")
	f.BoolVarP(&o.verbose, "verbose", "v", false, "log more")
	return cmd
}

// check says what is wrong with the words of the call.
func (o serveOptions) check() error {
	switch {
	case o.port < 0 || o.port > 65535:
		return usageError("--port %d is not one of 0 to 65535", o.port)
	case (o.tlsCert == "") != (o.tlsKey == ""):
		return usageError("--tls-cert and --tls-key belong together")
	case o.generate && o.passwordFile != "":
		return usageError("--generate-password and --password-file exclude each other")
	}
	return nil
}

// serveHere serves the working folder until ctx ends.
func (p *program) serveHere(ctx context.Context, o serveOptions) error {
	ctx, leave := untilHangup(ctx)
	defer leave()
	secret, err := p.serverSecret(o)
	if err != nil {
		return err
	}
	defer secret.forget()
	server, err := p.listen(ctx, o, secret)
	if err != nil {
		return err
	}
	defer server.Close()
	e, err := p.engineHere(func(s string) { fmt.Fprintln(p.stderr, s) })
	if err != nil {
		return err
	}
	defer e.close()
	e.load(ctx)
	watching, stop := context.WithCancel(ctx)
	var work sync.WaitGroup
	work.Go(func() { e.watchAll(watching) })
	work.Go(func() { secret.follow(watching, server) })
	defer work.Wait()
	defer stop()
	sessions := e.sessions(agent.Options{}, workspace.Disk{Workspace: e.ws}, nil)
	work.Go(func() { lsp.Headless(watching, p.dirs.runtime, e.ws, &lsp.Agent{Sessions: sessions}) })
	if secret.path != "" {
		fmt.Fprintln(p.stdout, "password in "+secret.path)
	}
	fmt.Fprintln(p.stdout, "opencode server listening on "+server.URL())
	api := e.api(sessions, o.remoteApproval)
	err = server.Serve(ctx, api)
	api.Close()
	within(sessionsWithin, sessions.Close)
	return err
}

// sessionsWithin bounds how long the end waits for turns to be cancelled and written down; together with the server's own
// bound it is below 5 s.
const sessionsWithin = 2500 * time.Millisecond

// within waits for f, not longer than a limit.
func within(limit time.Duration, f func()) {
	done := make(chan struct{})
	go func() {
		f()
		close(done)
	}()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
		logger().Errorf("the end did not wait for everything that was under way")
	}
}

// listen opens the listeners.
func (p *program) listen(ctx context.Context, o serveOptions, s *serverSecret) (*httpapi.Server, error) {
	opt := httpapi.Listening{
		User: cmp.Or(p.getenv("OPENCODE_SERVER_USERNAME"), "opencode"), Password: s.password,
		Hostname: o.hostname, Port: o.port, Names: o.names, InsecurePlaintext: o.plaintext,
	}
	if o.tlsCert != "" {
		pair, err := tls.LoadX509KeyPair(o.tlsCert, o.tlsKey)
		if err != nil {
			return nil, fmt.Errorf("--tls-cert, --tls-key: %w", err)
		}
		opt.Certificate = &pair
	}
	server, err := httpapi.Listen(ctx, opt)
	if errors.Is(err, httpapi.ErrPlaintext) {
		return nil, usageError("%s", err)
	}
	return server, err
}
