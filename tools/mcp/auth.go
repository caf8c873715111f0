package mcp

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/opencode-lsp/opencode-lsp/permission"
	"github.com/opencode-lsp/opencode-lsp/tools/mcp/oauth"
)

// authError is a refusal that signing in would answer.
type authError struct {
	server string
	// more says that the user is signed in and one operation wants more rights; fixed that the user has set how to sign in.
	more, fixed bool
}

// Error is for the model, which cannot sign in.
func (e *authError) Error() string {
	return fmt.Sprintf("MCP server %s: %s; tell the user, and go on without it", e.server, e.sentence(e.server))
}

// sentence is for the user.
func (e *authError) sentence(name string) string {
	name = permission.Visible(name)
	switch {
	case e.fixed:
		return "it refuses the configured credentials; mend its \"headers\""
	case e.more:
		return fmt.Sprintf("it wants more rights for this: run `opencode-lsp mcp auth %s`", name)
	}
	return fmt.Sprintf("it wants you to sign in: run `opencode-lsp mcp auth %s`", name)
}

// unauthorized finds a refusal in an error, nil where there is none.
func (s *server) unauthorized(err error) error {
	if auth, ok := errors.AsType[*authError](err); ok {
		return auth
	}
	return nil
}

// SignIn has the user sign in to a remote server: open shows the address. It returns once the server is connected, or says
// why it is not. The callback's listener on 127.0.0.1 lives no longer than this.
func (s *Servers) SignIn(ctx context.Context, name string, open func(address string)) error {
	server, err := s.find(name)
	if err != nil {
		return err
	}
	server.settled(ctx)
	c := server.config
	switch entry, err := server.tokens.Load(c.URL); {
	case c.Type != "remote":
		return fmt.Errorf("%s is a program here: there is nothing to sign in to", name)
	case !signs(c):
		return fmt.Errorf("%s is configured not to be signed in to: see its \"oauth\", \"headers\" and \"url\"", name)
	case err != nil:
		return err
	case server.status().State == Connected && entry.Challenge == (oauth.Challenge{}) && entry.Token.Access == "":
		return nil // it wants no signing in
	}
	flow := oauth.Flow{
		HTTP: s.opt.HTTP, Store: server.tokens, Open: open, ClientID: c.OAuth.ClientID, ClientSecret: c.OAuth.ClientSecret,
		Scope: c.OAuth.Scope, RedirectURI: c.OAuth.RedirectURI, Port: c.OAuth.CallbackPort,
	}
	if err := flow.Run(ctx, c.URL); err != nil {
		return err
	}
	return server.reconnect(ctx)
}

// reconnect tries the server with what signing in gave.
func (s *server) reconnect(ctx context.Context) error {
	s.mu.Lock()
	if s.now.State != Connected {
		s.retry()
	}
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, connectTimeout+time.Second)
	defer cancel()
	s.settled(ctx)
	if now := s.status(); now.State != Connected {
		return fmt.Errorf("you are signed in, but the server is not connected: %s", now.Reason)
	}
	return nil
}

// SignOut forgets what signing in to a server gave.
func (s *Servers) SignOut(name string) error {
	server, err := s.find(name)
	if err != nil {
		return err
	}
	return server.tokens.Forget(server.config.URL)
}
