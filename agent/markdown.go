package agent

import (
	"strings"

	"github.com/opencode-lsp/opencode-lsp/permission"
)

// A transcript holds words of the model, of files and of commands beside our own. What follows keeps them apart: nothing
// that is not ours can look like ours, fetch anything, or hide.

// fence puts text into a code block that the text itself cannot close.
func fence(language, text string) string {
	text = permission.Visible(text)
	ticks := "```"
	for strings.Contains(text, ticks) {
		ticks += "`"
	}
	return "\n" + ticks + language + "\n" + strings.TrimRight(text, "\n") + "\n" + ticks + "\n"
}

func quote(text string) string {
	return "> " + strings.ReplaceAll(inert(strings.TrimSpace(text)), "\n", "\n> ")
}

// inert takes the life out of text that is not ours: images and remote content would be fetched by a preview, and so carry
// data away; hidden characters would show something else than stands there. A "<" that begins no tag stays readable.
func inert(text string) string {
	var b strings.Builder
	text = permission.Visible(text)
	for i := range len(text) {
		switch c := text[i]; {
		case c == '[' && i > 0 && text[i-1] == '!':
			b.WriteString(`\[`)
		case c == '<' && i+1 < len(text) && beginsTag(text[i+1]):
			b.WriteString("&lt;")
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// beginsTag reports whether "<" and c begin HTML or an autolink (CommonMark 6.5, 6.6).
func beginsTag(c byte) bool {
	return c == '/' || c == '!' || c == '?' || 'a' <= c|0x20 && c|0x20 <= 'z'
}

// line is inert text for a place that holds one line.
func line(text string) string {
	return inert(strings.ReplaceAll(strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n")), "\n", " ⏎ "))
}

// code is a word as inline code, which the word cannot leave.
func code(word string) string { return "`" + strings.ReplaceAll(line(word), "`", "'") + "`" }

// contained keeps a reply from looking like what stands around it: its headings are below ours, its lines are not taken
// for questions, answers or ends, and a code block that it opens is closed.
func contained(text string) string {
	var out []string
	open := ""
	for l := range strings.Lines(text) {
		l = strings.TrimSuffix(l, "\n")
		switch mark := fenceMark(l); {
		case open == "" && mark != "":
			open = mark
		case open != "" && mark != "" && mark[0] == open[0] && len(mark) >= len(open) && strings.Trim(l, " \t"+mark[:1]) == "":
			open = ""
		case open == "":
			l = subordinate(l)
		}
		out = append(out, l)
	}
	if open != "" {
		out = append(out, open)
	}
	return strings.Join(out, "\n")
}

// fenceMark is the run of backticks or tildes by which a line opens or closes a code block, "" for any other line.
func fenceMark(l string) string {
	rest := strings.TrimLeft(l, " ")
	if len(l)-len(rest) > 3 || rest == "" || rest[0] != '`' && rest[0] != '~' {
		return ""
	}
	after := strings.TrimLeft(rest, rest[:1])
	mark := rest[:len(rest)-len(after)]
	if len(mark) < 3 || mark[0] == '`' && strings.Contains(after, "`") {
		return ""
	}
	return mark
}

// subordinate makes a line of a reply, outside of code blocks, no heading of ours and no line of ours.
func subordinate(l string) string {
	rest := strings.TrimLeft(l, " \t")
	blanks := l[:len(l)-len(rest)]
	switch text := strings.TrimLeft(rest, "#"); {
	case rest == "":
		return l
	case text != rest && (text == "" || text[0] == ' ' || text[0] == '\t'):
		return blanks + strings.Repeat("#", max(4, len(rest)-len(text))) + text
	case strings.Trim(rest, "-=") == "": // a rule, or what makes the line above a heading
		return blanks + `\` + rest
	case strings.HasPrefix(rest, "**Question #"), strings.HasPrefix(rest, "**Answer #"):
		return blanks + `\` + rest
	}
	return l
}
