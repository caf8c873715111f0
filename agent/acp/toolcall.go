package acp

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"path/filepath"
	"strings"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/permission"
	"github.com/opencode-lsp/opencode-lsp/tools"
)

// kind sorts a tool for the client's icons (ToolKind).
func kind(tool string) string {
	switch tool {
	case "read", "skill", "diagnostics":
		return "read"
	case "edit", "write", "apply_patch":
		return "edit"
	case "list", "glob", "grep":
		return "search"
	case "bash":
		return "execute"
	case "webfetch":
		return "fetch"
	case "todowrite", "task":
		return "think"
	}
	return "other"
}

// callArgs are the arguments that say what a call is about.
type callArgs struct {
	FilePath    string `json:"filePath"`
	Path        string `json:"path"`
	Offset      int    `json:"offset"`
	Pattern     string `json:"pattern"`
	Command     string `json:"command"`
	URL         string `json:"url"`
	Name        string `json:"name"`
	Description string `json:"description"`
}

// describe is a call as the client shows it before anything is known of its outcome.
func describe(c tools.Call, root string) toolCall {
	var a callArgs
	_ = json.Unmarshal([]byte(c.Arguments), &a) // what is of another type is not shown
	t := toolCall{ID: c.ID, Name: oneLine(c.Name), Kind: kind(c.Name), RawInput: rawInput(c.Arguments), Title: title(c.Name, a)}
	if c.Name == "bash" {
		t.Content = []toolContent{fenced(a.Command)}
	}
	if path := cmp.Or(a.FilePath, a.Path); path != "" && kind(c.Name) != "other" {
		if !filepath.IsAbs(path) {
			path = filepath.Join(root, path)
		}
		t.Locations = []location{{Path: filepath.Clean(path), Line: max(a.Offset, 0)}}
	}
	return t
}

// maxTitle bounds a title in bytes; the whole stands in the content.
const maxTitle = 200

// title is one line that says what a call does.
func title(tool string, a callArgs) string {
	if tool == "bash" && a.Command != "" {
		return "`" + strings.ReplaceAll(clip(oneLine(a.Command)), "`", "'") + "`"
	}
	about := cmp.Or(a.FilePath, a.Pattern, a.Path, a.URL, a.Name, a.Description)
	return clip(oneLine(tool + " " + about))
}

// clip takes the middle out of what is too long, and says so.
func clip(text string) string {
	if len(text) <= maxTitle {
		return text
	}
	half := maxTitle/2 - 4
	return strings.ToValidUTF8(text[:half], "") + " … " + strings.ToValidUTF8(text[len(text)-half:], "")
}

// outcome is what a result shows: the files that it changed, else its text, and images.
func outcome(r *agent.CallResult) []toolContent {
	var out []toolContent
	for _, c := range r.Changes {
		if c.BeforeRef == "" && c.AfterRef == "" && !c.Disk {
			out = append(out, applied(c))
		}
	}
	switch {
	case len(out) > 0 && !r.Error:
	case r.Name == "todowrite" && !r.Error:
	case r.Text != "":
		out = append(out, fenced(r.Text))
	}
	for _, f := range r.Attachments {
		if b, ok := imageBlock(f); ok {
			out = append(out, toolContent{Type: "content", Content: &b})
		}
	}
	return out
}

func applied(c tools.Applied) toolContent {
	t := toolContent{Type: "diff", Path: c.Path, NewText: &c.After}
	if !c.Created {
		t.OldText = &c.Before
	}
	return t
}

func imageBlock(f tools.Attachment) (block, bool) {
	if !strings.HasPrefix(f.MIME, "image/") {
		return block{}, false
	}
	return block{Type: "image", MIME: f.MIME, Data: base64.StdEncoding.EncodeToString(f.Data)}, true
}

// fenced is text that shows as it is: nothing in it is Markdown, nothing hides.
func fenced(text string) toolContent {
	text = permission.Visible(text)
	ticks := "```"
	for strings.Contains(text, ticks) {
		ticks += "`"
	}
	b := textBlock(ticks + "\n" + strings.TrimRight(text, "\n") + "\n" + ticks)
	return toolContent{Type: "content", Content: &b}
}
