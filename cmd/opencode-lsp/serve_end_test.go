//go:build unix

package main

import (
	"bufio"
	"io"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"
)

// 21: either signal closes listener and streams in time, and nothing is left.
func serveShutdown(t *testing.T) {
	// What is handled here has its default in the server; under nohup that would be told to live on at a hangup.
	handled := make(chan os.Signal, 1)
	signal.Notify(handled, syscall.SIGHUP)
	defer signal.Stop(handled)
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP} {
		s := newServed(t).start("--port", freePort(t))
		held := s.dial()
		io.WriteString(held, "GET / HTTP/1.1\r\n")
		idle := s.dial()
		io.WriteString(idle, s.request("GET", health, ""))
		readAnswer(t, bufio.NewReader(idle), "GET")
		code, took := s.stop(sig)
		if code != 0 || took > 5*time.Second {
			t.Errorf("%s: code %d after %s", sig, code, took)
		}
		if s.reachable() {
			t.Errorf("%s: somebody listens on %s still", sig, s.addr)
		}
		t.Logf("%s: ended after %.2f s, code %d", sig, took.Seconds(), code)
	}
}

// freePort is one that other tests do not try.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// reachable reports whether anybody listens where the server did.
func (s *served) reachable() bool {
	c, err := net.Dial("tcp", s.addr)
	if err == nil {
		c.Close()
	}
	return err == nil
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
