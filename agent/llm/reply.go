package llm

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/opencode-lsp/opencode-lsp/agent"
)

// chunk is one event of a stream, or a whole reply, with the fields that are read.
type chunk struct {
	Choices []choice        `json:"choices"`
	Usage   *wireUsage      `json:"usage"`
	Error   json.RawMessage `json:"error"`
	// Message is set where an error comes bare, without the object around it.
	Message json.RawMessage `json:"message"`
}

type choice struct {
	Index        int             `json:"index"`
	Delta        delta           `json:"delta"`
	Message      *delta          `json:"message"` // instead of Delta where the server does not stream
	FinishReason string          `json:"finish_reason"`
	Error        json.RawMessage `json:"error"`
}

// delta is more of a message. Reasoning goes by two names.
type delta struct {
	Content          any     `json:"content"` // a string, or Mistral's list of parts
	Refusal          string  `json:"refusal"`
	Reasoning        string  `json:"reasoning"`
	ReasoningContent string  `json:"reasoning_content"`
	ToolCalls        []piece `json:"tool_calls"`
}

type wireUsage struct {
	PromptTokens     int64 `json:"prompt_tokens"`
	CompletionTokens int64 `json:"completion_tokens"`
	PromptDetails    struct {
		CachedTokens int64 `json:"cached_tokens"`
	} `json:"prompt_tokens_details"`
	CompletionDetails struct {
		ReasoningTokens int64 `json:"reasoning_tokens"`
	} `json:"completion_tokens_details"`
	CacheHit int64 `json:"prompt_cache_hit_tokens"` // DeepSeek's word for cached tokens
}

// reply puts one reply together while it is emitted.
type reply struct {
	emit      func(agent.Delta) bool
	stopped   bool // emit has had enough
	over      bool // nothing more will come
	calls     assembler
	template  template
	reasoning strings.Builder
	finish    string
	usage     *agent.Usage
}

// add takes one chunk. Fields of an unexpected type are passed over; what else a server got wrong is an error.
func (r *reply) add(raw []byte) error {
	if c := r.template.read(raw); c != nil {
		r.message(c.Choices[0])
		return nil
	}
	var c chunk
	var odd *json.UnmarshalTypeError
	switch err := json.Unmarshal(raw, &c); {
	case err == nil:
		r.template.learn(raw, c)
	case !errors.As(err, &odd):
		return fmt.Errorf("read a piece of the reply: %w", err)
	}
	if said(c.Error) || len(c.Choices) == 0 && said(c.Message) {
		w := readWords(raw)
		return &w
	}
	if c.Usage != nil {
		r.usage = c.Usage.tokens()
	}
	for _, ch := range c.Choices {
		if ch.Index != 0 {
			continue
		}
		if said(ch.Error) || ch.FinishReason == "error" {
			w := readWords(ch.Error)
			return &w
		}
		r.message(ch)
	}
	return nil
}

// said says that a field is there and not null.
func said(raw json.RawMessage) bool { return len(raw) > 0 && !bytes.Equal(raw, []byte("null")) }

func (r *reply) message(ch choice) {
	d := &ch.Delta
	if ch.Message != nil {
		d = ch.Message
	}
	text, thought := content(d.Content)
	out := agent.Delta{Text: text + d.Refusal, Reasoning: thought + d.ReasoningContent}
	if d.Reasoning != d.ReasoningContent { // some servers send the same under both names
		out.Reasoning += d.Reasoning
	}
	r.reasoning.WriteString(out.Reasoning)
	if out.Text != "" || out.Reasoning != "" {
		r.send(out)
	}
	for _, p := range d.ToolCalls {
		if call := r.calls.add(p); call != nil {
			r.send(agent.Delta{Call: call})
		}
	}
	if ch.FinishReason != "" {
		r.finish = finishWord(ch.FinishReason)
	}
}

func (r *reply) send(d agent.Delta) {
	if !r.stopped {
		r.stopped = !r.emit(d)
	}
}

// end notes that the server said the reply is over, for those that give no reason.
func (r *reply) end() {
	switch {
	case r.finish != "":
	case len(r.calls.slots) > 0:
		r.finish = "tool_calls"
	default:
		r.finish = "stop"
	}
}

// complete says that the reply ended and every call in it can be answered.
func (r *reply) complete() bool {
	for _, s := range r.calls.slots {
		if s.name == "" {
			return false
		}
	}
	return r.finish != ""
}

// content takes apart what is a string nearly everywhere.
func content(v any) (text, thought string) {
	parts, ok := v.([]any)
	if !ok {
		text, _ = v.(string)
		return text, ""
	}
	for _, p := range parts {
		part, _ := p.(map[string]any)
		if t, ok := part["text"].(string); ok {
			text += t
		}
		if t, ok := part["thinking"]; ok {
			inner, _ := content(t)
			thought += inner
		}
	}
	return text, thought
}

// finishWord maps the dialects of a few servers to the API's words.
func finishWord(reason string) string {
	switch reason {
	case "function_call", "tool_use":
		return "tool_calls"
	case "max_tokens", "model_length":
		return "length"
	case "end_turn", "eos", "stop_sequence", "STOP":
		return "stop"
	}
	return reason
}

func (u *wireUsage) tokens() *agent.Usage {
	return &agent.Usage{
		Input:     u.PromptTokens,
		Output:    u.CompletionTokens,
		Cached:    max(u.PromptDetails.CachedTokens, u.CacheHit),
		Reasoning: u.CompletionDetails.ReasoningTokens,
	}
}
