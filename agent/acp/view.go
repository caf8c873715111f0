package acp

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/permission"
	"github.com/opencode-lsp/opencode-lsp/tools"
)

// view makes updates of a session's events: of what happens, or of what has happened. One goroutine uses it.
type view struct {
	session *session
	live    bool
	// text and thought are what was sent of the reply that is being written.
	text, thought string
	calls         map[string]bool // that the client knows
	running       string          // the call that runs
	terminals     map[string]string
	progress      time.Time // of the last one shown
	mode, model   string
	finish        string // of the last reply
}

func newView(one *session, live bool) *view {
	info := one.root.Info()
	return &view{session: one, live: live, calls: map[string]bool{}, terminals: map[string]string{}, mode: info.Agent, model: info.Model}
}

// show sends what the client sees of an event.
func (v *view) show(e agent.Event) {
	switch e.Type {
	case agent.SessionCreated, agent.SessionChanged:
		v.info(e)
	case agent.TurnStarted, agent.PromptJoined:
		if !v.live {
			v.prompted(e.Prompt)
		}
	case agent.ThoughtDelta:
		v.say("agent_thought_chunk", e.Text)
		v.thought += e.Text
	case agent.TextDelta:
		v.say("agent_message_chunk", e.Text)
		v.text += e.Text
	case agent.Retrying:
		v.say("agent_thought_chunk", "\n\n"+permission.Visible(e.Text)+"\n\n")
		v.text, v.thought = "", ""
	case agent.MessageDone:
		v.reply(e.Message)
	case agent.CallStarted:
		v.started(*e.Call)
	case agent.Progress:
		v.output(e.Text)
	case agent.CallDone:
		v.result(e.Result)
	case agent.Compacted:
		v.say("agent_thought_chunk", "\n\nThe conversation was shortened; a summary stands for its older part.\n\n")
	case agent.TurnEnded:
		v.text, v.thought, v.running = "", "", ""
	}
}

func (v *view) say(kind, text string) {
	if text != "" {
		v.session.update(chunk{Update: kind, Content: textBlock(text)})
	}
}

// prompted shows a prompt of the past; the client has shown those of its own.
func (v *view) prompted(p *agent.Prompt) {
	text := p.Shown
	if text == "" {
		text = p.Text
	}
	v.say("user_message_chunk", text)
	for _, f := range p.Files {
		if b, ok := imageBlock(f); ok {
			v.session.update(chunk{Update: "user_message_chunk", Content: b})
		}
	}
}

// reply shows what was not sent of a reply while it came, and its calls.
func (v *view) reply(r *agent.Reply) {
	var thoughts strings.Builder
	for _, t := range r.Reasoning {
		thoughts.WriteString(t.Text)
	}
	if rest, ok := strings.CutPrefix(thoughts.String(), v.thought); ok {
		v.say("agent_thought_chunk", rest)
	}
	v.say("agent_message_chunk", strings.TrimPrefix(r.Text, v.text))
	v.text, v.thought, v.finish = "", "", r.Finish
	for _, c := range r.Calls {
		v.pending(c)
	}
	if v.live && r.Usage != nil {
		v.usage(r)
	}
}

// notices shows the sentences that there are for the user, where the client has no place for them among the thoughts.
func (v *view) notices() {
	for _, text := range v.session.takeNotices() {
		if v.session.server.client.Session.Notices != nil {
			v.session.update(map[string]string{"sessionUpdate": "notice", "severity": "warning", "title": oneLine(text)})
		} else {
			v.say("agent_thought_chunk", permission.Visible(text)+"\n\n")
		}
	}
}

// usage tells how full the context is and what the session has cost. Where the size of the context is not known nothing can
// be said: the schema requires it.
func (v *view) usage(r *agent.Reply) {
	size := v.session.agent.Context(r.Model)
	if size <= 0 {
		return
	}
	u := map[string]any{"sessionUpdate": "usage_update", "used": r.Usage.Input + r.Usage.Output, "size": size}
	if cost := v.session.root.Info().Spent.Cost; cost > 0 {
		u["cost"] = map[string]any{"amount": cost, "currency": "USD"}
	}
	v.session.update(u)
}

// info tells of a new title, agent or model.
func (v *view) info(e agent.Event) {
	i := e.Session
	if i.Title != "" {
		v.session.update(map[string]string{"sessionUpdate": "session_info_update", "title": oneLine(i.Title), "updatedAt": e.Time.UTC().Format(time.RFC3339)})
	}
	changed := i.Agent != v.mode || i.Model != v.model
	v.mode, v.model = i.Agent, i.Model
	if v.live && changed && e.Type == agent.SessionChanged {
		v.session.changed()
	}
}

// pending shows a call of the model that has not begun.
func (v *view) pending(c tools.Call) {
	v.calls[c.ID] = true
	t := describe(c, v.session.files.dir())
	t.Update, t.Status = "tool_call", "pending"
	v.session.update(v.session.files.named(t))
}

func (v *view) started(c tools.Call) {
	if !v.calls[c.ID] { // a prompt made it
		v.pending(c)
	}
	v.running = c.ID
	v.session.update(toolCall{Update: "tool_call_update", ID: c.ID, Status: "in_progress", Content: v.terminalContent(c.ID)})
}

// progressEvery is how often the last line of a command's output is shown while it runs.
const progressEvery = 200 * time.Millisecond

// output shows the last line that the running call has printed, where it has no terminal.
func (v *view) output(line string) {
	if v.running == "" || v.terminals[v.running] != "" || time.Since(v.progress) < progressEvery {
		return
	}
	v.progress = time.Now()
	v.session.update(toolCall{Update: "tool_call_update", ID: v.running, Content: []toolContent{fenced(line)}})
}

// terminal shows the terminal of a call, or keeps it for when the client knows the call.
func (v *view) terminal(t shownTerminal) {
	v.terminals[t.call] = t.terminal
	if v.calls[t.call] {
		v.session.update(toolCall{Update: "tool_call_update", ID: t.call, Content: v.terminalContent(t.call)})
	}
}

func (v *view) terminalContent(call string) []toolContent {
	if id := v.terminals[call]; id != "" {
		return []toolContent{{Type: "terminal", Terminal: id}}
	}
	return nil
}

// result ends a call; the list of tasks is the plan.
func (v *view) result(r *agent.CallResult) {
	if v.running == r.Call {
		v.running = ""
	}
	t := toolCall{Update: "tool_call_update", ID: r.Call, Status: "completed", Title: oneLine(r.Title)}
	if r.Error {
		t.Status = "failed"
	}
	if t.Content = v.terminalContent(r.Call); t.Content == nil {
		t.Content = outcome(r)
	}
	delete(v.terminals, r.Call)
	if !v.calls[r.Call] { // it was refused before it began, and a prompt made it
		v.pending(tools.Call{ID: r.Call, Name: r.Name})
	}
	for _, f := range r.Files {
		t.Locations = append(t.Locations, location{Path: f})
	}
	v.session.update(v.session.files.named(t))
	if r.Todos != nil {
		v.session.update(plan(r.Todos))
	}
}

// plan is the list of tasks; one that was cancelled needs no work any more, as one that is completed.
func plan(todos []tools.Todo) any {
	type entry struct {
		Content  string `json:"content"`
		Priority string `json:"priority"`
		Status   string `json:"status"`
	}
	entries := []entry{}
	for _, t := range todos {
		if t.Status == "cancelled" {
			t.Status = "completed"
		}
		entries = append(entries, entry{oneLine(t.Content), t.Priority, t.Status})
	}
	return map[string]any{"sessionUpdate": "plan", "entries": entries}
}

// rawInput is the arguments as JSON, or as the text that a model sent in its place.
func rawInput(arguments string) json.RawMessage {
	if json.Valid([]byte(arguments)) {
		return json.RawMessage(arguments)
	}
	data, err := json.Marshal(arguments)
	if err != nil {
		return nil
	}
	return data
}
