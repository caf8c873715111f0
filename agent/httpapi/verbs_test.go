package httpapi_test

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/opencode-lsp/opencode-lsp/agent/httpapi"
)

// message is a message as a client reads it.
type message struct {
	Info  object
	Parts []object
}

const fixAdd = `call read {"filePath":"calc.go"}

call edit {"filePath":"calc.go","oldString":"a - b","newString":"a + b"}

Fixed.
`

// prompted sends a prompt whose questions are answered with reply and returns the last message.
func (b *bench) prompted(id, words, reply string) message {
	b.Helper()
	l := b.listen("/event", "")
	if status, answer := b.do("POST", "/session/"+id+"/prompt_async", text(words)); status != 204 {
		b.Fatalf("prompt_async = %d %s", status, answer)
	}
	for done := false; !done; {
		e := <-l.in
		switch e.Type {
		case "permission.asked":
			want[bool](b, "POST", "/permission/"+e.Properties["id"].(string)+"/reply", object{"reply": reply})
		case "session.idle":
			done = true
		case "":
			b.Fatal("the stream ended")
		}
	}
	l.stop()
	all := want[[]message](b, "GET", "/session/"+id+"/message", nil)
	return all[len(all)-1]
}

func (b *bench) file(name string) string {
	b.Helper()
	data, err := os.ReadFile(filepath.Join(b.dir, name))
	if err != nil {
		b.Fatal(err)
	}
	return string(data)
}

func TestDiffAndRevert(t *testing.T) {
	b := newBench(t, fixAdd)
	id := b.session()
	last := b.prompted(id, "Fix Add.", "always")
	if !strings.Contains(b.file("calc.go"), "a + b") || last.Info["finish"] != "stop" {
		t.Fatalf("the file is %q, the last message %v", b.file("calc.go"), last)
	}
	all := want[[]message](b, "GET", "/session/"+id+"/message", nil)
	edit := all[2].Parts[1]
	state := edit["state"].(object)
	metadata := state["metadata"].(object)
	if edit["tool"] != "edit" || state["status"] != "completed" || !strings.Contains(metadata["diff"].(string), "+func Add(a, b int) int { return a + b }") {
		t.Errorf("the edit is %v", edit)
	}
	if patch := all[2].Parts[len(all[2].Parts)-1]; patch["type"] != "patch" {
		t.Errorf("the last part is %v", patch)
	}
	diffs := want[[]httpapi.FileDiff](b, "GET", "/session/"+id+"/diff", nil)
	ofTurn := want[[]httpapi.FileDiff](b, "GET", "/session/"+id+"/diff?messageID="+all[3].Info["id"].(string), nil)
	if len(diffs) != 1 || diffs[0].File != "calc.go" || diffs[0].Additions != 1 || diffs[0].Deletions != 1 || diffs[0].Status != "modified" || len(ofTurn) != 1 {
		t.Errorf("diff = %+v", diffs)
	}
	l := b.listen("/event", "")
	first := all[0].Info["id"].(string)
	reverted := want[httpapi.Session](b, "POST", "/session/"+id+"/revert", object{"messageID": all[3].Info["id"]})
	if reverted.Revert == nil || reverted.Revert.MessageID != first || !strings.Contains(b.file("calc.go"), "a - b") {
		t.Errorf("reverted = %+v, %q", reverted.Revert, b.file("calc.go"))
	}
	if diff := reverted.Revert.Diff; !strings.Contains(diff, "-func Add(a, b int) int { return a + b }") || !strings.Contains(diff, "+func Add(a, b int) int { return a - b }") {
		t.Errorf("the diff of the revert is %q", diff)
	}
	if got := l.until("session.diff"); len(got[len(got)-1].Properties["diff"].([]any)) != 0 {
		t.Errorf("after the revert the diff is %v", got[len(got)-1])
	}
	if same := want[httpapi.Session](b, "POST", "/session/"+id+"/revert", object{"messageID": first}); same.Revert == nil || same.Revert.MessageID != first {
		t.Errorf("a second revert = %+v", same)
	}
	again := want[httpapi.Session](b, "POST", "/session/"+id+"/unrevert", nil)
	if again.Revert != nil || !strings.Contains(b.file("calc.go"), "a + b") {
		t.Errorf("unreverted = %+v, %q", again.Revert, b.file("calc.go"))
	}
}

// As OpenCode's screen does it: /undo, /undo, /redo and a prompt. Turns that changed no file go as the others do.
func TestRevertThere(t *testing.T) {
	b := newBench(t, "One.\n\n"+fixAdd+"\nThree.\n\nFour.\n")
	id := b.session()
	for _, words := range []string{"First.", "Fix Add.", "Third."} {
		b.prompted(id, words, "always")
	}
	all := want[[]message](b, "GET", "/session/"+id+"/message", nil)
	var asked []string
	for _, m := range all {
		if m.Info["role"] == "user" {
			asked = append(asked, m.Info["id"].(string))
		}
	}
	reverted := func(to string) {
		t.Helper()
		verb, body := "revert", object{"messageID": to}
		if to == "" {
			verb, body = "unrevert", nil
		}
		s := want[httpapi.Session](b, "POST", "/session/"+id+"/"+verb, body)
		if got := s.Revert; to == "" && got != nil || to != "" && (got == nil || got.MessageID != to) {
			t.Errorf("revert = %+v, want %s", got, to)
		}
	}
	reverted(asked[2])
	reverted(asked[0])
	reverted("")
	reverted(asked[1])
	if !strings.Contains(b.file("calc.go"), "a - b") {
		t.Errorf("before the fix the file is %q", b.file("calc.go"))
	}
	reverted(asked[2])
	if !strings.Contains(b.file("calc.go"), "a + b") {
		t.Errorf("after the fix the file is %q", b.file("calc.go"))
	}
	reverted(asked[1])
	l := b.listen("/event", "")
	if status, answer := b.do("POST", "/session/"+id+"/prompt_async", text("Fourth.")); status != 204 {
		t.Fatalf("prompt_async = %d %s", status, answer)
	}
	var removed []any
	for _, e := range l.until("session.idle") {
		if e.Type == "message.removed" {
			removed = append(removed, e.Properties["messageID"])
		}
	}
	var gone []any
	for _, m := range all[2:] {
		gone = append(gone, m.Info["id"])
	}
	if !reflect.DeepEqual(removed, gone) {
		t.Errorf("removed are %v, want %v", removed, gone)
	}
	if left := want[[]message](b, "GET", "/session/"+id+"/message", nil); len(left) != 4 || left[0].Info["id"] != asked[0] || left[3].Parts[1]["text"] != "Four." {
		t.Errorf("left are %v", left)
	}
	requests := b.model.Requests()
	if last := string(requests[len(requests)-1]); !strings.Contains(last, "First.") || strings.Contains(last, "Fix Add.") || strings.Contains(last, "Third.") {
		t.Errorf("the model was told %s", last)
	}
	if status, _ := b.do("POST", "/session/"+id+"/revert", object{"messageID": asked[1]}); status != 404 {
		t.Errorf("a revert of what is gone = %d", status)
	}
}

// A shell command passes the gate; the model reads its output with the next prompt and is not asked before.
func TestShell(t *testing.T) {
	b := newBench(t, "Seen.\n")
	id := b.session()
	l := b.listen("/event", "")
	answer := make(chan message)
	go func() {
		answer <- want[message](b, "POST", "/session/"+id+"/shell", object{"command": "echo hi", "agent": "build"})
	}()
	asked := l.until("permission.asked")
	request := asked[len(asked)-1].Properties
	if request["permission"] != "bash" || len(b.model.Requests()) != 0 {
		t.Errorf("asked for %v after %d requests", request, len(b.model.Requests()))
	}
	want[bool](b, "POST", "/permission/"+request["id"].(string)+"/reply", object{"reply": "once"})
	m := <-answer
	tool := m.Parts[0]
	if m.Info["role"] != "assistant" || tool["tool"] != "bash" || tool["state"].(object)["output"] != "hi\n" {
		t.Errorf("the answer is %v", m)
	}
	if got := want[message](b, "POST", "/session/"+id+"/message", text("And?")); got.Parts[1]["text"] != "Seen." {
		t.Errorf("the next answer is %v", got)
	}
	if requests := b.model.Requests(); len(requests) != 1 || !strings.Contains(string(requests[0]), "$ echo hi") {
		t.Errorf("the model was asked %d times: %s", len(requests), requests)
	}
}

// A command takes files and nothing else, as with OpenCode: text would stand before its name and make it a plain prompt.
func TestCommandParts(t *testing.T) {
	b := newBench(t, "Done.\n")
	id := b.session()
	for kind, want := range map[string]int{"text": 400, "agent": 400, "subtask": 400, "file": 200} {
		part := object{"type": kind, "text": "hello", "name": "plan", "url": "data:text/plain,x"}
		if status, answer := b.do("POST", "/session/"+id+"/command", object{"command": "init", "parts": []object{part}}); status != want {
			t.Errorf("%s: %d %s", kind, status, answer)
		}
	}
}

// A title is one short line, as when it is changed: it stands in every list and in each event of the session.
func TestCreateTitle(t *testing.T) {
	b := newBench(t, "")
	made := want[httpapi.Session](b, "POST", "/session", object{"title": "Two\nlines " + strings.Repeat("x", 1<<20)})
	if made.Title != "Two" {
		t.Errorf("the title is %.40q, of %d bytes", made.Title, len(made.Title))
	}
}

// A part of the list says what the whole of it does, though less of the session is read for it.
func TestListPart(t *testing.T) {
	b := newBench(t, strings.Repeat("Done.\n\n", 5))
	id := b.session()
	for n := range 5 {
		words := text("Go on.")
		if n == 4 {
			words["agent"] = "plan"
			words["model"] = object{"providerID": "scripted", "modelID": "other"}
		}
		want[message](b, "POST", "/session/"+id+"/message", words)
	}
	all := want[[]message](b, "GET", "/session/"+id+"/message", nil)
	for _, limit := range []int{1, 2, 3, 5, 9, 10, 0} {
		got := want[[]message](b, "GET", fmt.Sprintf("/session/%s/message?limit=%d", id, limit), nil)
		whole := all
		if limit > 0 {
			whole = all[len(all)-limit:]
		}
		if !reflect.DeepEqual(got, whole) {
			t.Errorf("limit %d: got %d messages, %v, want %v", limit, len(got), got, whole)
		}
	}
}

func TestNoReply(t *testing.T) {
	b := newBench(t, "Noted.\n")
	id := b.session()
	quiet := text("Just so you know.")
	quiet["noReply"] = true
	if m := want[message](b, "POST", "/session/"+id+"/message", quiet); m.Info["role"] != "user" || m.Parts[0]["text"] != "Just so you know." {
		t.Errorf("the answer is %v", m)
	}
	if n := len(b.model.Requests()); n != 0 {
		t.Errorf("the model was asked %d times", n)
	}
	if s := want[httpapi.Session](b, "GET", "/session/"+id, nil); !strings.HasPrefix(s.Title, "New session - ") {
		t.Errorf("the session is called %q before the model was asked", s.Title)
	}
	if m := want[message](b, "POST", "/session/"+id+"/message", text("And now?")); m.Info["role"] != "assistant" {
		t.Errorf("the answer is %v", m)
	}
	if asked := string(b.model.Requests()[0]); !strings.Contains(asked, "Just so you know.") {
		t.Errorf("the model did not read it: %s", asked)
	}
}

// Files of the workspace are attached through the gate, others by their content.
func TestFileParts(t *testing.T) {
	b := newBench(t, "Read.\n")
	id := b.session()
	m := want[message](b, "POST", "/session/"+id+"/message", object{"parts": []object{
		{"type": "text", "text": "See these."},
		{"type": "file", "mime": "text/plain", "filename": "calc.go", "url": "file://" + b.dir + "/calc.go?start=3&end=3"},
		{"type": "file", "mime": "text/plain", "filename": "note.txt", "url": "data:text/plain;base64,aGVsbG8="},
	}})
	asked := string(b.model.Requests()[0])
	if m.Parts[1]["text"] != "Read." || !strings.Contains(asked, "func Add") || strings.Contains(asked, "package calc") || !strings.Contains(asked, "hello") {
		t.Errorf("the answer is %v, the model read %s", m, asked)
	}
}

func TestForkAndSummarize(t *testing.T) {
	b := newBench(t, "One.\n\nTwo.\n\nThree.\n")
	id := b.session()
	want[message](b, "POST", "/session/"+id+"/message", text("first"))
	want[message](b, "POST", "/session/"+id+"/message", text("second"))
	all := want[[]message](b, "GET", "/session/"+id+"/message", nil)
	whole := want[httpapi.Session](b, "POST", "/session/"+id+"/fork", object{})
	part := want[httpapi.Session](b, "POST", "/session/"+id+"/fork", object{"messageID": all[2].Info["id"]})
	empty := want[httpapi.Session](b, "POST", "/session/"+id+"/fork", object{"messageID": all[0].Info["id"]})
	for fork, n := range map[string]int{whole.ID: 4, part.ID: 2, empty.ID: 0} {
		if got := want[[]message](b, "GET", "/session/"+fork+"/message", nil); len(got) != n {
			t.Errorf("the fork has %d messages, want %d", len(got), n)
		}
	}
	l := b.listen("/event", "")
	want[bool](b, "POST", "/session/"+id+"/summarize", object{"providerID": "scripted", "modelID": "scripted"})
	l.until("session.compacted")
	all = want[[]message](b, "GET", "/session/"+id+"/message?limit=2", nil)
	if all[0].Parts[0]["type"] != "compaction" || all[0].Parts[0]["auto"] != false || all[1].Info["summary"] != true {
		t.Errorf("the last messages are %v", all)
	}
}

func TestFiles(t *testing.T) {
	b := newBench(t, "")
	b.write("secret.env", "KEY=1\n")
	b.write(".gitignore", "*.log\n")
	b.write("x.log", "noise\n")
	b.ws.Open(filepath.Join(b.dir, "open.go"), 1, "package unsaved\n")
	nodes := map[string]httpapi.FileNode{}
	for _, n := range want[[]httpapi.FileNode](b, "GET", "/file?path=", nil) {
		nodes[n.Name] = n
	}
	if !nodes["x.log"].Ignored || nodes["calc.go"].Ignored || nodes["calc.go"].Absolute != filepath.Join(b.dir, "calc.go") {
		t.Errorf("files = %v", nodes)
	}
	if got := want[httpapi.FileContent](b, "GET", "/file/content?path=open.go", nil); got.Content != "package unsaved\n" {
		t.Errorf("the open file is %+v", got)
	}
	for path, code := range map[string]int{"secret.env": 403, "nosuch.go": 404, "../../../etc/passwd": 403, "/etc/passwd": 403, "%00": 400} {
		if status, answer := b.do("GET", "/file/content?path="+path, nil); status != code {
			t.Errorf("%s = %d %s", path, status, answer)
		}
	}
	found := want[[]httpapi.Match](b, "GET", "/find?pattern=unsaved|KEY|Add", nil)
	if len(found) != 2 {
		t.Fatalf("found %+v", found)
	}
	for _, m := range found {
		if m.Path.Text == "calc.go" && (m.LineNumber != 3 || m.AbsoluteOffset != 14 || m.Submatches[0].Start != 5) {
			t.Errorf("found %+v", m)
		}
	}
	if got := want[[]string](b, "GET", "/find/file?query=calc", nil); len(got) != 1 || got[0] != "calc.go" {
		t.Errorf("found %v", got)
	}
}

// A question of the model is answered by labels, one with a comma among them, or rejected.
func TestQuestion(t *testing.T) {
	const ask = `call question {"questions":[{"question":"Which?","header":"H","options":[{"label":"A, or so","description":"first"},{"label":"B","description":"second"}],"multiple":true}]}

Well.

`
	b := newBench(t, ask+ask)
	id := b.session()
	l := b.listen("/event", "")
	for _, path := range []string{"reply", "reject"} { // which ends the turn
		b.do("POST", "/session/"+id+"/prompt_async", text("Ask."))
		l.until("question.asked")
		open := want[[]httpapi.QuestionRequest](b, "GET", "/question", nil)
		if len(open) != 1 || open[0].Questions[0].Options[0] != (httpapi.QuestionOption{Label: "A, or so", Description: "first"}) || open[0].Tool == nil {
			t.Fatalf("open questions = %+v", open)
		}
		if status, answer := b.do("POST", "/permission/"+open[0].ID+"/reply", object{"reply": "once"}); status != 404 {
			t.Errorf("as a permission it is %d %s", status, answer)
		}
		var body any
		if path == "reply" {
			body = object{"answers": [][]string{{"A, or so", "B"}}}
		}
		want[bool](b, "POST", "/question/"+open[0].ID+"/"+path, body)
		all := l.until("session.idle")
		if last := map[string]string{"reply": "question.replied", "reject": "question.rejected"}[path]; !strings.Contains(kinds(all), last) {
			t.Errorf("%s: %s", path, kinds(all))
		}
		if status, answer := b.do("POST", "/question/"+open[0].ID+"/reject", nil); status != 404 || !strings.Contains(answer, "QuestionNotFoundError") {
			t.Errorf("a late answer = %d %s", status, answer)
		}
	}
	if asked := string(b.model.Requests()[len(b.model.Requests())-1]); !strings.Contains(asked, "A, or so, B") {
		t.Errorf("the model read %s", asked)
	}
}
