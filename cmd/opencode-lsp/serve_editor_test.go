//go:build unix

package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/opencode-lsp/opencode-lsp/agent/agenttest"
	"github.com/opencode-lsp/opencode-lsp/lsp/lsptest"
)

// servedEditor is an editor whose language server serves its sessions.
type servedEditor struct {
	*served
	host   *realHost
	editor *lsptest.Editor
}

func newServedEditor(t *testing.T, steps string) *servedEditor {
	t.Helper()
	h := newRealHost(t)
	script, err := agenttest.Parse(steps)
	if err != nil {
		t.Fatal(err)
	}
	h.model.Add(script...)
	s := &servedEditor{served: &served{t: t, home: h.home, root: t.TempDir(), model: h.model, user: "opencode", client: &http.Client{Transport: &http.Transport{}}}, host: h}
	if err := os.WriteFile(filepath.Join(s.root, "main.go"), []byte("package add // a - b\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.client.CloseIdleConnections)
	return s
}

// begin starts language server and editor.
func (s *servedEditor) begin() {
	s.t.Helper()
	var err error
	if s.host.server, err = s.home.start(s.root); err != nil {
		s.t.Fatal(err)
	}
	s.cmd = s.host.server.cmd
	s.editor = lsptest.Dial(s.context(), s.host.server, lsptest.Options{Root: s.root, Name: "test"})
	s.t.Cleanup(s.editor.Close)
	if err := s.editor.Initialize(s.context()); err != nil {
		s.t.Fatal(err)
	}
}

// serve runs opencode.serve and reaches the server with the password that it tells of.
func (s *servedEditor) serve(args map[string]any) (at struct{ URL, PasswordFile string }) {
	s.t.Helper()
	raw, err := s.editor.Command(s.context(), "opencode.serve", args)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &at); err != nil {
		s.t.Fatal(err)
	}
	if at.URL == "" {
		return at
	}
	s.url = at.URL
	_, s.addr, _ = strings.Cut(at.URL, "://")
	if at.PasswordFile != "" {
		value, err := os.ReadFile(at.PasswordFile)
		if err != nil {
			s.t.Fatal(err)
		}
		s.pass = strings.TrimSpace(string(value))
	}
	return at
}

func (s *servedEditor) wait(what string, until func() bool) {
	s.t.Helper()
	if err := s.editor.Wait(s.context(), what, until); err != nil {
		s.t.Fatal(err)
	}
}

const editAgain = `call edit {"filePath": "main.go", "oldString": "a + b", "newString": "a * b"}`

// opencode.serve in an editor: clients see and prompt its sessions, edits land in its buffers, its questions are the editor's
// until remote approval is asked for, and all of it ends with the editor.
func TestServeEditor(t *testing.T) {
	t.Parallel()
	s := newServedEditor(t, editCall+"\n\nFixed.\n\n"+editAgain+"\n\nAgain.\n")
	s.begin()
	if err := s.editor.Open("main.go"); err != nil {
		t.Fatal(err)
	}
	if open := listening(t, s.cmd.Process.Pid); len(open) > 0 {
		t.Errorf("before it was asked to it listens on %q", open)
	}
	at := s.serve(map[string]any{"port": json.Number(freePort(t))})
	if info, err := os.Stat(at.PasswordFile); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the password's file: %v %v", info, err)
	}
	if wire := strings.Join(s.editor.Wire(), "\n"); !strings.Contains(wire, at.PasswordFile) || strings.Contains(wire, s.pass) {
		t.Errorf("the user is not told where the password is, or the password: %s", wire)
	}
	if again := s.serve(nil); again != at {
		t.Errorf("asked twice it is at %v, then %v", at, again)
	}
	s.ask(200, "GET", health, "")

	id := s.session()
	in, _ := s.stream("/event")
	s.prompt(id, "fix it")
	until(t, in, "permission.asked")
	s.wait("the editor's question", func() bool { return len(s.editor.OpenQuestions()) == 1 })
	s.ask(403, "POST", "/permission/"+s.questions()[0]+"/reply", `{"reply":"once"}`)
	if len(s.editor.OpenQuestions()) != 1 {
		t.Error("the answer over HTTP took the editor's question away")
	}
	if err := s.editor.Answer(s.editor.OpenQuestions()[0].Number, "Allow once"); err != nil {
		t.Fatal(err)
	}
	until(t, in, "permission.replied")
	until(t, in, "session.idle")
	buffer, _ := s.editor.Buffer("main.go")
	disk, err := os.ReadFile(filepath.Join(s.root, "main.go"))
	if err != nil || !strings.Contains(buffer, "a + b") || !strings.Contains(string(disk), "a - b") {
		t.Errorf("buffer %q, disk %q, %v", buffer, disk, err)
	}

	s.serve(map[string]any{"stop": true})
	if _, err := os.Stat(at.PasswordFile); err == nil || s.reachable() || len(listening(t, s.cmd.Process.Pid)) > 0 {
		t.Errorf("after stop it listens: %v, the password's file: %v", s.reachable(), err)
	}

	second := s.serve(map[string]any{"remoteApproval": true, "hostname": "127.0.0.1", "port": json.Number(freePort(t))})
	in, _ = s.stream("/event")
	s.prompt(id, "again")
	until(t, in, "permission.asked")
	s.wait("the editor's question", func() bool { return len(s.editor.OpenQuestions()) == 1 })
	s.ask(200, "POST", "/permission/"+s.questions()[0]+"/reply", `{"reply":"once"}`)
	until(t, in, "session.idle")
	s.wait("the end of the editor's question", func() bool { return len(s.editor.OpenQuestions()) == 0 })
	if buffer, _ = s.editor.Buffer("main.go"); !strings.Contains(buffer, "a * b") {
		t.Errorf("buffer %q after %s", buffer, s.ask(200, "GET", "/session/"+id+"/message", ""))
	}

	start := time.Now()
	s.host.server.Close() // the editor goes away
	if code := s.host.server.wait(); code != 1 || time.Since(start) > 5*time.Second || s.reachable() {
		t.Errorf("code %d after %s, reachable: %v", code, time.Since(start), s.reachable())
	}
	if _, err := os.Stat(second.PasswordFile); err == nil {
		t.Error("the password's file outlives the server")
	}
	t.Logf("stdio: no listener; opencode.serve: %s, edits in the buffer, HTTP answers 403 without and 200 with remoteApproval; gone %.2f s after the editor", at.URL, time.Since(start).Seconds())
}

// The password of the environment is taken where there is one, and refusals say why.
func TestServeEditorRefusals(t *testing.T) {
	t.Parallel()
	s := newServedEditor(t, "Nothing.")
	s.pass = serverPassword
	s.home.more = append(s.home.more, "OPENCODE_SERVER_PASSWORD="+s.pass)
	s.begin()
	for _, test := range []struct {
		args map[string]any
		want string
	}{
		{map[string]any{"hostname": "0.0.0.0"}, "--insecure-plaintext"},
		{map[string]any{"port": 70000}, "0 to 65535"},
		{map[string]any{"tlsCert": "/missing"}, "belong together"},
		{map[string]any{"tlsCert": "/missing", "tlsKey": "/missing"}, "no such file"},
		{map[string]any{"port": "x"}, "invalid argument"},
	} {
		if _, err := s.editor.Command(s.context(), "opencode.serve", test.args); err == nil || !strings.Contains(fmt.Sprint(err), test.want) {
			t.Errorf("%v: %v, want %q", test.args, err, test.want)
		}
	}
	if open := listening(t, s.cmd.Process.Pid); len(open) > 0 {
		t.Errorf("after refusals it listens on %q", open)
	}
	if at := s.serve(nil); at.PasswordFile != "" {
		t.Errorf("a password was made: %v", at)
	}
	s.ask(200, "GET", health, "")
	environ, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", s.cmd.Process.Pid))
	if err == nil && strings.Contains(string(environ), s.pass) {
		t.Error("the environment holds the password still")
	}
}
