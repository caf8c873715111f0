package oauth

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// How a client authenticates at the token endpoint (RFC 7591 section 2).
const (
	none  = "none"
	basic = "client_secret_basic"
	post  = "client_secret_post"
)

// errNoClient says that the user has to register.
var errNoClient = errors.New(`the authorization server registers nobody by itself: register a client with it and put its id into the server's "oauth": {"clientId": …}`)

// client is who we are to the authority: whom the user registered, a metadata document where it reads those, else
// registered now.
func (f Flow) client(ctx context.Context, a authority, redirect string) (Client, error) {
	document := strings.HasPrefix(f.ClientID, "https://")
	switch {
	case f.ClientID != "" && (!document || a.DocumentIDs):
		return Client{ID: f.ClientID, Secret: f.ClientSecret, Method: method(a, f.ClientSecret)}, nil
	case a.Register == "":
		return Client{}, errNoClient
	}
	return f.register(ctx, a, redirect)
}

// method is how a client with that secret authenticates.
func method(a authority, secret string) string {
	switch {
	case secret == "":
		return none
	case slices.Contains(a.Methods, basic) || len(a.Methods) == 0: // the default of RFC 8414
		return basic
	case slices.Contains(a.Methods, post):
		return post
	}
	return none
}

// register registers a client for this sign-in (RFC 7591).
func (f Flow) register(ctx context.Context, a authority, redirect string) (Client, error) {
	want := none
	if len(a.Methods) > 0 && !slices.Contains(a.Methods, none) {
		want = method(a, "a secret")
	}
	body, err := json.Marshal(map[string]any{
		"client_name": "opencode-lsp", "redirect_uris": []string{redirect}, "token_endpoint_auth_method": want,
		"grant_types": []string{"authorization_code", "refresh_token"}, "response_types": []string{"code"},
	})
	if err != nil {
		return Client{}, err
	}
	r, err := http.NewRequest(http.MethodPost, a.Register, bytes.NewReader(body))
	if err != nil {
		return Client{}, err
	}
	r.Header.Set("Content-Type", "application/json")
	var got struct {
		ID     string `json:"client_id"`
		Secret string `json:"client_secret"`
		Method string `json:"token_endpoint_auth_method"`
	}
	if err := exchange(ctx, f.HTTP, r, &got); err != nil {
		return Client{}, fmt.Errorf("the authorization server does not register this client: %w", err)
	}
	if got.ID == "" {
		return Client{}, errors.New("the authorization server registers without giving an id")
	}
	c := Client{ID: got.ID, Secret: got.Secret, Method: got.Method}
	if c.Method != none && c.Method != basic && c.Method != post {
		c.Method = method(a, got.Secret)
	}
	return c, nil
}
