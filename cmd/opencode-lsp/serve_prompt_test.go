//go:build unix

package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"syscall"
	"testing"
)

// A prompt may switch tools off, for its session until the next one that says anything of tools, after a restart too; what it
// switches on is as it ever was. What it says as system stands in the conversation and leaves the system prompt as it is.
func TestServePromptBody(t *testing.T) {
	t.Parallel()
	s := newServed(t)
	s.home.rules = `{"bash": "allow"}`
	s.start()
	id := s.session()
	var denied struct{ ID string }
	if err := json.Unmarshal([]byte(s.ask(200, "POST", "/session", `{"permission":[{"permission":"bash","pattern":"*","action":"deny"}]}`)), &denied); err != nil {
		t.Fatal(err)
	}
	for i, step := range []struct {
		session, more string
		runs, listed  bool
	}{
		{id, `,"tools":{"bash":false,"read":true},"system":"Speak Latin."`, false, false},
		{id, ``, false, false},
		{id, `,"tools":{"*":false,"read":true}`, false, false},
		{id, `,"tools":{"*":false,"bash":true,"edit":true}`, true, true},
		{id, `,"tools":{"bash":true}`, true, true},
		{denied.ID, `,"tools":{"bash":true}`, false, false},
	} {
		if i == 2 {
			s.stop(syscall.SIGTERM)
			s = s.again()
		}
		s.script(fmt.Sprintf("call bash {\"command\": \"touch made%d\"}\n\nDone.", i))
		s.ask(200, "POST", "/session/"+step.session+"/message", `{"parts":[{"type":"text","text":"make it"}]`+step.more+`}`)
		if s.exists(fmt.Sprintf("made%d", i)) != step.runs {
			t.Errorf("%d, %s: the command ran: %v", i, step.more, !step.runs)
		}
		if got := s.lastRequest(); strings.Contains(got, `"name":"bash","description"`) != step.listed {
			t.Errorf("%d, %s: the tools in %s", i, step.more, got)
		}
	}
	if got := s.lastRequest(); strings.Contains(got, "Speak Latin.") {
		t.Errorf("another session's instructions: %s", got)
	}
	first := string(s.model.Requests()[0])
	if strings.Count(first, `Instructions for this prompt:\nSpeak Latin.`) != 1 || strings.Index(first, "Speak Latin.") < strings.Index(first, "make it") {
		t.Errorf("the instructions in %s", first)
	}
	for _, bad := range []string{`"tools":{"":false}`, `"tools":{"bash":"no"}`, `"tools":["bash"]`, `"system":5`} {
		s.ask(400, "POST", "/session/"+id+"/message", `{"parts":[{"type":"text","text":"x"}],`+bad+`}`)
	}
}

// lastRequest is what the model was asked last.
func (s *served) lastRequest() string {
	all := s.model.Requests()
	return string(all[len(all)-1])
}
