package httpapi

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/permission"
	"github.com/opencode-lsp/opencode-lsp/tools"
)

var elsewhere = surroundings{version: "1", project: "p", directory: "/ws", agent: "build", model: "prov/mod"}

// told is what a mapping says in a few words a line; ids are the Seq of their event, and the place.
func told(events []wireEvent) string {
	var b strings.Builder
	for _, e := range events {
		b.WriteString(line(e) + "\n")
	}
	return b.String()
}

func line(e wireEvent) string {
	switch p := e.Properties.(type) {
	case messageUpdated:
		return "message " + infoLine(p.Info)
	case messageRemoved:
		return "removed " + short(p.MessageID)
	case partUpdated:
		return "part " + short(p.Part.head().MessageID) + " " + partLine(p.Part)
	case partDelta:
		return "delta " + short(p.MessageID) + " " + p.Delta
	case *PermissionRequest:
		return fmt.Sprintf("%s %s %s %v always %v by %v", e.Type, short(p.ID), p.Permission, p.Patterns, p.Always, spotLine(p.Tool))
	case *QuestionRequest:
		return fmt.Sprintf("%s %s %v by %v", e.Type, short(p.ID), p.Questions, spotLine(p.Tool))
	case props:
		return propsLine(e.Type, p)
	}
	return "?"
}

func spotLine(s *ToolSpot) string {
	if s == nil {
		return "nobody"
	}
	return short(s.MessageID) + "/" + s.CallID
}

func infoLine(i Info) string {
	switch m := i.(type) {
	case *UserMessage:
		return fmt.Sprintf("%s user %s %s", short(m.ID), m.Agent, m.Model.ModelID)
	case *AssistantMessage:
		text := fmt.Sprintf("%s assistant of %s %s", short(m.ID), short(m.ParentID), m.ModelID)
		if m.Summary {
			text += " summary"
		}
		if m.Finish != "" {
			text += " " + m.Finish
		}
		if m.Error != nil {
			text += " " + m.Error.Name + ": " + m.Error.Data.Message
		}
		if m.Time.Completed != 0 {
			text += " done"
		}
		return text
	}
	return "?"
}

func partLine(p Part) string {
	switch p := p.(type) {
	case *TextPart:
		if p.Synthetic {
			return fmt.Sprintf("synthetic %q", p.Text)
		}
		return fmt.Sprintf("text %q", p.Text)
	case *ReasoningPart:
		return fmt.Sprintf("reasoning %q", p.Text)
	case *FilePart:
		return "file " + p.Filename + " " + p.URL
	case *ToolPart:
		return toolLine(p)
	case *StepFinishPart:
		return fmt.Sprintf("step-finish %s %d+%d tokens $%g", p.Reason, p.Tokens.Input, p.Tokens.Output, p.Cost)
	case *PatchPart:
		return fmt.Sprintf("patch %v", p.Files)
	case *CompactionPart:
		return fmt.Sprintf("compaction auto %t overflow %t", p.Auto, p.Overflow)
	}
	return p.head().Type
}

func toolLine(p *ToolPart) string {
	s := p.State
	text := fmt.Sprintf("tool %s %s %s %s", p.CallID, p.Tool, s.Status, s.Input)
	if s.Output != nil {
		text += fmt.Sprintf(" %q titled %q", *s.Output, *s.Title)
	}
	if s.Error != nil {
		text += fmt.Sprintf(" %q", *s.Error)
	}
	if len(s.Metadata) > 0 {
		data, _ := json.Marshal(s.Metadata)
		text += " " + string(data)
	}
	return text
}

func propsLine(kind string, p props) string {
	switch kind {
	case "session.created", "session.updated":
		s := p["info"].(Session)
		text := kind + " " + s.Title
		if s.Revert != nil {
			text += " reverted from " + short(s.Revert.MessageID)
		}
		return text
	case "session.status":
		return "status " + strings.TrimSpace(p["status"].(SessionStatus).Type+" "+p["status"].(SessionStatus).Message)
	case "session.error":
		return "error " + p["error"].(*MessageError).Name
	case "permission.replied":
		return fmt.Sprintf("replied %s %s", short(p["requestID"].(string)), p["reply"])
	case "question.replied":
		return fmt.Sprintf("answered %s %v", short(p["requestID"].(string)), p["answers"])
	case "question.rejected":
		return "unanswered " + short(p["requestID"].(string))
	case "todo.updated":
		return fmt.Sprintf("todos %v", p["todos"])
	case "file.edited":
		return "edited " + p["file"].(string)
	}
	return kind
}

// short is the Seq of an id, with the place where that is not 0.
func short(id string) string {
	if len(id) < 16 {
		return "-"
	}
	seq := strings.TrimLeft(id[4:14], "0")
	if place := id[14:16]; place != "00" {
		seq += "." + place
	}
	return seq
}

// log numbers events; live ones, which have no Seq, stay as they are.
func logOf(events ...agent.Event) []agent.Event {
	var seq int64
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for i := range events {
		e := &events[i]
		at = at.Add(time.Second)
		e.Time, e.SessionID = at, "ses_1"
		switch e.Type {
		case agent.TextDelta, agent.ThoughtDelta, agent.Progress, agent.Retrying:
		default:
			seq++
			e.Seq = seq
		}
	}
	return events
}

func created() agent.Event {
	return agent.Event{Type: agent.SessionCreated, Session: &agent.SessionInfo{ID: "ses_1", Title: "T", Directory: "/ws"}}
}

func started(text string) agent.Event {
	return agent.Event{Type: agent.TurnStarted, Turn: "t1", Prompt: &agent.Prompt{Text: text}}
}

func live(kind agent.EventType, text string) agent.Event {
	return agent.Event{Type: kind, Turn: "t1", Text: text}
}

func replied(r agent.Reply) agent.Event {
	r.Model = "prov/mod"
	return agent.Event{Type: agent.MessageDone, Turn: "t1", Message: &r}
}

func calls(c ...tools.Call) agent.Reply { return agent.Reply{Calls: c, Finish: "tool_calls"} }

func begun(c tools.Call) agent.Event {
	return agent.Event{Type: agent.CallStarted, Turn: "t1", Call: &c}
}

func done(id, name string, r tools.Result) agent.Event {
	return agent.Event{Type: agent.CallDone, Turn: "t1", Result: &agent.CallResult{Call: id, Name: name, Result: r}}
}

func asking(q agent.OpenQuestion) agent.Event {
	return agent.Event{Type: agent.Asked, Turn: "t1", Question: &q}
}

func answeredBy(id string, reply permission.Reply, by string) agent.Event {
	return agent.Event{Type: agent.Answered, Turn: "t1", Answer: &agent.Settled{ID: id, Answer: permission.Answer{Reply: reply}, By: by}}
}

func ended(status agent.Status, why string) agent.Event {
	return agent.Event{Type: agent.TurnEnded, Turn: "t1", End: &agent.TurnEnd{Status: status, Error: why}}
}

func TestFold(t *testing.T) {
	bash := tools.Call{ID: "c1", Name: "bash", Arguments: `{"command":"ls"}`}
	edit := tools.Call{ID: "c2", Name: "edit", Arguments: `{"filePath":"a"}`}
	tests := map[string]struct {
		events []agent.Event
		want   string // what the events after the first two tell
	}{
		"a reply that is streamed": {
			[]agent.Event{
				created(), started("hi"), live(agent.ThoughtDelta, "so"), live(agent.TextDelta, "Hel"), live(agent.TextDelta, "lo"),
				replied(agent.Reply{Text: "Hello", Reasoning: []agent.Reasoning{{Text: "so"}, {Text: " "}}, Finish: "stop", Usage: &agent.Usage{Input: 10, Cached: 4, Output: 5, Reasoning: 2}, Cost: 0.5}),
				ended(agent.Done, ""),
			}, `
message 3 assistant of 2 mod
part 3 reasoning ""
delta 3 so
part 3 text ""
delta 3 Hel
delta 3 lo
message 3 assistant of 2 mod stop
part 3 step-start
part 3 reasoning "so"
part 3 text "Hello"
part 3 step-finish stop 6+3 tokens $0.5
message 3 assistant of 2 mod stop done
status idle
session.idle
session.updated T
`},
		"a call with its question": {
			[]agent.Event{
				created(), started("hi"), replied(calls(bash)),
				asking(agent.OpenQuestion{ID: "7", Call: "c1", Kind: agent.KindPermission, Permission: "bash", Patterns: []string{"ls"}, Always: []string{"ls *"}}),
				answeredBy("7", permission.Once, "http"), begun(bash), live(agent.Progress, "half"), done("c1", "bash", tools.Result{Text: "out", Title: "ls"}),
				replied(agent.Reply{Text: "Done", Finish: "stop"}), ended(agent.Done, ""),
			}, `
message 3 assistant of 2 mod tool-calls
part 3 step-start
part 3 tool c1 bash pending {"command":"ls"}
part 3 tool c1 bash running {"command":"ls"}
permission.asked 4 bash [ls] always [ls *] by 3/c1
replied 4 once
part 3 tool c1 bash running {"command":"ls"} {"output":"half"}
part 3 tool c1 bash completed {"command":"ls"} "out" titled "ls" {"output":"out","truncated":false}
part 3 step-finish tool-calls 0+0 tokens $0
message 3 assistant of 2 mod tool-calls done
message 8 assistant of 2 mod stop
part 8 step-start
part 8 text "Done"
part 8 step-finish stop 0+0 tokens $0
message 8 assistant of 2 mod stop done
status idle
session.idle
session.updated T
`},
		"an edit, and a call that fails": {
			[]agent.Event{
				created(), started("hi"), replied(calls(edit, bash)), begun(edit),
				done("c2", "edit", tools.Result{Text: "ok", Title: "a", Diff: "--- a\n+++ a\n@@ -1 +1 @@\n-x\n+y\n", Files: []string{"/ws/a"}}),
				done("c1", "bash", tools.Result{Text: "no such tool", Error: true}),
			}, `
message 3 assistant of 2 mod tool-calls
part 3 step-start
part 3 tool c2 edit pending {"filePath":"a"}
part 3 tool c1 bash pending {"command":"ls"}
part 3 tool c2 edit running {"filePath":"a"}
part 3 tool c2 edit completed {"filePath":"a"} "ok" titled "a" {"diagnostics":{},"diff":"--- a\n+++ a\n@@ -1 +1 @@\n-x\n+y\n","filediff":{"additions":1,"deletions":1,"file":"/ws/a","patch":"--- a\n+++ a\n@@ -1 +1 @@\n-x\n+y\n"},"truncated":false}
edited /ws/a
part 3 tool c1 bash error {"command":"ls"} "no such tool" {"output":"no such tool","truncated":false}
part 3 step-finish tool-calls 0+0 tokens $0
part 3 patch [/ws/a]
message 3 assistant of 2 mod tool-calls done
`},
		"arguments that are no object": {
			[]agent.Event{created(), started("hi"), replied(calls(tools.Call{ID: "c1", Name: "bash", Arguments: `{"comm`}))}, `
message 3 assistant of 2 mod tool-calls
part 3 step-start
part 3 tool c1 bash pending {}
`},
		"a cancel in the stream": {
			[]agent.Event{
				created(), started("hi"), live(agent.TextDelta, "Hel"), replied(agent.Reply{Text: "Hel", Finish: "cancelled"}), ended(agent.Cancelled, ""),
			}, `
message 3 assistant of 2 mod
part 3 text ""
delta 3 Hel
message 3 assistant of 2 mod MessageAbortedError: Aborted
part 3 step-start
part 3 text "Hel"
message 3 assistant of 2 mod MessageAbortedError: Aborted done
message 3 assistant of 2 mod MessageAbortedError: Aborted done
error MessageAbortedError
status idle
session.idle
session.updated T
`},
		"a cancel in a question": {
			[]agent.Event{
				created(), started("hi"), replied(calls(bash)), asking(agent.OpenQuestion{ID: "7", Call: "c1", Permission: "bash"}),
				answeredBy("7", "", "cancel"), done("c1", "bash", tools.Result{Text: "The user cancelled this call.", Error: true}), ended(agent.Cancelled, ""),
			}, `
message 3 assistant of 2 mod tool-calls
part 3 step-start
part 3 tool c1 bash pending {"command":"ls"}
part 3 tool c1 bash running {"command":"ls"}
permission.asked 4 bash [] always [] by 3/c1
replied 4 reject
part 3 tool c1 bash error {"command":"ls"} "The user cancelled this call." {"output":"The user cancelled this call.","truncated":false}
part 3 step-finish tool-calls 0+0 tokens $0
message 3 assistant of 2 mod tool-calls done
message 3 assistant of 2 mod tool-calls MessageAbortedError: Aborted done
error MessageAbortedError
status idle
session.idle
session.updated T
`},
		"a cancel before any text": {
			[]agent.Event{created(), started("hi"), ended(agent.Cancelled, "")}, `
message 3 assistant of 2 mod MessageAbortedError: Aborted done
error MessageAbortedError
status idle
session.idle
session.updated T
`},
		"a model that fails in the middle": {
			[]agent.Event{
				created(), started("hi"), live(agent.TextDelta, "Hel"), live(agent.Retrying, "busy"), live(agent.TextDelta, "Ha"), ended(agent.Failed, "the provider is down"),
			}, `
message 3 assistant of 2 mod
part 3 text ""
delta 3 Hel
removed 3
status retry busy
status busy
message 3 assistant of 2 mod
part 3 text ""
delta 3 Ha
removed 3
message 3 assistant of 2 mod UnknownError: the provider is down done
error UnknownError
status idle
session.idle
session.updated T
`},
		"a rejection": {
			[]agent.Event{
				created(), started("hi"), replied(calls(bash)), asking(agent.OpenQuestion{ID: "7", Call: "c1", Permission: "bash"}),
				answeredBy("7", permission.Reject, "prompt"), done("c1", "bash", tools.Result{Text: "rejected", Error: true}), ended(agent.Rejected, ""),
			}, `
message 3 assistant of 2 mod tool-calls
part 3 step-start
part 3 tool c1 bash pending {"command":"ls"}
part 3 tool c1 bash running {"command":"ls"}
permission.asked 4 bash [] always [] by 3/c1
replied 4 reject
part 3 tool c1 bash error {"command":"ls"} "rejected" {"output":"rejected","truncated":false}
part 3 step-finish tool-calls 0+0 tokens $0
message 3 assistant of 2 mod tool-calls done
status idle
session.idle
session.updated T
`},
		"a question of the model, and tasks": {
			[]agent.Event{
				created(), started("hi"), replied(calls(tools.Call{ID: "c1", Name: "question", Arguments: "{}"}, tools.Call{ID: "c2", Name: "todowrite", Arguments: "{}"})),
				asking(agent.OpenQuestion{
					ID: "7", Call: "c1", Kind: agent.KindQuestion, Tool: "question", Subject: "Which?", Choices: []agent.Choice{{Reply: "choice:1", Title: "A"}},
					Notes: []string{"1 A – first"}, Custom: true,
				}),
				answeredBy("7", "A", "http"), done("c1", "question", tools.Result{Text: "A"}),
				done("c2", "todowrite", tools.Result{Todos: []tools.Todo{{Content: "x", Status: "pending", Priority: "low"}}}),
			}, `
message 3 assistant of 2 mod tool-calls
part 3 step-start
part 3 tool c1 question pending {}
part 3 tool c2 todowrite pending {}
part 3 tool c1 question running {}
question.asked 4 [{Which? question [{A first}] false true}] by 3/c1
answered 4 [[A]]
part 3 tool c1 question completed {} "A" titled "" {"truncated":false}
part 3 tool c2 todowrite completed {} "" titled "" {"todos":[{"content":"x","status":"pending","priority":"low"}],"truncated":false}
todos [{x pending low}]
part 3 step-finish tool-calls 0+0 tokens $0
message 3 assistant of 2 mod tool-calls done
`},
		"a call of the prompt": {
			[]agent.Event{
				created(), started("!ls"), asking(agent.OpenQuestion{ID: "7", Call: "prompt_3", Tool: "bash", Permission: "bash"}), answeredBy("7", permission.Once, "http"),
				begun(tools.Call{ID: "prompt_3", Name: "bash", Arguments: `{"command":"ls"}`}), done("prompt_3", "bash", tools.Result{Text: "out"}),
				{Type: agent.PromptExpanded, Turn: "t1", Prompt: &agent.Prompt{Text: "ls says out"}}, ended(agent.Done, ""),
			}, `
message 3 assistant of 2 mod
part 3 tool prompt_3 bash pending {}
part 3 tool prompt_3 bash running {}
permission.asked 3 bash [] always [] by 3/prompt_3
replied 3 once
part 3 tool prompt_3 bash running {"command":"ls"}
part 3 tool prompt_3 bash completed {"command":"ls"} "out" titled "" {"output":"out","truncated":false}
message 3 assistant of 2 mod done
part 2 synthetic "ls says out"
status idle
session.idle
session.updated T
`},
		"a question of the session itself": {
			[]agent.Event{created(), started("hi"), asking(agent.OpenQuestion{ID: "7", Call: "gone", Kind: agent.KindSave, Permission: "save", Patterns: []string{"a"}})}, `
permission.asked 3 save [a] always [] by nobody
`},
		"a prompt that joins, with files": {
			[]agent.Event{created(), started("hi"), {Type: agent.PromptJoined, Turn: "t1", Prompt: &agent.Prompt{
				Text: "and", Context: "\nbelow", Agent: "plan", Model: "p/other", Files: []tools.Attachment{{Name: "a.png", MIME: "image/png", Data: []byte("x")}},
			}}}, `
message 3 user plan other
part 3 text "and"
part 3 synthetic "\nbelow"
part 3 file a.png data:image/png;base64,eA==
session.updated T
`},
		"a compaction": {
			[]agent.Event{created(), started("hi"), {Type: agent.Compacted, Turn: "t1", Summary: &agent.Summary{Text: "sum", Why: agent.BecauseOverflow}}}, `
message 3 user build mod
part 3 compaction auto true overflow true
message 3.01 assistant of 3 mod summary stop done
part 3.01 text "sum"
session.compacted
`},
		"undone and redone": {
			[]agent.Event{
				created(), started("hi"), {Type: agent.Undone, Turns: []string{"t1"}, Files: []string{"/ws/a"}}, {Type: agent.Undone, Files: []string{}},
				{Type: agent.Redone, Turns: []string{"t1"}}, started("again"),
			}, `
session.updated T
session.updated T
message 6 user build mod
part 6 text "again"
session.updated T
status busy
`},
		"gone back and forth": {
			[]agent.Event{
				created(), started("hi"), {Type: agent.Undone, From: 2}, {Type: agent.Undone, Turns: []string{"t1"}}, {Type: agent.Redone, Turns: []string{"t1"}},
				{Type: agent.Redone, From: 2}, {Type: agent.Undone, From: 2}, started("again"), {Type: agent.Undone, From: 8},
			}, `
session.updated T reverted from 2
session.updated T reverted from 2
session.updated T reverted from 2
session.updated T
session.updated T reverted from 2
removed 2
message 8 user build mod
part 8 text "again"
session.updated T
status busy
session.updated T reverted from 8
`},
		"what is not shown": {
			[]agent.Event{created(), started("hi"), {Type: agent.Noted, Text: "x"}, {Type: agent.Pruned}, done("unknown", "bash", tools.Result{})}, "\n"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			f := newFold("ses_1", elsewhere)
			var got []wireEvent
			for i, e := range logOf(test.events...) {
				if events := f.step(e); i > 1 {
					got = append(got, events...)
				}
			}
			if text := "\n" + told(got); text != test.want {
				t.Errorf("got%s\nwant%s", text, test.want)
			}
		})
	}
}

// What is live leaves no trace: a list of messages is the same whether a client saw the reply being written or reads it later.
func TestFoldSameLater(t *testing.T) {
	bash := tools.Call{ID: "c1", Name: "bash", Arguments: `{}`}
	events := logOf(
		created(), started("hi"), live(agent.TextDelta, "a"), live(agent.Retrying, "busy"), live(agent.TextDelta, "b"), replied(agent.Reply{Text: "b", Calls: []tools.Call{bash}}),
		begun(bash), live(agent.Progress, "x"), done("c1", "bash", tools.Result{}), live(agent.TextDelta, "c"), ended(agent.Failed, "down"),
	)
	list := func(events []agent.Event) string {
		f, c := newFold("ses_1", elsewhere), &collection{}
		for _, e := range events {
			c.add(f.step(e))
		}
		for _, m := range c.list {
			if a, ok := m.Info.(*AssistantMessage); ok {
				a.Time.Created = 0 // a client that watched knows when the first word came
			}
			for _, p := range m.Parts {
				if p, ok := p.(*TextPart); ok {
					p.Time = nil
				}
			}
		}
		data, err := json.MarshalIndent(c.list, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	watched := list(events)
	later := list(slices.DeleteFunc(slices.Clone(events), func(e agent.Event) bool { return e.Seq == 0 }))
	if watched != later {
		t.Errorf("watched\n%s\nread later\n%s", watched, later)
	}
}

// Ids are in OpenCode's form, sort by the order in which things came, and are no other session's.
func TestIDs(t *testing.T) {
	i := newIDs("ses_1")
	order := []string{
		i.message(1), i.make("msg", 1, placeSummary), i.message(2), i.message(255), i.message(256), i.message(1 << 33),
		i.part(1, placeStart, 0), i.part(1, placeReasoning, 0), i.part(1, placeReasoning, 300), i.part(1, placeText, 0), i.part(1, placeTool, 0), i.part(1, placeTool, 16), i.part(1, placeFinish, 0), i.part(2, placeStart, 0),
	}
	if !slices.IsSorted(order[:6]) || !slices.IsSorted(order[6:]) {
		t.Errorf("not in order: %q", order)
	}
	for _, id := range order {
		if len(id) != len("msg_")+26 {
			t.Errorf("%q is no id", id)
		}
	}
	if newIDs("ses_2").message(1) == i.message(1) {
		t.Error("two sessions share an id")
	}
}

// A task's call shows the session that does it as soon as that is known, also where several run side by side.
func TestFoldTask(t *testing.T) {
	task := func(id, what string) tools.Call {
		return tools.Call{ID: id, Name: "task", Arguments: `{"description":"` + what + `","subagent_type":"explore"}`}
	}
	f := newFold("ses_1", elsewhere)
	var got []wireEvent
	for i, e := range logOf(created(), started("hi"), replied(calls(task("c1", "look"), task("c2", "see"))), begun(task("c1", "look")), begun(task("c2", "see")), live(agent.Progress, "explore: read")) {
		if i == 4 {
			f.children = []agent.SessionInfo{{ID: "ses_see", Title: "see", Agent: "explore"}, {ID: "ses_look", Title: "look", Agent: "explore"}}
		}
		if events := f.step(e); i > 3 {
			got = append(got, events...)
		}
	}
	want := `part 3 tool c2 task running {"description":"see","subagent_type":"explore"}
part 3 tool c1 task running {"description":"look","subagent_type":"explore"} {"sessionId":"ses_look"}
part 3 tool c2 task running {"description":"see","subagent_type":"explore"} {"sessionId":"ses_see"}
`
	if told(got) != want {
		t.Errorf("got\n%swant\n%s", told(got), want)
	}
}
