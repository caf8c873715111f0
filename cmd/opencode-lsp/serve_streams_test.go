//go:build unix

package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

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
