package agent

import (
	"fmt"
	"slices"
	"strings"

	"github.com/opencode-lsp/opencode-lsp/tools"
)

// history is the conversation as the model sees it, grown event by event so that a step costs what it adds. It also knows
// which calls still lack their one result.
type history struct {
	messages []Message
	marks    []mark // of the messages, one each
	// summary is what the conversation begins with once it was compacted.
	summary string
	// prompt is the user's last one, promptSeq its event.
	prompt    string
	promptSeq int64
	// open are the calls of the last reply without a result yet, in order.
	open []tools.Call
	// started holds the calls that were running when the events end, those of prompts too; asked the questions without an
	// answer.
	started  []tools.Call
	asked    []string
	turn     string // the turn that has not ended
	ids      map[string]bool
	info     SessionInfo
	lastText string
	todos    []tools.Todo // what todowrite set last
	agent    string       // the session's as the model answered last
	back     rewinds
}

// add takes over one stored event.
func (h *history) add(e Event) {
	h.back.add(e)
	switch e.Type {
	case SessionCreated, SessionChanged:
		h.info = *e.Session
	case TurnStarted:
		h.turn, h.lastText = e.Turn, ""
		h.prompted(e)
		h.marks[len(h.marks)-1].turn = true
	case Noted:
		h.push(e.Seq, Message{Role: User, Text: "[" + e.Text + "]"})
	case PromptJoined:
		h.prompted(e)
	case PromptExpanded: // nothing was said since
		h.expanded(e)
	case MessageDone:
		h.reply(e)
	case CallStarted:
		h.started = append(h.started, *e.Call)
	case CallDone:
		h.result(e)
	case Compacted:
		h.compact(e.Summary)
	case Pruned:
		h.prune(e.Pruned)
	case Asked:
		h.asked = append(h.asked, e.Question.ID)
	case Answered:
		h.asked = slices.DeleteFunc(h.asked, func(id string) bool { return id == e.Answer.ID })
	case TurnEnded:
		h.turn = ""
	case Undone, Redone:
		if len(e.Files) > 0 {
			h.push(e.Seq, Message{Role: User, Text: reversalNote(e)})
		}
	}
	h.info.Updated = e.Time
}

// push takes the message of an event into the conversation; an event makes one at most.
func (h *history) push(seq int64, m Message) {
	h.messages = append(h.messages, m)
	h.marks = append(h.marks, mark{seq: seq, tokens: weigh(m)})
}

// expanded puts a prompt's final text in the place of what was typed; a log that lacks that begins with it.
func (h *history) expanded(e Event) {
	begins := true
	if last := len(h.messages) - 1; last >= 0 {
		begins = h.marks[last].turn
		h.messages, h.marks = h.messages[:last], h.marks[:last]
	}
	h.prompted(e)
	h.marks[len(h.marks)-1].turn = begins
}

func (h *history) prompted(e Event) {
	h.prompt, h.promptSeq = e.Prompt.Text, e.Seq
	h.push(e.Seq, Message{Role: User, Text: e.Prompt.Text + e.Prompt.Context, Files: e.Prompt.Files})
}

func (h *history) reply(e Event) {
	r := e.Message
	h.lastText, h.agent = r.Text, h.info.Agent
	h.info.Spent.Spend(r)
	if r.Text == "" && len(r.Calls) == 0 {
		return // providers refuse an empty assistant message
	}
	h.push(e.Seq, Message{Role: Assistant, Text: r.Text, Calls: r.Calls, Reasoning: r.Reasoning, Model: r.Model})
	h.open = append(h.open[:0:0], r.Calls...)
	if h.ids == nil {
		h.ids = map[string]bool{}
	}
	for _, c := range r.Calls {
		h.ids[c.ID] = true
	}
}

// result takes a call's result, unless a prompt made the call: its outcome comes with the expanded prompt.
func (h *history) result(e Event) {
	r := e.Result
	h.started = slices.DeleteFunc(h.started, func(c tools.Call) bool { return c.ID == r.Call })
	if r.Todos != nil {
		h.todos = r.Todos
	}
	if len(h.open) > 0 && h.open[0].ID == r.Call {
		h.open = h.open[1:]
		h.push(e.Seq, Message{Role: Tool, Text: r.Text, Call: r.Call, Failed: r.Error, Files: r.Attachments})
	}
}

// unique gives every call an id that no other call of the session has: some servers send none, or the same in each reply.
func (h *history) unique(calls []tools.Call) {
	seen := map[string]bool{}
	for i := range calls {
		id := calls[i].ID
		for n := len(h.ids) + i; id == "" || seen[id] || h.ids[id]; n++ {
			id = fmt.Sprintf("call_%d", n)
		}
		calls[i].ID = id
		seen[id] = true
	}
}

// interruption is why something was left open: the channel that settles its questions.
type interruption string

// The two ways to leave something open.
const (
	killed      interruption = "crash"
	storeFailed interruption = "store failure"
)

// cause is the interruption in words.
func (i interruption) cause() string {
	if i == storeFailed {
		return "opencode-lsp could not write its transcript"
	}
	return "opencode-lsp was stopped"
}

// repair returns the events that close what was left open: questions, calls and the turn.
func (h *history) repair(why interruption) []Event {
	events := h.loose(why)
	if h.turn != "" {
		events = append(events, Event{Type: TurnEnded, Turn: h.turn, End: &TurnEnd{
			Status: Failed, Error: why.cause() + " in the middle of this turn; prompt again to go on", Files: []string{},
		}})
	}
	return events
}

// loose is repair without the turn's end.
func (h *history) loose(why interruption) []Event {
	var events []Event
	for _, id := range h.asked {
		events = append(events, Event{Type: Answered, Turn: h.turn, Answer: &Settled{ID: id, By: string(why)}})
	}
	for _, c := range h.unfinished() {
		text := "This call was not run: " + why.cause() + " before it began."
		if slices.ContainsFunc(h.started, func(s tools.Call) bool { return s.ID == c.ID }) {
			text = "This call was interrupted: " + why.cause() + " while it ran, so it may be done in part. Check before repeating it."
		}
		events = append(events, Event{Type: CallDone, Turn: h.turn, Result: &CallResult{
			Call: c.ID, Name: c.Name, Result: tools.Result{Text: text, Error: true},
		}})
	}
	return events
}

// unfinished are the calls without a result: those of the last reply and, where a prompt made calls, the one that ran.
func (h *history) unfinished() []tools.Call {
	if len(h.open) > 0 {
		return h.open
	}
	return h.started
}

// running is the id of the call that began last and has no result, "" for none.
func (h *history) running() string {
	if len(h.started) == 0 {
		return ""
	}
	return h.started[len(h.started)-1].ID
}

// reversalNote tells the model what the user has undone or redone.
func reversalNote(e Event) string {
	which := "of the last turn"
	if n := len(e.Turns); n > 1 {
		which = fmt.Sprintf("of the last %d turns", n)
	}
	text := "The user has undone your changes " + which + " to: "
	if e.Type == Redone {
		text = "The user has redone your changes " + which + ", which were undone, to: "
	}
	return "[" + text + strings.Join(e.Files, ", ") + ". Read the files again before editing them.]"
}
