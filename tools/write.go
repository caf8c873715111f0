package tools

import (
	"context"
	_ "embed"
	"strings"

	"github.com/opencode-lsp/opencode-lsp/workspace"
)

//go:embed write.md
var writeText string

type writeArgs struct {
	FilePath string `json:"filePath" jsonschema:"The file to write, absolute or relative to the workspace root."`
	Content  string `json:"content" jsonschema:"The whole new text of the file."`
}

// write prepares a whole new text for a file, as the smallest change that leads there.
func (k *kit) write(ctx context.Context, a writeArgs) (Op, error) {
	t, file, err := k.editable(ctx, a.FilePath)
	if err != nil {
		return nil, err
	}
	if k.Seen.stale(file) {
		return nil, changedError(t)
	}
	c := change{at: t, Change: workspace.NewChange(file, inFormOf(file, a.Content))}
	if err := nothing(c); err != nil {
		return nil, err
	}
	return k.changeOp(ctx, "write", []change{c}), nil
}

// inFormOf gives content the BOM and the line ends of the file that it replaces.
func inFormOf(file workspace.File, content string) string {
	if !file.Exists {
		return content
	}
	content = toLineEnd(content, lineEnd(file.Text))
	if strings.HasPrefix(file.Text, bom) && !strings.HasPrefix(content, bom) {
		return bom + content
	}
	return content
}
