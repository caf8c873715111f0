package mcp

import (
	"encoding/json"

	"github.com/opencode-lsp/opencode-lsp/permission"
	"github.com/opencode-lsp/opencode-lsp/tools"
)

// callResult is what a tool answers.
type callResult struct {
	Content    []json.RawMessage `json:"content"`
	Structured json.RawMessage   `json:"structuredContent"`
	IsError    bool              `json:"isError"`
}

// result is the answer for the model, cut like any tool's.
func (t *tool) result(got callResult) tools.Result {
	g := gathering{room: maxFiles}
	g.blocks(got.Content)
	text := g.text()
	if text == "" && len(got.Structured) > 0 && string(got.Structured) != "null" {
		text = string(got.Structured)
	}
	if text == "" {
		text = "(no output)"
	}
	short, full := t.session.Env.Cut(permission.Visible(text))
	return tools.Result{Text: short, Full: full, Error: got.IsError, Title: oneLine(t.info.name, maxName), Attachments: g.files}
}
