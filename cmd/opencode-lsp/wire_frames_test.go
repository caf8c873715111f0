//go:build unix

package main

import (
	"fmt"
	"strings"
	"testing"
)

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
