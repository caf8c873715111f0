//go:build unix

package main

import (
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

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
