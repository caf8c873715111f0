package lsp

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/rivo/uniseg"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/permission"
)

// The one form that every editor shows whole: Helix cuts action titles to the width of the message and
// panicked on a message higher than the terminal, VS Code turns newlines into spaces.
const (
	minFirst  = 45  // columns of line 1
	maxLine   = 78  // columns of any line
	maxLines  = 5   // below line 1
	maxPrompt = 400 // characters in all
	maxTitle  = 40  // characters of an action
	maxTool   = 24  // columns of the tool's name, which a server may choose
	// maxChoices is how many answers a prompt offers beside showTitle; only a question of the model has more.
	maxChoices = 3
	showTitle  = "Show details"
	padding    = " – it waits for your "
)

// promptText is the question as a prompt: its text, the titles of its actions in order, and what each title answers. The
// title without a reply shows the details.
func promptText(q agent.OpenQuestion, first string) (text string, titles []string, replies map[string]permission.Reply) {
	text = withinPrompt(promptLines(q))
	titles = []string{showTitle}
	replies = map[string]permission.Reply{}
	for i, c := range q.Choices[:min(len(q.Choices), maxChoices)] {
		t := title(c)
		for n := i + 1; slices.Contains(titles, t); n++ { // labels of a model
			t = fit(fmt.Sprintf("%d %s", n, title(c)), maxTitle)
		}
		titles = append(titles, t)
		replies[t] = c.Reply
	}
	if first == "reject" && q.Kind != agent.KindQuestion {
		last := len(titles) - 1
		titles = append([]string{titles[last]}, titles[:last]...)
	}
	return text, titles, replies
}

// title is a choice's title within bounds.
func title(c agent.Choice) string { return fit(oneLine(c.Title), maxTitle) }

// promptLines are all lines of the prompt: the first and those below it.
func promptLines(q agent.OpenQuestion) []string {
	first, whole := firstLine(q)
	lines := []string{first}
	for _, n := range below(q, whole) {
		lines = append(lines, fit(oneLine(n), maxLine))
	}
	return lines
}

// withinPrompt leaves out the last lines where there are too many or too much, and says how many.
func withinPrompt(lines []string) string {
	text := strings.Join(lines, "\n")
	if len(lines) <= 1+maxLines && utf8.RuneCountInString(text) <= maxPrompt {
		return text
	}
	for n := min(len(lines)-1, maxLines); n > 0; n-- {
		more := fmt.Sprintf("%d more lines stand under Show details.", len(lines)-n)
		if text = strings.Join(append(lines[:n:n], more), "\n"); utf8.RuneCountInString(text) <= maxPrompt {
			break
		}
	}
	return text
}

// firstLine is self-sufficient and unique: VS Code drops a prompt that equals an earlier one. whole says that nothing of
// the subject is left out.
func firstLine(q agent.OpenQuestion) (line string, whole bool) {
	head := fmt.Sprintf("OpenCode #%s %s: ", q.ID, fit(oneLine(q.Tool), maxTool))
	what, whole := subject(q, maxLine-breadth(head))
	if q.Kind == agent.KindQuestion && !whole { // it stands below, so that its end need not be shown here
		what = cutHead(inOneLine(q.Subject), maxLine-breadth(head)-1) + "…"
	}
	if line = head + what; uniseg.StringWidth(line) < minFirst {
		line += padding + waitsFor(q)
	}
	return fit(line, maxLine), whole && !strings.ContainsAny(q.Subject, "\n\r")
}

// waitsFor is what a question waits for.
func waitsFor(q agent.OpenQuestion) string {
	if q.Kind == agent.KindQuestion {
		return "answer"
	}
	return "permission"
}

// inOneLine keeps a command of several lines recognisable as such.
func inOneLine(text string) string {
	return permission.Marked(strings.NewReplacer("\r\n", " ⏎ ", "\n", " ⏎ ", "\t", "⇥").Replace(strings.TrimSpace(text)))
}

// below are the lines under the first: what is left out, the parts that ask, the parts that do not, the notes, and as much
// of a diff as fits.
func below(q agent.OpenQuestion, whole bool) []string {
	var lines []string
	if q.Kind == agent.KindQuestion {
		return append(modelLines(q, whole), q.Notes...)
	}
	if !whole {
		lines = append(lines, fmt.Sprintf("Shortened: all %d characters stand under Show details.", utf8.RuneCountInString(q.Subject)))
	}
	if permission.Marked(q.Subject) != permission.Visible(q.Subject) {
		lines = append(lines, "Letters that only look like others are shown by their number.")
	}
	lines = append(append(lines, partLines(q.Parts)...), q.Notes...)
	if q.Preview.Kind == "diff" {
		lines = append(lines, diffLines(q.Preview.Text, maxLines-min(len(lines), maxLines))...)
	}
	return lines
}

// modelLines are what stands above the options of a question of the model: the whole of it where the first line is too
// short, and how to give an answer that no action stands for.
func modelLines(q agent.OpenQuestion, whole bool) []string {
	var lines []string
	if !whole {
		lines = wrap(oneLine(q.Subject), maxLine)
	}
	var ways []string
	if n := len(q.Choices); n > maxChoices {
		ways = append(ways, fmt.Sprintf("options %d to %d", maxChoices+1, n))
	}
	if q.Multiple {
		ways = append(ways, "several (1,2)")
	}
	if q.Custom {
		ways = append(ways, "own words")
	}
	if len(ways) > 0 {
		lines = append(lines, fmt.Sprintf("Also %s: opencode-lsp answer %s TEXT", strings.Join(ways, ", "), q.ID))
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
	for _, p := range q.Parts {
		lines = append(lines, p.String())
	}
	lines = append(lines, q.Notes...)
	if (q.Preview.Kind == "command" || q.Preview.Kind == "json") && q.Preview.Text != q.Subject {
		lines = append(lines, "", q.Preview.Text)
	}
	return visibleLines(strings.Join(lines, "\n"))
}

// visibleLines makes hidden characters visible but keeps the lines.
func visibleLines(text string) string {
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		lines[i] = permission.Marked(l)
	}
	return strings.Join(lines, "\n")
}

func visible(text string) string { return permission.Visible(text) }
