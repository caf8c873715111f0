package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/tools"
)

// mention matches "@name" that is not part of a word or of code: OpenCode's pattern. A dot or comma at its end belongs to
// the sentence.
var mention = regexp.MustCompile("(?:^|[^\\w`])@(\\.?[^\\s`,.]*(?:\\.[^\\s`,.]+)*)")

// maxMentions bounds what one prompt attaches.
const maxMentions = 20

// mentions are what a text names with "@": files and folders, which are attached through the same question as if the model
// read them, and agents. A name that is neither is left to the text.
func (e *engine) mentions(text string) []agent.Piece {
	var pieces []agent.Piece
	seen := map[string]bool{"": true}
	for _, m := range mention.FindAllStringSubmatch(text, -1) {
		name := strings.TrimRight(m[1], "?!:;)]}>\"'") // what ends a sentence or stands around a name
		if seen[name] || len(seen) > maxMentions {
			continue
		}
		seen[name] = true
		pieces = append(pieces, e.mentioned(name)...)
	}
	return pieces
}

func (e *engine) mentioned(name string) []agent.Piece {
	if path, err := e.ws.Resolve(name); err == nil && (exists(path.Abs) || e.ws.Unsaved(path.Abs)) {
		return []agent.Piece{
			{Text: fmt.Sprintf("\n\n<file path=%q>\n", name), Call: toolCall("read", map[string]any{"filePath": name})}, {Text: "\n</file>"},
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if m, err := e.team.find(name); err == nil && m.Mode != agent.Primary && !m.Hidden {
		return []agent.Piece{{Text: fmt.Sprintf("\n\nCall the task tool with the agent %s for this.", name)}}
	}
	return nil
}

// toolCall is a tool call that a prompt makes.
func toolCall(name string, arguments map[string]any) *tools.Call {
	data, err := json.Marshal(arguments)
	if err != nil {
		return &tools.Call{Name: name} // strings always have a form
	}
	return &tools.Call{Name: name, Arguments: string(data)}
}
