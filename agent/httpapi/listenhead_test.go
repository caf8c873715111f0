package httpapi

import (
	"bufio"
	"bytes"
	"net/http"
	"strings"
	"testing"
)

func TestHead(t *testing.T) {
	const get = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n"
	for _, test := range []struct {
		name, text string
		ok         bool
	}{
		{"one", get, true},
		{"two", get + get, true},
		{"body", "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nab\n " + get, true},
		{"chunked", "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n\r\n x\r\n0\r\n\r\n", true},
		{"both", "POST /a HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n", false},
		{"both, other order and case", "POST /a HTTP/1.1\r\ntransfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n", false},
		{"two lengths", "POST /a HTTP/1.1\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\n", false},
		{"two equal lengths", "POST /a HTTP/1.1\r\nContent-Length: 4\r\nContent-Length: 4\r\n\r\n", false},
		{"two codings", "POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n", false},
		{"a length beyond what is looked at", "POST /a HTTP/1.1\r\nContent-Length:" + strings.Repeat(" ", 60) + "2\r\n\r\n", false},
		{"no number", "POST /a HTTP/1.1\r\nContent-Length: +2\r\n\r\n", false},
		{"folded", "GET /a HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n", false},
		{"folded after a body", "POST /a HTTP/1.1\r\nContent-Length: 2\r\n\r\nab" + "GET /a HTTP/1.1\r\nX: a\r\n\tb\r\n\r\n", false},
		{"blank before the colon", "POST /a HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding : chunked\r\n\r\n", false},
		{"line feeds alone", "POST /a HTTP/1.1\nContent-Length: 4\nContent-Length: 4\n\n", false},
		{"long lines", "GET /" + strings.Repeat("a", 1000) + " HTTP/1.1\r\nX: " + strings.Repeat("\r Content-Length: 1", 100) + "\r\n\r\n", true},
	} {
		for _, size := range []int{1, 7, 1 << 20} {
			if got := feedBy(test.text, size); got != test.ok {
				t.Errorf("%s by %d: %v", test.name, size, got)
			}
		}
	}
}

// feedBy feeds a text in pieces.
func feedBy(text string, size int) bool {
	var h head
	for len(text) > 0 {
		n := min(size, len(text))
		if !h.feed([]byte(text[:n])) {
			return false
		}
		text = text[n:]
	}
	return true
}

// How a text is cut into pieces changes nothing, and a first request that passes and that net/http understands too names its
// length once at most and folds no line.
func FuzzHead(f *testing.F) {
	f.Add([]byte("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nabGET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 3)
	f.Add([]byte("GET / HTTP/1.1\nContent-Length: 1\nTransfer-Encoding: chunked\n\n"), 1)
	f.Fuzz(func(t *testing.T, data []byte, size int) {
		passed := feedBy(string(data), len(data)+1)
		if pieces := feedBy(string(data), max(1, size)); pieces != passed {
			t.Fatalf("in pieces %v, whole %v", pieces, passed)
		}
		if _, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(data))); err != nil || !passed {
			return
		}
		lengths := 0
		for line := range strings.Lines(string(data)) {
			if strings.TrimRight(line, "\r\n") == "" {
				break
			}
			name, _, _ := strings.Cut(line, ":")
			if name = strings.ToLower(strings.TrimSpace(name)); name == "content-length" || name == "transfer-encoding" {
				lengths++
			}
			if strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t") {
				t.Fatalf("a folded line passed: %q", line)
			}
		}
		if lengths > 1 {
			t.Fatalf("%d lengths passed: %q", lengths, data)
		}
	})
}
