package httpapi

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/opencode-lsp/opencode-lsp/agent"
)

// begin starts an assistant message, that of the event seq.
func (f *fold) begin(seq int64, model string) {
	m := modelName(cmp.Or(model, f.info.Model, f.around.model))
	name := cmp.Or(f.info.Agent, f.around.agent)
	f.reply = &AssistantMessage{
		ID: f.ids.message(seq), SessionID: f.info.ID, Role: "assistant", Time: AssistantTime{Created: millis(f.at)}, ParentID: f.user,
		ModelID: m.ModelID, ProviderID: m.ProviderID, Mode: name, Agent: name, Path: MessagePath{CWD: f.around.directory, Root: f.around.directory},
	}
	f.seq, f.tools, f.files = seq, nil, nil
}

// lively shows live output. The reply that is being written gets the id of the event that will store it: the next one.
func (f *fold) lively(e agent.Event) {
	switch e.Type {
	case agent.TextDelta:
		f.beginLive()
		if f.live.text.Len() == 0 {
			f.part(f.text(0, ""))
		}
		f.live.text.WriteString(e.Text)
		f.delta(placeText, e.Text)
	case agent.ThoughtDelta:
		f.beginLive()
		if f.live.thought.Len() == 0 {
			f.part(f.reasoning(0, 0, ""))
		}
		f.live.thought.WriteString(e.Text)
		f.delta(placeReasoning, e.Text)
	case agent.Retrying:
		f.dropLive()
		f.retries++
		f.status(SessionStatus{Type: "retry", Attempt: f.retries, Message: e.Text, Next: millis(e.Time)})
	case agent.Progress:
		f.progress(e.Text)
	}
}

// beginLive begins the message of a reply, unless it has begun.
func (f *fold) beginLive() {
	if f.live != nil {
		return
	}
	if f.retries > 0 {
		f.retries = 0
		f.status(SessionStatus{Type: "busy"})
	}
	f.live = &liveReply{}
	f.begin(f.last+1, "")
	f.put(f.reply) // its step-start comes with the stored reply: some clients print each that they are told of
}

func (f *fold) delta(place int, text string) {
	f.emit("message.part.delta", partDelta{f.info.ID, f.reply.ID, f.ids.part(f.seq, place, 0), "text", text})
}

// text is the reply's text part, done at end; 0: it is being written.
func (f *fold) text(end int64, text string) *TextPart {
	return &TextPart{PartHead: f.head("text", f.seq, placeText, 0), Text: text, Time: &PartTime{f.reply.Time.Created, end}}
}

// reasoning is the nth stretch of what the model thought.
func (f *fold) reasoning(n int, end int64, text string) *ReasoningPart {
	return &ReasoningPart{PartHead: f.head("reasoning", f.seq, placeReasoning, n), Text: text, Time: PartTime{f.reply.Time.Created, end}}
}

// partial is what stands of the reply that is being written.
func (f *fold) partial() []wireEvent {
	if f.live == nil {
		return nil
	}
	f.out = nil
	f.put(f.reply)
	if f.live.thought.Len() > 0 {
		f.part(f.reasoning(0, 0, f.live.thought.String()))
	}
	if f.live.text.Len() > 0 {
		f.part(f.text(0, f.live.text.String()))
	}
	return f.out
}

// settleLive ends the live reply before a stored event: it becomes the message, or that of the turn's failure, or is void.
func (f *fold) settleLive(e agent.Event) {
	if f.live != nil && e.Type != agent.MessageDone {
		f.dropLive()
	}
	f.live = nil
}

// dropLive takes back a reply that came to nothing.
func (f *fold) dropLive() {
	if f.live == nil {
		return
	}
	f.live = nil
	f.emit("message.removed", messageRemoved{f.info.ID, f.reply.ID})
	f.messages = slices.DeleteFunc(f.messages, func(id string) bool { return id == f.reply.ID })
	f.reply = nil
}

// message is a finished reply. One with calls is complete when the last of them has its result.
func (f *fold) message(e agent.Event) {
	m := e.Message
	shown := f.reply != nil && f.seq == e.Seq
	created := millis(e.Time)
	if shown {
		created = f.reply.Time.Created
	}
	f.begin(e.Seq, m.Model)
	f.reply.Time.Created = created
	f.reply.Cost, f.reply.Tokens, f.reply.Finish = m.Cost, tokens(m.Usage), finish(m.Finish)
	f.info.Spent.Spend(m)
	if m.Finish == "cancelled" {
		f.reply.Finish, f.reply.Error = "", aborted()
	}
	f.put(f.reply)
	f.part(&StepStartPart{f.head("step-start", e.Seq, placeStart, 0)})
	for i, r := range m.Reasoning {
		if strings.TrimSpace(r.Text) != "" {
			f.part(f.reasoning(i, millis(e.Time), r.Text))
		}
	}
	if m.Text != "" {
		f.part(f.text(millis(e.Time), m.Text))
	}
	for i, c := range m.Calls {
		f.pending(f.head("tool", e.Seq, placeTool, i), c)
	}
	if len(m.Calls) == 0 {
		f.complete()
	}
}

// finish is why a reply ended in OpenCode's words.
func finish(reason string) string { return strings.ReplaceAll(reason, "_", "-") }

func aborted() *MessageError {
	return &MessageError{Name: "MessageAbortedError", Data: ErrorData{"Aborted"}}
}

// complete ends the reply.
func (f *fold) complete() {
	if f.reply == nil || f.reply.Time.Completed != 0 {
		return
	}
	if f.reply.Error == nil {
		f.part(&StepFinishPart{PartHead: f.head("step-finish", f.seq, placeFinish, 0), Reason: cmp.Or(f.reply.Finish, "stop"), Cost: f.reply.Cost, Tokens: f.reply.Tokens})
	}
	if len(f.files) > 0 {
		sum := sha256.Sum256([]byte(f.reply.ID))
		f.part(&PatchPart{PartHead: f.head("patch", f.seq, placePatch, 0), Hash: hex.EncodeToString(sum[:20]), Files: f.files})
	}
	f.close()
}

// close marks the reply as complete.
func (f *fold) close() {
	f.reply.Time.Completed = millis(f.at)
	f.put(f.reply)
}

// end is the end of a turn: a failure stands in its last message, or in one of its own where it has none.
func (f *fold) end(e agent.Event) {
	var failure *MessageError
	switch e.End.Status {
	case agent.Cancelled:
		failure = aborted()
	case agent.Failed:
		failure = &MessageError{Name: "UnknownError", Data: ErrorData{e.End.Error}}
	}
	if failure != nil {
		f.fail(failure, e.Seq)
	}
	if f.reply != nil {
		f.complete()
	}
	f.retries, f.turn = 0, ""
	f.ended[e.Turn] = f.user
	if f.reply != nil {
		f.ended[e.Turn] = f.reply.ID
	}
	f.status(SessionStatus{Type: "idle"})
	f.emit("session.idle", props{"sessionID": f.info.ID})
	f.touched()
}

func (f *fold) fail(failure *MessageError, seq int64) {
	done := f.reply != nil && f.reply.Time.Completed != 0 && f.reply.Error == nil
	if f.reply == nil || done && !f.brokeOff() {
		f.begin(cmp.Or(seq, f.last+1), "") // an end that could not be stored has no Seq
	}
	f.reply.Error = failure
	if f.reply.Time.Completed == 0 {
		f.reply.Time.Completed = millis(f.at)
	}
	f.put(f.reply)
	f.emit("session.error", props{"sessionID": f.info.ID, "error": failure})
}

// brokeOff reports whether the last of the reply's calls failed: what ended the turn ended that.
func (f *fold) brokeOff() bool {
	return len(f.tools) > 0 && f.tools[len(f.tools)-1].State.Status == "error"
}

// compacted is two messages: that the conversation was shortened, and the summary that it goes on from.
func (f *fold) compacted(e agent.Event) {
	c := e.Summary
	model := modelName(cmp.Or(c.Model, f.info.Model, f.around.model))
	ask := f.ids.message(e.Seq)
	now := millis(e.Time)
	f.put(&UserMessage{ID: ask, SessionID: f.info.ID, Role: "user", Time: CreatedTime{now}, Agent: cmp.Or(f.info.Agent, f.around.agent), Model: model})
	f.part(&CompactionPart{f.head("compaction", e.Seq, placeText, 0), c.Why != agent.BecauseAsked, c.Why == agent.BecauseOverflow})
	summary := f.ids.make("msg", e.Seq, placeSummary)
	f.put(&AssistantMessage{
		ID: summary, SessionID: f.info.ID, Role: "assistant", Time: AssistantTime{now, now}, ParentID: ask, ModelID: model.ModelID, ProviderID: model.ProviderID,
		Mode: "compaction", Agent: "compaction", Path: MessagePath{f.around.directory, f.around.directory}, Summary: true, Tokens: tokens(c.Usage), Finish: "stop",
	})
	head := f.head("text", e.Seq, placeText, 1)
	head.MessageID = summary
	f.part(&TextPart{PartHead: head, Text: cmp.Or(c.Text, c.Failure, "The oldest messages were left out."), Time: &PartTime{now, now}})
	f.emit("session.compacted", props{"sessionID": f.info.ID})
}
