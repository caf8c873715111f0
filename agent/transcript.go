package agent

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/opencode-lsp/opencode-lsp/permission"
)

// Markdown renders one stored event for people; "" for events that a transcript does not show. The transcript of a session
// is its events' texts in order, so that a file of it only ever grows.
func Markdown(e Event) string {
	switch e.Type {
	case SessionCreated:
		return fmt.Sprintf("# OpenCode session %s\n\n%s, %s\n", e.SessionID, e.Time.Format("2006-01-02 15:04"), e.Session.Directory)
	case SessionChanged:
		return fmt.Sprintf("\n*Title: %s*\n", inert(cmp.Or(e.Session.Title, "none")))
	case TurnStarted, PromptJoined:
		return "\n## You\n\n" + quote(e.Prompt.shown()) + "\n"
	case MessageDone:
		return replyMarkdown(e.Message)
	case Asked:
		return questionMarkdown(e.Question)
	case Answered:
		return answerMarkdown(e.Answer)
	case CallDone:
		return resultMarkdown(e.Result)
	case TurnEnded:
		return endMarkdown(e.End)
	case Undone:
		return "\n*Undone: " + strings.Join(e.Files, ", ") + "*\n"
	}
	return ""
}

func replyMarkdown(r *Reply) string {
	var b strings.Builder
	if r.Text != "" {
		b.WriteString("\n## OpenCode\n\n" + inert(strings.TrimSpace(r.Text)) + "\n")
	}
	for _, c := range r.Calls {
		fmt.Fprintf(&b, "\n### %s `%s`\n", inert(c.Name), c.ID)
		b.WriteString(fence("json", indent(c.Arguments)))
	}
	return b.String()
}

func questionMarkdown(q *OpenQuestion) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n**Question #%s** %s: %s\n", q.ID, q.Tool, inert(q.Subject))
	for _, p := range q.Parts {
		b.WriteString("- " + inert(p.String()) + "\n")
	}
	for _, n := range q.Notes {
		b.WriteString("- " + inert(n) + "\n")
	}
	if q.Preview.Text != "" {
		language := map[string]string{"diff": "diff", "command": "sh"}[q.Preview.Kind]
		b.WriteString(fence(language, q.Preview.Text))
	}
	return b.String()
}

func answerMarkdown(a *Settled) string {
	reply := cmp.Or(string(a.Reply), "none")
	text := fmt.Sprintf("\n**Answer #%s**: %s (%s)\n", a.ID, reply, a.By)
	if a.Message != "" {
		text += "\n" + quote(a.Message) + "\n"
	}
	return text
}

func resultMarkdown(r *CallResult) string {
	head := "Result"
	if r.Error {
		head = "Failed"
	}
	text := fmt.Sprintf("\n%s of %s `%s`%s\n", head, inert(r.Name), r.Call, inert(strings.TrimRight(": "+r.Title, ": ")))
	if r.Diff != "" {
		return text + fence("diff", r.Diff)
	}
	return text + fence("", r.Text)
}

func endMarkdown(e *TurnEnd) string {
	text := "\n---\n*" + string(e.Status)
	if e.Error != "" {
		text += ": " + inert(e.Error)
	}
	return text + "*\n"
}

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

func indent(arguments string) string {
	var v any
	if json.Unmarshal([]byte(arguments), &v) != nil {
		return arguments
	}
	pretty, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return arguments
	}
	return string(pretty)
}

// inert takes the life out of text that is not ours: images and remote content would be fetched by a preview, and so carry
// data away; hidden characters would show something else than stands there.
func inert(text string) string {
	return strings.NewReplacer("![", "!\\[", "<", "&lt;").Replace(permission.Visible(text))
}
