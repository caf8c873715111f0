//go:build unix

package main

import (
	"fmt"
	"strings"
	"testing"
)

var methods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "QUERY", "FOO"}

// strange are targets that a router treats in ways of its own.
var strange = []string{"/", "/nothing/here", "//x", "/%2e/x", "/./session", "/../etc", "/session/", "/session/%2e%2e/x", "/?x", "*", "/global/health/../../x", "/\xc3\xa4", "/favicon.ico",
	"/.well-known/x", "http://evil.example/session", "/pty/x/connect", "/tui/control/next", "/session/x/shell"}

// 4: without the password every method and path has the same answer.
func serveBeforeRouting(t *testing.T) {
	s := newServed(t).start()
	bodies, count := map[string]bool{}, 0
	keep := s.keep()
	look := func(request string) {
		count++
		got := keep.raw(request)
		if got.status() != 401 || got.Header.Get("WWW-Authenticate") == "" {
			line, _, _ := strings.Cut(request, "\r\n")
			t.Errorf("%s: %s", line, got)
			return
		}
		h := got.Header.Clone()
		h.Del("Date")
		if !strings.HasPrefix(request, "HEAD") {
			bodies[fmt.Sprint(h, got.text)] = true
		}
	}
	for _, path := range append(s.routes(), strange...) {
		for _, method := range methods {
			look(s.request(method, path, "", "-Authorization:"))
		}
	}
	look(s.request("CONNECT", "127.0.0.1:22", "", "-Authorization:"))
	look(s.request("GET", "/event", "", "-Authorization:", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="))
	look(s.request("GET", "/event", "", "-Authorization:", "Accept: text/event-stream"))
	look(s.request("GET", "/session", "", "-Authorization:", "Host: evil.example"))
	if len(bodies) != 1 {
		t.Errorf("the answers differ: %v", bodies)
	}
	t.Logf("%d requests without the password over every route and %d methods: 401 each, the same to the byte", count, len(methods))
}

// 5: whatever is wrong, the answer is the same. That both comparisons always run is a test of the code (TestCompareBoth), that
// the time tells nothing a measurement (TestConstantTime).
func serveCompare(t *testing.T) {
	s := newServed(t).start()
	answers := map[string]bool{}
	for _, pair := range [][2]string{{"opencode", "wrong"}, {"opencode", s.pass[:len(s.pass)-1]}, {"opencode", s.pass + "x"}, {"x", s.pass}, {"", s.pass}, {"opencode", ""}, {"OpenCode", s.pass}, {s.pass, "opencode"}} {
		got := s.raw(s.request("GET", health, "", "Authorization: "+basic(pair[0], pair[1])))
		if got.status() != 401 {
			t.Errorf("%q: %s", pair, got)
			continue
		}
		got.Header.Del("Date")
		answers[fmt.Sprint(got.Header, got.text)] = true
	}
	if len(answers) != 1 {
		t.Errorf("the answers differ: %v", answers)
	}
	named := newServed(t)
	named.home.more = append(named.home.more, "OPENCODE_SERVER_USERNAME=mina")
	named.start()
	named.ask(401, "GET", health, "")
	named.user = "mina"
	named.ask(200, "GET", health, "")
	t.Logf("8 wrong pairs, near misses among them: one answer; the user of OPENCODE_SERVER_USERNAME alone is let in")
}

// 6: the password counts in one Authorization header and nowhere else.
func serveCredentials(t *testing.T) {
	s := newServed(t).start()
	good := basic(s.user, s.pass)
	for _, test := range []struct {
		request string
		want    int
	}{
		{s.request("GET", health, ""), 200},
		{s.request("GET", health, "", "Authorization: "+strings.Replace(good, "Basic", "basic", 1)), 200},
		{s.request("GET", health+"?password="+s.pass[:7]+"&auth_token="+good[6:], "", "-Authorization:"), 401},
		{s.request("GET", "http://opencode:secret@"+s.addr+health, "", "-Authorization:"), 401},
		{s.request("GET", health, "", "-Authorization:", "Cookie: Authorization="+good+"; password="+s.pass), 401},
		{s.request("GET", health, "", "-Authorization:", "Proxy-Authorization: "+good), 401},
		{s.request("GET", health, "", "-Authorization:", "X-Authorization: "+good), 401},
		{s.request("GET", health, "", "Authorization: Bearer "+s.pass), 401},
		{s.request("GET", health, "", "Authorization: "+good[6:]), 401},
		{s.request("GET", health, "", "Authorization: Basic "+s.pass), 401},
		{s.request("GET", health, "", "Authorization: "+good, "Authorization: "+basic("opencode", "x")), 401},
		{s.request("GET", health, "", "Authorization: "+basic("opencode", "x"), "Authorization: "+good), 401},
		{s.request("POST", "/session", "password="+s.pass, "-Authorization:", "Content-Type: application/x-www-form-urlencoded"), 401},
	} {
		if got := s.raw(test.request); got.status() != test.want {
			t.Errorf("%q: %s", test.request, got)
		}
	}
	t.Log("query, userinfo, cookie, form, other headers, other schemes, two headers: 401; one Authorization: Basic: 200")
}

// 7: our own names with the port, letter for letter.
func serveHost(t *testing.T) {
	s := newServed(t).start("--allow-host", "dev.example", "--allow-host", "dev.example:443")
	p := s.port()
	for host, want := range map[string]int{
		"127.0.0.1:" + p: 200, "localhost:" + p: 200, "[::1]:" + p: 200, "dev.example:" + p: 200, "dev.example:443": 200, "dev.example": 200,
		"127.0.0.1.evil:" + p: 421, "localhost.:" + p: 421, "127.0.0.1": 421, "127.0.0.1:1": 421, "evil.example": 421, "localhost:" + p + ".evil.example": 421,
		"127.1:" + p: 421, "2130706433:" + p: 421, "0.0.0.0:" + p: 421, "[::]:" + p: 421, "[::ffff:127.0.0.1]:" + p: 421, "LOCALHOST:" + p: 421, "::1:" + p: 421, "other.example": 421, "127.0.0.1:0" + p: 421, "": 400,
	} {
		if got := s.raw(s.request("GET", health, "", "Host: "+host)); got.status() != want {
			t.Errorf("Host %q: %s, want %d", host, got, want)
		}
	}
	for name, request := range map[string]string{
		"missing":                   s.request("GET", health, "", "-Host:"),
		"twice":                     s.request("GET", health, "", "Host: "+s.addr, "Host: "+s.addr),
		"missing, HTTP/1.0":         strings.Replace(s.request("GET", health, "", "-Host:"), "HTTP/1.1", "HTTP/1.0", 1),
		"in the target, as a proxy": s.request("GET", "http://"+s.addr+health, ""),
	} {
		if got := s.raw(request); got.status() != 400 {
			t.Errorf("Host %s: %s, want 400", name, got)
		}
	}
	if got := s.raw(s.request("GET", "http://evil.example/", "")); got.status() != 421 {
		t.Errorf("a foreign host in the target: %s", got)
	}
	t.Log("6 names let in; 21 others, near misses and missing ones: 421 or 400")
}

// 8: no page of another origin, whatever the method, even with the password.
func serveOrigin(t *testing.T) {
	s := newServed(t).start()
	bad := []string{"Origin: https://evil.example", "Origin: null", "Origin: http://localhost:3000", "Origin: https://x.opencode.ai", "Origin: http://localhost:" + s.port(), "Origin: https://" + s.addr,
		"Origin: http://" + s.addr + ".evil.example", "Origin: http://" + s.addr + "/", "Origin: vscode-webview://x", "Origin: file://", "Origin: ", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site", "Sec-Fetch-Site: x"}
	count, keep, paths := 0, s.keep(), []string{"/session", "/event", "/nothing"}
	if *heavy {
		paths = append(s.routes(), "/nothing")
	}
	for _, path := range paths {
		for _, method := range methods {
			for _, header := range bad {
				if got := keep.raw(s.request(method, path, "", header)); got.status() != 403 {
					t.Errorf("%s %s with %s: %s", method, path, header, got)
				}
				count++
			}
		}
	}
	for _, headers := range [][]string{{"Origin: http://" + s.addr}, {"Sec-Fetch-Site: same-origin"}, {"Sec-Fetch-Site: none"}} {
		if got := s.raw(s.request("GET", health, "", headers...)); got.status() != 200 {
			t.Errorf("%s: %s", headers, got)
		}
	}
	if got := s.raw(s.request("GET", health, "", "Origin: http://"+s.addr, "Origin: https://evil.example")); got.status() != 403 {
		t.Errorf("two origins: %s", got)
	}
	t.Logf("%d requests with the password and a foreign Origin or Sec-Fetch-Site, all methods: 403; our own: let in", count)
}

// 9: nothing that lets a page read an answer, in any answer.
func serveNoCORS(t *testing.T) {
	s := newServed(t).start()
	count := 0
	for _, auth := range []string{"-Authorization:", "Authorization: " + basic(s.user, s.pass)} {
		for _, method := range methods {
			for _, headers := range [][]string{
				{"Origin: https://evil.example", "Access-Control-Request-Method: POST", "Access-Control-Request-Headers: authorization", "Access-Control-Request-Private-Network: true"},
				{"Origin: http://" + s.addr, "Access-Control-Request-Method: POST"},
				{},
			} {
				got := s.raw(s.request(method, health, "", append(headers, auth)...))
				if got == nil {
					t.Errorf("%s: no answer", method)
					continue
				}
				count++
				for name := range got.Header {
					if strings.HasPrefix(name, "Access-Control-") {
						t.Errorf("%s sends %s", method, name)
					}
				}
			}
		}
	}
	t.Logf("%d answers, preflights among them: no Access-Control header", count)
}

// 10: bodies are JSON and say so.
func serveJSON(t *testing.T) {
	s := newServed(t).start()
	for _, kind := range []string{"Content-Type: text/plain", "Content-Type: application/x-www-form-urlencoded", "Content-Type: multipart/form-data; boundary=x", "Content-Type: text/plain; application/json",
		"Content-Type: application/json; charset=utf-16", "Content-Type: application/jsonx", "Content-Type:", "-Content-Type:"} {
		for _, method := range []string{"POST", "PUT", "PATCH", "DELETE", "GET"} {
			if got := s.raw(s.request(method, "/session", "{}", kind)); got.status() != 415 {
				t.Errorf("%s with %s: %s", method, kind, got)
			}
		}
	}
	if got := s.raw(s.request("POST", "/session", "", "Content-Type: text/plain", "Content-Length: 0")); got.status() != 415 {
		t.Errorf("a form without a body: %s", got)
	}
	if got := s.raw(s.request("POST", "/session", "", "Content-Type: text/plain", "Transfer-Encoding: chunked") + "2\r\n{}\r\n0\r\n\r\n"); got.status() != 415 {
		t.Errorf("chunked: %s", got)
	}
	t.Log("8 types that are no JSON on 5 methods, an empty form, a chunked text: 415")
}

// 17 without the API: the door's own answers.
func serveHeaders(t *testing.T) {
	s := newServed(t).start()
	count, keep := 0, s.keep()
	for _, path := range append(s.routes(), strange...) {
		for _, method := range methods {
			for _, auth := range []string{"-Authorization:", "Authorization: " + basic(s.user, s.pass)} {
				got := keep.raw(s.request(method, path, "", auth))
				if got == nil {
					t.Errorf("%s %s: no answer", method, path)
					continue
				}
				count++
				for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Content-Security-Policy": "default-src 'none'", "Referrer-Policy": "no-referrer"} {
					if got.Header.Get(name) != want {
						t.Errorf("%s %s %d: %s is %q", method, path, got.StatusCode, name, got.Header[name])
					}
				}
				if strings.Contains(got.Header.Get("Content-Type"), "html") || strings.Contains(got.text, "<") {
					t.Errorf("%s %s: HTML: %s", method, path, got)
				}
			}
		}
	}
	t.Logf("%d answers: all four headers, no HTML", count)
}
