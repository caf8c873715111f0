//go:build unix

package main

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// again starts another server over the same home, folder and model.
func (s *served) again() *served {
	s.t.Helper()
	return (&served{t: s.t, home: s.home, root: s.root, model: s.model, user: s.user, pass: s.pass}).start()
}

// lastID reads a stream up to an event that holds a text and returns the last id by then.
func lastID(t *testing.T, in *bufio.Reader, text string) (id string) {
	t.Helper()
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			t.Fatalf("the stream ends before %s: %v", text, err)
		}
		if rest, ok := strings.CutPrefix(line, "id: "); ok {
			id = strings.TrimSpace(rest)
		}
		if strings.HasPrefix(line, "data: ") && strings.Contains(line, text) {
			return id
		}
	}
}

// A server that is killed in a turn loses nothing: the sessions are there, the turn is marked as broken off, a client that
// comes back with its last event's id is told so, and a new prompt goes on.
func TestServeKilled(t *testing.T) {
	s := newServed(t)
	s.home.rules = `{"bash": "allow"}`
	s.script("On it.\ncall bash {\"command\": \"echo begun; until [ -e ended ]; do sleep 0.1; done\"}\n\nGoing on.\n")
	s.start()
	id := s.session()
	in, _ := s.stream("/event")
	s.prompt(id, "make it")
	seen := lastID(t, in, `"output":"begun"`)
	s.stop(syscall.SIGKILL)
	if err := os.WriteFile(filepath.Join(s.root, "ended"), nil, 0o600); err != nil { // ends the command, which nobody waits for any more
		t.Fatal(err)
	}
	s = s.again()
	in, _ = s.stream("/event", "Last-Event-ID: "+seen)
	until(t, in, "server.connected")
	var messages []struct {
		Info struct {
			Error *struct{ Data struct{ Message string } }
			Time  struct{ Completed int64 }
		}
		Parts []struct {
			State struct{ Status, Error string }
		}
	}
	if err := json.Unmarshal([]byte(s.ask(200, "GET", "/session/"+id+"/message", "")), &messages); err != nil {
		t.Fatal(err)
	}
	last := messages[len(messages)-1]
	if last.Info.Error == nil || !strings.Contains(last.Info.Error.Data.Message, "was stopped in the middle of this turn") || last.Info.Time.Completed == 0 {
		t.Errorf("the last message is %+v", last)
	}
	interrupted := false
	for _, p := range last.Parts {
		interrupted = interrupted || p.State.Status == "error" && strings.Contains(p.State.Error, "interrupted")
	}
	if !interrupted {
		t.Errorf("its parts are %+v", last.Parts)
	}
	until(t, in, "session.error")
	if status := s.ask(200, "GET", "/session/status", ""); status != "{}" {
		t.Errorf("at work: %s", status)
	}
	answer := s.ask(200, "POST", "/session/"+id+"/message", `{"parts":[{"type":"text","text":"go on"}]}`)
	if !strings.Contains(answer, "Going on.") {
		t.Errorf("the answer is %s", answer)
	}
	until(t, in, "session.idle")
	t.Logf("killed in a command: %d messages are there, the last one says %q; the stream went on after its last id; a new prompt was answered", len(messages), last.Info.Error.Data.Message)
}
