package llm_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/opencode-lsp/opencode-lsp/agent/llm"
)

// rawServer answers every connection with the same bytes, cut into writes of the given lengths in turn.
type rawServer struct {
	response string
	cuts     []byte
	wg       sync.WaitGroup
}

func (s *rawServer) client() *http.Client {
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true,
		DialContext: func(context.Context, string, string) (net.Conn, error) {
			near, far := net.Pipe()
			s.wg.Go(func() { s.answer(far) })
			return near, nil
		}}}
}

func (s *rawServer) answer(conn net.Conn) {
	defer conn.Close()
	req, err := http.ReadRequest(bufio.NewReader(conn))
	if err != nil {
		return
	}
	if _, err := io.Copy(io.Discard, req.Body); err != nil {
		return
	}
	rest := s.response
	for i := 0; len(rest) > 0; i++ {
		n := len(rest)
		if len(s.cuts) > 0 {
			n = min(n, 1+int(s.cuts[i%len(s.cuts)]))
		}
		if _, err := io.WriteString(conn, rest[:n]); err != nil {
			return
		}
		rest = rest[n:]
	}
}

// rawReply is a whole HTTP response that streams text, and a call with args, in pieces of a few bytes.
func rawReply(text, args, newline string) string {
	var b strings.Builder
	write := func(event string) { b.WriteString("data: " + event + newline + newline) }
	quote := func(s string) string {
		raw, _ := json.Marshal(s)
		return string(raw)
	}
	b.WriteString(": a comment" + newline + newline)
	for _, r := range text {
		write(delta(`"content":` + quote(string(r))))
	}
	write(calls(`{"index":0,"id":"c1","function":{"name":"edit","arguments":""}}`))
	for _, r := range args {
		write(calls(`{"index":0,"function":{"arguments":` + quote(string(r)) + `}}`))
	}
	write(stop)
	write(`{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2}}`)
	write("[DONE]")
	return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: %d\r\n\r\n%s", b.Len(), b.String())
}

// FuzzSSE checks that the same reply, cut anywhere into writes, gives the same deltas.
func FuzzSSE(f *testing.F) {
	f.Add("Looking at Add.", `{"a":1}`, []byte{0}, false)
	f.Add("naïve €\n\ndata: [DONE]\n", `{"a":"\n\n"}`, []byte{0, 1, 2, 3, 5, 8, 13}, true)
	f.Add("", "", []byte{40, 200}, false)
	f.Fuzz(func(t *testing.T, text, args string, cuts []byte, crlf bool) {
		if len(text)+len(args) > 300 || !utf8.ValidString(text) || !utf8.ValidString(args) {
			return // longer, or not text as JSON carries it: nothing new to find
		}
		newline := "\n"
		if crlf {
			newline = "\r\n"
		}
		response := rawReply(text, args, newline)
		whole, parts := readRaw(t, response, nil), readRaw(t, response, cuts)
		if whole.text != text || whole.calls[0].Arguments != args {
			t.Errorf("got %q and %q, want %q and %q", whole.text, whole.calls[0].Arguments, text, args)
		}
		if !reflect.DeepEqual(whole.deltas, parts.deltas) {
			t.Errorf("cut as %v: got  %+v\nwant %+v", cuts, parts.deltas, whole.deltas)
		}
	})
}

func readRaw(t *testing.T, response string, cuts []byte) reply {
	s := &rawServer{response: response, cuts: cuts}
	m := newModel(t, llm.Config{Provider: "local", Model: "m", BaseURL: "http://model.test/v1", HTTPClient: s.client()})
	r, err := ask(t, m, request(user("go")))
	s.wg.Wait()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// FuzzChunk feeds one event of any bytes: nothing panics, and an error is a ModelError that is one line.
func FuzzChunk(f *testing.F) {
	for _, seed := range []string{stop, delta(`"content":"hi"`), calls(`{"index":-1,"id":"","function":{"name":"a","arguments":{}}}`),
		`{"error":{"code":1e99,"message":["x"]}}`, `[]`, `null`, `{"choices":[{"delta":{"content":[[{"text":1}]]}}]}`, `{"message":"x"}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, event string) {
		if strings.ContainsAny(event, "\r\n") {
			return // more than one line is more than one event
		}
		body := "data: " + event + "\n\ndata: [DONE]\n\n"
		s := &rawServer{response: fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)}
		m := newModel(t, llm.Config{Provider: "local", Model: "m", BaseURL: "http://model.test/v1", HTTPClient: s.client()})
		_, err := ask(t, m, request(user("go")))
		s.wg.Wait()
		if err != nil {
			e := modelError(t, err)
			if e.Message == "" {
				t.Error("an error without a message")
			}
		}
	})
}
