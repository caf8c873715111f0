//go:build unix

package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/opencode-lsp/opencode-lsp/agent/agenttest"
)

// serverPassword is what the tests' servers know, as the corpus has it.
const serverPassword = "correct horse battery staple"

// served is `opencode-lsp serve` in a process of its own.
type served struct {
	t      *testing.T
	home   *home
	root   string
	model  *agenttest.Server
	cmd    *exec.Cmd
	out    lines
	stderr lines
	ended  chan struct{}
	url    string // as it was printed
	addr   string // host:port
	user   string
	pass   string
	tls    *tls.Config
	client *http.Client
}

// lines collects what is printed, for whoever waits for a line.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
	more chan struct{}
}

func (l *lines) Write(data []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Write(data)
	select {
	case l.more <- struct{}{}:
	default: // nobody waits, or is woken already
	}
	return len(data), nil
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// after is the rest of the line that begins with a prefix, once it is there.
func (l *lines) after(prefix string) (string, bool) {
	for line := range strings.Lines(l.String()) {
		if rest, ok := strings.CutPrefix(line, prefix); ok && strings.HasSuffix(rest, "\n") {
			return strings.TrimSpace(rest), true
		}
	}
	return "", false
}

const listeningOn = "opencode server listening on "

// newServed prepares a server: a home, a folder and a model of its own.
func newServed(t *testing.T) *served {
	t.Helper()
	s := &served{t: t, home: newHome(t), root: t.TempDir(), model: agenttest.New(), user: "opencode", pass: serverPassword}
	t.Cleanup(s.model.Close)
	s.home.model = s.model.URL()
	return s
}

// command is the call of `serve` with the password in the environment, where there is one.
func (s *served) command(args ...string) *exec.Cmd {
	s.t.Helper()
	if s.pass != "" {
		s.home.more = append(s.home.more, "OPENCODE_SERVER_PASSWORD="+s.pass)
	}
	return s.home.command(s.root, append([]string{"serve"}, args...)...)
}

// start runs it until it listens. It is killed at the end of the test if it still runs.
func (s *served) start(args ...string) *served {
	s.t.Helper()
	s.out.more, s.ended = make(chan struct{}, 1), make(chan struct{})
	s.cmd = s.command(args...)
	s.cmd.Stdout, s.cmd.Stderr = &s.out, &s.stderr
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	go func() {
		s.cmd.Wait()
		close(s.ended)
	}()
	s.t.Cleanup(func() {
		s.cmd.Process.Kill()
		<-s.ended
	})
	limit := time.After(patience)
	for {
		if url, ok := s.out.after(listeningOn); ok {
			s.url = url
			break
		}
		select {
		case <-s.out.more:
		case <-s.ended:
			s.t.Fatalf("serve %q ended with code %d:\n%s%s", args, s.cmd.ProcessState.ExitCode(), s.out.String(), s.stderr.String())
		case <-limit:
			s.t.Fatalf("serve %q does not listen:\n%s", args, s.out.String())
		}
	}
	_, s.addr, _ = strings.Cut(s.url, "://")
	if strings.HasPrefix(s.url, "https:") {
		s.tls = &tls.Config{InsecureSkipVerify: true} // the test's own certificate
	}
	s.client = &http.Client{Transport: &http.Transport{TLSClientConfig: s.tls, MaxIdleConnsPerHost: 4}}
	s.t.Cleanup(s.client.CloseIdleConnections)
	return s
}

func (s *served) port() string {
	_, port, err := net.SplitHostPort(s.addr)
	if err != nil {
		s.t.Fatal(err)
	}
	return port
}

// stop ends it by a signal and returns the exit code and how long it took.
func (s *served) stop(sig syscall.Signal) (int, time.Duration) {
	s.t.Helper()
	start := time.Now()
	s.cmd.Process.Signal(sig)
	select {
	case <-s.ended:
	case <-time.After(patience):
		s.t.Errorf("it does not end by %s", sig)
		s.cmd.Process.Kill()
		<-s.ended
	}
	return s.cmd.ProcessState.ExitCode(), time.Since(start)
}

// dial connects to the server.
func (s *served) dial() net.Conn {
	s.t.Helper()
	return s.dialAs("")
}

// dialAs connects from an address of this machine, "" for any.
func (s *served) dialAs(from string) net.Conn {
	s.t.Helper()
	d := net.Dialer{Timeout: patience}
	if from != "" {
		d.LocalAddr = &net.TCPAddr{IP: net.ParseIP(from)}
	}
	c, err := d.Dial("tcp", s.addr)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(patience))
	if s.tls != nil {
		return tls.Client(c, s.tls)
	}
	return c
}

// answered is a response with its body read.
type answered struct {
	*http.Response
	text string
}

func (a *answered) String() string { return fmt.Sprintf("%s %q", a.Status, a.text) }

// raw sends the bytes of one request and reads one response; the address of the corpus becomes the server's. Nil: the
// connection was closed without one.
func (s *served) raw(text string) *answered {
	s.t.Helper()
	return s.rawAs("", text)
}

// usualAddr is the address that requests are written with here; one whose port begins so is another.
var usualAddr = regexp.MustCompile(`127\.0\.0\.1:4096\b`)

func (s *served) rawAs(from, text string) *answered {
	s.t.Helper()
	c := s.dialAs(from)
	defer c.Close()
	go io.WriteString(c, usualAddr.ReplaceAllString(text, s.addr)) // it may answer before it has all
	return readAnswer(s.t, bufio.NewReader(c), text)
}

// kept is one connection that goes on as long as the server lets it.
type kept struct {
	s    *served
	conn net.Conn
	in   *bufio.Reader
}

func (s *served) keep() *kept { return &kept{s: s} }

// raw is served.raw on that connection. Of a stream it reads the beginning alone.
func (k *kept) raw(text string) *answered {
	k.s.t.Helper()
	if k.conn == nil {
		k.conn = k.s.dial()
		k.in = bufio.NewReader(k.conn)
	}
	k.conn.SetDeadline(time.Now().Add(patience))
	go func(c net.Conn) { io.WriteString(c, text) }(k.conn)
	method, _, _ := strings.Cut(text, " ")
	res, err := http.ReadResponse(k.in, &http.Request{Method: method})
	if err != nil {
		k.s.t.Logf("no answer: %v", err)
		k.drop()
		return nil
	}
	if res.Header.Get("Content-Type") == "text/event-stream" {
		k.drop()
		return &answered{res, ""}
	}
	body, err := io.ReadAll(res.Body)
	if err != nil || res.Close || strings.HasPrefix(text, "CONNECT") {
		k.drop()
	}
	return &answered{res, string(body)}
}

func (k *kept) drop() {
	k.conn.Close()
	k.conn = nil
}

func readAnswer(t *testing.T, in *bufio.Reader, request string) *answered {
	t.Helper()
	method, _, _ := strings.Cut(request, " ")
	res, err := http.ReadResponse(in, &http.Request{Method: method})
	if err != nil {
		t.Logf("no answer: %v", err)
		return nil
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Logf("half an answer: %v", err)
	}
	return &answered{res, string(body)}
}

// status is what raw answers with, 0 for nothing.
func (a *answered) status() int {
	if a == nil {
		return 0
	}
	return a.StatusCode
}

// request builds the bytes of a request; a line "-" in front of a name leaves out what is there by default.
func (s *served) request(method, target, body string, headers ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\n", method, target)
	has := func(name string) bool {
		for _, h := range headers {
			if n, _, _ := strings.Cut(strings.TrimPrefix(h, "-"), ":"); strings.EqualFold(n, name) {
				return true
			}
		}
		return false
	}
	defaults := []string{"Host: " + s.addr, "Authorization: " + basic(s.user, s.pass)}
	if body != "" {
		defaults = append(defaults, "Content-Type: application/json", fmt.Sprintf("Content-Length: %d", len(body)))
	}
	defaults = slices.DeleteFunc(defaults, func(h string) bool {
		name, _, _ := strings.Cut(h, ":")
		return has(name)
	})
	for _, h := range append(defaults, headers...) {
		if !strings.HasPrefix(h, "-") {
			b.WriteString(h + "\r\n")
		}
	}
	return b.String() + "\r\n" + body
}

func basic(user, password string) string {
	r := http.Request{Header: http.Header{}}
	r.SetBasicAuth(user, password)
	return r.Header.Get("Authorization")
}

func (s *served) context() context.Context { return s.t.Context() }

// fails runs `serve` that must refuse to start, and returns what it says. Nothing may listen afterwards.
func (s *served) fails(code int, args ...string) string {
	s.t.Helper()
	cmd := s.command(args...)
	ctx, cancel := context.WithTimeout(s.context(), patience)
	defer cancel()
	defer context.AfterFunc(ctx, func() { cmd.Process.Kill() })()
	out, err := cmd.CombinedOutput()
	if err == nil || cmd.ProcessState.ExitCode() != code {
		s.t.Errorf("serve %q ends with code %d, want %d: %s", args, cmd.ProcessState.ExitCode(), code, out)
	}
	if strings.Contains(string(out), listeningOn) {
		s.t.Errorf("serve %q listened: %s", args, out)
	}
	if n := strings.Count(strings.TrimSpace(string(out)), "\n"); n > 0 {
		s.t.Errorf("serve %q says it in %d lines: %s", args, n+1, out)
	}
	return strings.TrimSpace(string(out))
}
