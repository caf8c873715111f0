package httpapi_test

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/agent/httpapi"
	"github.com/opencode-lsp/opencode-lsp/tools"
)

// keys names the stored events of a stream, each once, with what they are about.
func keys(events []wireEvent) map[string]bool {
	all := map[string]bool{}
	for _, e := range events {
		id, _ := e.Properties["id"].(string)
		if part, ok := e.Properties["part"].(object); ok {
			state, _ := part["state"].(object)
			status, _ := state["status"].(string)
			id = part["id"].(string) + status
		}
		if info, ok := e.Properties["info"].(object); ok {
			id = info["id"].(string)
		}
		switch e.Type {
		case "message.updated", "message.part.updated", "permission.asked", "permission.replied", "session.idle", "session.created":
			all[e.Type+" "+id] = true
		}
	}
	return all
}

// missing are the keys of all that got lacks. A text part that was being written is in neither.
func missing(all, got map[string]bool) []string {
	var list []string
	for k := range all {
		if !got[k] {
			list = append(list, k)
		}
	}
	return list
}

// A client that drops and comes back with the last event's id misses nothing, wherever it dropped, also after a restart.
func TestResume(t *testing.T) {
	for _, restart := range []bool{false, true} {
		b := newBench(t, fixAdd+"\nNothing to do.\n")
		l := b.listen("/event", "")
		id := b.session()
		b.prompted(id, "Fix Add.", "once")
		other := b.session()
		b.prompted(other, "Anything else?", "once")
		var all []wireEvent
		for idles := 0; idles < 2; idles++ {
			all = append(all, l.until("session.idle")...)
		}
		if restart {
			b.shut()
			b.open(true)
		}
		for i, e := range all {
			if e.id == "" {
				continue
			}
			again := b.listen("/event", e.id)
			got := keys(all[:i+1])
			for sessions := 0; sessions < 2; { // both have been idle by the end
				var more []wireEvent
				if missed := missing(keys(all), got); len(missed) == 0 {
					break
				}
				more = again.until("session.idle")
				sessions++
				for k := range keys(more) {
					got[k] = true
				}
			}
			if missed := missing(keys(all), got); len(missed) > 0 {
				t.Errorf("restart %t: after event %d (%s) %d are missed: %q", restart, i, e.Type, len(missed), missed)
			}
			again.stop()
		}
	}
}

// meanwhile is a store in which something happens before a list of the sessions is read.
type meanwhile struct {
	agent.Store
	happens atomic.Pointer[func()]
}

func (m *meanwhile) List(ctx context.Context, directory string) ([]agent.SessionInfo, error) {
	if f := m.happens.Swap(nil); f != nil {
		(*f)()
	}
	return m.Store.List(ctx, directory)
}

// What was written live while a client that came back reads the past is no news any more where that holds the finished reply.
func TestResumeWhileWriting(t *testing.T) {
	b := newBench(t, "One.\n\nTwo words.\n")
	b.shut()
	store := &meanwhile{Store: b.store}
	b.store = store
	b.open(true)
	id := b.session()
	l := b.listen("/event", "")
	b.prompted(id, "first", "once")
	l.until("session.idle")
	l.until("session.updated")
	l.stop()
	watch := b.listen("/event", "")
	turn := func() {
		if status, answer := b.do("POST", "/session/"+id+"/prompt_async", text("second")); status != http.StatusNoContent {
			t.Errorf("prompt_async = %d %s", status, answer)
		}
		for e := range watch.in {
			if e.Type == "session.idle" {
				break
			}
		}
	}
	store.happens.Store(&turn)
	again := b.listen("/event", l.last)
	events := again.until("session.idle")
	b.session() // is told after all that waits
	completed := map[any]bool{}
	for _, e := range append(events, again.until("session.created")...) {
		if info, ok := e.Properties["info"].(object); ok && info["role"] == "assistant" {
			completed[info["id"]] = info["time"].(object)["completed"] != nil
		}
	}
	if len(completed) != 1 {
		t.Errorf("%d replies came", len(completed))
	}
	for id, done := range completed {
		if !done {
			t.Errorf("the last that is told of %s is that it is being written", id)
		}
	}
}

// What is deleted while a client is away is told, too.
func TestResumeDeleted(t *testing.T) {
	b := newBench(t, "Hello.\n")
	l := b.listen("/global/event", "")
	id := b.session()
	b.prompted(id, "hi", "once")
	l.until("session.idle")
	l.until("session.updated")
	l.stop()
	want[bool](b, "DELETE", "/session/"+id, nil)
	again := b.listen("/global/event", l.last)
	events := again.until("session.deleted")
	if got := events[len(events)-1].Payload.Properties["sessionID"]; got != id {
		t.Errorf("deleted is %v, want %s", got, id)
	}
}

func TestGlobalEvents(t *testing.T) {
	b := newBench(t, "")
	l := b.listen("/global/event", "")
	first := l.until("server.connected")
	if first[0].Directory != "" || first[0].Payload == nil || first[0].id == "" {
		t.Errorf("the first event is %+v", first[0])
	}
	id := b.session()
	made := l.until("session.created")
	if e := made[len(made)-1]; e.Directory != b.dir || e.Payload.Properties["sessionID"] != id {
		t.Errorf("the event is %+v", e)
	}
}

// No more than so many follow the events, and who leaves makes room.
func TestSubscribers(t *testing.T) {
	b := newBench(t, "")
	var all []*listener
	for i := range 16 {
		all = append(all, b.listen([]string{"/event", "/global/event"}[i%2], ""))
	}
	if status, answer := b.do("GET", "/event", nil); status != 503 || !strings.Contains(answer, "close one") {
		t.Errorf("the next one = %d %s", status, answer)
	}
	for _, l := range all {
		l.until("server.connected")
		l.stop()
	}
	for status := 0; status != http.StatusOK; { // the server hears of it when it writes or the connection ends
		req, err := http.NewRequestWithContext(t.Context(), "GET", b.http.URL+"/event", nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		status = res.StatusCode
		res.Body.Close()
	}
}

func TestBadCursor(t *testing.T) {
	b := newBench(t, "")
	req, err := http.NewRequestWithContext(t.Context(), "GET", b.http.URL+"/event", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Last-Event-ID", "42;drop")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != 400 {
		t.Errorf("status = %d", res.StatusCode)
	}
}

// A session that nobody has opened in this process is read, not opened; a turn that the process left in its middle is marked
// when it is.
func TestReadNotOpened(t *testing.T) {
	b := newBench(t, "Hello.\n")
	id := b.session()
	b.prompted(id, "hi", "once")
	b.shut()
	b.open(false)
	if got := want[[]message](b, "GET", "/session/"+id+"/message", nil); len(got) != 2 {
		t.Errorf("messages = %v", got)
	}
	for _, path := range []string{"", "/todo", "/diff", "/children"} {
		if status, answer := b.do("GET", "/session/"+id+path, nil); status != 200 {
			t.Errorf("GET %s = %d %s", path, status, answer)
		}
	}
	if list := want[[]httpapi.Session](b, "GET", "/session", nil); len(list) != 1 || list[0].Title != "hi" {
		t.Errorf("sessions = %v", list)
	}
	if n := len(b.sessions.Running()); n != 0 {
		t.Errorf("%d sessions were opened", n)
	}
}

// A turn that a killed process left is marked as broken off by whoever reads it, and the session is left to others.
func TestMended(t *testing.T) {
	b := newBench(t, "")
	events := []agent.Event{
		{Type: agent.SessionCreated, Session: &agent.SessionInfo{ID: "ses_a", Title: "T", Directory: b.dir}},
		{Type: agent.TurnStarted, Turn: "t1", Prompt: &agent.Prompt{Text: "hi"}},
		{Type: agent.MessageDone, Turn: "t1", Message: &agent.Reply{Calls: []tools.Call{{ID: "c1", Name: "bash", Arguments: "{}"}}}},
	}
	for i := range events {
		events[i].Seq, events[i].SessionID, events[i].Time = int64(i+1), "ses_a", time.Now()
	}
	if err := b.store.Append(t.Context(), "ses_a", events...); err != nil {
		t.Fatal(err)
	}
	release, err := b.store.Acquire("ses_a")
	if err != nil {
		t.Fatal(err)
	}
	status := func() any {
		all := want[[]message](b, "GET", "/session/ses_a/message", nil)
		return all[len(all)-1].Parts[1]["state"].(object)["status"]
	}
	if got := status(); got != "pending" {
		t.Errorf("while another process has it the call is %v", got)
	}
	release()
	l := b.listen("/event", "")
	l.until("server.connected")
	if got := status(); got != "error" {
		t.Errorf("the call is %v", got)
	}
	l.until("session.idle")
	if n := len(b.sessions.Running()); n != 0 {
		t.Errorf("%d sessions are open", n)
	}
	release, err = b.store.Acquire("ses_a")
	if err != nil {
		t.Fatal(err)
	}
	release()
}

// A session that is closed and opened anew at once, as for a new title, goes on to be followed.
func TestReopened(t *testing.T) {
	b := newBench(t, "Hello.\n")
	id := b.session()
	b.shut()
	b.open(true)
	l := b.listen("/event", "")
	for range 20 {
		want[httpapi.Session](b, "PATCH", "/session/"+id, object{"title": "new"})
	}
	want[message](b, "POST", "/session/"+id+"/message", text("hi"))
	l.until("session.idle")
}

// The last that is told of a session is that it is deleted, also in the middle of a turn.
func TestDeleted(t *testing.T) {
	b := newBench(t, "Hm\n!hang\n")
	id := b.session()
	l := b.listen("/event", "")
	b.do("POST", "/session/"+id+"/prompt_async", text("hi"))
	l.until("message.part.delta")
	want[bool](b, "DELETE", "/session/"+id, nil)
	other := b.session()
	for after := false; ; {
		e := <-l.in
		info, _ := e.Properties["info"].(object)
		if e.Type == "session.created" && info["id"] == other {
			break
		}
		if after {
			t.Errorf("after the end came %s", e.Type)
		}
		after = after || e.Type == "session.deleted"
	}
	if status, answer := b.do("GET", "/session/"+id, nil); status != 404 {
		t.Errorf("GET = %d %s", status, answer)
	}
}
