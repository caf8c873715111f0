package oauth

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// world is an MCP server and its authorization server, with what they were asked.
type world struct {
	*testing.T
	mcp, auth *httptest.Server
	store     Store

	mu       sync.Mutex
	meta     map[string]any // of the authority
	resource map[string]any // of the server; nil: none
	asked    url.Values     // the last authorization request
	tokens   []url.Values   // the token requests
	basic    []string       // and their users
	refuse   string         // an error of the token endpoint
}

func newWorld(t *testing.T) *world {
	w := &world{T: t, store: Store{Dir: filepath.Join(t.TempDir(), "tokens")}}
	w.auth = httptest.NewServer(http.HandlerFunc(w.authority))
	w.mcp = httptest.NewServer(http.HandlerFunc(w.server))
	t.Cleanup(w.auth.Close)
	t.Cleanup(w.mcp.Close)
	w.meta = map[string]any{
		"issuer": w.auth.URL, "authorization_endpoint": w.auth.URL + "/authorize?kept=1", "token_endpoint": w.auth.URL + "/token",
		"registration_endpoint": w.auth.URL + "/register", "code_challenge_methods_supported": []string{"S256"},
	}
	w.resource = map[string]any{"resource": w.url(), "authorization_servers": []string{w.auth.URL}}
	return w
}

func (w *world) url() string { return w.mcp.URL + "/mcp" }

func (w *world) server(out http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/.well-known/oauth-protected-resource/mcp" || w.resource == nil {
		http.NotFound(out, r)
		return
	}
	json.NewEncoder(out).Encode(w.resource)
}

func (w *world) authority(out http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	r.ParseForm()
	switch r.URL.Path {
	case "/.well-known/oauth-authorization-server":
		json.NewEncoder(out).Encode(w.meta)
	case "/authorize":
		w.asked = r.Form
	case "/register":
		out.WriteHeader(http.StatusCreated)
		fmt.Fprint(out, `{"client_id":"registered","client_secret":"s&cret","token_endpoint_auth_method":"client_secret_basic"}`)
	case "/token":
		w.tokens = append(w.tokens, r.Form)
		user, _, _ := r.BasicAuth()
		w.basic = append(w.basic, user)
		if w.refuse != "" {
			fmt.Fprintf(out, `{"error":%q}`, w.refuse)
			return
		}
		fmt.Fprintf(out, `{"access_token":"access%d","token_type":"bearer","expires_in":3600,"refresh_token":"refresh%d"}`, len(w.tokens), len(w.tokens))
	default:
		http.NotFound(out, r)
	}
}

// signIn signs in with a browser that goes to the authority and comes back by answer.
func (w *world) signIn(f Flow, answer func(url.Values) string) error {
	f.Store = w.store
	var browser sync.WaitGroup
	f.Open = func(address string) {
		browser.Go(func() {
			if r, err := http.Get(address); err == nil {
				r.Body.Close()
			}
			w.mu.Lock()
			q := w.asked
			w.mu.Unlock()
			for _, query := range strings.Fields(answer(q)) {
				if r, err := http.Get(q.Get("redirect_uri") + "?" + query); err == nil {
					r.Body.Close()
				}
			}
		})
	}
	ctx, cancel := context.WithTimeout(w.Context(), 5*time.Second)
	defer cancel()
	err := f.Run(ctx, w.url())
	browser.Wait()
	return err
}

func honest(q url.Values) string { return "code=c0de&state=" + q.Get("state") }

func TestSignIn(t *testing.T) {
	w := newWorld(t)
	if err := w.store.Save(Entry{Server: w.url(), Token: Token{Scope: "old"}, Challenge: Challenge{Scope: "more b"}}); err != nil {
		t.Fatal(err)
	}
	// Answers with another state are no answers.
	if err := w.signIn(Flow{}, func(q url.Values) string { return "code=evil&state=guess code=evil " + honest(q) }); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"response_type": "code", "client_id": "registered", "code_challenge_method": "S256", "resource": w.url(), "scope": "b more old", "kept": "1",
	} {
		if got := w.asked.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	sum := sha256.Sum256([]byte(w.tokens[0].Get("code_verifier")))
	if w.asked.Get("code_challenge") != base64.RawURLEncoding.EncodeToString(sum[:]) || len(w.asked.Get("state")) < 20 {
		t.Errorf("asked %v, token %v", w.asked, w.tokens[0])
	}
	if w.tokens[0].Get("code") != "c0de" || w.tokens[0].Get("resource") != w.url() || w.basic[0] != "registered" || w.tokens[0].Has("client_secret") {
		t.Errorf("token request %v of %q", w.tokens[0], w.basic[0])
	}
	if !strings.HasPrefix(w.asked.Get("redirect_uri"), "http://127.0.0.1:") {
		t.Errorf("redirect %q", w.asked.Get("redirect_uri"))
	}
	e, err := w.store.Load(w.url())
	if err != nil || e.Token.Access != "access1" || e.Token.Scope != "b more old" || e.Challenge != (Challenge{}) || time.Until(e.Token.Expires) < 50*time.Minute {
		t.Errorf("kept %+v, %v", e, err)
	}
	files, err := os.ReadDir(w.store.Dir)
	if err != nil || len(files) != 1 {
		t.Fatalf("%v %v", files, err)
	}
	for _, path := range []string{w.store.Dir, filepath.Join(w.store.Dir, files[0].Name())} {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v, %v", path, info.Mode(), err)
		}
	}
	if err := w.store.Forget(w.url()); err != nil {
		t.Error(err)
	}
	if e, err := w.store.Load(w.url()); err != nil || e.Token.Access != "" || e.Server != w.url() {
		t.Errorf("after forgetting: %+v %v", e, err)
	}
}

func TestRefusals(t *testing.T) {
	tests := []struct {
		name   string
		change func(*world, *Flow)
		answer func(url.Values) string
		want   string
	}{
		{"other resource", func(w *world, _ *Flow) { w.resource["resource"] = "https://victim.example/mcp" }, honest, "another resource"},
		{"sibling resource", func(w *world, _ *Flow) { w.resource["resource"] = w.mcp.URL + "/mc" }, honest, "another resource"},
		{"no PKCE", func(w *world, _ *Flow) { delete(w.meta, "code_challenge_methods_supported") }, honest, "does not announce PKCE"},
		{"plain PKCE", func(w *world, _ *Flow) { w.meta["code_challenge_methods_supported"] = []string{"plain"} }, honest, "does not announce PKCE"},
		{"other issuer", func(w *world, _ *Flow) { w.meta["issuer"] = "https://other.example" }, honest, "says that it is"},
		{"plain text token endpoint", func(w *world, _ *Flow) { w.meta["token_endpoint"] = "http://auth.example/token" }, honest, "neither https nor on this machine"},
		{"script as endpoint", func(w *world, _ *Flow) { w.meta["authorization_endpoint"] = "javascript:alert(1)" }, honest, "is no address"},
		{"file as endpoint", func(w *world, _ *Flow) { w.meta["authorization_endpoint"] = "file://localhost/etc/passwd" }, honest, "neither https"},
		{"plain text authority", func(w *world, _ *Flow) { w.resource["authorization_servers"] = []string{"http://auth.example"} }, honest, "neither https"},
		{"no registration", func(w *world, _ *Flow) { delete(w.meta, "registration_endpoint") }, honest, `put its id into the server's "oauth"`},
		{"foreign redirect", func(_ *world, f *Flow) { f.RedirectURI = "https://example.com/cb" }, honest, "is not http with a port on 127.0.0.1"},
		{"denied", nil, func(q url.Values) string { return "error=access_denied&state=" + q.Get("state") }, "refuses"},
		{"no code", nil, func(q url.Values) string { return "state=" + q.Get("state") }, "without a code"},
		{"mixed up", nil, func(q url.Values) string { return honest(q) + "&iss=https://evil.example" }, "the answer comes from"},
		{"unnamed", func(w *world, _ *Flow) { w.meta["authorization_response_iss_parameter_supported"] = true }, honest, "the answer comes from"},
		{"no token", func(w *world, _ *Flow) { w.refuse = "invalid_grant" }, honest, "gives no token"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			f := Flow{}
			if test.change != nil {
				test.change(w, &f)
			}
			if err := w.signIn(f, test.answer); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v", err)
			}
			if e, _ := w.store.Load(w.url()); e.Token.Access != "" {
				t.Errorf("kept %+v", e)
			}
		})
	}
}

func TestMetadataElsewhere(t *testing.T) {
	w := newWorld(t)
	for address, want := range map[string]string{
		w.auth.URL + "/meta": "on another host", "http://auth.example/meta": "neither https", w.mcp.URL + "/gone": "HTTP status 404",
	} {
		if err := w.store.Save(Entry{Server: w.url(), Challenge: Challenge{Metadata: address}}); err != nil {
			t.Fatal(err)
		}
		if err := w.signIn(Flow{}, honest); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestClients(t *testing.T) {
	w := newWorld(t)
	w.meta["client_id_metadata_document_supported"] = true
	if err := w.signIn(Flow{ClientID: "https://me.example/client.json", Scope: "only"}, honest); err != nil {
		t.Fatal(err)
	}
	if w.asked.Get("client_id") != "https://me.example/client.json" || w.asked.Get("scope") != "only" || w.tokens[0].Get("client_id") == "" {
		t.Errorf("asked %v, token %v", w.asked, w.tokens[0])
	}
	w.meta["token_endpoint_auth_methods_supported"] = []string{"client_secret_post"}
	w.meta["scopes_supported"] = []string{"offline_access"}
	if err := w.signIn(Flow{ClientID: "mine", ClientSecret: "secret"}, honest); err != nil {
		t.Fatal(err)
	}
	if got := w.tokens[1]; got.Get("client_id") != "mine" || got.Get("client_secret") != "secret" || w.asked.Get("scope") != "offline_access only" {
		t.Errorf("token %v, asked %v", got, w.asked)
	}
}

func TestRenewal(t *testing.T) {
	w := newWorld(t)
	entry := Entry{
		Server: w.url(), Client: Client{ID: "me", Method: none}, TokenEndpoint: w.auth.URL + "/token", Resource: w.url(),
		Token: Token{Access: "stale", Refresh: "r0", Scope: "s", Expires: time.Now().Add(-time.Hour)},
	}
	if err := w.store.Save(entry); err != nil {
		t.Fatal(err)
	}
	s := NewSource(w.store, w.url(), nil)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if token, err := s.Token(t.Context(), ""); err != nil || token != "access1" {
				t.Errorf("%q %v", token, err)
			}
		})
	}
	wg.Wait()
	if len(w.tokens) != 1 || w.tokens[0].Get("refresh_token") != "r0" || w.tokens[0].Get("resource") != w.url() {
		t.Errorf("renewals %v", w.tokens)
	}
	if token, err := s.Token(t.Context(), "access1"); err != nil || token != "access2" || w.tokens[1].Get("refresh_token") != "refresh1" {
		t.Errorf("a refused token: %q %v", token, err)
	}
	w.refuse = "invalid_grant"
	if token, err := s.Token(t.Context(), "access2"); err == nil || token != "" {
		t.Errorf("a spent refresh token: %q %v", token, err)
	}
	if token, err := NewSource(w.store, w.mcp.URL+"/other", nil).Token(t.Context(), ""); err != nil || token != "" {
		t.Errorf("another server: %q %v", token, err)
	}
}

func TestChallenge(t *testing.T) {
	tests := []struct {
		status  int
		headers []string
		want    Challenge
		ok      bool
	}{
		{401, nil, Challenge{Status: 401}, true},
		{200, []string{`Bearer scope="a"`}, Challenge{}, false},
		{403, []string{`Bearer error="invalid"`}, Challenge{}, false},
		{401, []string{`Basic realm="x"`, `Bearer resource_metadata="https://a/b?c=d,e", scope="a \"b\"", error=invalid_token`},
			Challenge{Metadata: "https://a/b?c=d,e", Scope: `a "b"`, Error: "invalid_token", Status: 401}, true},
		{403, []string{`Bearer ERROR="insufficient_scope",Scope=files`}, Challenge{Scope: "files", Error: "insufficient_scope", Status: 403}, true},
		{401, []string{`Bearer scope="open`, `=`, `"`, `Bearer scope=`}, Challenge{Scope: "open", Status: 401}, true},
	}
	for _, test := range tests {
		r := &http.Response{StatusCode: test.status, Header: http.Header{"Www-Authenticate": test.headers}}
		got, ok := ReadChallenge(r)
		if ok != test.ok || ok && got != test.want {
			t.Errorf("%d %q: %+v %t", test.status, test.headers, got, ok)
		}
	}
}

func FuzzChallenge(f *testing.F) {
	f.Add(`Bearer resource_metadata="https://a/b", scope="a b"`)
	f.Add(`Bearer scope="a\`)
	f.Add("\x80=")
	f.Fuzz(func(t *testing.T, header string) {
		for name, value := range parameters(header) {
			if len(name)+len(value) > len(header) {
				t.Errorf("%q gives %q=%q", header, name, value)
			}
		}
	})
}
