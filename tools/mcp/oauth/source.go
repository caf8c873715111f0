package oauth

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
)

// Source gives the access token of one server, renewed in time. It is safe for concurrent use; a renewal is done once,
// since a refresh token may be good for one use.
type Source struct {
	Store  Store
	Server string
	HTTP   http.RoundTripper
	lock   chan struct{}
}

// NewSource returns the source of a server's tokens.
func NewSource(store Store, server string, rt http.RoundTripper) *Source {
	return &Source{Store: store, Server: server, HTTP: transport(rt), lock: make(chan struct{}, 1)}
}

// Token is the token in force, "" where there is none. used is one that the server has refused: it is renewed.
func (s *Source) Token(ctx context.Context, used string) (string, error) {
	select {
	case s.lock <- struct{}{}:
		defer func() { <-s.lock }()
	case <-ctx.Done():
		return "", ctx.Err()
	}
	e, err := s.Store.Load(s.Server)
	if err != nil || e.Token.valid() && e.Token.Access != used {
		return e.Token.Access, err
	}
	if e.Token.Refresh == "" {
		return "", nil
	}
	return s.renew(ctx, e)
}

// renew gets the next token. Another process may have done so meanwhile, which spends the refresh token.
func (s *Source) renew(ctx context.Context, e Entry) (string, error) {
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {e.Token.Refresh}}
	if e.Resource != "" {
		form.Set("resource", e.Resource)
	}
	token, err := obtain(ctx, s.HTTP, e.TokenEndpoint, e.Client, form)
	if err != nil {
		if now, again := s.Store.Load(s.Server); again == nil && now.Token.Access != e.Token.Access && now.Token.valid() {
			return now.Token.Access, nil
		}
		return "", fmt.Errorf("renew the sign-in: %w", err)
	}
	token.Refresh, token.Scope = cmp.Or(token.Refresh, e.Token.Refresh), cmp.Or(token.Scope, e.Token.Scope)
	e.Token = token
	return token.Access, s.Store.Save(e)
}

// Refused notes what a server refused with, for the next sign-in.
func (s *Source) Refused(c Challenge) error {
	e, err := s.Store.Load(s.Server)
	if err != nil || e.Challenge == c {
		return err
	}
	e.Challenge = c
	return s.Store.Save(e)
}
