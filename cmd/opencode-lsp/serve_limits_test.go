//go:build unix

package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// heavy plays the checklist with ten times the load; `make serve-test` does.
var heavy = flag.Bool("heavy", false, "try 10,000 wrong passwords and 1,000 subscribers instead of a tenth")

// load is a tenth of n, or n where it is wanted heavy.
func load(n int) int {
	if *heavy {
		return n
	}
	return n / 10
}

// 12: 10,000 wrong passwords change nothing for who knows the right one: during them and after, from there and from elsewhere.
func serveRate(t *testing.T) {
	s, guesses := newServed(t).start(), int64(load(10_000))
	start, counts := time.Now(), map[int]int{}
	var mu sync.Mutex
	var sent atomic.Int64
	var work sync.WaitGroup
	for range 4 {
		work.Go(func() {
			guesser := &http.Client{Transport: &http.Transport{}}
			defer guesser.CloseIdleConnections()
			for n := sent.Add(1); n <= guesses; n = sent.Add(1) {
				code, retry := guess(t, guesser, s.url, fmt.Sprintf("wrong password no. %d", n))
				mu.Lock()
				counts[code]++
				mu.Unlock()
				if code == 429 && (retry == "" || retry == "0") {
					t.Errorf("429 with Retry-After %q", retry)
				}
			}
		})
	}
	owner := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	rights := 0
	for sent.Load() < guesses {
		if code, _ := guess(t, owner, s.url, s.pass); code != 200 {
			t.Errorf("the right password during the guessing: %d", code)
			break
		}
		rights++
	}
	work.Wait()
	took := time.Since(start)
	if counts[401]+counts[429] != int(guesses) || counts[401] > 60+int(20*took.Seconds()) || counts[429] < int(guesses)/2 {
		t.Errorf("the answers: %v in %s", counts, took)
	}
	s.ask(200, "GET", health, "")
	if got := s.rawAs("127.0.0.2", s.request("GET", health, "")); got.status() != 200 {
		t.Errorf("the right password from another address: %s", got)
	}
	if log := s.home.log(); strings.Count(log, "\n") > 20 {
		t.Errorf("the log has %d lines", strings.Count(log, "\n"))
	}
	t.Logf("%d wrong passwords in %.1f s: %d × 401, %d × 429 with Retry-After; the right one, new connections each: %d times 200 meanwhile, and after, from the same and another address",
		guesses, took.Seconds(), counts[401], counts[429], rights)
}

func guess(t *testing.T, client *http.Client, url, password string) (code int, retryAfter string) {
	req, err := http.NewRequestWithContext(t.Context(), "GET", url+health, nil)
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	req.SetBasicAuth("opencode", password)
	res, err := client.Do(req)
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	io.Copy(io.Discard, res.Body)
	res.Body.Close()
	return res.StatusCode, res.Header.Get("Retry-After")
}

// 13: a header of 32 KiB at most.
func serveHeader(t *testing.T) {
	s := newServed(t).start()
	for size, want := range map[int]int{30 << 10: 200, 33 << 10: 431, 1 << 20: 431} {
		if got := s.raw(s.request("GET", health, "", "X: "+strings.Repeat("a", size))); got.status() != want {
			t.Errorf("a header of %d KiB: %s, want %d", size>>10, got, want)
		}
	}
	if got := s.raw(s.request("GET", health+"?"+strings.Repeat("a", 40<<10), "")); got.status() != 431 {
		t.Errorf("a long target: %s", got)
	}
	t.Log("30 KiB: 200; 33 KiB, 1 MiB and a target of 40 KiB: 431")
}

// 13: a body of 8 MiB at most, which must come in time.
func serveBody(t *testing.T) {
	s := newServed(t).start()
	before := residentSize(t, s.cmd.Process.Pid)
	announced := s.request("POST", "/session", "", "Content-Type: application/json", "Content-Length: 1073741824")
	if got := s.raw(announced); got.status() != 413 {
		t.Errorf("1 GiB announced: %s", got)
	}
	status, sent := s.pour(1 << 30)
	if status != 413 {
		t.Errorf("1 GiB in chunks: %d", status)
	}
	after := residentSize(t, s.cmd.Process.Pid)
	bounded(t, before, after, bodyMemory)
	// Without the password nothing of a body is waited for.
	start := time.Now()
	if got := s.raw(s.request("POST", "/session", "", "-Authorization:", "Content-Type: application/json", "Content-Length: 1000")); got.status() != 401 || time.Since(start) > 3*time.Second {
		t.Errorf("a body that never comes: %s after %s", got, time.Since(start))
	}
	t.Logf("1 GiB announced: 413 at once; 1 GiB in chunks: 413, the connection was closed after %d MiB; PSS %.1f → %.1f MB", sent>>20, before, after)
}

const bodyMemory = 40 // MB: a body of 8 MiB, read into a buffer that doubles

// bounded fails where memory rose by more than a bound, in MB. With the race detector everything takes a multiple.
func bounded(t *testing.T, before, after, bound float64) {
	t.Helper()
	if after > before+bound && !raceEnabled() {
		t.Errorf("memory: %.1f MB, then %.1f, which is more than %.0f more", before, after, bound)
	}
}

// pour sends a body in chunks until the server has enough of it.
func (s *served) pour(size int) (status, sent int) {
	c := s.dial()
	c.SetDeadline(time.Now().Add(60 * time.Second))
	answer := make(chan *answered, 1)
	go func() { answer <- readAnswer(s.t, bufio.NewReader(c), "POST") }()
	io.WriteString(c, s.request("POST", "/session", "", "Content-Type: application/json", "Transfer-Encoding: chunked"))
	chunk := "100000\r\n" + strings.Repeat(" ", 1<<20) + "\r\n"
	for sent < size {
		n, err := io.WriteString(c, chunk)
		if sent += n; err != nil {
			break
		}
	}
	return (<-answer).status(), sent
}

// 13: who sends his header byte by byte, or nothing at all, is cut off.
func serveSlow(t *testing.T) {
	s := newServed(t).start()
	var work sync.WaitGroup
	if *heavy {
		work.Go(s.halfBody)
		work.Go(s.idle)
	}
	for name, text := range map[string]string{"slowloris": slowloris, "silent": ""} {
		work.Go(func() {
			took := s.drip(text)
			if took < time.Second || took > 10*time.Second {
				t.Errorf("%s: closed after %s", name, took)
			}
			t.Logf("%s: closed after %.1f s", name, took.Seconds())
		})
	}
	work.Wait()
}

// halfBody and idle look at the limits that take long.
func (s *served) halfBody() {
	c := s.dial()
	c.SetDeadline(time.Now().Add(90 * time.Second))
	start := time.Now()
	io.WriteString(c, s.request("POST", "/session", "", "Content-Type: application/json", "Content-Length: 100")+"{")
	got := readAnswer(s.t, bufio.NewReader(c), "POST")
	if took := time.Since(start); got.status() != 408 || took > 35*time.Second {
		s.t.Errorf("half a body: %s after %s", got, took)
	}
	s.t.Logf("half a body: %d after %.0f s", got.status(), time.Since(start).Seconds())
}

func (s *served) idle() {
	c := s.dial()
	c.SetDeadline(time.Now().Add(90 * time.Second))
	start := time.Now()
	io.WriteString(c, s.request("GET", health, ""))
	io.Copy(io.Discard, c)
	took := time.Since(start)
	if took < 50*time.Second || took > 70*time.Second {
		s.t.Errorf("an idle connection: closed after %s", took)
	}
	s.t.Logf("an idle connection: closed after %.0f s", took.Seconds())
}

const slowloris = "GET / HTTP/1.1\r\nX: and more and more and more"

// drip sends a byte a second and returns after which time the server closes the connection.
func (s *served) drip(text string) time.Duration {
	c := s.dial()
	c.SetDeadline(time.Now().Add(30 * time.Second))
	start, closed := time.Now(), make(chan struct{})
	go func() {
		io.Copy(io.Discard, c)
		close(closed)
	}()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-closed:
			return time.Since(start)
		case <-tick.C:
			if text != "" {
				io.WriteString(c, text[:1]) // to one that closes meanwhile
				text = text[1:]
			}
		}
	}
}

// 13: 64 connections; who never showed the password cannot keep out who knows it by holding them.
func serveConnections(t *testing.T) {
	s := newServed(t).start()
	var held []net.Conn
	for range 300 {
		c := s.dial()
		io.WriteString(c, "GET / HTTP/1.1\r\nX: ") // and no more
		held = append(held, c)
	}
	for range 20 {
		if got := s.raw(s.request("GET", health, "")); got.status() != 200 {
			t.Fatalf("with 300 connections held: %s", got)
		}
	}
	if n := sockets(t, s.cmd.Process.Pid); n > 64+4 {
		t.Errorf("%d sockets are open", n)
	}
	alive := 0
	for _, c := range held {
		c.SetReadDeadline(time.Now().Add(time.Millisecond))
		if _, err := c.Read(make([]byte, 1)); errors.Is(err, os.ErrDeadlineExceeded) {
			alive++
		}
	}
	if alive > 64 {
		t.Errorf("%d of the held connections live", alive)
	}
	t.Logf("300 connections without the password: %d live on, the owner's 20 new ones are answered", alive)
}
