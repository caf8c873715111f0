//go:build unix

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/textproto"
	"os"
	"os/exec"
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

// Frames that leave nobody knowing where the next message starts end the server, with a line in the log.
func TestFatalFrames(t *testing.T) {
	long := strings.Repeat("a", 9<<10)
	for name, c := range map[string]struct{ text, log string }{
		"no length":        {"Content-Type: application/vscode-jsonrpc\r\n\r\n{}", "no Content-Length"},
		"no number":        {"Content-Length: two\r\n\r\n{}", "not a number"},
		"negative":         {"Content-Length: -2\r\n\r\n{}", "not a number"},
		"signed":           {"Content-Length: +2\r\n\r\n{}", "not a number"},
		"hexadecimal":      {"Content-Length: 0x2\r\n\r\n{}", "not a number"},
		"overflow":         {"Content-Length: 18446744073709551618\r\n\r\n{}", "not a number"},
		"too large":        {"Content-Length: 67108865\r\n\r\n{}", "larger than"},
		"two lengths":      {"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", "disagree"},
		"long line":        {"X: " + long + "\r\n\r\n", "8 KiB"},
		"large block":      {strings.Repeat("X: "+long[:8000]+"\r\n", 9) + "\r\n", "64 KiB"},
		"many headers":     {strings.Repeat("X: y\r\n", 65) + "\r\n", "64 headers"},
		"other charset":    {"Content-Length: 2\r\nContent-Type: application/vscode-jsonrpc; charset=utf-16\r\n\r\n{}", "charset"},
		"no colon":         {"GET / HTTP/1.1\r\n\r\n", "no colon"},
		"half header":      {"Content-Len", "header"},
		"half body":        {"Content-Length: 20\r\n\r\n{\"jsonrpc\"", "body"},
		"end of the input": {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHome(t)
			w := dialRaw(t, h, t.TempDir())
			w.raw(c.text)
			if strings.HasPrefix(name, "half ") || c.text == "" {
				w.server.Close()
			}
			w.ends(1)
			if log := h.log(); !strings.Contains(log, c.log) {
				t.Errorf("the log does not say %q:\n%s", c.log, log)
			}
		})
	}
}

// Messages whose length is right are refused one by one, and the stream goes on.
func TestRefusedMessages(t *testing.T) {
	root := t.TempDir()
	w := dialRaw(t, newHome(t), root)
	w.initialize(root)
	deep := strings.Repeat("[", 5000) + strings.Repeat("]", 5000)
	for _, c := range []struct {
		name, body, id string
		code           int64
	}{
		{"not JSON", `{"jsonrpc":`, "null", -32700},
		{"empty", ``, "null", -32700},
		{"blank", `  `, "null", -32700},
		{"two values", `{"jsonrpc":"2.0","method":"x"} {}`, "null", -32700},
		{"no UTF-8", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff\"}", "null", -32700},
		{"deep", `{"jsonrpc":"2.0","id":70,"method":"x","params":` + deep + `}`, "null", -32700},
		{"batch", `[{"jsonrpc":"2.0","id":71,"method":"shutdown"}]`, "null", -32600},
		{"a number", `7`, "null", -32600},
		{"null", `null`, "null", -32600},
		{"no version", `{"id":72,"method":"shutdown"}`, "72", -32600},
		{"old version", `{"jsonrpc":"1.0","id":73,"method":"shutdown"}`, "73", -32600},
		{"id an object", `{"jsonrpc":"2.0","id":{},"method":"shutdown"}`, "null", -32600},
		{"id a fraction", `{"jsonrpc":"2.0","id":1.5,"method":"shutdown"}`, "null", -32600},
		{"id null", `{"jsonrpc":"2.0","id":null,"method":"shutdown"}`, "null", -32600},
		{"method a number", `{"jsonrpc":"2.0","id":74,"method":7}`, "null", -32600},
		{"neither", `{"jsonrpc":"2.0"}`, "null", -32600},
		{"both", `{"jsonrpc":"2.0","id":75,"method":"x","result":1}`, "75", -32600},
		{"unknown", `{"jsonrpc":"2.0","id":76,"method":"textDocument/hover"}`, "76", -32601},
		{"unknown $/", `{"jsonrpc":"2.0","id":77,"method":"$/what"}`, "77", -32601},
		{"no such params", `{"jsonrpc":"2.0","id":78,"method":"textDocument/codeAction","params":[1]}`, "78", -32602},
		{"a word as params", `{"jsonrpc":"2.0","id":79,"method":"textDocument/codeAction","params":"x"}`, "79", -32602},
		{"a notification", `{"jsonrpc":"2.0","id":80,"method":"textDocument/didOpen","params":{}}`, "80", -32600},
		{"again", `{"jsonrpc":"2.0","id":81,"method":"initialize","params":{}}`, "81", -32600},
		{"a word as id", `{"jsonrpc":"2.0","id":"x","method":"what"}`, `"x"`, -32601},
		{"a negative id", `{"jsonrpc":"2.0","id":-5,"method":"what"}`, "null", -32600},
	} {
		w.send(c.body)
		if m := w.answer(c.id); m.code() != c.code {
			t.Errorf("%s: code %d, want %d", c.name, m.code(), c.code)
		}
	}
	w.leave()
}

// Notifications and answers that mean nothing here are passed over, and the next request is served.
func TestIgnoredMessages(t *testing.T) {
	root := t.TempDir()
	w := dialRaw(t, newHome(t), root)
	w.initialize(root)
	for _, body := range []string{
		`{"jsonrpc":"2.0","method":"$/what","params":{}}`,
		`{"jsonrpc":"2.0","method":"textDocument/what"}`,
		`{"jsonrpc":"2.0","method":"textDocument/codeAction","params":{}}`,
		`{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":4711}}`,
		`{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":"x"}}`,
		`{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":1}}`,
		`{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":[]}}`,
		`{"jsonrpc":"2.0","method":"$/cancelRequest"}`,
		`{"jsonrpc":"2.0","method":"textDocument/didOpen","params":7}`,
		`{"jsonrpc":"2.0","method":"textDocument/didOpen","params":null}`,
		`{"jsonrpc":"2.0","method":"workspace/didChangeConfiguration","params":{"settings":{"opencode":7}}}`,
		`{"jsonrpc":"2.0","method":"workspace/didChangeWorkspaceFolders","params":{"event":7}}`,
		`{"jsonrpc":"2.0","method":"window/workDoneProgress/cancel","params":{"token":{}}}`,
		`{"jsonrpc":"2.0","id":4711,"result":{}}`,
		`{"jsonrpc":"2.0","id":4711,"error":{"code":1,"message":"x"}}`,
		`{"jsonrpc":"2.0","id":4711,"error":7}`,
		`{"jsonrpc":"2.0","id":4711}`,
		`{"jsonrpc":"2.0","id":4711,"result":1,"error":{"code":1,"message":"x"}}`,
		`{"jsonrpc":"2.0","id":"4711","result":null}`,
	} {
		w.send(body)
		if m := w.command("opencode.permission.list", "[]"); string(m.Result) != "[]" {
			t.Errorf("after %s: %s %v", body, m.Result, m.Error)
		}
	}
	w.leave()
}

// Header names are free in case and order.
func TestHeaders(t *testing.T) {
	w := dialRaw(t, newHome(t), t.TempDir())
	body := `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"capabilities":{}}}`
	w.raw(fmt.Sprintf("content-type: application/vscode-jsonrpc; charset=utf8\r\nCONTENT-LENGTH:%d\r\nX-Other: y\r\n\r\n%s", len(body), body))
	if m := w.answer("1"); m.code() != 0 {
		t.Error(m.Error.Message)
	}
	body = `{"jsonrpc":"2.0","id":2,"method":"shutdown"}`
	w.raw(fmt.Sprintf("Content-Length: %d\nContent-Type: x; charset=\"UTF-8\"\n\n%s", len(body), body))
	if m := w.answer("2"); m.code() != 0 {
		t.Error(m.Error.Message)
	}
	w.notify("exit", "null")
	w.ends(0)
}

// The lifecycle of LSP 3.17: what is served when, and with which code the process ends.
func TestLifecycle(t *testing.T) {
	root := t.TempDir()
	t.Run("before initialize", func(t *testing.T) {
		w := dialRaw(t, newHome(t), root)
		for _, method := range []string{"shutdown", "workspace/executeCommand", "textDocument/hover"} {
			if m := w.request(method, "{}"); m.code() != -32002 {
				t.Errorf("%s: code %d, want -32002", method, m.code())
			}
		}
		w.notify("textDocument/didOpen", `{"textDocument":{"uri":"file:///x","version":1,"text":""}}`)
		w.notify("exit", "null")
		w.ends(1)
	})
	t.Run("before initialized", func(t *testing.T) {
		w := dialRaw(t, newHome(t), root)
		w.request("initialize", `{"capabilities":{}}`)
		if m := w.command("opencode.permission.list", "[]"); string(m.Result) != "[]" {
			t.Errorf("%s %v", m.Result, m.Error)
		}
		w.leave()
	})
	t.Run("exit without shutdown", func(t *testing.T) {
		w := dialRaw(t, newHome(t), root)
		w.initialize(root)
		w.notify("exit", "null")
		w.ends(1)
	})
	t.Run("after shutdown", func(t *testing.T) {
		w := dialRaw(t, newHome(t), root)
		w.initialize(root)
		w.request("shutdown", "null")
		for _, method := range []string{"shutdown", "workspace/executeCommand", "textDocument/hover", "initialize"} {
			if m := w.request(method, "{}"); m.code() != -32600 {
				t.Errorf("%s: code %d, want -32600", method, m.code())
			}
		}
		w.notify("exit", "null")
		w.ends(0)
	})
	t.Run("end of the input", func(t *testing.T) {
		w := dialRaw(t, newHome(t), root)
		w.initialize(root)
		w.command("opencode.status", "[]")
		w.server.Close()
		w.ends(1)
	})
	t.Run("output closed", func(t *testing.T) {
		w := dialRaw(t, newHome(t), root)
		w.initialize(root)
		w.server.out.Close()
		w.notify("workspace/didChangeConfiguration", "{}")
		w.send(`{"jsonrpc":"2.0","id":99,"method":"workspace/executeCommand","params":{"command":"opencode.status"}}`)
		w.ends(1)
	})
	t.Run("output full", func(t *testing.T) {
		t.Parallel()
		w := dialRaw(t, newHome(t), root)
		w.initialize(root)
		for i := range 500 { // more answers than a pipe holds
			w.send(fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"workspace/executeCommand","params":{"command":"opencode.status"}}`, 1000+i))
		}
		w.server.Close()
		start := time.Now()
		if code := w.server.wait(); code != 1 {
			t.Errorf("the server ended with code %d, want 1", code)
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("the server ended after %v, want 5 s at most", took)
		}
	})
	t.Run("the editor dies", func(t *testing.T) {
		t.Parallel()
		editor := exec.Command("sleep", "60")
		if err := editor.Start(); err != nil {
			t.Fatal(err)
		}
		w := dialRaw(t, newHome(t), root)
		w.initialize(root, `"processId":`+strconv.Itoa(editor.Process.Pid))
		editor.Process.Kill()
		editor.Wait()
		start := time.Now()
		w.ends(1)
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("the server ended after %v, want 5 s at most", took)
		}
	})
}

// A client that does not read for a while gets every answer once it does.
func TestSlowReader(t *testing.T) {
	root := t.TempDir()
	w := dialRaw(t, newHome(t), root)
	w.initialize(root)
	const requests = 500 // some 100 KiB of answers, more than a pipe holds
	for i := range requests {
		w.send(fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"workspace/executeCommand","params":{"command":"opencode.status"}}`, 1000+i))
	}
	seen := map[string]bool{}
	for len(seen) < requests {
		if m := w.next(); m.Method == "" {
			seen[string(m.ID)] = true
		}
	}
	w.leave()
}

// The program's own output is the protocol's alone, whatever the environment asks for.
func TestVersionOnStdout(t *testing.T) {
	h := newHome(t)
	out, err := h.command(t.TempDir(), "version").Output()
	if err != nil || !strings.HasPrefix(string(out), "opencode-lsp ") || strings.Count(string(out), "\n") != 1 {
		t.Errorf("version: %q %v", out, err)
	}
	if _, err := os.Stat(h.dir + "/.local"); err == nil {
		t.Error("version writes files")
	}
}
