package agenttest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// request is a Chat Completions request with the fields that strict providers look at.
type request struct {
	Model         string    `json:"model"`
	Stream        bool      `json:"stream"`
	Messages      []message `json:"messages"`
	Tools         []tool    `json:"tools"`
	StreamOptions struct {
		IncludeUsage       bool `json:"include_usage"`
		IncludeObfuscation bool `json:"include_obfuscation"`
	} `json:"stream_options"`

	MaxTokens           int             `json:"max_tokens"`
	MaxCompletionTokens int             `json:"max_completion_tokens"`
	PromptCacheKey      string          `json:"prompt_cache_key"`
	Temperature         float64         `json:"temperature"`
	TopP                float64         `json:"top_p"`
	ReasoningEffort     string          `json:"reasoning_effort"`
	Verbosity           string          `json:"verbosity"`
	ToolChoice          json.RawMessage `json:"tool_choice"`

	size int // bytes of the body
}

type message struct {
	Role             string  `json:"role"`
	Content          content `json:"content"`
	ToolCalls        []call  `json:"tool_calls"`
	ToolCallID       string  `json:"tool_call_id"`
	ReasoningContent *string `json:"reasoning_content"`
}

type call struct {
	ID       string `json:"id"`
	Type     string `json:"type"`
	Function struct {
		Name      string `json:"name"`
		Arguments string `json:"arguments"`
	} `json:"function"`
	ExtraContent json.RawMessage `json:"extra_content"`
}

type tool struct {
	Type     string `json:"type"`
	Function struct {
		Name        string          `json:"name"`
		Description string          `json:"description"`
		Parameters  json.RawMessage `json:"parameters"`
	} `json:"function"`
}

func (m message) text() string { return text(json.RawMessage(m.Content)) }

// content is a text or a list of parts; nil where it is left out or null.
type content json.RawMessage

// UnmarshalJSON keeps the bytes.
func (c *content) UnmarshalJSON(data []byte) error {
	if string(data) != "null" {
		*c = bytes.Clone(data)
	}
	return nil
}

// rawText is a text as a message holds it.
func rawText(s string) content {
	raw, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string always marshals
	}
	return raw
}

// prompt is the conversation's first prompt.
func (r *request) prompt() string {
	i := slices.IndexFunc(r.Messages, func(m message) bool { return m.Role == "user" })
	if i < 0 {
		return ""
	}
	return r.Messages[i].text()
}

// wants says that the request asks for a session's title, or for a summary.
func (r *request) wants(what string) bool {
	return slices.ContainsFunc(r.Messages, func(m message) bool {
		return m.Role == "system" && strings.Contains(strings.ToLower(m.text()), what)
	})
}

// read decodes and judges a request. It returns what a strict provider would object to, or "".
func (r *request) read(raw []byte) string {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(r); err != nil {
		return "the request is not a valid one: " + err.Error()
	}
	r.size = len(raw)
	switch {
	case r.Model == "":
		return "you must provide a model"
	case !r.Stream:
		return "this model only streams: set stream to true"
	case len(r.Messages) == 0:
		return "messages must not be empty"
	}
	if problem := r.judgeTools(); problem != "" {
		return problem
	}
	return r.judgeMessages()
}

// nameRule is what the name of a tool may be, also in a history.
var nameRule = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-zA-Z0-9_-]{1,64}$`) })

func (r *request) judgeTools() string {
	name := nameRule()
	seen := make(map[string]bool)
	for i, t := range r.Tools {
		var schema struct {
			Type string `json:"type"`
		}
		switch f := t.Function; {
		case t.Type != "function":
			return fmt.Sprintf("tools[%d].type must be \"function\"", i)
		case !name.MatchString(f.Name):
			return fmt.Sprintf("tools[%d].function.name %q must match %s", i, f.Name, name)
		case seen[f.Name]:
			return fmt.Sprintf("tools[%d].function.name %q is not unique", i, f.Name)
		case json.Unmarshal(f.Parameters, &schema) != nil || schema.Type != "object":
			return fmt.Sprintf("tools[%d].function.parameters of %s must be a schema of type object", i, f.Name)
		default:
			seen[f.Name] = true
		}
	}
	return ""
}

// judgeMessages walks the conversation; open holds the calls of the last assistant message that have no result yet.
func (r *request) judgeMessages() string {
	var open []string
	started := false
	for i, m := range r.Messages {
		if len(open) > 0 && m.Role != "tool" {
			return fmt.Sprintf("messages[%d]: an assistant message with tool_calls must be followed by tool messages; no result for %s", i, open)
		}
		if m.Role == "assistant" && !started {
			return fmt.Sprintf("messages[%d]: the conversation must begin with a user message", i)
		}
		started = started || m.Role == "user"
		problem := ""
		if open, problem = m.judge(open); problem != "" {
			return fmt.Sprintf("messages[%d]: %s", i, problem)
		}
		if m.Role == "system" && i > 0 && r.Messages[i-1].Role != "system" {
			return fmt.Sprintf("messages[%d]: system messages come first", i)
		}
	}
	if len(open) > 0 {
		return fmt.Sprintf("tool calls without a result: %s", open)
	}
	if !started {
		return "the conversation has no user message"
	}
	return ""
}

// judge returns the calls that are open after m.
func (m message) judge(open []string) ([]string, string) {
	switch m.Role {
	case "system", "user":
		if strings.TrimSpace(m.text()) == "" {
			return nil, m.Role + " content must not be empty"
		}
	case "assistant":
		return m.judgeCalls()
	case "tool":
		at := slices.Index(open, m.ToolCallID)
		switch {
		case at < 0:
			return nil, fmt.Sprintf("tool_call_id %q answers no open call", m.ToolCallID)
		case m.Content == nil:
			return nil, "tool content must be a string"
		}
		return slices.Delete(open, at, at+1), ""
	default:
		return nil, fmt.Sprintf("role %q is unknown", m.Role)
	}
	return open, ""
}

func (m message) judgeCalls() (open []string, problem string) {
	if strings.TrimSpace(m.text()) == "" && len(m.ToolCalls) == 0 {
		return nil, "assistant message must have content or tool_calls"
	}
	for _, c := range m.ToolCalls {
		var args map[string]json.RawMessage
		switch {
		case c.Type != "function" || !nameRule().MatchString(c.Function.Name):
			return nil, fmt.Sprintf("tool call must have type function and a valid name, not %q", c.Function.Name)
		case c.ID == "" || slices.Contains(open, c.ID):
			return nil, fmt.Sprintf("tool call id %q is empty or used twice", c.ID)
		case json.Unmarshal([]byte(c.Function.Arguments), &args) != nil:
			return nil, fmt.Sprintf("arguments of %s are not a JSON object: %s", c.Function.Name, c.Function.Arguments)
		}
		open = append(open, c.ID)
	}
	return open, ""
}
