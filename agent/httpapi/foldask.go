package httpapi

import (
	"cmp"
	"encoding/json"
	"strings"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/tools"
)

// asked is a question that waits for its answer: a permission or one of the model's.
type asked struct {
	id         string // in OpenCode's form
	permission *PermissionRequest
	question   *QuestionRequest
}

// ask shows a question. The call that asks counts as running, as with OpenCode.
func (f *fold) ask(e agent.Event) {
	q := e.Question
	var spot *ToolSpot
	if t := f.call(e.Seq, tools.Call{ID: q.Call, Name: q.Tool, Arguments: questionInput(q)}); t != nil {
		f.run(t)
		spot = &ToolSpot{t.MessageID, t.CallID}
	}
	if q.Kind == agent.KindQuestion {
		r := &QuestionRequest{ID: f.ids.make("que", e.Seq, 0), SessionID: f.info.ID, Questions: []QuestionInfo{questionInfo(q)}, Tool: spot}
		f.asked[q.ID] = asked{r.ID, nil, r}
		f.emit("question.asked", r)
		return
	}
	r := &PermissionRequest{
		ID: f.ids.make("per", e.Seq, 0), SessionID: f.info.ID, Permission: cmp.Or(q.Permission, q.Tool), Patterns: append([]string{}, q.Patterns...),
		Metadata: questionMetadata(q), Always: append([]string{}, q.Always...), Tool: spot,
	}
	f.asked[q.ID] = asked{r.ID, r, nil}
	f.emit("permission.asked", r)
}

// questionInput is what is known of a prompt's call when it asks. OpenCode's terminal program shows that of a command, not
// what the question says.
func questionInput(q *agent.OpenQuestion) string {
	if q.Preview.Kind != "command" {
		return ""
	}
	arguments, err := json.Marshal(map[string]string{"command": q.Preview.Text})
	if err != nil {
		return "" // a map of strings always marshals
	}
	return string(arguments)
}

// questionMetadata is what a person judges by.
func questionMetadata(q *agent.OpenQuestion) map[string]any {
	m := map[string]any{"tool": q.Tool, "subject": q.Subject}
	switch q.Preview.Kind {
	case "diff":
		m["diff"] = q.Preview.Text
	case "command":
		m["command"] = q.Preview.Text
	case "":
	default:
		m["preview"] = q.Preview.Text
	}
	if q.Preview.Path != "" {
		m["filepath"] = q.Preview.Path
	}
	if len(q.Notes) > 0 {
		m["notes"] = q.Notes
	}
	if len(q.Parts) > 0 {
		m["parts"] = q.Parts
	}
	return m
}

func questionInfo(q *agent.OpenQuestion) QuestionInfo {
	i := QuestionInfo{Question: q.Subject, Header: q.Tool, Options: []QuestionOption{}, Multiple: q.Multiple, Custom: q.Custom}
	notes := q.Notes[max(0, len(q.Notes)-len(q.Choices)):]
	for n, c := range q.Choices {
		o := QuestionOption{Label: c.Title}
		if n < len(notes) {
			_, o.Description, _ = strings.Cut(notes[n], " – ")
		}
		i.Options = append(i.Options, o)
	}
	return i
}

// answer takes a question back.
func (f *fold) answer(e agent.Event) {
	a := e.Answer
	q, ok := f.asked[a.ID]
	if !ok {
		return
	}
	delete(f.asked, a.ID)
	about := props{"sessionID": f.info.ID, "requestID": q.id}
	kind := "permission.replied"
	switch reply := string(a.Reply); {
	case q.permission != nil && (reply == "once" || reply == "always"):
		about["reply"] = reply
	case q.permission != nil:
		about["reply"] = "reject" // a cancel, a crash: nothing was permitted
	case reply == "" || reply == "reject" || reply == string(agent.Nobody):
		kind = "question.rejected"
	default:
		kind = "question.replied"
		about["answers"] = [][]string{strings.Split(reply, ", ")}
	}
	f.emit(kind, about)
}
