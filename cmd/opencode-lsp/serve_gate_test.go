//go:build unix

package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// 15: what comes over HTTP passes the gate, and HTTP answers nothing unless that was asked for.
func serveGate(t *testing.T) {
	s := newServed(t)
	s.script("call bash {\"command\": \"touch made\"}\n\nDone.\n\ncall write {\"filePath\": \"written\", \"content\": \"x\"}\n\nDone.")
	s.start()
	id := s.session()
	in, _ := s.stream("/event")
	s.prompt(id, "make it")
	until(t, in, "permission.asked")
	open := s.questions()
	if len(open) != 1 || s.exists("made") {
		t.Fatalf("questions %q; made: %v", open, s.exists("made"))
	}
	for _, reply := range []string{"once", "always", "reject"} {
		s.ask(403, "POST", "/permission/"+open[0]+"/reply", fmt.Sprintf(`{"reply":%q}`, reply))
		s.ask(403, "POST", "/session/"+id+"/permissions/"+open[0], fmt.Sprintf(`{"response":%q}`, reply))
	}
	if now := s.questions(); !slices.Equal(now, open) || s.exists("made") {
		t.Errorf("after refused answers: %q", now)
	}
	c := cli{t, s.home, s.root}
	c.run(0, "answered", "answer", "once")
	until(t, in, "session.idle")
	if !s.exists("made") {
		t.Error("the answer on this machine did nothing")
	}
	done := make(chan string, 1)
	go func() {
		done <- s.ask(200, "POST", "/session/"+id+"/shell", `{"agent":"build","command":"touch shelled"}`)
	}()
	until(t, in, "permission.asked")
	if s.exists("shelled") {
		t.Error("shell runs unasked")
	}
	c.run(0, "answered", "answer", "reject")
	<-done
	if s.exists("shelled") {
		t.Error("shell runs what was rejected")
	}
	s.prompt(id, "write it")
	until(t, in, "permission.asked")
	if s.exists("written") {
		t.Error("write writes unasked")
	}
	c.run(0, "answered", "answer", "reject")
	t.Log("bash of a prompt, POST shell and write: asked; six answers over HTTP: 403, the question stays; `opencode-lsp answer` settles it")
}

// 15: with remote approval the first answer counts, and a deny stays one.
func serveRemoteApproval(t *testing.T) {
	s := newServed(t)
	s.home.rules = `{"bash": {"touch denied": "deny"}}`
	s.script("call bash {\"command\": \"touch made\"}\n\nDone.\n\ncall bash {\"command\": \"touch denied\"}\n\nDone.")
	s.start("--remote-approval")
	id := s.session()
	in, _ := s.stream("/event")
	s.prompt(id, "make it")
	until(t, in, "permission.asked")
	open := s.questions()
	s.ask(200, "POST", "/permission/"+open[0]+"/reply", `{"reply":"once"}`)
	s.ask(404, "POST", "/permission/"+open[0]+"/reply", `{"reply":"once"}`)
	until(t, in, "session.idle")
	s.prompt(id, "deny it")
	until(t, in, "session.idle")
	if !s.exists("made") || s.exists("denied") {
		t.Errorf("made: %v, denied: %v", s.exists("made"), s.exists("denied"))
	}
	t.Log("--remote-approval: the first answer settles, the second is 404; what a rule denies is not asked and not run")
}

// 15: a client may narrow what a session may do, and not widen it; the rules outlast a restart.
func serveLimits(t *testing.T) {
	s := newServed(t)
	s.script("call bash {\"command\": \"touch first\"}\n\nDone.\n\ncall bash {\"command\": \"touch second\"}\n\nDone.\n\ncall write {\"filePath\": \"third\", \"content\": \"x\"}\n\nDone.")
	s.start()
	for _, bad := range []string{`{"permission":[{}]}`, `{"permission":[{"permission":"bash","pattern":"*","action":"maybe"}]}`, `{"permission":{"bash":"deny"}}`} {
		s.ask(400, "POST", "/session", bad)
	}
	var made struct {
		ID         string
		Permission []map[string]string
	}
	if err := json.Unmarshal([]byte(s.ask(200, "POST", "/session", `{"permission":[
		{"permission":"*","pattern":"*","action":"deny"},{"permission":"write","pattern":"*","action":"allow"},{"permission":"edit","pattern":"*","action":"allow"}]}`)), &made); err != nil || len(made.Permission) != 3 {
		t.Fatalf("%v %v", made, err)
	}
	in, _ := s.stream("/event")
	s.prompt(made.ID, "make it")
	until(t, in, "session.idle")
	s.stop(syscall.SIGTERM)
	s = s.again()
	in, _ = s.stream("/event")
	s.prompt(made.ID, "again")
	until(t, in, "session.idle")
	s.prompt(made.ID, "write it")
	until(t, in, "permission.asked")
	if s.exists("first") || s.exists("second") || s.exists("third") {
		t.Error("the client's rules do not hold, or allow")
	}
	s.ask(400, "PATCH", "/session/"+made.ID, `{"permission":[{"permission":"bash","pattern":"*","action":"allow"}]}`)
	t.Log("a session's own deny holds, after a restart too; its allow is asked as ever")
}

// 16: files are read within the workspace, and by the rules.
func serveFiles(t *testing.T) {
	s := newServed(t)
	outside := filepath.Join(t.TempDir(), "secret.txt")
	for name, text := range map[string]string{
		filepath.Join(s.root, "main.go"): "package main", outside: "canary-outside", filepath.Join(s.root, ".env"): "TOKEN=canary-dotenv",
		filepath.Join(s.root, "id_rsa"): "-----BEGIN OPENSSH PRIVATE KEY-----\ncanary-key",
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{"link": outside, "folder": filepath.Dir(outside), "env": ".env"} {
		if err := os.Symlink(to, filepath.Join(s.root, link)); err != nil {
			t.Fatal(err)
		}
	}
	s.start()
	if text := s.ask(200, "GET", "/file/content?path=main.go", ""); !strings.Contains(text, "package main") {
		t.Errorf("main.go: %s", text)
	}
	bad := []string{"../../etc/passwd", "/etc/passwd", outside, "link", "folder/secret.txt", "..", "a/../../x", ".env", "./.env", "env", "id_rsa", "main.go/../../x", "/proc/self/environ", "\x00", "file:///etc/passwd", "..\\x"}
	for _, path := range bad {
		text, status := s.try("GET", "/file/content?path="+url.QueryEscape(path), "")
		if status < 400 || status >= 500 || strings.Contains(text, "canary") || strings.Contains(text, "root:") {
			t.Errorf("content of %q: %d %s", path, status, text)
		}
		if text, status = s.try("GET", "/file?path="+url.QueryEscape(path), ""); strings.Contains(text, "secret.txt") || strings.Contains(text, "passwd") && status == 200 || status >= 500 {
			t.Errorf("list of %q: %d %s", path, status, text)
		}
	}
	for _, find := range []string{"/find?pattern=canary", "/find?pattern=TOKEN", "/find/file?query=secret", "/find/file?query=../", "/find/symbol?query=canary"} {
		if text, status := s.try("GET", find, ""); strings.Contains(text, "canary-") || strings.Contains(text, "secret.txt") || status >= 500 {
			t.Errorf("%s: %d %s", find, status, text)
		}
	}
	for _, dir := range []string{"/etc", filepath.Dir(s.root), s.root + "x", filepath.Join(s.root, "folder")} {
		s.ask(400, "GET", "/session?directory="+url.QueryEscape(dir), "")
	}
	t.Logf("%d paths out of the workspace or to secrets: refused, nothing of them told; searches leave them out; another directory: 400", len(bad))
}
