//go:build unix

package main

import (
	"encoding/json"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// httpCase is a line of the corpus of kind http.
type httpCase struct {
	ID, Kind, Input, Expect, Match, Why string
	Ctx                                 struct {
		Bind, Password, Username string
		TLS                      bool
		Status                   int
		Assert                   []string
	}
}

// The corpus' http cases: literal bytes, or words in capitals for what takes more than a request.
func TestServeCases(t *testing.T) {
	data, err := os.ReadFile("../../permission/testdata/cases.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	played := 0
	for line := range strings.Lines(string(data)) {
		var c httpCase
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Fatal(err)
		}
		if c.Kind != "http" {
			continue
		}
		played++
		t.Run(c.ID, func(t *testing.T) {
			t.Parallel()
			c.play(t)
		})
	}
	if played < 26 {
		t.Errorf("the corpus has %d http cases only", played)
	}
}

// play starts a server as the case has it, acts and judges.
func (c httpCase) play(t *testing.T) {
	s := newServed(t)
	s.pass = c.Ctx.Password
	if c.Ctx.Username != "" {
		s.user = c.Ctx.Username
		s.home.more = append(s.home.more, "OPENCODE_SERVER_USERNAME="+c.Ctx.Username)
	}
	var flags []string
	if c.Ctx.TLS {
		cert, key := certificate(t)
		flags = []string{"--tls-cert", cert, "--tls-key", key}
	}
	verb, rest, _ := strings.Cut(c.Input, " ")
	switch verb {
	case "START":
		c.begin(t, s, strings.Fields(rest))
		return
	case "STOP":
		c.end(t, s.start(append(flags, "--port", freePort(t))...))
		return
	}
	s.start(flags...)
	switch verb {
	case "BODY":
		status, _ := s.pour(1 << 30)
		c.judge(t, status)
	case "SLOWLORIS":
		c.closes(t, s)
	case "SSE":
		c.judge(t, s.crowd(load(1000)).refused)
	case "BRUTE", "FLOOD":
		t.Fatalf("the runner does not know %q", c.Input)
	default:
		got := s.raw(c.Input)
		c.judge(t, got.status())
		c.assert(t, got)
	}
}

// strictness is how the corpus orders outcomes.
var strictness = []string{"allow", "ask", "deny", "error"}

// judge compares what a status means with what is expected.
func (c httpCase) judge(t *testing.T, status int) {
	t.Helper()
	outcome := "error"
	switch {
	case status >= 200 && status < 300:
		outcome = "allow"
	case status == 401 || status == 403 || status == 421 || status == 429:
		outcome = "deny"
	}
	is, want := slices.Index(strictness, outcome), slices.Index(strictness, c.Expect)
	if is < want || c.Match == "exact" && is != want || c.Ctx.Status != 0 && status != c.Ctx.Status {
		t.Errorf("%.100q: %d (%s), want %s %d: %s", c.Input, status, outcome, c.Expect, c.Ctx.Status, c.Why)
	}
}

func (c httpCase) assert(t *testing.T, got *answered) {
	t.Helper()
	for _, a := range c.Ctx.Assert {
		name, ok := strings.CutPrefix(a, "no_header:")
		if !ok {
			t.Fatalf("the runner does not know %q", a)
		}
		if got != nil && got.Header[name] != nil {
			t.Errorf("%s is sent: %q", name, got.Header[name])
		}
	}
}

// begin: a start that must fail, or that must open no listener.
func (c httpCase) begin(t *testing.T, s *served, args []string) {
	if args[0] == "serve" {
		cmd := s.command(args[1:]...)
		out, err := cmd.CombinedOutput()
		if err == nil || strings.Contains(string(out), listeningOn) {
			t.Errorf("%q starts: %s", args, out)
		}
		return
	}
	s.home.more = append(s.home.more, "OPENCODE_SERVER_PASSWORD="+s.pass)
	w := dialRaw(t, s.home, s.root)
	w.initialize(s.root)
	w.command("opencode.status", "[]")
	if open := listening(t, w.server.cmd.Process.Pid); len(open) > 0 || !slices.Contains(c.Ctx.Assert, "no_listeners") {
		t.Errorf("listens on %q; the case asserts %q", open, c.Ctx.Assert)
	}
}

// end: after a stop nobody listens, and streams have ended.
func (c httpCase) end(t *testing.T, s *served) {
	in, _ := s.stream("/event")
	code, took := s.stop(syscall.SIGTERM)
	if _, err := io.Copy(io.Discard, in); err != nil && !strings.Contains(err.Error(), "reset") && err != io.ErrUnexpectedEOF {
		t.Errorf("the stream: %v", err)
	}
	if code != 0 || took > 5*time.Second || !slices.Contains(c.Ctx.Assert, "no_listeners") {
		t.Errorf("code %d after %s", code, took)
	}
	if s.reachable() {
		t.Error("somebody listens still")
	}
}

// closes: the connection is closed within what the case says.
func (c httpCase) closes(t *testing.T, s *served) {
	var limit time.Duration
	for _, a := range c.Ctx.Assert {
		text, _ := strings.CutPrefix(a, "closed_within:")
		limit, _ = time.ParseDuration(text)
	}
	if limit == 0 {
		t.Fatalf("no time in %q", c.Ctx.Assert)
	}
	if took := s.drip(slowloris); took > limit {
		t.Errorf("closed after %s, want %s", took, limit)
	}
}
