//go:build unix

package main

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
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

// 14: a request whose end could be understood in two ways is no request.
func serveFraming(t *testing.T) {
	s := newServed(t).start()
	post := func(headers ...string) string {
		return s.request("POST", "/session", "", append([]string{"Content-Type: application/json"}, headers...)...)
	}
	smuggled := s.request("GET", health, "")
	for name, request := range map[string]string{
		"CL and TE":           post("Content-Length: 4", "Transfer-Encoding: chunked") + "0\r\n\r\n" + smuggled,
		"TE and CL":           post("Transfer-Encoding: chunked", "Content-Length: 4") + "0\r\n\r\n" + smuggled,
		"two lengths":         post("Content-Length: 0", "Content-Length: 5") + smuggled,
		"two equal lengths":   post("Content-Length: 2", "Content-Length: 2") + "{}",
		"a list of lengths":   post("Content-Length: 2, 2") + "{}",
		"a signed length":     post("Content-Length: +2") + "{}",
		"a folded header":     s.request("GET", health, "", "X: a\r\n b"),
		"blank before colon":  post("Transfer-Encoding : chunked") + "0\r\n\r\n",
		"no colon":            s.request("GET", health, "", "X"),
		"NUL in a value":      s.request("GET", health, "", "X: a\x00b"),
		"lone CR in a value":  s.request("GET", health, "", "X: a\rb"),
		"bad version":         strings.Replace(s.request("GET", health, ""), "HTTP/1.1", "HTTP/1.1x", 1),
		"blank in the target": s.request("GET", health+" x", ""),
		"broken chunk":        post("Transfer-Encoding: chunked") + "zz\r\n{}\r\n0\r\n\r\n",
	} {
		if got := s.raw(request); got.status() != 400 {
			t.Errorf("%s: %s", name, got)
		}
	}
	for name, request := range map[string]string{
		"two codings":     post("Transfer-Encoding: chunked", "Transfer-Encoding: identity") + "0\r\n\r\n",
		"unknown coding":  post("Transfer-Encoding: gzip") + "x",
		"obfuscated":      post("Transfer-Encoding: xchunked") + "0\r\n\r\n",
		"HTTP/2 preface":  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"HTTP/9":          strings.Replace(s.request("GET", health, ""), "HTTP/1.1", "HTTP/9.0", 1),
		"not HTTP at all": "\x16\x03\x01\x00\x05hello\r\n\r\n",
	} {
		if got := s.raw(request); got.status() == 200 {
			t.Errorf("%s: %s", name, got)
		}
	}
	// After a body of unknown length the connection ends: nothing can hide behind it.
	c := s.dial()
	io.WriteString(c, post("Transfer-Encoding: chunked")+"2\r\n{}\r\n0\r\n\r\n"+smuggled)
	all, _ := io.ReadAll(c)
	if n := strings.Count(string(all), "HTTP/1.1 "); n != 1 {
		t.Errorf("%d answers on one connection after a chunked body", n)
	}
	t.Log("CL with TE, two CL, obs-fold and 11 more: 400; 6 others: refused; nothing follows a chunked body")
}

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

// certificate makes one for this machine's names.
func certificate(t *testing.T) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: pkcs8}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

// checkTLSVersions wants 1.3 and nothing else.
func checkTLSVersions(t *testing.T, addr string) {
	t.Helper()
	for version, ok := range map[uint16]bool{tls.VersionTLS10: false, tls.VersionTLS11: false, tls.VersionTLS12: false, tls.VersionTLS13: true} {
		c, err := tls.Dial("tcp", addr, &tls.Config{InsecureSkipVerify: true, MinVersion: version, MaxVersion: version})
		if (err == nil) != ok {
			t.Errorf("%s: %v", tls.VersionName(version), err)
		}
		if err == nil {
			c.Close()
		}
	}
}

// 18: what is malformed is refused in one sentence that tells nothing of us.
func serveErrors(t *testing.T) {
	s := newServed(t).start()
	count, keep := 0, s.keep()
	for _, path := range append(s.routes(), strange...) {
		for _, body := range []string{"{", "[]", "null", `"x"`, `{"a":` + strings.Repeat("[", 20000), "\xff\xfe", `{"parts":1}`, strings.Repeat("x", 100_000)} {
			for _, method := range []string{"POST", "PATCH"} {
				got := keep.raw(s.request(method, path, body))
				if got == nil {
					t.Errorf("%s %s: no answer", method, path)
					continue
				}
				count++
				if got.StatusCode >= 500 && got.StatusCode != 503 {
					t.Errorf("%s %s %.20q: %s", method, path, body, got)
				}
				for _, secret := range []string{s.pass, s.root, s.home.dir, "goroutine", ".go:", "github.com", "go1."} {
					if strings.Contains(got.text, secret) && (got.StatusCode >= 400 || secret == s.pass) {
						t.Errorf("%s %s %.20q tells %q: %s", method, path, body, secret, got)
					}
				}
			}
		}
	}
	t.Logf("%d malformed requests: no 5xx, no path, stack or version in the answers", count)
}
