package agent

import (
	"fmt"
	"time"

	"github.com/opencode-lsp/opencode-lsp/permission"
	"github.com/opencode-lsp/opencode-lsp/tools"
)

// EventType names what an Event says.
type EventType string

// The facts of a transcript. Deltas, Progress and Retry are live only: they have no Seq and are not stored.
const (
	SessionCreated EventType = "session.created" // Session
	SessionChanged EventType = "session.changed" // Session: title, model or agent
	TurnStarted    EventType = "turn.started"    // Prompt
	PromptJoined   EventType = "prompt.joined"   // Prompt: queued while busy, joins the running turn here
	PromptExpanded EventType = "prompt.expanded" // Prompt: what the model reads in the place of the prompt before
	MessageDone    EventType = "message"         // Message: one finished reply with its calls
	CallStarted    EventType = "call.started"    // Call
	Asked          EventType = "question"        // Question
	Answered       EventType = "answer"          // Answer
	CallDone       EventType = "result"          // Result: exactly one for each call of a Message
	TurnEnded      EventType = "turn.ended"      // End
	Undone         EventType = "undone"          // Files, Turns, Changes, Kept, From: what turns had changed was taken back
	Redone         EventType = "redone"          // Files, Turns, Changes, Kept, From: the last undo was taken back
	Noted          EventType = "note"            // Text: something the model should know, from the agent itself
	Compacted      EventType = "compacted"       // Summary: from here on the model sees it in the place of what came before its Tail
	Pruned         EventType = "pruned"          // Pruned: from here on the model does not see these results any more
	TextDelta      EventType = "delta"           // Text: more of the reply that is being written
	ThoughtDelta   EventType = "thought"         // Text: more of what the model thinks before it
	Progress       EventType = "progress"        // Text: the last line of a running tool's output
	Retrying       EventType = "retry"           // Text: why and when; the reply written so far is void
)

// Event is one fact of a transcript, stored before anyone sees it. Exactly the field that its Type names is set.
type Event struct {
	// Seq counts a session's stored events from 1; 0 for live ones.
	Seq  int64     `json:"seq,omitempty"`
	Time time.Time `json:"time"`
	Type EventType `json:"type"`
	// SessionID and Turn say where the event belongs.
	SessionID string `json:"session"`
	Turn      string `json:"turn,omitempty"`

	Session  *SessionInfo  `json:"info,omitempty"`
	Prompt   *Prompt       `json:"prompt,omitempty"`
	Message  *Reply        `json:"message,omitempty"`
	Call     *tools.Call   `json:"call,omitempty"`
	Question *OpenQuestion `json:"question,omitempty"`
	Answer   *Settled      `json:"answer,omitempty"`
	Result   *CallResult   `json:"result,omitempty"`
	End      *TurnEnd      `json:"end,omitempty"`
	Summary  *Summary      `json:"summary,omitempty"`
	Pruned   []string      `json:"pruned,omitempty"` // ids of calls
	Text     string        `json:"text,omitempty"`
	Files    []string      `json:"files,omitempty"`
	// Turns are those that an undo or redo is about; none where nothing came of it. Changes are what it did to files, Kept
	// what it left.
	Turns   []string        `json:"turns,omitempty"`
	Changes []tools.Applied `json:"changes,omitempty"`
	Kept    []Kept          `json:"kept,omitempty"`
	// From, where set, is the Seq from which on a rewind takes back the conversation, too, as soon as another turn starts.
	From int64 `json:"from,omitempty"`
}

// Reverses reports of an undo or a redo whether anything came of it: then it counts among those that can be taken back.
func (e Event) Reverses() bool { return len(e.Turns) > 0 || e.From > 0 }

// SessionInfo is what a list of sessions shows.
type SessionInfo struct {
	ID        string    `json:"id"`
	Title     string    `json:"title"`
	Directory string    `json:"directory"` // the workspace's first root
	Model     string    `json:"model,omitempty"`
	Agent     string    `json:"agent,omitempty"`
	Parent    string    `json:"parent,omitempty"` // the session whose agent started this one
	Created   time.Time `json:"created"`
	Updated   time.Time `json:"updated"`
	// Limits are rules for this session alone. They make what it may do stricter, never looser; among them the last that
	// matches counts.
	Limits []Limit `json:"limits,omitempty"`
	// Switches are more of them, from the last prompt that had any.
	Switches []Limit `json:"switches,omitempty"`
	// Spent is what the session's replies have taken so far.
	Spent Spending `json:"spent,omitzero"`
}

// Limit is one rule of a session, as it is stored.
type Limit struct {
	Permission string `json:"permission"`
	Pattern    string `json:"pattern"`
	// Action is "allow", "ask" or "deny".
	Action string `json:"action"`
}

// Spending counts tokens, and US dollars where prices are known.
type Spending struct {
	Usage
	Cost float64 `json:"cost,omitempty"`
}

// Spend adds what one reply took.
func (s *Spending) Spend(r *Reply) {
	if r.Usage != nil {
		s.Input += r.Usage.Input
		s.Output += r.Usage.Output
		s.Cached += r.Usage.Cached
		s.Reasoning += r.Usage.Reasoning
	}
	s.Cost += r.Cost
}

// String is "12.3k tokens, $0.0421", "" for nothing.
func (s Spending) String() string {
	tokens := s.Input + s.Output
	if tokens == 0 {
		return ""
	}
	text := fmt.Sprintf("%d tokens", tokens)
	if tokens >= 10_000 {
		text = fmt.Sprintf("%.1fk tokens", float64(tokens)/1000)
	}
	if s.Cost > 0 {
		text += fmt.Sprintf(", $%.4f", s.Cost)
	}
	return text
}

// Prompt is what the user asked.
type Prompt struct {
	Text string `json:"text"`
	// Literal says that Text is no user's: "/name" and "@file" in it stand for nothing.
	Literal bool `json:"literal,omitempty"`
	// Context goes below Text: what the editor attached, such as the selection.
	Context string `json:"context,omitempty"`
	// Shown is the prompt as people should read it where that is not Text.
	Shown string `json:"shown,omitempty"`
	// Action is the code action that made it, if any.
	Action string `json:"action,omitempty"`
	// Agent and Model, where set, are the session's from this prompt on.
	Agent string `json:"agent,omitempty"`
	Model string `json:"model,omitempty"`
	// Variant, where set, names how much the model thinks in this turn.
	Variant string `json:"variant,omitempty"`
	// System is what the client has to say to the model beside the prompt.
	System string `json:"system,omitempty"`
	// Switches, where there are any, take the place of the session's from this prompt on.
	Switches []Limit `json:"switches,omitempty"`
	// Files are images and PDFs for the model.
	Files []tools.Attachment `json:"files,omitempty"`
	// Attached goes below Text: what a front attaches by tool calls, which are asked about and run as the model's own are.
	Attached []Piece `json:"attached,omitempty"`
	// NoReply says that the model shall not answer yet: it reads the prompt with the next one.
	NoReply bool `json:"noReply,omitempty"`
}

func (p Prompt) shown() string {
	if p.Shown != "" {
		return p.Shown
	}
	return p.Text
}

// Reply is a finished message of the model.
type Reply struct {
	Text      string       `json:"text,omitempty"`
	Reasoning []Reasoning  `json:"reasoning,omitempty"`
	Calls     []tools.Call `json:"calls,omitempty"`
	Usage     *Usage       `json:"usage,omitempty"`
	// Cost is what it cost in US dollars by the prices known then.
	Cost   float64 `json:"cost,omitempty"`
	Model  string  `json:"model,omitempty"`
	Finish string  `json:"finish,omitempty"`
}

// OpenQuestion is a question that waits for a person.
type OpenQuestion struct {
	// ID is unique in this process and short enough to be typed; it is the #n of the prompt.
	ID string `json:"id"`
	// Call is the tool call that asks, "" for a question of the session itself.
	Call string `json:"call,omitempty"`
	// Kind is KindPermission, KindSave or KindQuestion.
	Kind    string             `json:"kind"`
	Tool    string             `json:"tool"`
	Subject string             `json:"subject"`
	Notes   []string           `json:"notes,omitempty"`
	Preview permission.Preview `json:"preview"`
	// Files are the changes of a diff with the whole texts. They are not stored: a question that is read back has none.
	Files []permission.FileChange `json:"-"`
	// Parts are the pieces of a command line that are judged by themselves, where there are several.
	Parts []Part `json:"parts,omitempty"`
	// Permission and Patterns are what is asked for in OpenCode's words.
	Permission string   `json:"permission"`
	Patterns   []string `json:"patterns"`
	// Choices are the answers that settle the question.
	Choices []Choice `json:"choices"`
	// Always are the patterns that the answer "always" would cover.
	Always []string `json:"always,omitempty"`
	// Multiple and Custom say of a question of the model that several choices, or own words, are an answer too.
	Multiple bool `json:"multiple,omitempty"`
	Custom   bool `json:"custom,omitempty"`
}

// Choice is one answer on offer.
type Choice struct {
	Reply permission.Reply `json:"reply"`
	Title string           `json:"title"`
}

// Skip answers the save question: run the command although the disk does not hold the agent's edits.
const Skip permission.Reply = "skip"

// Settled says how a question ended.
type Settled struct {
	ID string `json:"id"`
	permission.Answer
	// By names the channel: "prompt", "code action", "command", "cli", "http", "acp", "grant", "cancelled", "crash".
	By string `json:"by"`
}

// CallResult is the one result of a call.
type CallResult struct {
	Call string `json:"call"`
	Name string `json:"name"`
	tools.Result
}

// Status is how a turn ended.
type Status string

// How a turn ends, as the results of commands say it.
const (
	Done      Status = "done"
	Cancelled Status = "cancelled"
	Rejected  Status = "rejected"
	Failed    Status = "failed"
)

// TurnEnd is the outcome of a turn.
type TurnEnd struct {
	Status Status `json:"status"`
	// Text is the final answer.
	Text  string `json:"text"`
	Error string `json:"error,omitempty"`
	// Files are the absolute paths that the turn changed.
	Files []string `json:"files"`
	// Spent is what the turn took, without what its tasks did.
	Spent Spending `json:"spent,omitzero"`
}
