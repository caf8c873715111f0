//go:build servebrowser

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/opencode-lsp/opencode-lsp/editors/editorstest"
)

// pageResult is what page.mjs prints.
type pageResult struct {
	Ours, Control []attacked
	Rebound       int
	Version       string
}

type attacked struct {
	From       string
	Remembered int
	Outcomes   map[string]string
}

// 8: pages of other origins in a real browser whose user has logged in, by every way that a page has to send something. The
// same against a server that asks for the password only shows that the browser really sends it along.
func TestServeBrowser(t *testing.T) {
	tools := editorstest.Installed(t, "../../editors/editorstest/install-vscode.sh") // the browser, as for VS Code
	front, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := newServed(t).start("--allow-host", front.Addr().String())
	wire := newTap(t, front, s.addr)
	s.session()
	before := s.ask(200, "GET", "/session", "")
	control := newControl(t, s.pass)
	evil := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<!doctype html><title>evil</title><body>")
	}))
	defer evil.Close()
	_, port, err := net.SplitHostPort(evil.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	task, err := json.Marshal(map[string]any{
		"playwright": tools["PLAYWRIGHT"], "chromium": tools["CHROMIUM"], "evil": []string{"http://evil.test:" + port, "http://localhost:" + port, "http://127.0.0.1:" + port},
		"ours":    map[string]string{"host": "127.0.0.1", "port": wire.port(), "password": s.pass},
		"control": map[string]string{"host": "127.0.0.1", "port": control.port, "password": s.pass},
	})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), tools["NODE"], "testdata/browser/page.mjs")
	cmd.Env, cmd.Stderr = append(os.Environ(), "TASK="+string(task)), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var result pageResult
	if err := json.Unmarshal(out, &result); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if control.let.Load() < 10 {
		t.Errorf("the browser sent the password along %d times only, so the attack is none: %v", control.let.Load(), result.Control)
	}
	for _, a := range result.Ours {
		a.check(t)
	}
	foreign, known := wire.check(t)
	if result.Rebound != 421 {
		t.Errorf("under a foreign name with the password: %d, want 421", result.Rebound)
	}
	if after := s.ask(200, "GET", "/session", ""); after != before {
		t.Errorf("the sessions changed: %s", after)
	}
	t.Logf("Chromium %s, logged in: %d ways from pages of %d other origins made %d requests, %d of them with the right password: each 401 or 403, nothing read, nothing changed; a name bound to our address: 421; a server that looks at the password alone let %d in",
		result.Version, len(result.Ours[0].Outcomes)+6, len(result.Ours), foreign, known, control.let.Load())
}

// check: no way gave a page anything.
func (a attacked) check(t *testing.T) {
	t.Helper()
	if a.Remembered != 200 {
		t.Errorf("%s: the browser was not logged in: %d", a.From, a.Remembered)
	}
	for way, got := range a.Outcomes {
		if got != "none" && got != "opaque" && way != "popup" || strings.Contains(got, "ses_") {
			t.Errorf("%s: %s: %s", a.From, way, got)
		}
	}
}

// tap passes connections on as they are and notes what is asked and answered on them.
type tap struct {
	*testing.T
	front net.Listener
	mu    sync.Mutex
	seen  []*exchange
}

type exchange struct {
	request *http.Request
	status  int
}

func newTap(t *testing.T, front net.Listener, to string) *tap {
	w := &tap{T: t, front: front}
	t.Cleanup(func() { front.Close() })
	go func() {
		for {
			c, err := front.Accept()
			if err != nil {
				return
			}
			go w.pass(c, to)
		}
	}()
	return w
}

func (w *tap) port() string {
	_, port, _ := net.SplitHostPort(w.front.Addr().String())
	return port
}

func (w *tap) pass(c net.Conn, to string) {
	defer c.Close()
	server, err := net.Dial("tcp", to)
	if err != nil {
		w.Error(err)
		return
	}
	defer server.Close()
	asked, note := io.Pipe()
	answered, noteAnswer := io.Pipe()
	requests := make(chan *exchange, 100)
	go w.requests(asked, requests)
	go w.answers(answered, requests)
	go func() {
		io.Copy(io.MultiWriter(server, note), c)
		note.Close()
		server.Close()
	}()
	io.Copy(io.MultiWriter(c, noteAnswer), server)
	noteAnswer.Close()
}

func (w *tap) requests(from *io.PipeReader, out chan<- *exchange) {
	defer close(out)
	defer io.Copy(io.Discard, from)
	for in := bufio.NewReader(from); ; {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		e := &exchange{request: r}
		w.mu.Lock()
		w.seen = append(w.seen, e)
		w.mu.Unlock()
		out <- e
		io.Copy(io.Discard, r.Body)
	}
}

func (w *tap) answers(from *io.PipeReader, requests <-chan *exchange) {
	defer io.Copy(io.Discard, from)
	for in := bufio.NewReader(from); ; {
		res, err := http.ReadResponse(in, nil)
		if err != nil {
			return
		}
		e, ok := <-requests
		if !ok {
			return
		}
		w.mu.Lock()
		e.status = res.StatusCode
		w.mu.Unlock()
		io.Copy(io.Discard, res.Body)
	}
}

// check: whatever a page of another origin has sent was refused. It counts those requests, and those with the right password.
func (w *tap) check(t *testing.T) (foreign, known int) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	kinds := map[string]bool{}
	for _, e := range w.seen {
		h := e.request.Header
		if strings.HasPrefix(e.request.Host, "rebound.test") {
			if e.status != 401 && e.status != 421 {
				t.Errorf("%s: %d", e.request.Host, e.status)
			}
			continue
		}
		if h.Get("Sec-Fetch-Site") == "none" {
			continue // typed by the user
		}
		foreign++
		if _, password, _ := e.request.BasicAuth(); password == serverPassword {
			known++
			kinds[h.Get("Sec-Fetch-Dest")] = true
		}
		if e.status != 401 && e.status != 403 {
			t.Errorf("%s %s from %q (%s): %d", e.request.Method, e.request.URL, h.Get("Origin"), h.Get("Sec-Fetch-Dest"), e.status)
		}
	}
	if foreign < 40 || known < 10 || len(kinds) < 3 {
		t.Errorf("only %d requests came, %d with the password, of %v", foreign, known, kinds)
	}
	return foreign, known
}

// control is a server that wants the password and looks at nothing else.
type control struct {
	port string
	let  atomic.Int64 // foreign requests with the password
}

func newControl(t *testing.T, password string) *control {
	c := &control{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, got, _ := r.BasicAuth(); got != password {
			w.Header().Set("WWW-Authenticate", `Basic realm="opencode"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if site := r.Header.Get("Sec-Fetch-Site"); site != "none" && site != "same-origin" {
			c.let.Add(1)
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, "[]")
	}))
	t.Cleanup(server.Close)
	at, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	c.port = at.Port()
	return c
}
