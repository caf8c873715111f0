package oauth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// resource is protected resource metadata (RFC 9728).
type resource struct {
	Resource string   `json:"resource"`
	Servers  []string `json:"authorization_servers"`
	Scopes   []string `json:"scopes_supported"`
}

// authority is authorization server metadata (RFC 8414).
type authority struct {
	Issuer       string   `json:"issuer"`
	Authorize    string   `json:"authorization_endpoint"`
	Token        string   `json:"token_endpoint"`
	Register     string   `json:"registration_endpoint"`
	Scopes       []string `json:"scopes_supported"`
	Methods      []string `json:"token_endpoint_auth_methods_supported"`
	Challenges   []string `json:"code_challenge_methods_supported"`
	DocumentIDs  bool     `json:"client_id_metadata_document_supported"`
	NamesIssuer  bool     `json:"authorization_response_iss_parameter_supported"`
	fromMetadata bool
}

// discover finds out where to sign in to a server.
func (f *Flow) discover(ctx context.Context, server *url.URL, c Challenge) (resource, authority, error) {
	res, err := f.resource(ctx, server, c)
	if err != nil {
		return res, authority{}, err
	}
	if len(res.Servers) > 0 {
		issuer, err := safe("authorization server", res.Servers[0])
		if err != nil {
			return res, authority{}, err
		}
		a, err := f.authority(ctx, issuer, true)
		return res, a, err
	}
	// No metadata of the resource: the server itself is the authority, as in the specification of 2025-03-26.
	origin := &url.URL{Scheme: server.Scheme, Host: server.Host}
	a, err := f.authority(ctx, origin, false)
	if errors.Is(err, errNoMetadata) {
		at := func(path string) string { return origin.JoinPath(path).String() }
		a, err = authority{Issuer: origin.String(), Authorize: at("authorize"), Token: at("token"), Register: at("register")}, nil
	}
	return res, a, err
}

// resource reads the metadata of the server: where its challenge says, else at the well-known places. Without any the
// server's own address stands for it.
func (f *Flow) resource(ctx context.Context, server *url.URL, c Challenge) (resource, error) {
	places := []string{wellKnown(server, "oauth-protected-resource", server.Path), wellKnown(server, "oauth-protected-resource", "")}
	if c.Metadata != "" {
		u, err := safe("resource metadata", c.Metadata)
		if err != nil {
			return resource{}, err
		}
		if !SameOrigin(u, server) {
			return resource{}, fmt.Errorf("the server names metadata on another host, %s", u.Host)
		}
		places = []string{c.Metadata}
	}
	for _, place := range slices.Compact(places) {
		var r resource
		err := get(ctx, f.HTTP, place, &r)
		if _, refused := errors.AsType[*errStatus](err); refused && c.Metadata == "" {
			continue
		}
		if err != nil {
			return r, fmt.Errorf("resource metadata: %w", err)
		}
		return r, r.check(server)
	}
	return resource{Resource: canonical(server)}, nil
}

// check binds the metadata to the server: a server must not have tokens made that are for another.
func (r *resource) check(server *url.URL) error {
	if r.Resource == "" {
		r.Resource = canonical(server)
		return nil
	}
	u, err := url.Parse(r.Resource)
	if err != nil || !SameOrigin(u, server) || !within(server.Path, u.Path) {
		return fmt.Errorf("the server's metadata is for %q, which is another resource", r.Resource)
	}
	return nil
}

// within reports whether a path is the other or below it.
func within(path, top string) bool {
	top = strings.TrimSuffix(top, "/")
	return path == top || strings.HasPrefix(path, top+"/")
}

// canonical is a server's address as a resource indicator.
func canonical(server *url.URL) string {
	u := *server
	u.Fragment, u.User = "", nil
	return u.String()
}

// errNoMetadata says that an authority has none.
var errNoMetadata = errors.New("the authorization server has no metadata")

// authority reads the metadata of an authorization server. Where strict, it must be of the issuer that was asked.
func (f *Flow) authority(ctx context.Context, issuer *url.URL, strict bool) (authority, error) {
	path := strings.TrimSuffix(issuer.Path, "/")
	places := []string{wellKnown(issuer, "oauth-authorization-server", path), wellKnown(issuer, "openid-configuration", path)}
	if path != "" {
		places = append(places, issuer.JoinPath(".well-known", "openid-configuration").String())
	}
	for _, place := range places {
		var a authority
		err := get(ctx, f.HTTP, place, &a)
		if _, refused := errors.AsType[*errStatus](err); refused {
			continue
		}
		if err != nil {
			return a, fmt.Errorf("authorization server metadata: %w", err)
		}
		if strict && strings.TrimSuffix(a.Issuer, "/") != strings.TrimSuffix(issuer.String(), "/") {
			return a, fmt.Errorf("the authorization server %s says that it is %q", issuer, a.Issuer)
		}
		a.fromMetadata = true
		return a, a.check()
	}
	return authority{}, errNoMetadata
}

// check looks at what secrets are sent to, and that codes are protected (PKCE must be announced).
func (a authority) check() error {
	for what, address := range map[string]string{"authorization endpoint": a.Authorize, "token endpoint": a.Token} {
		if _, err := safe(what, address); err != nil {
			return err
		}
	}
	if a.Register != "" {
		if _, err := safe("registration endpoint", a.Register); err != nil {
			return err
		}
	}
	if !slices.Contains(a.Challenges, "S256") {
		return errors.New("the authorization server does not announce PKCE with S256, without which signing in is not safe")
	}
	return nil
}

// wellKnown is the place of a document: between host and path (RFC 8414 section 3.1).
func wellKnown(u *url.URL, document, path string) string {
	at := &url.URL{Scheme: u.Scheme, Host: u.Host, Path: "/.well-known/" + document + strings.TrimSuffix(path, "/")}
	return at.String()
}

// transport is the usual one where none is set.
func transport(rt http.RoundTripper) http.RoundTripper {
	if rt == nil {
		return http.DefaultTransport
	}
	return rt
}
