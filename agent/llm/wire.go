package llm

import (
	"bytes"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/tools"
)

// head is what stands before the messages.
type head struct {
	Model               string     `json:"model"`
	Stream              bool       `json:"stream"`
	MaxTokens           int        `json:"max_tokens,omitempty"`
	MaxCompletionTokens int        `json:"max_completion_tokens,omitempty"`
	PromptCacheKey      string     `json:"prompt_cache_key,omitempty"`
	Tools               []wireTool `json:"tools,omitempty"`
}

type wireTool struct {
	Type     string       `json:"type"`
	Function wireFunction `json:"function"`
}

type wireFunction struct {
	Name        string          `json:"name"`
	Description string          `json:"description,omitempty"`
	Parameters  json.RawMessage `json:"parameters"`
}

type wireMessage struct {
	Role string `json:"role"`
	// Content is null where only calls are made: some servers want the field, others no empty text.
	Content          *string    `json:"content"`
	ReasoningContent *string    `json:"reasoning_content,omitempty"`
	ToolCalls        []wireCall `json:"tool_calls,omitempty"`
	ToolCallID       string     `json:"tool_call_id,omitempty"`
}

type wireCall struct {
	ID           string          `json:"id"`
	Type         string          `json:"type"`
	Function     wireCallee      `json:"function"`
	ExtraContent json.RawMessage `json:"extra_content,omitempty"`
}

type wireCallee struct {
	Name      string `json:"name"`
	Arguments string `json:"arguments"`
}

// wire gives a message the API's shape, or false for one that no provider takes: an assistant's that is empty. The API has
// no place for Failed; a failed result says so in its text.
func (e *encoder) wire(m agent.Message) (wireMessage, bool) {
	text := m.Text
	if strings.TrimSpace(text) == "" {
		text = "(empty)"
	}
	switch m.Role {
	case agent.Tool:
		return wireMessage{Role: "tool", Content: &text, ToolCallID: e.callID(m.Call)}, true
	case agent.User:
		return wireMessage{Role: "user", Content: &text}, true
	}
	w := wireMessage{Role: "assistant"}
	if strings.TrimSpace(m.Text) != "" {
		w.Content = &m.Text
	}
	if len(m.Calls) > 0 && e.quirks.reasoning {
		reasoning := e.recall.reasoning(m.Calls[0].ID)
		w.ReasoningContent = &reasoning
	}
	for i, c := range m.Calls {
		w.ToolCalls = append(w.ToolCalls, e.wireCall(c, i == 0))
	}
	return w, w.Content != nil || len(w.ToolCalls) > 0
}

func (e *encoder) wireCall(c tools.Call, first bool) wireCall {
	w := wireCall{ID: e.callID(c.ID), Type: "function", Function: wireCallee{validName(c.Name), validArguments(c.Arguments)}}
	if e.quirks.signatures {
		w.ExtraContent = e.recall.extra(c.ID)
		if w.ExtraContent == nil && first { // of parallel calls only the first is signed
			w.ExtraContent = json.RawMessage(unsigned)
		}
	}
	return w
}

// callID is the id as this provider takes it: another provider's may stand in the history when the user changes models.
func (e *encoder) callID(id string) string {
	if !e.quirks.shortIDs || len(id) == 9 && strings.Trim(id, idLetters) == "" {
		return id
	}
	sum := sha256.Sum256([]byte(id))
	return base32.StdEncoding.EncodeToString(sum[:])[:9]
}

const idLetters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

// validName is a tool's name as providers take it in a history, whatever the model called.
func validName(name string) string {
	valid := strings.Map(func(r rune) rune {
		if r == '_' || r == '-' || strings.ContainsRune(idLetters, r) {
			return r
		}
		return '_'
	}, name)
	return valid[:min(len(valid), 64)]
}

// validArguments is a JSON object whatever the model wrote, because providers refuse a history that holds anything else.
// The model still sees what it wrote.
func validArguments(raw string) string {
	var object map[string]json.RawMessage
	switch {
	case strings.TrimSpace(raw) == "":
		return "{}"
	case json.Unmarshal([]byte(raw), &object) == nil && object != nil:
		return raw
	}
	wrapped, err := appendJSON(nil, map[string]string{"_invalid": raw})
	if err != nil {
		return "{}" // a map of strings always marshals
	}
	return string(wrapped)
}

// appendJSON appends v to dst. Characters of HTML stay readable: they are most of what a coding agent sends.
func appendJSON(dst []byte, v any) ([]byte, error) {
	buf := bytes.NewBuffer(dst)
	enc := json.NewEncoder(buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("encode the request: %w", err)
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}
