package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"time"

	"github.com/opencode-lsp/opencode-lsp/tools"
)

// Model streams one reply of a language model. Stream sends the request when it is ranged over and stops, closing the
// connection, when the loop is left or ctx ends. After an error the sequence ends. It does not retry: a *ModelError says
// whether that is worth it, and the session decides.
type Model interface {
	Stream(ctx context.Context, req Request) iter.Seq2[Delta, error]
}

// Request is one step of a conversation. For one session System and Tools never change and Messages only grow, so that the
// bytes sent start alike and providers' prompt caches hit.
type Request struct {
	// Session is a stable key for the provider's prompt cache.
	Session  string
	System   string
	Messages []Message
	Tools    []ToolSpec
	Params   Params
}

// ModelInfo is what is known of a model. Limits count tokens and prices are US dollars a million tokens; 0 is not known.
type ModelInfo struct {
	// Name is "provider/model".
	Name            string
	Context, Output int64
	Price           Price
	// Images and PDFs say what may be attached to a prompt.
	Images, PDFs bool
}

// Price is what a million tokens cost in US dollars.
type Price struct{ Input, Output, CacheRead, CacheWrite float64 }

// Of is what a reply cost. Tokens from the cache are part of the input; without a price of their own they cost as the rest.
func (p Price) Of(u Usage) float64 {
	cached := p.CacheRead
	if cached == 0 {
		cached = p.Input
	}
	return (float64(u.Input-u.Cached)*p.Input + float64(u.Cached)*cached + float64(u.Output)*p.Output) / 1e6
}

// ToolSpec describes a tool to the model.
type ToolSpec struct {
	Name        string
	Description string
	Schema      json.RawMessage
}

// Role says who speaks.
type Role string

// The roles of a conversation; system text is in Request.System.
const (
	User      Role = "user"
	Assistant Role = "assistant"
	Tool      Role = "tool"
)

// Message is one entry of the conversation: a user's text, an assistant's text and calls, or one tool's result.
type Message struct {
	Role  Role
	Text  string
	Calls []tools.Call // Assistant
	Call  string       // Tool: the id of the call that Text answers
	// Failed marks a tool result that is an error.
	Failed bool
	// Files go along with a User's text or a Tool's result.
	Files []tools.Attachment
	// Reasoning is what an Assistant thought, to be sent back to the Model that thought it and to no other.
	Reasoning []Reasoning
	Model     string
}

// Reasoning is one stretch of a model's thinking.
type Reasoning struct {
	ID string `json:"id,omitempty"`
	// Call is the call that it led to, "" for the text.
	Call string `json:"call,omitempty"`
	// Text is the thinking, or a summary of it, for people.
	Text string `json:"text,omitempty"`
	// Opaque is what the provider wants back, as it came.
	Opaque json.RawMessage `json:"opaque,omitempty"`
}

// Delta is one piece of a streamed reply. Any field may be set.
type Delta struct {
	Text      string
	Reasoning string
	// Thought is a stretch of reasoning that is finished; it holds what the Reasoning deltas before it said.
	Thought *Reasoning
	Call    *CallDelta
	Usage   *Usage
	// Finish is the provider's word for why the reply ended: "stop", "tool_calls", "length", "content_filter".
	Finish string
}

// CallDelta is a piece of a tool call; pieces of one Index belong together. ID and Name come whole, Arguments in parts.
type CallDelta struct {
	Index     int
	ID, Name  string
	Arguments string
}

// Usage counts tokens of one reply as the provider reports them.
type Usage struct {
	Input     int64 `json:"input"` // cached ones included
	Output    int64 `json:"output"`
	Cached    int64 `json:"cached,omitempty"`
	Reasoning int64 `json:"reasoning,omitempty"`
}

// ModelError is a provider's refusal or a broken stream. Its text never holds a key.
type ModelError struct {
	// Message is one sentence for the user: cause and remedy.
	Message string
	// Status is the HTTP status, 0 where there was no response.
	Status int
	// Retry says that the same request may succeed later; After is the provider's Retry-After, 0 where it gave none.
	Retry bool
	After time.Duration
	// Overflow says that the conversation is longer than the model's context.
	Overflow bool
	Err      error
}

func (e *ModelError) Error() string {
	if e.Status != 0 {
		return fmt.Sprintf("%s (HTTP %d)", e.Message, e.Status)
	}
	return e.Message
}

func (e *ModelError) Unwrap() error { return e.Err }
