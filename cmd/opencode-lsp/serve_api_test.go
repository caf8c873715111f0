//go:build unix

package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/opencode-lsp/opencode-lsp/agent/agenttest"
	"github.com/opencode-lsp/opencode-lsp/lsp/lsptest"
)

// session makes a session and returns its id.
func (s *served) session() string {
	s.t.Helper()
	var made struct{ ID string }
	if err := json.Unmarshal([]byte(s.ask(200, "POST", "/session", "{}")), &made); err != nil || made.ID == "" {
		s.t.Fatalf("no session: %v", err)
	}
	return made.ID
}

// script gives the model its steps.
func (s *served) script(steps string) {
	s.t.Helper()
	script, err := agenttest.Parse(steps)
	if err != nil {
		s.t.Fatal(err)
	}
	s.model.Add(script...)
}

// prompt starts a turn.
func (s *served) prompt(session, text string) {
	s.t.Helper()
	s.ask(204, "POST", "/session/"+session+"/prompt_async", fmt.Sprintf(`{"parts":[{"type":"text","text":%q}]}`, text))
}

// until reads a stream up to an event of a type, which it returns.
func until(t *testing.T, in *bufio.Reader, kind string) string {
	t.Helper()
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			t.Fatalf("the stream ends before %s: %v", kind, err)
		}
		if data, ok := strings.CutPrefix(line, "data: "); ok && strings.Contains(data, `"type":"`+kind+`"`) {
			return data
		}
	}
}

// questions are the ids of the open permission questions.
func (s *served) questions() []string {
	s.t.Helper()
	var list []struct{ ID string }
	if err := json.Unmarshal([]byte(s.ask(200, "GET", "/permission", "")), &list); err != nil {
		s.t.Fatal(err)
	}
	var ids []string
	for _, q := range list {
		ids = append(ids, q.ID)
	}
	return ids
}

func (s *served) exists(name string) bool {
	_, err := os.Stat(filepath.Join(s.root, name))
	return err == nil
}

// 1: the language server has no socket of the network, whatever it does, and neither have its children.
func serveStdio(t *testing.T) {
	h := newRealHost(t)
	h.home.more = append(h.home.more, "OPENCODE_SERVER_PASSWORD="+serverPassword)
	steps, err := agenttest.Parse("call bash {\"command\": \"sleep 0.2; echo done\"}\n\nDone.")
	if err != nil {
		t.Fatal(err)
	}
	h.model.Add(steps...)
	root := t.TempDir()
	if h.server, err = h.home.start(root); err != nil {
		t.Fatal(err)
	}
	ed := lsptest.Dial(t.Context(), h.server, lsptest.Options{Root: root, Name: "test"})
	defer ed.Close()
	looked := 0
	look := func(when string) {
		t.Helper()
		for _, pid := range descendants(h.server.cmd.Process.Pid) {
			looked++
			if open := listening(t, pid); len(open) > 0 {
				t.Errorf("%s: process %d listens on %q", when, pid, open)
			}
		}
	}
	if err := ed.Initialize(t.Context()); err != nil {
		t.Fatal(err)
	}
	look("after initialize")
	turn := ed.StartCommand("opencode.prompt", map[string]any{"text": "sleep", "wait": true})
	if err := ed.Wait(t.Context(), "the question", func() bool { return len(ed.OpenQuestions()) > 0 }); err != nil {
		t.Fatal(err)
	}
	look("while it asks")
	if err := ed.Answer(ed.OpenQuestions()[0].Number, "Allow once"); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		look("while a command runs")
	}
	if err := turn.Wait(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	look("after the turn")
	t.Logf("%d looks at the sockets of the language server and its children in a session with a turn and a command: none listens, TCP or UDP", looked)
}

// descendants are a process and its descendants.
func descendants(pid int) []int {
	all := []int{pid}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for i := 0; i < len(all); i++ {
		for _, file := range stats {
			text, err := os.ReadFile(file)
			if err != nil {
				continue // it has ended
			}
			f := strings.Fields(string(text[strings.LastIndex(string(text), ")")+1:]))
			if len(f) > 1 && f[1] == strconv.Itoa(all[i]) {
				child, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
				if err == nil {
					all = append(all, child)
				}
			}
		}
	}
	return all
}

// 11: a stream of events needs the password when it begins, in the header alone, and ends when the password changes.
func serveStream(t *testing.T) {
	s := newServed(t)
	s.pass = ""
	s.start("--generate-password")
	path, _ := s.out.after("password in ")
	read := func() string {
		value, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(value))
	}
	s.pass = read()
	for _, stream := range []string{"/event", "/global/event"} {
		token := url.QueryEscape(basic(s.user, s.pass)[6:])
		for name, request := range map[string]string{
			"nothing":       s.request("GET", stream, "", "-Authorization:"),
			"a token":       s.request("GET", stream+"?auth_token="+token, "", "-Authorization:"),
			"wrong":         s.request("GET", stream, "", "Authorization: "+basic(s.user, "wrong password!!")),
			"a last id too": s.request("GET", stream, "", "-Authorization:", "Last-Event-ID: 0"),
		} {
			if got := s.raw(request); got.status() != 401 {
				t.Errorf("%s with %s: %s", stream, name, got)
			}
		}
		for _, id := range []string{"-", "ses_1.1.1", "0,../../etc.1.1", "0,ses_1.1", "0,ses_1.-1.1", strings.Repeat("9", 5000)} {
			if got := s.head(s.request("GET", stream, "", "Last-Event-ID: "+id)); got != 400 {
				t.Errorf("%s after the id %.20q: %d", stream, id, got)
			}
		}
	}
	s.overhear(read())
	in, _ := s.stream("/event")
	global, _ := s.stream("/global/event")
	until(t, in, "server.connected")
	until(t, global, "server.connected")
	old := s.pass
	start := time.Now()
	s.cmd.Process.Signal(syscall.SIGUSR1)
	io.Copy(io.Discard, in)
	io.Copy(io.Discard, global)
	took := time.Since(start)
	if s.pass = read(); s.pass == old || took > 5*time.Second {
		t.Errorf("the streams ended after %s; the password is new: %v", took, s.pass != old)
	}
	s.ask(200, "GET", health, "")
	s.pass = old
	s.ask(401, "GET", health, "")
	t.Logf("no password, a token in the address, a wrong one: 401; ids that make no sense: 400, one made up for another folder's session: nothing; both streams ended %.2f s after the password was changed, the old one is 401 then", took.Seconds())
}

// overhear starts a server of another folder over the same store and asks this one for what happened there, with an id made
// up for it: it must tell nothing.
func (s *served) overhear(password string) {
	s.t.Helper()
	other := newServed(s.t)
	other.home = s.home
	other.start()
	secret := other.session()
	other.ask(200, "PATCH", "/session/"+secret, `{"title":"not for you"}`)
	mine := s.session()
	in, _ := s.stream("/event", "Last-Event-ID: 0,"+secret+".0.0")
	s.ask(200, "PATCH", "/session/"+mine, `{"title":"the end of it"}`)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			s.t.Fatal(err)
		}
		if strings.Contains(line, "not for you") {
			s.t.Errorf("another folder's session is told: %s", line)
		}
		if strings.Contains(line, "the end of it") {
			return
		}
	}
}

// 13: 16 subscribers, 503 beyond; a reader that stands still is dropped, and what waits for him is bounded.
func serveSubscribers(t *testing.T) {
	s := newServed(t).start()
	s.ask(200, "GET", health, "")
	before := residentSize(t, s.cmd.Process.Pid)
	n := load(1000)
	crowd := s.crowd(n)
	after := residentSize(t, s.cmd.Process.Pid)
	if crowd.streams != 16 || crowd.refused != 503 || crowd.streams+crowd.answers[503]+crowd.closed != n {
		t.Errorf("%d subscribers: %d streams, then %v, %d closed", n, crowd.streams, crowd.answers, crowd.closed)
	}
	bounded(t, before, after, crowdMemory)
	t.Logf("%d subscribers: %d streams, %d × 503, %d closed without an answer; PSS %.1f → %.1f MB (bound: +%d)", n, crowd.streams, crowd.answers[503], crowd.closed, before, after, crowdMemory)
}

const (
	crowdMemory = 10 // MB: 64 connections with their buffers, 16 of them with a stream
	slowMemory  = 48 // MB: 8 MiB that may wait for a reader, as much on its way to him, and what the collector leaves as long
)

// crowded is what became of many subscribers.
type crowded struct {
	streams, closed int
	answers         map[int]int
	refused         int // the status of those who got no stream
}

// crowd subscribes many times; the streams that begin stay open.
func (s *served) crowd(n int) crowded {
	s.t.Helper()
	out := crowded{answers: map[int]int{}}
	for range n {
		c := s.dial()
		io.WriteString(c, s.request("GET", "/event", ""))
		res, err := http.ReadResponse(bufio.NewReader(c), nil)
		switch {
		case err != nil:
			out.closed++
		case res.StatusCode == http.StatusOK:
			out.streams++
		default:
			out.answers[res.StatusCode]++
			out.refused = res.StatusCode
		}
	}
	return out
}

// 13: the slow reader. What the session itself takes is measured beside it, with a reader that keeps up, under full load.
func serveSlowReader(t *testing.T) {
	if !*heavy {
		_, got := flood(t, true)
		t.Logf("%d events of %d KB past a reader that stands still: he is dropped after %.1f MB, the other saw all", floodEvents, floodSize/1000, float64(got)/1e6)
		return
	}
	without, _ := flood(t, false)
	with, got := flood(t, true)
	bounded(t, without, with, slowMemory)
	t.Logf("%d events of %d KB past a reader that stands still: he is dropped after %.1f MB, the other saw all; PSS at most %.1f MB, without him %.1f (bound: +%d)",
		floodEvents, floodSize/1000, float64(got)/1e6, with, without, slowMemory)
}

const floodEvents, floodSize = 400, 60_000

// flood sends events past a reader that keeps up and, if wanted, one that stands still, and returns the server's peak and what
// the latter got before he was dropped.
func flood(t *testing.T, standing bool) (peak float64, got int64) {
	s := newServed(t)
	if *heavy {
		s.home.more = append(s.home.more, "GOGC=20") // what the collector leaves would hide the difference
	}
	s.start()
	id := s.session()
	var slow *bufio.Reader
	var conn net.Conn
	if standing {
		slow, conn = s.stream("/event")
	}
	fast, fastConn := s.stream("/event")
	fastConn.SetDeadline(time.Now().Add(3 * patience))
	seen := make(chan int)
	go func() {
		n := 0
		for n < floodEvents {
			line, err := fast.ReadString('\n')
			if err != nil {
				break
			}
			if strings.Contains(line, `"message.part.updated"`) {
				n++
			}
		}
		seen <- n
	}()
	for i := range floodEvents {
		s.ask(204, "POST", "/session/"+id+"/prompt_async", fmt.Sprintf(`{"noReply":true,"parts":[{"type":"text","text":"%d %s"}]}`, i, strings.Repeat("x", floodSize)))
		if i%20 == 0 {
			peak = max(peak, residentSize(t, s.cmd.Process.Pid))
		}
	}
	if n := <-seen; n != floodEvents {
		t.Errorf("the reader that keeps up saw %d of %d events", n, floodEvents)
	}
	if !standing {
		return peak, 0
	}
	conn.SetDeadline(time.Now().Add(patience))
	got, err := io.Copy(io.Discard, slow)
	if errors.Is(err, os.ErrDeadlineExceeded) || got >= floodEvents*floodSize {
		t.Errorf("the slow reader's stream goes on: %d bytes, %v", got, err)
	}
	return peak, got
}

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

// 19: the password is nowhere but in the process.
func serveSecrets(t *testing.T) {
	s := newServed(t)
	s.pass = "canary-" + "x7f3q9zz81-password"
	s.home.more = append(s.home.more, "COPIED=Basic "+s.pass)
	const scan = `env; for p in self $PPID; do tr '\\0' '\\n' < /proc/$p/environ; tr '\\0' ' ' < /proc/$p/cmdline; done; echo end-of-scan; sleep 0.5`
	s.script("call bash {\"command\": \"" + scan + "\"}\n\nDone.")
	s.start("-v", "--remote-approval")
	id := s.session()
	in, _ := s.stream("/event")
	s.prompt(id, "scan")
	said := map[string]string{}
	until(t, in, "permission.asked") // it holds variables
	s.ask(200, "POST", "/permission/"+s.questions()[0]+"/reply", `{"reply":"once"}`)
	for range 10 {
		for _, pid := range descendants(s.cmd.Process.Pid) {
			for _, file := range []string{"environ", "cmdline"} {
				text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, file))
				if err == nil {
					said[fmt.Sprintf("%s of process %d", file, pid)] += string(text)
				}
			}
		}
		<-time.After(20 * time.Millisecond)
	}
	until(t, in, "session.idle")
	for _, path := range append(s.routes(), "/session/"+id+"/message", "/doc") {
		if path != "/event" && path != "/global/event" {
			text, _ := s.try("GET", path, "")
			said["GET "+path] = text
		}
	}
	for _, request := range []string{s.request("POST", "/session", "{"), s.request("GET", "/"+s.pass, "", "Host: x"), s.request("GET", "/x", "", "Authorization: Basic "+s.pass), "GARBAGE " + s.pass + "\r\n\r\n"} {
		if got := s.raw(request); got != nil {
			said["answer to "+request[:20]] = got.text
		}
	}
	s.cmd.Process.Signal(syscall.SIGQUIT) // a crash, with all its stacks
	<-s.ended
	said["stdout"], said["crash"], said["log"] = s.out.String(), s.stderr.String(), s.home.log()
	for i, r := range s.model.Requests() {
		said[fmt.Sprintf("request %d", i)] = string(r)
	}
	for _, dir := range []string{s.home.dir, s.home.runtime, s.root} {
		readAll(t, dir, said)
	}
	all := strings.Join(slices.Collect(maps.Values(said)), "\n")
	if !strings.Contains(all, "end-of-scan") || !strings.Contains(all, "goroutine ") {
		t.Errorf("the test looks at too little")
	}
	size := 0
	for where, text := range said {
		size += len(text)
		for _, secret := range []string{s.pass, "x7f3q9zz81", basic(s.user, s.pass)[6:]} {
			if at := strings.Index(text, secret); at >= 0 && !strings.HasPrefix(where, "answer to GET /canary") {
				t.Errorf("%s holds the password: …%q…", where, text[max(0, at-80):min(len(text), at+40)])
			}
		}
	}
	t.Logf("%d texts, %d KB: environment and arguments of server and children, log, files, answers, requests to the model, a crash's stacks: no password", len(said), size/1000)
}

// 21: the end with a turn, a command and streams under way.
func serveShutdownBusy(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		s := newServed(t)
		s.home.rules = `{"bash": "allow"}`
		s.script("call bash {\"command\": \"touch begun; sleep 300\"}\n\nDone.")
		s.start("--port", freePort(t))
		id := s.session()
		in, _ := s.stream("/event")
		global, _ := s.stream("/global/event")
		waiting := make(chan struct{})
		go func() {
			s.try("POST", "/session/"+id+"/message", `{"parts":[{"type":"text","text":"wait"}]}`)
			close(waiting)
		}()
		for !s.exists("begun") {
			<-time.After(10 * time.Millisecond)
		}
		family := descendants(s.cmd.Process.Pid)
		for _, pid := range family[1:] {
			if n := sockets(t, pid); n > 0 {
				t.Errorf("the command has %d sockets of ours", n)
			}
		}
		code, took := s.stop(sig)
		io.Copy(io.Discard, in)
		io.Copy(io.Discard, global)
		<-waiting
		if code != 0 || took > 5*time.Second {
			t.Errorf("%s: code %d after %s", sig, code, took)
		}
		for _, pid := range family[1:] {
			if !gone(pid) {
				t.Errorf("%s: process %d lives on", sig, pid)
			}
		}
		if s.reachable() {
			t.Errorf("%s: somebody listens still", sig)
		}
		again := newServed(t)
		again.home, again.root = s.home, s.root
		again.pass = ""
		again.start("--password-file", passwordFile(t))
		again.pass = serverPassword
		if text := again.ask(200, "GET", "/session/"+id+"/message", ""); !strings.Contains(text, "MessageAbortedError") {
			t.Errorf("%s: the turn is not stored as cancelled: %s", sig, text)
		}
		t.Logf("%s with a turn, a command, a blocking prompt and two streams: ended after %.2f s, %d processes gone, the turn is stored as cancelled", sig, took.Seconds(), len(family))
	}
}

func passwordFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pw")
	if err := os.WriteFile(path, []byte(serverPassword+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// 22: requests at random with the password in them: the server neither falls nor fails. FuzzDoor and FuzzHTTPRequest do the same
// without a process, for longer.
func serveRandom(t *testing.T) {
	s := newServed(t).start()
	seed := uint64(time.Now().UnixNano())
	r := rand.New(rand.NewPCG(seed, 1))
	pick := func(list []string) string { return list[r.IntN(len(list))] }
	bodies := []string{"", "{}", "[]", "null", "{", `{"parts":[{"type":"text","text":"x"}]}`, `{"title":1}`, `{"parts":[{"type":"file","mime":"x","url":"file:///etc/passwd"}]}`, `{"command":"x","arguments":"y","agent":"z"}`, `{"reply":"always"}`, `{"answers":[["x"]]}`}
	queries := []string{"", "?directory=%2F", "?limit=-1", "?path=..%2F..", "?pattern=(", "?%zz", "?limit=99999999999999999999", "?search=%00", "?before=x"}
	headers := []string{"X: y", "Last-Event-ID: x", "X-Opencode-Directory: %2Fetc", "X-Opencode-Directory: %", "Accept: text/html", "Range: bytes=0-1", "If-None-Match: *", "Expect: 100-continue", "TE: trailers"}
	routes := append(s.routes(), strange...)
	counts := map[int]int{}
	for i := range load(10_000) {
		request := s.request(pick(methods), pick(routes)+pick(queries), pick(bodies), pick(headers), "Connection: close")
		if r.IntN(3) == 0 { // one byte otherwise
			at := r.IntN(len(request))
			request = request[:at] + string(rune(r.IntN(256))) + request[at+1:]
		}
		status := s.head(request)
		counts[status]++
		if status >= 500 && status != 503 && status != 505 && status != 501 {
			t.Errorf("no. %d of seed %d: %d to %q", i, seed, status, request)
		}
	}
	s.ask(200, "GET", health, "")
	if log := s.home.log(); strings.Contains(log, "panic") {
		t.Errorf("the log: %s", log)
	}
	t.Logf("%d random requests with the password (seed %d): %v, no panic", load(10_000), seed, counts)
}

// head sends a request and reads no more than the status of its answer, 0 for none: it may be a stream.
func (s *served) head(request string) int {
	c := s.dial()
	defer c.Close()
	c.SetDeadline(time.Now().Add(2 * time.Second))
	io.WriteString(c, request)
	c.(interface{ CloseWrite() error }).CloseWrite()
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return 0
	}
	res.Body.Close()
	return res.StatusCode
}

// gone waits until there is no such process. One that is killed is there until whoever inherits it has taken note.
func gone(pid int) bool {
	for range 500 {
		if syscall.Kill(pid, 0) != nil {
			return true
		}
		<-time.After(10 * time.Millisecond)
	}
	return false
}
