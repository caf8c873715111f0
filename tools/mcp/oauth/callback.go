package oauth

import (
	"cmp"
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// OpenCode's callback, which clients may be registered with.
const (
	defaultPort  = 19876
	callbackPath = "/mcp/oauth/callback"
	// signInTime is how long the user may take.
	signInTime = 10 * time.Minute
)

// callback is where the browser comes back to: a listener on 127.0.0.1 that lives while the user signs in.
type callback struct {
	uri    string
	path   string
	server http.Server
	work   sync.WaitGroup
	got    chan url.Values
	state  chan string // the state that counts, once it is known
}

// listen opens the callback. Where any port will do, a taken one is no obstacle.
func listen(redirect string, port int, any bool) (*callback, error) {
	c := &callback{path: callbackPath, got: make(chan url.Values), state: make(chan string, 1)}
	if redirect != "" {
		u, err := url.Parse(redirect)
		if err != nil || u.Scheme != "http" || !Loopback(u.Hostname()) || u.Port() == "" {
			return nil, fmt.Errorf("the redirectUri %q is not http with a port on 127.0.0.1", redirect)
		}
		if port, err = strconv.Atoi(u.Port()); err != nil {
			return nil, fmt.Errorf("the redirectUri %q has no port", redirect)
		}
		c.path, any = cmp.Or(u.Path, "/"), false
	}
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(cmp.Or(port, defaultPort))))
	if err != nil && any && port == 0 {
		l, err = net.Listen("tcp", "127.0.0.1:0")
	}
	if err != nil {
		return nil, fmt.Errorf("the callback cannot listen: %w; end what uses the port, or set \"callbackPort\"", err)
	}
	c.uri = cmp.Or(redirect, "http://"+l.Addr().String()+c.path)
	c.server = http.Server{Handler: c, ReadHeaderTimeout: 5 * time.Second}
	c.work.Go(func() { c.server.Serve(l) })
	return c, nil
}

// ServeHTTP takes the answer that carries our state and turns everything else away.
func (c *callback) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("Cache-Control", "no-store")
	host, _, err := net.SplitHostPort(r.Host)
	if r.Method != http.MethodGet || r.URL.Path != c.path || err != nil || !Loopback(host) {
		http.Error(w, "Nothing is here.", http.StatusNotFound)
		return
	}
	state := <-c.state
	c.state <- state
	if subtle.ConstantTimeCompare([]byte(r.URL.Query().Get("state")), []byte(state)) != 1 || state == "" {
		http.Error(w, "This is no answer to a sign-in of yours.", http.StatusBadRequest)
		return
	}
	select {
	case c.got <- r.URL.Query():
		io.WriteString(w, "Back to your terminal: it says how signing in went. You may close this window.\n")
	case <-r.Context().Done():
	}
}

// wait gives the code of the answer with that state.
func (c *callback) wait(ctx context.Context, state string, a authority) (string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, signInTime, errors.New("nobody signed in within ten minutes"))
	defer cancel()
	c.state <- state
	select {
	case q := <-c.got:
		return code(q, a)
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

// code is the code of an answer. Its issuer, where it names one, must be the authority (RFC 9207).
func code(q url.Values, a authority) (string, error) {
	iss := q.Get("iss")
	switch {
	case iss != "" && iss != a.Issuer, iss == "" && a.NamesIssuer:
		return "", fmt.Errorf("the answer comes from %q, not from %q", iss, a.Issuer)
	case q.Get("error") != "":
		return "", fmt.Errorf("the authorization server refuses: %.200q", strings.TrimSpace(q.Get("error")+" "+q.Get("error_description")))
	case q.Get("code") == "":
		return "", errors.New("the authorization server answers without a code")
	}
	return q.Get("code"), nil
}

// close ends the listener, after the last answer is written.
func (c *callback) close() {
	select {
	case c.state <- "": // whoever still waits for it is turned away
	default:
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if c.server.Shutdown(ctx) != nil {
		c.server.Close()
	}
	c.work.Wait()
}
