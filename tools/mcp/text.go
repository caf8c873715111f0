package mcp

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode/utf8"

	"github.com/opencode-lsp/opencode-lsp/permission"
)

// Bounds of what a server's words may take of the model's context, in bytes.
const (
	maxInstructions = 4 << 10
	maxDescription  = 4 << 10
	maxSchema       = 32 << 10
	maxName         = 64 // of a tool: what providers take
)

// bounded cuts a server's text and makes what hides in it visible.
func bounded(text string, most int) string {
	text = strings.TrimSpace(text)
	cut := len(text) > most
	if cut {
		for most > 0 && !utf8.RuneStart(text[most]) {
			most--
		}
		text = text[:most]
	}
	text = permission.Visible(text)
	if cut {
		text += " … (cut)"
	}
	return text
}

// oneLine is a text without line breaks, bounded, for lists and questions.
func oneLine(text string, most int) string {
	return bounded(strings.Join(strings.Fields(text), " "), most)
}

// toolName is the name of a server's tool for the model: OpenCode's, cut where a provider would refuse its length.
func toolName(server, tool string) string {
	name := sanitise(server) + "_" + sanitise(tool)
	if len(name) <= maxName {
		return name
	}
	sum := sha256.Sum256([]byte(server + "\x00" + tool))
	return name[:maxName-9] + "_" + hex.EncodeToString(sum[:4])
}

// sanitise replaces everything but letters, digits, _ and -.
func sanitise(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_', r == '-':
			return r
		}
		return '_'
	}, name)
}

// listed is names as a sentence has them.
func listed(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}
