package llm

import (
	"encoding/json"
	"strings"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/tools"
)

// responses is the Responses API. Nothing is stored at the provider: the conversation goes along with every request, and so
// does the model's reasoning, sealed by the provider.
type responses struct{ cfg Config }

type responsesHead struct {
	Model           string          `json:"model"`
	Stream          bool            `json:"stream"`
	Store           bool            `json:"store"`
	Include         []string        `json:"include"`
	MaxOutputTokens int             `json:"max_output_tokens,omitempty"`
	PromptCacheKey  string          `json:"prompt_cache_key,omitempty"`
	Tools           []responsesTool `json:"tools,omitempty"`
}

type responsesTool struct {
	Type        string          `json:"type"`
	Name        string          `json:"name"`
	Description string          `json:"description,omitempty"`
	Parameters  json.RawMessage `json:"parameters"`
	Strict      bool            `json:"strict"`
}

// item is one entry of the input.
type item struct {
	Type      string `json:"type"`
	Role      string `json:"role,omitempty"`
	Content   []part `json:"content,omitempty"`
	CallID    string `json:"call_id,omitempty"`
	Name      string `json:"name,omitempty"`
	Arguments string `json:"arguments,omitempty"`
	// Output is a text, or parts where files go along.
	Output any `json:"output,omitempty"`
}

type part struct {
	Type     string `json:"type"`
	Text     string `json:"text,omitempty"`
	ImageURL string `json:"image_url,omitempty"`
	Filename string `json:"filename,omitempty"`
	FileData string `json:"file_data,omitempty"`
}

func (r *responses) path() string { return "responses" }
func (r *responses) list() string { return "input" }

func (r *responses) head(req agent.Request) any {
	h := responsesHead{
		Model: r.cfg.Model, Stream: true, Include: []string{"reasoning.encrypted_content"}, MaxOutputTokens: r.cfg.MaxOutput,
		PromptCacheKey: req.Session,
	}
	for _, t := range req.Tools {
		h.Tools = append(h.Tools, responsesTool{"function", t.Name, t.Description, schemaOf(t), false})
	}
	return h
}

func (r *responses) first(system string) []any {
	return []any{item{Type: "message", Role: "system", Content: []part{{Type: "input_text", Text: system}}}}
}

func (r *responses) items(msgs []agent.Message, i int) []any {
	m := msgs[i]
	switch m.Role {
	case agent.User:
		return []any{item{Type: "message", Role: "user", Content: r.parts(m.Text, m.Files)}}
	case agent.Tool:
		out := item{Type: "function_call_output", CallID: m.Call, Output: filled(m.Text)}
		if len(m.Files) > 0 {
			out.Output = r.parts(m.Text, m.Files)
		}
		return []any{out}
	}
	list := r.thoughts(m, "")
	if strings.TrimSpace(m.Text) != "" {
		list = append(list, item{Type: "message", Role: "assistant", Content: []part{{Type: "output_text", Text: m.Text}}})
	} else if len(m.Calls) == 0 {
		return nil // a reasoning item must be followed by what it led to
	}
	for _, c := range m.Calls {
		list = append(list, r.thoughts(m, c.ID)...)
		list = append(list, item{Type: "function_call", CallID: c.ID, Name: validName(c.Name), Arguments: validArguments(c.Arguments)})
	}
	return list
}

// thoughts are the reasoning that led to a call, or with "" to the text. The provider takes it back from the model that
// thought it, and only with what it led to right behind it.
func (r *responses) thoughts(m agent.Message, call string) []any {
	var list []any
	if m.Model != r.cfg.Provider+"/"+r.cfg.Model || call == "" && strings.TrimSpace(m.Text) == "" {
		return nil
	}
	for _, t := range m.Reasoning {
		if t.Call == call && len(t.Opaque) > 0 {
			list = append(list, t.Opaque)
		}
	}
	return list
}

func (r *responses) parts(text string, files []tools.Attachment) []part {
	text, files = r.cfg.taken(filled(text), files)
	parts := []part{{Type: "input_text", Text: text}}
	for _, f := range files {
		if isPDF(f) {
			parts = append(parts, part{Type: "input_file", Filename: f.Name, FileData: dataURL(f)})
		} else {
			parts = append(parts, part{Type: "input_image", ImageURL: dataURL(f)})
		}
	}
	return parts
}

func (r *responses) fields(p agent.Params) map[string]any {
	fields := sampling(p)
	reasoning, text := map[string]any{}, map[string]any{}
	for name, value := range r.cfg.options(p) {
		switch name {
		case optEffort:
			reasoning["effort"] = value
		case optSummary:
			reasoning["summary"] = value
		case optVerbosity:
			text["verbosity"] = value
		default:
			fields[name] = value
		}
	}
	if r.cfg.Reasoning && reasoning["summary"] == nil {
		reasoning["summary"] = "auto"
	}
	if len(reasoning) > 0 {
		fields["reasoning"] = reasoning
	}
	if len(text) > 0 {
		fields["text"] = text
	}
	return fields
}
