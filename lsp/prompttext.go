package lsp

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/rivo/uniseg"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/permission"
)

// The one form that every editor shows whole (editors.md 4): Helix cuts action titles to the width of the message and
// panicked on a message higher than the terminal, VS Code turns newlines into spaces.
const (
	minFirst  = 45  // columns of line 1
	maxLine   = 78  // columns of any line
	maxLines  = 5   // below line 1
	maxPrompt = 400 // characters in all
	maxTitle  = 40  // characters of an action
	maxTool   = 24  // columns of the tool's name, which a server may choose
	showTitle = "Show details"
	padding   = " – it waits for your permission"
)

// promptText is the question as a prompt: its text, the titles of its actions in order, and what each title answers. The
// title without a reply shows the details.
func promptText(q agent.OpenQuestion, first string) (text string, titles []string, replies map[string]permission.Reply) {
	hidden := breadth(subjectLine(q)) > maxLine || strings.ContainsAny(q.Subject, "\n\r")
	lines := shorten(firstLine(q), below(q, hidden))
	titles = []string{showTitle}
	replies = map[string]permission.Reply{}
	for _, c := range q.Choices {
		t := title(c)
		titles = append(titles, t)
		replies[t] = c.Reply
	}
	if first == "reject" {
		last := len(titles) - 1
		titles = append([]string{titles[last]}, titles[:last]...)
	}
	return strings.Join(lines, "\n"), titles, replies
}

// shorten puts as many lines below the first as the prompt may hold in characters, and says how many it leaves out.
func shorten(first string, below []string) []string {
	lines, size := []string{first}, utf8.RuneCountInString(first)
	for i, n := range below {
		n = fit(oneLine(n), maxLine)
		more := fmt.Sprintf("%d more lines stand under Show details.", len(below)-i)
		room := maxPrompt - size - 1
		if i < len(below)-1 {
			room -= len(more) + 1
		}
		if utf8.RuneCountInString(n) > room {
			return append(lines, more)
		}
		lines, size = append(lines, n), size+1+utf8.RuneCountInString(n)
	}
	return lines
}

// title is a choice's title within bounds.
func title(c agent.Choice) string { return fit(oneLine(c.Title), maxTitle) }

func subjectLine(q agent.OpenQuestion) string {
	return fmt.Sprintf("OpenCode #%s %s: %s", q.ID, fit(oneLine(q.Tool), maxTool), inOneLine(q.Subject))
}

// firstLine is self-sufficient and unique: VS Code drops a prompt that equals an earlier one.
func firstLine(q agent.OpenQuestion) string {
	line := fit(subjectLine(q), maxLine)
	if uniseg.StringWidth(line) < minFirst {
		line = fit(line+padding, maxLine)
	}
	return line
}

// inOneLine keeps a command of several lines recognisable as such.
func inOneLine(text string) string {
	return visible(strings.NewReplacer("\r\n", " ⏎ ", "\n", " ⏎ ", "\t", "⇥").Replace(strings.TrimSpace(text)))
}

// below are the lines under the first: what is hidden first, then the notes, then as much of a diff as fits.
func below(q agent.OpenQuestion, hidden bool) []string {
	var lines []string
	if hidden {
		lines = append(lines, fmt.Sprintf("Shortened: all %d characters stand under Show details.", utf8.RuneCountInString(q.Subject)))
	}
	lines = append(lines, q.Notes...)
	if q.Preview.Kind == "diff" {
		lines = append(lines, diffLines(q.Preview.Text, maxLines-min(len(lines), maxLines))...)
	}
	if len(lines) > maxLines {
		more := len(lines) - maxLines + 1
		lines = append(lines[:maxLines-1], fmt.Sprintf("%d more lines stand under Show details.", more))
	}
	return lines
}

// diffLines are the changed lines of a unified diff, at most n, the last of them saying how many more there are.
func diffLines(diff string, n int) []string {
	var changed []string
	for line := range strings.Lines(diff) {
		header := strings.HasPrefix(line, "--- ") || strings.HasPrefix(line, "+++ ")
		if !header && (line[0] == '-' || line[0] == '+') {
			changed = append(changed, line[:1]+" "+strings.TrimSpace(line[1:]))
		}
	}
	if len(changed) <= n || n <= 0 {
		return changed[:min(len(changed), max(n, 0))]
	}
	more := len(changed) - n + 1
	return append(changed[:n-1], fmt.Sprintf("%d more changed lines stand under Show details.", more))
}

// detail is the whole question for a plugin that has room for it.
func detail(q agent.OpenQuestion) string {
	lines := []string{q.Subject}
	lines = append(lines, q.Notes...)
	if q.Preview.Kind == "command" {
		lines = append(lines, "", q.Preview.Text)
	}
	return visibleLines(strings.Join(lines, "\n"))
}

// visibleLines makes hidden characters visible but keeps the lines.
func visibleLines(text string) string {
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		lines[i] = visible(l)
	}
	return strings.Join(lines, "\n")
}

func visible(text string) string { return permission.Visible(text) }

// trustText asks whether a repository's configuration may act.
func trustText(roots, lines []string) string {
	text := []string{fit("OpenCode: trust the configuration in "+oneLine(strings.Join(roots, ", "))+"?", maxLine)}
	for i, l := range lines {
		if i == maxLines-1 && len(lines) > maxLines {
			text = append(text, fmt.Sprintf("and %d more.", len(lines)-i))
			break
		}
		text = append(text, fit(oneLine(l), maxLine))
	}
	return strings.Join(text, "\n")
}
