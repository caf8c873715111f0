package lsptest

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The limits of a permission question: a 24-row terminal in Helix, which panics on more, 80 columns in Neovim.
const (
	minHeadline     = 45
	maxColumns      = 78
	maxQuestion     = 400
	maxLines        = 6
	maxActions      = 4
	maxActionLength = 40
)

// faults are what an editor or a user would stumble over, given the questions asked before.
func (q *question) faults(before []*question) []string {
	var found []string
	add := func(bad bool, format string, args ...any) {
		if bad {
			found = append(found, fmt.Sprintf(format, args...))
		}
	}
	titles := slices.Clone(q.Actions)
	slices.Sort(titles)
	add(len(slices.Compact(titles)) < len(q.Actions), "two actions have the same title: %q", q.Actions)
	add(slices.Contains(q.Actions, ""), "an action has no title: %q", q.Actions)
	add(strings.IndexFunc(q.Message, hidden) >= 0, "the message holds invisible characters: %q", q.Message)
	for _, other := range before {
		add(other.Message == q.Message && other.Answered == "", "the message is the same as that of question %d: VS Code closes the first", other.Number)
		add(other.Open() && other.permission() && q.permission(), "question %d is still open: one at a time", other.Number)
	}
	if q.permission() && q.Method != "opencode/permission" {
		found = append(found, q.sizes()...)
	}
	return found
}

// permission reports whether this is a permission question, and not the choice of a model, say.
func (q *question) permission() bool {
	return q.Method == "opencode/permission" || strings.HasPrefix(q.Message, "OpenCode #")
}

// sizes are the breaches of what fits into every editor.
func (q *question) sizes() []string {
	var found []string
	add := func(bad bool, format string, args ...any) {
		if bad {
			found = append(found, fmt.Sprintf(format, args...))
		}
	}
	lines := strings.Split(q.Message, "\n")
	add(q.Type != 2, "the type is %d, not 2 (warning)", q.Type)
	add(utf8.RuneCountInString(lines[0]) < minHeadline, "line 1 has less than %d columns: %q", minHeadline, lines[0])
	add(len(lines) > maxLines, "%d lines are more than %d", len(lines), maxLines)
	add(utf8.RuneCountInString(q.Message) > maxQuestion, "more than %d characters", maxQuestion)
	for _, line := range lines {
		add(utf8.RuneCountInString(line) > maxColumns, "a line is longer than %d columns: %q", maxColumns, line)
	}
	add(len(q.Actions) > maxActions, "%d actions are more than %d", len(q.Actions), maxActions)
	for _, title := range q.Actions {
		add(utf8.RuneCountInString(title) > maxActionLength, "the title %q is longer than %d", title, maxActionLength)
	}
	add(len(q.Actions) > 0 && strings.HasPrefix(q.Actions[0], "Al"), "the first action is not harmless: %q", q.Actions[0])
	return found
}

// hidden tells control, zero-width and bidi characters, a line feed left out.
func hidden(r rune) bool {
	return r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r))
}
