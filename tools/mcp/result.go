package mcp

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/opencode-lsp/opencode-lsp/permission"
	"github.com/opencode-lsp/opencode-lsp/tools"
)

// callResult is what a tool answers.
type callResult struct {
	Content    []json.RawMessage `json:"content"`
	Structured json.RawMessage   `json:"structuredContent"`
	IsError    bool              `json:"isError"`
}

// block is one piece of content of any kind.
type block struct {
	Type     string   `json:"type"`
	Text     string   `json:"text"`
	Data     string   `json:"data"`
	MIMEType string   `json:"mimeType"`
	URI      string   `json:"uri"`
	Name     string   `json:"name"`
	Resource contents `json:"resource"`
}

// contents are those of one resource, as text or as base64.
type contents struct {
	URI      string `json:"uri"`
	MIMEType string `json:"mimeType"`
	Text     string `json:"text"`
	Blob     string `json:"blob"`
}

// result is the answer for the model, cut like any tool's.
func (t *tool) result(got callResult) tools.Result {
	text := blocks(got.Content)
	if text == "" && len(got.Structured) > 0 && string(got.Structured) != "null" {
		text = string(got.Structured)
	}
	if text == "" {
		text = "(no output)"
	}
	short, full := t.session.Env.Cut(permission.Visible(text))
	return tools.Result{Text: short, Full: full, Error: got.IsError, Title: oneLine(t.info.name, maxName)}
}

// blocks are pieces of content as text.
func blocks(raw []json.RawMessage) string {
	var parts []string
	for _, r := range raw {
		var b block
		if err := json.Unmarshal(r, &b); err != nil {
			parts = append(parts, "(a piece of the answer cannot be read)")
			continue
		}
		parts = append(parts, b.text())
	}
	return strings.Join(parts, "\n")
}

// text is one piece for the model. What is no text is named, with its size.
func (b block) text() string {
	switch b.Type {
	case "text":
		return b.Text
	case "image", "audio":
		return fmt.Sprintf("(%s, %s, %d bytes: not shown)", b.Type, oneLine(b.MIMEType, 80), decoded(b.Data))
	case "resource":
		return b.Resource.text()
	case "resource_link":
		return fmt.Sprintf("(resource %s: %s)", oneLine(b.Name, 200), oneLine(b.URI, 500))
	}
	return fmt.Sprintf("(content of the unknown type %q)", oneLine(b.Type, 40))
}

func (c contents) text() string {
	if c.Blob != "" {
		return fmt.Sprintf("(%s, %s, %d bytes: not shown)", oneLine(c.URI, 500), oneLine(cmp.Or(c.MIMEType, "of no known type"), 80), decoded(c.Blob))
	}
	return c.Text
}

// decoded is how many bytes a base64 text stands for.
func decoded(base64 string) int { return len(strings.TrimRight(base64, "=")) * 3 / 4 }
