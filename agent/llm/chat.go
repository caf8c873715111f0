package llm

import (
	"encoding/json"
	"strings"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/tools"
)

// The tails of a chat request.
const (
	tailUsage = `],"stream_options":{"include_usage":true}}`
	// tailDense also does without the random padding that OpenAI adds to every chunk.
	tailDense = `],"stream_options":{"include_usage":true,"include_obfuscation":false}}`
	tailPlain = `]}`
)

// chat is the Chat Completions API.
type chat struct {
	cfg    Config
	quirks quirks
	recall *recall
}

type chatHead struct {
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
	// Content is a text, a list of parts where files go along, or null where only calls are made: some servers want the
	// field, others no empty text.
	Content          any        `json:"content"`
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

func (c *chat) path() string { return "chat/completions" }
func (c *chat) list() string { return "messages" }

func (c *chat) head(req agent.Request) any {
	h := chatHead{Model: c.cfg.Model, Stream: true, MaxTokens: c.cfg.MaxOutput}
	if c.quirks.completionTokens {
		h.MaxTokens, h.MaxCompletionTokens = 0, c.cfg.MaxOutput
	}
	if c.quirks.cacheKey {
		h.PromptCacheKey = req.Session
	}
	for _, t := range req.Tools {
		h.Tools = append(h.Tools, wireTool{"function", wireFunction{t.Name, t.Description, schemaOf(t)}})
	}
	return h
}

func (c *chat) first(system string) []any {
	return []any{wireMessage{Role: "system", Content: system}}
}

// items leaves out an assistant's message that is empty. The API has no place for Failed; a failed result says so in its
// text. Nor has a result one for files: they follow the last result of a reply as a user's.
func (c *chat) items(msgs []agent.Message, i int) []any {
	m := msgs[i]
	switch m.Role {
	case agent.Tool:
		items := []any{wireMessage{Role: "tool", Content: filled(m.Text), ToolCallID: c.callID(m.Call)}}
		if files := filesOfResults(msgs, i); len(files) > 0 {
			items = append(items, wireMessage{Role: "user", Content: c.content("Files of the results above.", files)})
		}
		return items
	case agent.User:
		return []any{wireMessage{Role: "user", Content: c.content(m.Text, m.Files)}}
	}
	w := wireMessage{Role: "assistant"}
	if strings.TrimSpace(m.Text) != "" {
		w.Content = m.Text
	}
	if len(m.Calls) > 0 && c.quirks.reasoning {
		reasoning := c.thought(m)
		w.ReasoningContent = &reasoning
	}
	for i, call := range m.Calls {
		w.ToolCalls = append(w.ToolCalls, c.call(call, i == 0))
	}
	if w.Content == nil && len(w.ToolCalls) == 0 {
		return nil
	}
	return []any{w}
}

// filled is a text that is not blank: providers refuse those.
func filled(text string) string {
	if strings.TrimSpace(text) == "" {
		return "(empty)"
	}
	return text
}

// filesOfResults are the files of the results that end with msgs[i], nil where another result follows.
func filesOfResults(msgs []agent.Message, i int) []tools.Attachment {
	if i+1 < len(msgs) && msgs[i+1].Role == agent.Tool {
		return nil
	}
	var files []tools.Attachment
	for ; i >= 0 && msgs[i].Role == agent.Tool; i-- {
		files = append(msgs[i].Files[:len(msgs[i].Files):len(msgs[i].Files)], files...)
	}
	return files
}

// thought is what the same model thought before its calls.
func (c *chat) thought(m agent.Message) string {
	if m.Model == c.cfg.Provider+"/"+c.cfg.Model {
		var text strings.Builder
		for _, r := range m.Reasoning {
			text.WriteString(r.Text)
		}
		if text.Len() > 0 {
			return text.String()
		}
	}
	return c.recall.reasoning(m.Calls[0].ID)
}

func (c *chat) call(call tools.Call, first bool) wireCall {
	w := wireCall{ID: c.callID(call.ID), Type: "function", Function: wireCallee{validName(call.Name), validArguments(call.Arguments)}}
	if c.quirks.signatures {
		w.ExtraContent = c.recall.extra(call.ID)
		if w.ExtraContent == nil && first { // of parallel calls only the first is signed
			w.ExtraContent = json.RawMessage(unsigned)
		}
	}
	return w
}

type wirePart struct {
	Type     string     `json:"type"`
	Text     string     `json:"text,omitempty"`
	ImageURL *wireImage `json:"image_url,omitempty"`
	File     *wireFile  `json:"file,omitempty"`
}

type wireImage struct {
	URL string `json:"url"`
}

type wireFile struct {
	Name string `json:"filename"`
	Data string `json:"file_data"`
}

// content is a text with the files that the model takes; of others the text says that they are left out.
func (c *chat) content(text string, files []tools.Attachment) any {
	text, files = c.cfg.taken(filled(text), files)
	if len(files) == 0 {
		return text
	}
	parts := []wirePart{{Type: "text", Text: text}}
	for _, f := range files {
		if isPDF(f) {
			parts = append(parts, wirePart{Type: "file", File: &wireFile{f.Name, dataURL(f)}})
		} else {
			parts = append(parts, wirePart{Type: "image_url", ImageURL: &wireImage{dataURL(f)}})
		}
	}
	return parts
}

func (c *chat) fields(p agent.Params) map[string]any {
	fields := sampling(p)
	for name, value := range c.cfg.options(p) {
		switch name {
		case optEffort:
			fields["reasoning_effort"] = value
		case optVerbosity:
			fields["verbosity"] = value
		case optSummary: // the API gives none
		default:
			fields[name] = value
		}
	}
	return fields
}
