package httpapi

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const secret = "correct horse battery staple"

// newTestDoor is a door for one host; the handler behind answers with the body that it got.
func newTestDoor(t *testing.T) http.Handler {
	t.Helper()
	who, err := newIdentity("opencode", secret)
	if err != nil {
		t.Fatal(err)
	}
	door := newDoor("http", []string{"127.0.0.1:4096", "localhost:4096"}, false, who)
	return door.wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/panic":
			panic("with " + secret)
		case "/open":
			w.Header().Set("Access-Control-Allow-Origin", "*")
			w.Header().Set("Content-Type", "text/html")
			w.Header().Set("Cache-Control", "public")
		}
		fmt.Fprint(w, "<html>passed ")
		io.Copy(w, r.Body)
	}))
}

func request(method, target, body string, headers ...string) *http.Request {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.RequestURI, r.Host = target, "127.0.0.1:4096"
	r.SetBasicAuth("opencode", secret)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		if name == "Host" {
			r.Host = value
		} else if name == "-" {
			r.Header.Del(value)
		} else {
			r.Header.Add(name, value)
		}
	}
	return r
}

func TestDoor(t *testing.T) {
	tests := []struct {
		name, method, target, body string
		headers                    []string
		want                       int
	}{
		{name: "plain", want: 200},
		{name: "json", method: "POST", body: "{}", want: 200},
		{name: "json with charset", method: "POST", body: "{}", headers: []string{"-: Content-Type", "Content-Type: application/json; charset=UTF-8"}, want: 200},
		{name: "localhost", headers: []string{"Host: localhost:4096"}, want: 200},
		{name: "own origin", headers: []string{"Origin: http://127.0.0.1:4096", "Sec-Fetch-Site: same-origin"}, want: 200},
		{name: "typed into the address bar", headers: []string{"Sec-Fetch-Site: none"}, want: 200},

		{name: "no password", headers: []string{"-: Authorization"}, want: 401},
		{name: "no password before all else", method: "OPTIONS", target: "//x", headers: []string{"-: Authorization", "Host: evil.example", "Origin: null"}, want: 401},
		{name: "two passwords", headers: []string{"Authorization: Basic b3BlbmNvZGU6d3Jvbmc="}, want: 401},
		{name: "bearer", headers: []string{"-: Authorization", "Authorization: Bearer " + secret}, want: 401},
		{name: "no base64", headers: []string{"-: Authorization", "Authorization: Basic " + secret}, want: 401},
		{name: "cookie", headers: []string{"-: Authorization", "Cookie: password=" + secret}, want: 401},

		{name: "no host", headers: []string{"Host: "}, want: 400},
		{name: "another name", headers: []string{"Host: 127.0.0.1.evil:4096"}, want: 421},
		{name: "another port", headers: []string{"Host: 127.0.0.1:4097"}, want: 421},
		{name: "no port", headers: []string{"Host: 127.0.0.1"}, want: 421},
		{name: "dot", headers: []string{"Host: localhost.:4096"}, want: 421},
		{name: "capitals", headers: []string{"Host: LOCALHOST:4096"}, want: 421},
		{name: "decimal", headers: []string{"Host: 2130706433:4096"}, want: 421},

		{name: "foreign origin", headers: []string{"Origin: https://evil.example"}, want: 403},
		{name: "null origin", headers: []string{"Origin: null"}, want: 403},
		{name: "empty origin", headers: []string{"Origin: "}, want: 403},
		{name: "two origins", headers: []string{"Origin: http://127.0.0.1:4096", "Origin: https://evil.example"}, want: 403},
		{name: "our other name's origin", headers: []string{"Origin: http://localhost:4096"}, want: 403},
		{name: "https origin", headers: []string{"Origin: https://127.0.0.1:4096"}, want: 403},
		{name: "longer origin", headers: []string{"Origin: http://127.0.0.1:4096.evil.example"}, want: 403},
		{name: "cross-site", headers: []string{"Sec-Fetch-Site: cross-site"}, want: 403},
		{name: "same-site", method: "HEAD", headers: []string{"Sec-Fetch-Site: same-site"}, want: 403},

		{name: "proxy request", target: "http://127.0.0.1:4096/x", want: 400},
		{name: "star", method: "OPTIONS", target: "*", want: 400},
		{name: "double slash", target: "//x", want: 404},
		{name: "dots", target: "/a/../x", want: 404},
		{name: "hidden dots", target: "/%2e/x", want: 404},

		{name: "no type", method: "POST", body: "{}", headers: []string{"-: Content-Type"}, want: 415},
		{name: "text", method: "POST", body: "{}", headers: []string{"-: Content-Type", "Content-Type: text/plain"}, want: 415},
		{name: "form", method: "POST", headers: []string{"Content-Type: application/x-www-form-urlencoded"}, want: 415},
		{name: "two types", method: "POST", body: "{}", headers: []string{"Content-Type: text/plain"}, want: 415},
		{name: "type with json in it", method: "POST", body: "{}", headers: []string{"-: Content-Type", "Content-Type: text/plain; x=application/json"}, want: 415},
		{name: "compressed", method: "POST", body: "{}", headers: []string{"Content-Encoding: gzip"}, want: 415},
		{name: "other charset", method: "POST", body: "{}", headers: []string{"-: Content-Type", "Content-Type: application/json; charset=utf-7"}, want: 415},
		{name: "large", method: "POST", body: strings.Repeat(" ", maxBody+1), want: 413},
		{name: "as large as may be", method: "POST", body: strings.Repeat(" ", maxBody), want: 200},
		{name: "panic", target: "/panic", want: 500},
	}
	door := newTestDoor(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if test.method == "" {
				test.method = "GET"
			}
			if test.target == "" {
				test.target = "/x"
			}
			w := httptest.NewRecorder()
			door.ServeHTTP(w, request(test.method, test.target, test.body, test.headers...))
			if w.Code != test.want {
				t.Fatalf("got %d, want %d: %s", w.Code, test.want, w.Body)
			}
			if passed := strings.HasPrefix(w.Body.String(), "<html>passed "); passed != (test.want == 200) {
				t.Errorf("passed: %v", passed)
			}
			if strings.Contains(w.Body.String(), secret) || strings.Contains(w.Body.String(), ".go:") {
				t.Errorf("tells too much: %s", w.Body)
			}
			checkSealed(t, w.Header())
		})
	}
}

func checkSealed(t *testing.T, h http.Header) {
	t.Helper()
	for name, want := range always {
		if got := h[name]; !slices.Equal(got, []string{want}) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	for name := range h {
		if strings.HasPrefix(name, "Access-Control-") {
			t.Errorf("%s is sent", name)
		}
	}
	if strings.Contains(h.Get("Content-Type"), "html") {
		t.Errorf("HTML is sent")
	}
}

func TestSealed(t *testing.T) {
	w := httptest.NewRecorder()
	newTestDoor(t).ServeHTTP(w, request("GET", "/open", ""))
	checkSealed(t, w.Header())
}

// A body that was read reaches the handler as it came, one of unknown length, too.
func TestBody(t *testing.T) {
	door := newTestDoor(t)
	for _, length := range []int64{7, -1} {
		r := request("POST", "/x", `{"a":1}`)
		r.ContentLength = length
		w := httptest.NewRecorder()
		door.ServeHTTP(w, r)
		if got := w.Body.String(); got != `<html>passed {"a":1}` {
			t.Errorf("length %d: %s", length, got)
		}
	}
}

func TestIdentity(t *testing.T) {
	for _, test := range []struct {
		user, password string
		ok             bool
	}{
		{"opencode", secret, true},
		{"me", strings.Repeat("ä", 16), true},
		{"", secret, false},
		{"a:b", secret, false},
		{"opencode", "", false},
		{"opencode", "fifteen letters", false},
		{"opencode", strings.Repeat("ä", 15), false},
		{"opencode", "a\nbcdefghijklmnopq", false},
		{"opencode", "\xff\xfebcdefghijklmnopqrs", false},
	} {
		if _, err := newIdentity(test.user, test.password); (err == nil) != test.ok {
			t.Errorf("%q, %q: %v", test.user, test.password, err)
		} else if err != nil && test.password != "" && strings.Contains(err.Error(), test.password) {
			t.Errorf("the error holds the password: %v", err)
		}
	}
}

func TestFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f failures
		from := func(addr string) netip.Prefix { return addressOf(net.JoinHostPort(addr, "1")) }
		refused := func(addr string, n int) (count int) {
			for range n {
				if f.add(from(addr), time.Now()) > 0 {
					count++
				}
			}
			return count
		}
		if got := refused("127.0.0.1", 12); got != 2 {
			t.Errorf("%d of 12 at once over the rate, want 2", got)
		}
		if got := refused("192.0.2.1", 3); got != 0 {
			t.Errorf("another address is refused for the first's: %d", got)
		}
		if got := refused("2001:db8::1", 5) + refused("2001:db8::2", 7); got != 2 {
			t.Errorf("%d of 12 from one IPv6 network over the rate, want 2", got)
		}
		time.Sleep(time.Second)
		if got := refused("127.0.0.1", 6); got != 1 {
			t.Errorf("%d of 6 after a second over the rate, want 1", got)
		}
		time.Sleep(time.Hour)
		for i := range 5000 {
			f.add(from(fmt.Sprintf("10.0.%d.%d", i/250, i%250)), time.Now())
		}
		if len(f.by) > maxAddresses {
			t.Errorf("%d addresses are kept", len(f.by))
		}
		if got := refused("198.51.100.1", 1); got != 1 {
			t.Error("the overall rate does not count")
		}
	})
}

// Where every address is listened on, the one that a connection came to is a name: without a port where clients leave it out.
func TestAnyLocal(t *testing.T) {
	who, err := newIdentity("opencode", secret)
	if err != nil {
		t.Fatal(err)
	}
	door := newDoor("http", nil, true, who)
	for _, test := range []struct {
		local, host string
		want        bool
	}{
		{"10.1.2.3:80", "10.1.2.3", true},
		{"10.1.2.3:443", "10.1.2.3", true},
		{"10.1.2.3:443", "10.1.2.3:443", true},
		{"[2001:db8::1]:80", "[2001:db8::1]", true},
		{"[2001:db8::1]:80", "2001:db8::1", false},
		{"10.1.2.3:4096", "10.1.2.3:4096", true},
		{"10.1.2.3:4096", "10.1.2.3", false},
		{"10.1.2.3:80", "10.1.2.4", false},
		{"10.1.2.3:80", "10.1.2.3:443", false},
	} {
		local := net.TCPAddrFromAddrPort(netip.MustParseAddrPort(test.local))
		r := request("GET", "/x", "", "Host: "+test.host)
		if got := door.own(r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, local))); got != test.want {
			t.Errorf("%s, reached as %s: %v", test.local, test.host, got)
		}
	}
}

func TestHosts(t *testing.T) {
	loop := []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.IPv6Loopback()}
	for _, test := range []struct {
		opt   Listening
		addrs []netip.Addr
		port  int
		want  []string
	}{
		{Listening{}, loop, 4096, []string{"127.0.0.1:4096", "[::1]:4096", "localhost:4096"}},
		{Listening{}, loop, 80, []string{"127.0.0.1", "127.0.0.1:80", "[::1]", "[::1]:80", "localhost", "localhost:80"}},
		{Listening{Hostname: "10.1.2.3", Names: []string{"dev.example", "dev.example:443"}}, []netip.Addr{netip.MustParseAddr("10.1.2.3")}, 4096,
			[]string{"10.1.2.3:4096", "dev.example", "dev.example:4096", "dev.example:443"}},
		{Listening{Hostname: "Box.Example", Names: []string{"Dev.Example:8443"}}, []netip.Addr{netip.MustParseAddr("10.1.2.3")}, 4096,
			[]string{"10.1.2.3:4096", "box.example:4096", "dev.example:8443"}},
	} {
		if got := test.opt.hosts(test.addrs, test.port); !slices.Equal(got, test.want) {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}
