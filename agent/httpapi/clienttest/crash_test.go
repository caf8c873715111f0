//go:build realclients

package clienttest

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

// crashes are moments at which the server is killed, and what is found afterwards.
var crashes = []struct {
	name, model string
	now         func(*server) bool // is asked until it is the moment
	found       []string
}{
	{"in a reply", `
!for Begin
call read {"filePath":"calc.go"}

!for Begin
I was about to say
!hang
`, func(s *server) bool { return len(s.model.Requests()) == 2 }, outline(user("Begin."), calls("read completed"), "assistant UnknownError")},
	{"at a question", `
!for Begin
call bash {"command":"ls","description":"List"}
`, func(s *server) bool {
		_, raw := s.call("GET", "/permission", "")
		return strings.Contains(string(raw), "per_")
	}, outline(user("Begin."), reply("UnknownError", "bash error"))},
	{"in a command", `
!for Begin
call bash {"command":"touch started; sleep 60","description":"Wait"}
`, func(s *server) bool { s.allow(); return exists(filepath.Join(s.dir, "started")) }, outline(user("Begin."), reply("UnknownError", "bash error"))},
}

// TestCrash kills the server in a turn and starts it again. Only ours: OpenCode's leaves such a turn unfinished for ever.
func TestCrash(t *testing.T) {
	for _, c := range crashes {
		t.Run(c.name, func(t *testing.T) {
			p := newPlace(t)
			s := p.start(ours, asking())
			s.script(c.model)
			var session struct{ ID string }
			s.must("POST", "/session", `{"title":"Crash"}`, &session)
			s.call("POST", "/session/"+session.ID+"/prompt_async", prompt("Begin."))
			s.await(c.name, func() bool { return c.now(s) })
			s.kill()
			p.script("!for Begin\nGoing on.\n")
			again := p.start(ours, asking())
			var got struct {
				Listed      bool
				Open, Busy  int
				Found, Then []string
				Why         string
			}
			again.play(t, "restart.mjs", map[string]string{"session": session.ID}, &got)
			if !got.Listed || got.Open != 0 || got.Busy != 0 || !strings.Contains(got.Why, "stopped in the middle of this turn") {
				t.Errorf("%+v", got)
			}
			if !reflect.DeepEqual(got.Found, c.found) {
				t.Errorf("found\n%s\nwant\n%s", pretty(got.Found), pretty(c.found))
			}
			if want := outline(user("Go on."), says("Going on.")); !reflect.DeepEqual(got.Then, want) {
				t.Errorf("then\n%s\nwant\n%s", pretty(got.Then), pretty(want))
			}
		})
	}
}

// await polls until something is so.
func (s *server) await(what string, so func() bool) {
	s.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(*patience); !so(); <-tick.C {
		if time.Now().After(deadline) {
			s.t.Fatalf("%s did not come", what)
		}
	}
}

// allow answers the open question, if there is one.
func (s *server) allow() {
	s.t.Helper()
	var open []struct{ ID string }
	for s.get("/permission", &open); len(open) > 0; open = open[1:] {
		s.must("POST", "/permission/"+open[0].ID+"/reply", `{"reply":"once"}`, nil)
	}
}

func exists(path string) bool { _, err := os.Stat(path); return err == nil }
