package httpapi_test

import (
	"strings"
	"testing"

	"github.com/opencode-lsp/opencode-lsp/agent/httpapi"
)

// A whole turn as a client sees it: prompt, events, question, answer, messages.
func TestTurn(t *testing.T) {
	b := newBench(t, `Let me look.
call bash {"command":"wc -l calc.go"}

Three lines.
`)
	id := b.session()
	l := b.listen("/event", "")
	l.until("server.connected")
	if status, answer := b.do("POST", "/session/"+id+"/prompt_async", text("How many lines?")); status != 204 {
		t.Fatalf("prompt_async = %d %s", status, answer)
	}
	asked := l.until("permission.asked")
	open := want[[]httpapi.PermissionRequest](b, "GET", "/permission", nil)
	if len(open) != 1 || open[0].ID != asked[len(asked)-1].Properties["id"] || open[0].Permission != "bash" || open[0].Tool == nil {
		t.Errorf("open questions = %+v", open)
	}
	if got := want[map[string]httpapi.SessionStatus](b, "GET", "/session/status", nil); got[id].Type != "busy" {
		t.Errorf("status = %v", got)
	}
	want[bool](b, "POST", "/permission/"+open[0].ID+"/reply", object{"reply": "once"})
	if status, answer := b.do("POST", "/permission/"+open[0].ID+"/reply", object{"reply": "once"}); status != 404 || !strings.Contains(answer, "PermissionNotFoundError") {
		t.Errorf("a late reply = %d %s", status, answer)
	}
	all := append(asked, l.until("session.idle")...)
	t.Log(kinds(all))
	messages := want[[]struct {
		Info  object
		Parts []object
	}](b, "GET", "/session/"+id+"/message", nil)
	if len(messages) != 3 {
		t.Fatalf("messages = %v", messages)
	}
	for _, m := range messages {
		t.Log(m)
	}
}
