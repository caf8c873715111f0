//go:build realclients

package clienttest

import (
	"encoding/json"
	"testing"
)

// plainRoutes are asked without a session.
var plainRoutes = []string{
	"GET /global/health", "GET /path", "GET /project", "GET /project/current", "GET /config", "GET /config/providers", "GET /provider", "GET /provider/auth",
	"GET /agent", "GET /command", "GET /skill", "GET /lsp", "GET /formatter", "GET /mcp", "GET /vcs",
	"GET /session", "GET /session?roots=true&limit=1&search=Tour", "GET /session/status", "GET /permission", "GET /question",
	"GET /file?path=", "GET /file/content?path=calc.go", "GET /file/status", "GET /find?pattern=Add", "GET /find/file?query=calc", "GET /find/symbol?query=Add",
}

// sessionRoutes are asked of the session of the tour.
var sessionRoutes = []string{
	"GET /session/{sessionID}", "GET /session/{sessionID}/children", "GET /session/{sessionID}/todo", "GET /session/{sessionID}/diff",
	"GET /session/{sessionID}/message", "GET /session/{sessionID}/message?limit=1", "GET /session/{sessionID}/message/{messageID}",
}

// unknownRoutes are asked of what is not there.
var unknownRoutes = []struct{ route, body string }{
	{"GET /session/{sessionID}", ""}, {"DELETE /session/{sessionID}", ""}, {"PATCH /session/{sessionID}", `{"title":"x"}`},
	{"GET /session/{sessionID}/message", ""}, {"GET /session/{sessionID}/message/{messageID}", ""},
	{"POST /permission/{requestID}/reply", `{"reply":"once"}`}, {"POST /question/{requestID}/reply", `{"answers":[["A"]]}`}, {"POST /question/{requestID}/reject", ""},
}

const tourModel = `
!for Tour
!think Reading first.
Reading.
call read {"filePath":"calc.go"}
call todowrite {"todos":[{"content":"one","status":"in_progress","priority":"high"}]}

!for Tour
call edit {"filePath":"calc.go","oldString":"a - b","newString":"a + b"}

!for Tour
call bash {"command":"wc -l calc.go","description":"Count lines"}

!for Tour
call read {"filePath":"no-such-file.go"}

!for Tour
call task {"description":"Look","prompt":"Look around","subagent_type":"explore"}

!for Look around
The child says hello.

!for Tour
Done.

!for Tour
call question {"questions":[{"question":"Which?","header":"Which","options":[{"label":"A","description":"first"}]}]}

!for Tour
Chosen.

!for Tour
!status 400 no such thing

!for Tour
Set up.

!for Tour
Halting
!hang
`

// tour goes through all that is covered, in the order in which a user might.
func (s *server) tour(t *testing.T) *tour {
	t.Helper()
	s.script(tourModel)
	v := &tour{s: s}
	follow := s.subscribe(t)
	v.upTo(follow, "server.connected")
	var session, message struct{ ID string }
	read(t, v.visit("POST /session", `{"title":"Tour"}`), &session)
	on := []string{"sessionID", session.ID}

	v.visit("POST /session/{sessionID}/prompt_async", prompt("Tour."), on...)
	for range 2 { // the edit and the command
		v.answer(t, follow, "permission", `{"reply":"once"}`)
	}
	v.upTo(follow, "session.idle", session.ID)
	var messages []struct{ Info struct{ ID string } }
	read(t, v.visit("GET /session/{sessionID}/message", "", on...), &messages)
	message.ID = messages[0].Info.ID
	v.visit("POST /session/{sessionID}/prompt_async", prompt("Ask."), on...)
	v.answer(t, follow, "question", `{"answers":[["A"]]}`)
	v.upTo(follow, "session.idle", session.ID)
	v.visit("POST /session/{sessionID}/message", prompt("Fail."), on...)
	v.upTo(follow, "session.idle", session.ID)
	v.visit("POST /session/{sessionID}/command", `{"command":"init","arguments":"please"}`, on...)
	v.upTo(follow, "session.idle", session.ID)
	v.shell(t, follow, on)

	for _, route := range plainRoutes {
		v.visit(route, "")
	}
	for _, route := range sessionRoutes {
		v.visit(route, "", append(on, "messageID", message.ID)...)
	}
	for _, u := range unknownRoutes {
		v.visit(u.route, u.body, "sessionID", "ses_0000000000000000000000000a", "messageID", "msg_0000000000000000000000000a",
			"requestID", map[bool]string{true: "que_0000000000000000000000000a", false: "per_0000000000000000000000000a"}[u.route[6] == 'q'])
	}
	v.visit("POST /session/{sessionID}/prompt_async", prompt("Halt."), on...)
	v.upTo(follow, "message.part.delta", session.ID)
	v.visit("GET /session/status", "")
	v.visit("POST /session/{sessionID}/abort", "", on...)
	v.upTo(follow, "session.idle", session.ID)
	v.change(t, follow, on, message.ID)
	return v
}

// shell runs a shell command of the user's own, about which only ours asks.
func (v *tour) shell(t *testing.T, follow *stream, on []string) {
	t.Helper()
	done := make(chan answer, 1)
	path := "/session/" + on[1] + "/shell"
	go func() {
		status, body, err := v.s.try(*patience, "POST", path, `{"agent":"build","command":"echo hi"}`)
		if err != nil {
			body = []byte(err.Error())
		}
		done <- answer{"POST /session/{sessionID}/shell", status, body}
	}()
	if v.s.kind == ours {
		v.answer(t, follow, "permission", `{"reply":"once"}`)
	}
	v.answers = append(v.answers, <-done)
	v.upTo(follow, "session.idle", on[1])
}

// change does what alters sessions themselves.
func (v *tour) change(t *testing.T, follow *stream, on []string, message string) {
	t.Helper()
	for {
		var busy map[string]any
		if v.s.get("/session/status", &busy); len(busy) == 0 {
			break
		}
	}
	v.visit("PATCH /session/{sessionID}", `{"title":"Tour, again"}`, on...)
	v.visit("POST /session/{sessionID}/revert", `{"messageID":"`+message+`"}`, on...)
	v.visit("POST /session/{sessionID}/unrevert", "", on...)
	v.visit("POST /session/{sessionID}/summarize", `{"providerID":"scripted","modelID":"scripted"}`, on...)
	var fork struct{ ID string }
	read(t, v.visit("POST /session/{sessionID}/fork", `{}`, on...), &fork)
	v.visit("DELETE /session/{sessionID}", "", "sessionID", fork.ID)
	v.upTo(follow, "session.deleted", fork.ID)
}

// answer waits for a question of a kind and answers it.
func (v *tour) answer(t *testing.T, follow *stream, kind, body string) {
	t.Helper()
	v.upTo(follow, kind+".asked")
	id := v.events[len(v.events)-1].Properties.ID
	v.visit("GET /"+kind, "")
	v.visit("POST /"+kind+"/{requestID}/reply", body, "requestID", id)
	v.upTo(follow, kind+".replied")
}

// upTo takes events up to one of a type, of a session where one is named.
func (v *tour) upTo(follow *stream, kind string, session ...string) {
	follow.t.Helper()
	v.events = append(v.events, follow.until(kind, func(e event) bool {
		return e.Type == kind && (len(session) == 0 || e.Properties.SessionID == session[0])
	})...)
}

func prompt(text string) string { return `{"parts":[{"type":"text","text":"` + text + `"}]}` }

func read(t *testing.T, raw json.RawMessage, into any) {
	t.Helper()
	if err := json.Unmarshal(raw, into); err != nil {
		t.Fatalf("%v\n%.1000s", err, raw)
	}
}
