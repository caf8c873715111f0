//go:build unix

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/textproto"
	"strconv"
	"strings"
	"testing"
	"time"
)

// wire speaks raw frames to a server, well formed or not.
type wire struct {
	t      *testing.T
	server *server
	in     *bufio.Reader
	seq    int
}

// message is what a server sends.
type message struct {
	ID     json.RawMessage
	Method string
	Params json.RawMessage
	Result json.RawMessage
	Error  *struct {
		Code    int64
		Message string
	}
}

// dialRaw starts a server that has received nothing yet.
func dialRaw(t *testing.T, h *home, root string) *wire {
	t.Helper()
	s, err := h.start(root)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.out.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return &wire{t: t, server: s, in: bufio.NewReader(s)}
}

// raw writes bytes; a server that has ended does not take them.
func (w *wire) raw(text string) { _, _ = io.WriteString(w.server, text) }

func (w *wire) send(body string) { w.raw(frame(body)) }

func frame(body string) string { return fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body) }

// next is the next message of the server. Anything on its output that is not protocol fails the test.
func (w *wire) next() message {
	w.t.Helper()
	head, err := textproto.NewReader(w.in).ReadMIMEHeader()
	if err != nil {
		w.t.Fatalf("read header: %v", err)
	}
	n, err := strconv.Atoi(head.Get("Content-Length"))
	if err != nil {
		w.t.Fatal(err)
	}
	body := make([]byte, n)
	var m message
	if _, err := io.ReadFull(w.in, body); err != nil {
		w.t.Fatal(err)
	}
	if err := json.Unmarshal(body, &m); err != nil {
		w.t.Fatalf("%s: %v", body, err)
	}
	return m
}

// answer is the next message that answers id; requests of the server and notifications pass.
func (w *wire) answer(id string) message {
	w.t.Helper()
	for {
		if m := w.next(); m.Method == "" && string(m.ID) == id {
			return m
		}
	}
}

// request sends a request and returns its answer.
func (w *wire) request(method, params string) message {
	w.t.Helper()
	w.seq++
	id := strconv.Itoa(w.seq)
	w.send(fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"method":%q,"params":%s}`, id, method, params))
	return w.answer(id)
}

func (w *wire) notify(method, params string) {
	w.send(fmt.Sprintf(`{"jsonrpc":"2.0","method":%q,"params":%s}`, method, params))
}

// initialize does the handshake; more are further members of the params.
func (w *wire) initialize(root string, more ...string) {
	w.t.Helper()
	params := append([]string{`"capabilities":{}`, `"rootUri":"file://` + root + `"`}, more...)
	if m := w.request("initialize", "{"+strings.Join(params, ",")+"}"); m.Error != nil {
		w.t.Fatalf("initialize: %s", m.Error.Message)
	}
	w.notify("initialized", "{}")
}

// command runs a command and returns its answer.
func (w *wire) command(name, args string) message {
	w.t.Helper()
	return w.request("workspace/executeCommand", fmt.Sprintf(`{"command":%q,"arguments":%s}`, name, args))
}

// leave says goodbye in good order.
func (w *wire) leave() {
	w.t.Helper()
	if m := w.request("shutdown", "null"); m.Error != nil || string(m.Result) != "null" {
		w.t.Errorf("shutdown: %s %v", m.Result, m.Error)
	}
	w.notify("exit", "null")
	w.ends(0)
}

// ends waits for the end of the server: its code, an empty stderr, and nothing but protocol on stdout.
func (w *wire) ends(code int) {
	w.t.Helper()
	if got := w.server.wait(); got != code {
		w.t.Errorf("the server ended with code %d, want %d", got, code)
	}
	if text := w.server.stderr.String(); text != "" {
		w.t.Errorf("stderr: %s", text)
	}
	for {
		if _, err := w.in.Peek(1); err != nil {
			return
		}
		w.next()
	}
}

// code is an answer's error code, 0 for a result.
func (m message) code() int64 {
	if m.Error == nil {
		return 0
	}
	return m.Error.Code
}
