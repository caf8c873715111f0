package httpapi

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// Any bytes that are a request meet the door: without the password the answer is always the same, with it no request falls
// through that breaks a rule, and nothing panics or fails. What is behind the door is FuzzHTTPRequest's.
func FuzzDoor(f *testing.F) {
	const key = "Authorization: Basic b3BlbmNvZGU6Y29ycmVjdCBob3JzZSBiYXR0ZXJ5IHN0YXBsZQ==\r\n"
	for _, text := range []string{
		"GET /session HTTP/1.1\r\nHost: 127.0.0.1:4096\r\n" + key + "\r\n",
		"POST /session HTTP/1.1\r\nHost: localhost:4096\r\n" + key + "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
		"POST //x HTTP/1.1\r\nHost: 127.0.0.1:4096\r\n" + key + "Content-Type: application/json;charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
		"OPTIONS * HTTP/1.1\r\nHost: evil.example\r\nOrigin: null\r\nSec-Fetch-Site: cross-site\r\n\r\n",
		"GET http://127.0.0.1:4096/%2e/ HTTP/1.0\r\n" + key + "Origin: http://127.0.0.1:4096\r\n\r\n",
	} {
		f.Add([]byte(text))
	}
	who, err := newIdentity("opencode", secret)
	if err != nil {
		f.Fatal(err)
	}
	var passed *http.Request
	door := newDoor("http", []string{"127.0.0.1:4096", "localhost:4096"}, false, who).wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { passed = r }))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(data)))
		if err != nil {
			return
		}
		passed = nil
		user, password, _ := r.BasicAuth()
		known := user == "opencode" && password == secret && len(r.Header["Authorization"]) == 1
		w := httptest.NewRecorder()
		door.ServeHTTP(w, r)
		checkSealed(t, w.Header())
		switch {
		case !known && w.Code != 401 && w.Code != 429:
			t.Fatalf("without the password: %d to %q", w.Code, data)
		case w.Code >= 500:
			t.Fatalf("%d to %q", w.Code, data)
		case passed == nil:
			return
		}
		origin, typed := r.Header.Get("Origin"), strings.HasPrefix(strings.ToLower(r.Header.Get("Content-Type")), "application/json")
		body, err := io.ReadAll(passed.Body)
		if !known || r.Host != "127.0.0.1:4096" && r.Host != "localhost:4096" || origin != "" && origin != "http://"+r.Host || len(body) > 0 && !typed || err != nil || strings.Contains(passed.URL.Path, "//") {
			t.Fatalf("let in: %q", data)
		}
	})
}
