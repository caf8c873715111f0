package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mark3labs/mcp-go/client/transport"

	"github.com/opencode-lsp/opencode-lsp/tools/mcp/oauth"
)

// maxListens is how often in a row the stream of a server's own messages may fail before it is done without.
const maxListens = 5

// remote carries the requests to one remote server: with its token, within bounds, to nobody else.
type remote struct {
	server *server
	url    *url.URL
	next   http.RoundTripper
	source *oauth.Source // nil: no signing in
	failed atomic.Int64  // listens in a row

	once sync.Once
	lost chan struct{}
	err  error // read once lost is closed
}

func newRemote(s *server) (*remote, error) {
	u, err := url.Parse(s.config.URL)
	if err != nil {
		return nil, err
	}
	r := &remote{server: s, url: u, next: s.opt.HTTP, lost: make(chan struct{})}
	if signs(s.config) {
		r.source = oauth.NewSource(s.tokens, s.config.URL, s.opt.HTTP)
	}
	return r, nil
}

// signs reports whether a server may be signed in to: not where the user has set how, and never in plain text.
func signs(c Config) bool {
	u, err := url.Parse(c.URL)
	if err != nil || c.OAuth.Off || u.Scheme != "https" && !oauth.Loopback(u.Hostname()) {
		return false
	}
	for name := range c.Headers {
		if strings.EqualFold(name, "Authorization") {
			return false
		}
	}
	return true
}

// client is an HTTP client that goes nowhere else, so that no header of the configuration does.
func (r *remote) client() *http.Client {
	return &http.Client{Transport: r, CheckRedirect: func(req *http.Request, via []*http.Request) error {
		if len(via) > 3 || !oauth.SameOrigin(req.URL, r.url) {
			return errors.New("it redirects to another host")
		}
		return nil
	}}
}

// lose ends the connection; the first reason counts.
func (r *remote) lose(err error) {
	r.once.Do(func() {
		r.err = err
		close(r.lost)
	})
}

func (r *remote) why() error {
	select {
	case <-r.lost:
		return r.explain(r.err)
	default:
		return nil
	}
}

func (r *remote) close() { r.lose(errEnded) }

// explain leaves out of an error what says nothing to the user, or holds the address.
func (r *remote) explain(err error) error {
	if auth, ok := errors.AsType[*authError](err); ok {
		return auth
	}
	if u, ok := errors.AsType[*url.Error](err); ok {
		return fmt.Errorf("%s cannot be reached: %w; check the address and the network", r.url.Host, u.Err)
	}
	return err
}

// RoundTrip implements [http.RoundTripper].
func (r *remote) RoundTrip(req *http.Request) (*http.Response, error) {
	if !oauth.SameOrigin(req.URL, r.url) {
		return nil, errors.New("the server names an address on another host")
	}
	req, done := ownTime(req)
	response, err := r.signed(req)
	if err != nil {
		done()
		return nil, err
	}
	response.Body = r.newBody(response, done)
	if response.StatusCode == http.StatusNotFound && req.Header.Get(transport.HeaderKeySessionID) != "" && req.Method == http.MethodPost {
		r.lose(errors.New("it has forgotten this session"))
	}
	return r.listening(req, response), nil
}

// signed sends a request with the token, where there is one, and once more with a new one where it is refused.
func (r *remote) signed(req *http.Request) (*http.Response, error) {
	used := ""
	for {
		token, err := r.token(req.Context(), used)
		if err != nil {
			logger().Noticef("%s: %s", r.server.name, err)
		}
		if token != "" {
			req.Header.Set("Authorization", "Bearer "+token)
		}
		response, err := r.next.RoundTrip(req)
		if err != nil {
			return nil, err
		}
		c, refused := oauth.ReadChallenge(response)
		if !refused {
			return response, nil
		}
		response.Body.Close()
		if c.Status == http.StatusUnauthorized && used == "" && token != "" && rewind(req) {
			used = token
			continue
		}
		return nil, r.refuse(req, c)
	}
}

// token is the token to send; used is one that was refused.
func (r *remote) token(ctx context.Context, used string) (string, error) {
	if r.source == nil {
		return "", nil
	}
	return r.source.Token(ctx, used)
}

// rewind makes a request's body readable again.
func rewind(req *http.Request) bool {
	if req.Body == nil || req.GetBody == nil {
		return req.Body == nil
	}
	body, err := req.GetBody()
	req.Body = body
	return err == nil
}

// refuse keeps the challenge for signing in. Without any sign-in nothing of the server works; one tool that wants more
// leaves the others working.
func (r *remote) refuse(req *http.Request, c oauth.Challenge) error {
	err := &authError{server: r.server.name, more: c.Status == http.StatusForbidden, fixed: r.source == nil}
	if r.source != nil {
		if kept := r.source.Refused(c); kept != nil {
			logger().Warningf("%s: %s", r.server.name, kept)
		}
	}
	if !err.more && req.Method == http.MethodPost {
		r.lose(err)
	}
	return err
}

// listening watches the stream of the server's own messages: mcp-go asks for it again each second whatever comes back, so
// after a few failures it is told that there is none.
func (r *remote) listening(req *http.Request, response *http.Response) *http.Response {
	if req.Method != http.MethodGet || req.Header.Get("Last-Event-ID") != "" {
		return response
	}
	if response.StatusCode == http.StatusOK {
		r.failed.Store(0)
	} else if r.failed.Add(1) >= maxListens {
		response.StatusCode = http.StatusMethodNotAllowed
	}
	return response
}

// ownTime gives an answer to a server's question a time of its own: mcp-go allows 30 seconds from the question on, and a
// person takes longer. done must be called when the response is done with.
func ownTime(req *http.Request) (own *http.Request, done func()) {
	if !errors.Is(req.Context().Err(), context.DeadlineExceeded) || req.GetBody == nil || !answers(req) {
		return req.Clone(req.Context()), func() {}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(req.Context()), connectTimeout)
	return req.Clone(ctx), cancel
}

// answers reports whether a request carries a response of ours.
func answers(req *http.Request) bool {
	body, err := req.GetBody()
	if err != nil {
		return false
	}
	defer body.Close()
	var m message
	data, err := io.ReadAll(io.LimitReader(body, maxMessage))
	return err == nil && json.Unmarshal(data, &m) == nil && m.ID != nil && m.Method == ""
}

// Events of one stream that come as fast as they like; after that the reader takes its time, so that a server that floods
// waits for us rather than filling the memory.
const (
	burst = 1000
	pace  = time.Millisecond
)

// body is a response's body within bounds: of a stream each event, of anything else the whole.
type body struct {
	io.ReadCloser
	done   func()
	lose   func(error) // what becomes of the connection where the bounds are passed
	stream bool
	size   int // of the event, or the whole, so far
	events int
	last   byte
}

func (r *remote) newBody(from *http.Response, done func()) *body {
	return &body{ReadCloser: from.Body, done: done, lose: r.lose, stream: strings.HasPrefix(from.Header.Get("Content-Type"), "text/event-stream")}
}

// Read implements [io.Reader].
func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	for _, c := range p[:n] {
		b.size++
		if c == '\n' && b.last == '\n' && b.stream {
			b.size = 0
			b.events++
		}
		if c != '\r' {
			b.last = c
		}
	}
	if b.size > maxMessage {
		b.lose(errTooLong)
		return 0, errTooLong
	}
	if b.events > burst {
		time.Sleep(pace)
	}
	return n, err
}

// Close implements [io.Closer].
func (b *body) Close() error {
	defer b.done()
	return b.ReadCloser.Close()
}
