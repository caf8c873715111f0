package oauth

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Flow is one sign-in of the user to one server.
type Flow struct {
	HTTP  http.RoundTripper
	Store Store
	// Open shows the user the address to sign in at.
	Open func(address string)
	// ClientID is one that the user registered, or the https address of a client metadata document; "" registers anew.
	ClientID, ClientSecret string
	// Scope is what to ask for, "" for what the server says.
	Scope string
	// RedirectURI is the callback, on this machine; "" is OpenCode's, at Port.
	RedirectURI string
	Port        int
}

// Run signs in to the server and keeps what that gave. Its error is a sentence for the user.
func (f Flow) Run(ctx context.Context, server string) error {
	f.HTTP = transport(f.HTTP)
	at, err := safe("server's address", server)
	if err != nil {
		return err
	}
	old, err := f.Store.Load(server)
	if err != nil {
		return err
	}
	res, auth, err := f.discover(ctx, at, old.Challenge)
	if err != nil {
		return err
	}
	back, err := listen(f.RedirectURI, f.Port, f.ClientID == "")
	if err != nil {
		return err
	}
	defer back.close()
	client, err := f.client(ctx, auth, back.uri)
	if err != nil {
		return err
	}
	token, err := f.authorize(ctx, request{auth: auth, client: client, back: back, resource: res.Resource, scope: f.scope(old, res, auth)})
	if err != nil {
		return err
	}
	return f.Store.Save(Entry{Server: server, Client: client, TokenEndpoint: auth.Token, Resource: res.Resource, Token: token})
}

// scope is what to ask for: what is set, else what the server wanted last with what was granted before, else all that it
// knows (the specification's order), and a refresh token where the authority says how to ask for one.
func (f Flow) scope(old Entry, res resource, auth authority) string {
	words := strings.Fields(f.Scope)
	if len(words) == 0 {
		words = append(strings.Fields(old.Challenge.Scope), strings.Fields(old.Token.Scope)...)
	}
	if old.Challenge.Scope == "" && f.Scope == "" {
		words = append(words, res.Scopes...)
	}
	if len(words) > 0 && slices.Contains(auth.Scopes, "offline_access") {
		words = append(words, "offline_access")
	}
	slices.Sort(words)
	return strings.Join(slices.Compact(words), " ")
}

// request is one authorization request.
type request struct {
	auth            authority
	client          Client
	back            *callback
	resource, scope string
}

// authorize sends the user to the authorization server and exchanges the code that comes back.
func (f Flow) authorize(ctx context.Context, r request) (Token, error) {
	state, verifier := rand.Text(), rand.Text()+rand.Text()
	sum := sha256.Sum256([]byte(verifier))
	query := url.Values{
		"response_type": {"code"}, "client_id": {r.client.ID}, "redirect_uri": {r.back.uri}, "state": {state}, "resource": {r.resource},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}
	if r.scope != "" {
		query.Set("scope", r.scope)
	}
	address, err := url.Parse(r.auth.Authorize)
	if err != nil {
		return Token{}, err
	}
	for name, values := range address.Query() {
		if !query.Has(name) {
			query[name] = values
		}
	}
	address.RawQuery = query.Encode()
	f.Open(address.String())
	code, err := r.back.wait(ctx, state, r.auth)
	if err != nil {
		return Token{}, err
	}
	form := url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {r.back.uri}, "code_verifier": {verifier}, "resource": {r.resource},
	}
	token, err := obtain(ctx, f.HTTP, r.auth.Token, r.client, form)
	token.Scope = cmp.Or(token.Scope, r.scope)
	return token, err
}

// obtain gets a token from the token endpoint.
func obtain(ctx context.Context, rt http.RoundTripper, endpoint string, c Client, form url.Values) (Token, error) {
	if _, err := safe("token endpoint", endpoint); err != nil {
		return Token{}, err
	}
	if c.Method != basic {
		form.Set("client_id", c.ID)
	}
	if c.Method == post {
		form.Set("client_secret", c.Secret)
	}
	r, err := http.NewRequest(http.MethodPost, endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return Token{}, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if c.Method == basic { // RFC 6749 section 2.3.1 encodes both
		r.SetBasicAuth(url.QueryEscape(c.ID), url.QueryEscape(c.Secret))
	}
	var got struct {
		Access  string      `json:"access_token"`
		Type    string      `json:"token_type"`
		Refresh string      `json:"refresh_token"`
		Scope   string      `json:"scope"`
		Expires json.Number `json:"expires_in"`
	}
	if err := exchange(ctx, rt, r, &got); err != nil {
		return Token{}, fmt.Errorf("the authorization server gives no token: %w", err)
	}
	if got.Access == "" || got.Type != "" && !strings.EqualFold(got.Type, "bearer") {
		return Token{}, errors.New("the authorization server gives no bearer token")
	}
	t := Token{Access: got.Access, Refresh: got.Refresh, Scope: got.Scope}
	if seconds, err := got.Expires.Float64(); err == nil && seconds > 0 && seconds < 1e9 {
		t.Expires = time.Now().Add(time.Duration(seconds) * time.Second)
	}
	return t, nil
}
