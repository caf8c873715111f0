package httpapi

import (
	"encoding/json"
	"time"
)

// Session is a session in OpenCode's shape. Times everywhere are milliseconds since 1970.
type Session struct {
	ID        string      `json:"id"`
	Slug      string      `json:"slug"`
	ProjectID string      `json:"projectID"`
	Directory string      `json:"directory"`
	Path      string      `json:"path"`
	ParentID  string      `json:"parentID,omitempty"`
	Title     string      `json:"title"`
	Agent     string      `json:"agent,omitempty"`
	Model     *ModelRef   `json:"model,omitempty"`
	Version   string      `json:"version"`
	Cost      float64     `json:"cost"`
	Tokens    Tokens      `json:"tokens"`
	Time      SessionTime `json:"time"`
	// Permission are the session's own rules, where it has any.
	Permission []Rule  `json:"permission,omitempty"`
	Revert     *Revert `json:"revert,omitempty"`
}

// SessionTime says when a session began and last changed.
type SessionTime struct {
	Created int64 `json:"created"`
	Updated int64 `json:"updated"`
}

// ModelRef names a session's model.
type ModelRef struct {
	ID         string `json:"id"`
	ProviderID string `json:"providerID"`
}

// ModelName names a message's model.
type ModelName struct {
	ProviderID string `json:"providerID"`
	ModelID    string `json:"modelID"`
}

// Revert says from which message on a session is taken back.
type Revert struct {
	MessageID string `json:"messageID"`
	// Diff is what that did to files.
	Diff string `json:"diff,omitempty"`
}

// Tokens counts what replies took. Input is without what came from the cache, Output without the reasoning.
type Tokens struct {
	Total     int64 `json:"total,omitempty"`
	Input     int64 `json:"input"`
	Output    int64 `json:"output"`
	Reasoning int64 `json:"reasoning"`
	Cache     Cache `json:"cache"`
}

// Cache counts the tokens that came from, and went to, the provider's cache.
type Cache struct {
	Read  int64 `json:"read"`
	Write int64 `json:"write"`
}

// Info is a *UserMessage or an *AssistantMessage.
type Info interface{ messageID() string }

// UserMessage is a prompt.
type UserMessage struct {
	ID        string      `json:"id"`
	SessionID string      `json:"sessionID"`
	Role      string      `json:"role"`
	Time      CreatedTime `json:"time"`
	Agent     string      `json:"agent"`
	Model     ModelName   `json:"model"`
}

func (m *UserMessage) messageID() string { return m.ID }

// CreatedTime says when something began.
type CreatedTime struct {
	Created int64 `json:"created"`
}

// AssistantMessage is one reply of a model, with the calls that it makes.
type AssistantMessage struct {
	ID         string        `json:"id"`
	SessionID  string        `json:"sessionID"`
	Role       string        `json:"role"`
	Time       AssistantTime `json:"time"`
	Error      *MessageError `json:"error,omitempty"`
	ParentID   string        `json:"parentID"`
	ModelID    string        `json:"modelID"`
	ProviderID string        `json:"providerID"`
	Mode       string        `json:"mode"`
	Agent      string        `json:"agent"`
	Path       MessagePath   `json:"path"`
	Summary    bool          `json:"summary,omitempty"`
	Cost       float64       `json:"cost"`
	Tokens     Tokens        `json:"tokens"`
	Finish     string        `json:"finish,omitempty"`
}

func (m *AssistantMessage) messageID() string { return m.ID }

// AssistantTime says when a reply began and when it and its calls were done.
type AssistantTime struct {
	Created   int64 `json:"created"`
	Completed int64 `json:"completed,omitempty"`
}

// MessagePath is where a reply was made.
type MessagePath struct {
	CWD  string `json:"cwd"`
	Root string `json:"root"`
}

// MessageError is why a turn broke off: "MessageAbortedError" or "UnknownError".
type MessageError struct {
	Name string    `json:"name"`
	Data ErrorData `json:"data"`
}

// ErrorData is the sentence of an error.
type ErrorData struct {
	Message string `json:"message"`
}

// Message is a message with its parts.
type Message struct {
	Info  Info   `json:"info"`
	Parts []Part `json:"parts"`
}

// Part is one of the pointers to the structs below.
type Part interface{ head() *PartHead }

// PartHead is what all parts have.
type PartHead struct {
	ID        string `json:"id"`
	SessionID string `json:"sessionID"`
	MessageID string `json:"messageID"`
	Type      string `json:"type"`
}

func (h *PartHead) head() *PartHead { return h }

// TextPart is text of the user or the model. A synthetic one was not typed.
type TextPart struct {
	PartHead
	Text      string    `json:"text"`
	Synthetic bool      `json:"synthetic,omitempty"`
	Time      *PartTime `json:"time,omitempty"`
}

// PartTime is when a part was written.
type PartTime struct {
	Start int64 `json:"start"`
	End   int64 `json:"end,omitempty"`
}

// ReasoningPart is what a model thought.
type ReasoningPart struct {
	PartHead
	Text string   `json:"text"`
	Time PartTime `json:"time"`
}

// FilePart is an attached file; its url is a data URL.
type FilePart struct {
	PartHead
	Mime     string `json:"mime"`
	Filename string `json:"filename,omitempty"`
	URL      string `json:"url"`
}

// ToolPart is a tool call.
type ToolPart struct {
	PartHead
	CallID string    `json:"callID"`
	Tool   string    `json:"tool"`
	State  ToolState `json:"state"`
}

// ToolState is how far a call is: Status is "pending" (with Raw), "running", "completed" (with Output and Title) or "error"
// (with Error).
type ToolState struct {
	Status      string          `json:"status"`
	Input       json.RawMessage `json:"input"`
	Raw         *string         `json:"raw,omitempty"`
	Output      *string         `json:"output,omitempty"`
	Title       *string         `json:"title,omitempty"`
	Error       *string         `json:"error,omitempty"`
	Metadata    map[string]any  `json:"metadata,omitzero"`
	Time        *PartTime       `json:"time,omitempty"`
	Attachments []*FilePart     `json:"attachments,omitempty"`
}

// StepStartPart begins a reply.
type StepStartPart struct{ PartHead }

// StepFinishPart ends a reply.
type StepFinishPart struct {
	PartHead
	Reason string  `json:"reason"`
	Cost   float64 `json:"cost"`
	Tokens Tokens  `json:"tokens"`
}

// PatchPart names the files that a reply's calls changed.
type PatchPart struct {
	PartHead
	Hash  string   `json:"hash"`
	Files []string `json:"files"`
}

// CompactionPart says that the conversation was shortened here.
type CompactionPart struct {
	PartHead
	Auto     bool `json:"auto"`
	Overflow bool `json:"overflow,omitempty"`
}

// PermissionRequest is an open question whether something may happen.
type PermissionRequest struct {
	ID         string         `json:"id"`
	SessionID  string         `json:"sessionID"`
	Permission string         `json:"permission"`
	Patterns   []string       `json:"patterns"`
	Metadata   map[string]any `json:"metadata"`
	// Always is what the answer "always" would cover; empty where that is not offered.
	Always []string  `json:"always"`
	Tool   *ToolSpot `json:"tool,omitempty"`
}

// ToolSpot is the call that asks.
type ToolSpot struct {
	MessageID string `json:"messageID"`
	CallID    string `json:"callID"`
}

// QuestionRequest is an open question of the model.
type QuestionRequest struct {
	ID        string         `json:"id"`
	SessionID string         `json:"sessionID"`
	Questions []QuestionInfo `json:"questions"`
	Tool      *ToolSpot      `json:"tool,omitempty"`
}

// QuestionInfo is one question with the answers on offer.
type QuestionInfo struct {
	Question string           `json:"question"`
	Header   string           `json:"header"`
	Options  []QuestionOption `json:"options"`
	Multiple bool             `json:"multiple,omitempty"`
	Custom   bool             `json:"custom,omitempty"`
}

// QuestionOption is an answer on offer.
type QuestionOption struct {
	Label       string `json:"label"`
	Description string `json:"description"`
}

// Todo is a task of a session's list.
type Todo struct {
	Content  string `json:"content"`
	Status   string `json:"status"`
	Priority string `json:"priority"`
}

// SessionStatus is "idle", "busy", or "retry" with why and when.
type SessionStatus struct {
	Type    string `json:"type"`
	Attempt int    `json:"attempt,omitempty"`
	Message string `json:"message,omitempty"`
	Next    int64  `json:"next,omitempty"`
}

func millis(t time.Time) int64 { return t.UnixMilli() }
