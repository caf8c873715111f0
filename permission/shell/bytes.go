package shell

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/opencode-lsp/opencode-lsp/permission"
)

// maxCommand is the longest command in bytes that is taken at all.
const maxCommand = 64 << 10

// maxDepth bounds nesting: brackets before parsing, statements and substitutions after it.
const maxDepth = 100

// Valid says why a command must not be run at all: it is empty, too long, no text, or holds control characters that
// rewrite what a person sees. The error is for the model.
func Valid(src string) error {
	switch {
	case strings.TrimSpace(src) == "":
		return errors.New("the command is empty; write one")
	case len(src) > maxCommand:
		return fmt.Errorf("the command is %d bytes long and at most %d are taken; put it into a file", len(src), maxCommand)
	case !utf8.ValidString(src):
		return errors.New("the command is not valid UTF-8; write such bytes as printf escapes")
	}
	for _, r := range src {
		if (r < ' ' && r != '\n' && r != '\t' && r != '\r') || r == 0x7f {
			return fmt.Errorf("the command holds the control character U+%04X; write it as a printf escape", r)
		}
	}
	return nil
}

// doubt says why a valid command is never allowed by a rule: bash and the parser, or bash and a person, may read its
// bytes differently. Line continuations are taken only where both agree (after a blank, on a line without "#").
func doubt(src string) string {
	if permission.Hidden(src) {
		return "it holds characters that cannot be seen"
	}
	if strings.HasSuffix(strings.TrimSpace(src), `\`) {
		return "it ends in a backslash"
	}
	depth := 0
	for line := range strings.SplitSeq(src, "\n") {
		if strings.HasSuffix(line, `\`) && (strings.Contains(line, "#") || !blankBefore(line)) {
			return "it goes on over a line end in a way that shells read differently"
		}
		depth += strings.Count(line, "(") + strings.Count(line, "{") + strings.Count(line, "[")
		depth -= strings.Count(line, ")") + strings.Count(line, "}") + strings.Count(line, "]")
		if depth > maxDepth || longest(line) > maxDepth {
			return "it is nested too deeply to be read"
		}
	}
	return ""
}

// blankBefore reports whether a blank, or nothing, stands before the final backslash.
func blankBefore(line string) bool {
	rest := line[:len(line)-1]
	return rest == "" || rest[len(rest)-1] == ' ' || rest[len(rest)-1] == '\t'
}

// longest is the deepest run of opening brackets in a line, quoted ones included.
func longest(line string) int {
	depth, most := 0, 0
	for i := range len(line) {
		switch line[i] {
		case '(', '{', '[':
			depth++
			most = max(most, depth)
		case ')', '}', ']':
			depth = max(0, depth-1)
		}
	}
	return most
}
