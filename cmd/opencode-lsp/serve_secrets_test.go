//go:build unix

package main

import (
	"fmt"
	"maps"
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

// sockets counts a process's open network connections and listeners.
func sockets(t *testing.T, pid int) int {
	t.Helper()
	dir := fmt.Sprintf("/proc/%d/fd", pid)
	fds, err := os.ReadDir(dir)
	if err != nil {
		t.Logf("no count on this system: %v", err)
		return 0
	}
	n := 0
	for _, fd := range fds {
		if to, err := os.Readlink(filepath.Join(dir, fd.Name())); err == nil && strings.HasPrefix(to, "socket:") {
			n++
		}
	}
	return n
}
