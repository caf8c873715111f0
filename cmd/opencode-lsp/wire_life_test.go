//go:build unix

package main

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

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
