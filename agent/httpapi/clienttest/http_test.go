//go:build realclients

package clienttest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// call sends a request without the SDK and returns status and body.
func (s *server) call(method, path, body string) (int, []byte) {
	s.t.Helper()
	status, answer, err := s.try(*patience, method, path, body)
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	return status, answer
}

// try is call for goroutines, which may not end a test.
func (s *server) try(within time.Duration, method, path, body string) (int, []byte, error) {
	ctx, cancel := context.WithTimeout(s.t.Context(), within)
	defer cancel()
	resp, err := s.send(ctx, method, path, body)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	return resp.StatusCode, answer, err
}

func (s *server) send(ctx context.Context, method, path, body string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, s.url+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.SetBasicAuth("opencode", password)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	return http.DefaultClient.Do(req)
}

func (s *server) get(path string, into any) { s.t.Helper(); s.must("GET", path, "", into) }

// must expects an answer of 200 and reads it.
func (s *server) must(method, path, body string, into any) {
	s.t.Helper()
	status, answer := s.call(method, path, body)
	if status != http.StatusOK {
		s.t.Fatalf("%s %s: %d\n%.2000s", method, path, status, answer)
	}
	if into == nil {
		return
	}
	if err := json.Unmarshal(answer, into); err != nil {
		s.t.Fatalf("%s %s: %v\n%.2000s", method, path, err, answer)
	}
}

// event is one server-sent event.
type event struct {
	id   string // of its line, if there is one
	raw  json.RawMessage
	Type string
	// Properties that several types of events share.
	Properties struct {
		ID, SessionID, RequestID string
		Status                   struct{ Type string }
	}
}

// stream is a subscription.
type stream struct {
	t      *testing.T
	events chan event // closed at the end of the stream
	stop   context.CancelFunc
}

// subscribe follows /event.
func (s *server) subscribe(t *testing.T) *stream {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	resp, err := s.send(ctx, "GET", "/event", "")
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("/event: %v %v", err, resp)
	}
	follow := &stream{t: t, events: make(chan event, 10_000), stop: cancel}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(follow.events)
		defer resp.Body.Close()
		readEvents(resp.Body, follow.events)
	}()
	t.Cleanup(func() { cancel(); <-done })
	return follow
}

func readEvents(body io.Reader, to chan<- event) {
	lines := bufio.NewScanner(body)
	lines.Buffer(nil, 16<<20)
	var e event
	for lines.Scan() {
		line := lines.Bytes()
		if id, ok := bytes.CutPrefix(line, []byte("id: ")); ok {
			e.id = string(id)
		}
		data, ok := bytes.CutPrefix(line, []byte("data: "))
		if !ok {
			continue
		}
		e.raw = bytes.Clone(data)
		if json.Unmarshal(data, &e) == nil {
			to <- e
		}
		e = event{}
	}
}

// until returns all events up to the first that is wanted.
func (f *stream) until(what string, wanted func(event) bool) []event {
	f.t.Helper()
	deadline := time.After(*patience)
	var seen []event
	for {
		select {
		case e, ok := <-f.events:
			if !ok {
				f.t.Fatalf("the stream ended before %s", what)
			}
			if seen = append(seen, e); wanted(e) {
				return seen
			}
		case <-deadline:
			var last strings.Builder
			for _, e := range seen[max(0, len(seen)-10):] {
				fmt.Fprintf(&last, "%.300s\n", e.raw)
			}
			f.t.Fatalf("no %s; the last of %d events are\n%s", what, len(seen), last.String())
		}
	}
}
