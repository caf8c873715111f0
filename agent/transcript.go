package agent

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
)

// Markdown renders one stored event for people; "" for events that a transcript does not show. The transcript of a session
// is its events' texts in order, so that a file of it only ever grows.
func Markdown(e Event) string {
	switch e.Type {
	case SessionCreated:
		return fmt.Sprintf("# OpenCode session %s\n\n%s, %s\n", e.SessionID, e.Time.Format("2006-01-02 15:04"), line(e.Session.Directory))
	case SessionChanged:
		text := "Title: " + cmp.Or(e.Session.Title, "none")
		if e.Session.Agent != "" {
			text += "; agent: " + e.Session.Agent
		}
		return "\n*" + line(text) + "*\n"
	case TurnStarted, PromptJoined:
		return "\n## You\n\n" + quote(e.Prompt.shown()) + "\n"
	case PromptExpanded:
		return "\nThe model reads:\n" + fence("", e.Prompt.Text)
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
	case Noted:
		return "\n*Told the model: " + inert(e.Text) + "*\n"
	case Compacted:
		return summaryMarkdown(e.Summary)
	case Pruned:
		return fmt.Sprintf("\n*From here on the model does not see %d old tool results any more.*\n", len(e.Pruned))
	case Undone:
		return reversalMarkdown("Undone", e)
	case Redone:
		return reversalMarkdown("Redone", e)
	}
	return ""
}

func replyMarkdown(r *Reply) string {
	var b strings.Builder
	for _, t := range r.Reasoning {
		if text := strings.TrimSpace(t.Text); text != "" {
			b.WriteString("\n*Thought:*\n\n" + quote(text) + "\n")
		}
	}
	if r.Text != "" {
		b.WriteString("\n## OpenCode\n\n" + contained(inert(strings.TrimSpace(r.Text))) + "\n")
	}
	for _, c := range r.Calls {
		fmt.Fprintf(&b, "\n### %s %s\n", line(c.Name), code(c.ID))
		b.WriteString(fence("json", indent(c.Arguments)))
	}
	return b.String()
}

func questionMarkdown(q *OpenQuestion) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n**Question #%s** %s: %s\n", q.ID, line(q.Tool), line(q.Subject))
	for _, p := range q.Parts {
		b.WriteString("- " + line(p.String()) + "\n")
	}
	for _, n := range q.Notes {
		b.WriteString("- " + line(n) + "\n")
	}
	if q.Preview.Text != "" {
		language := map[string]string{"diff": "diff", "command": "sh", "json": "json"}[q.Preview.Kind]
		b.WriteString(fence(language, q.Preview.Text))
	}
	return b.String()
}

func answerMarkdown(a *Settled) string {
	reply := cmp.Or(string(a.Reply), "none")
	text := fmt.Sprintf("\n**Answer #%s**: %s (%s)\n", a.ID, reply, line(a.By))
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
	text := fmt.Sprintf("\n%s of %s %s%s\n", head, line(r.Name), code(r.Call), line(strings.TrimRight(": "+r.Title, ": ")))
	if r.Diff != "" && r.Name != "bash" { // an edit's text says no more than its diff; a command has printed something
		return text + fence("diff", r.Diff)
	}
	text += fence("", r.Text)
	if r.Diff != "" {
		text += fence("diff", r.Diff)
	}
	return text
}

func summaryMarkdown(c *Summary) string {
	text := fmt.Sprintf("\n*From here on the model does not see %d older messages any more", c.Messages)
	if len(c.Cut) > 0 {
		text += fmt.Sprintf(", and %d long ones only in part", len(c.Cut))
	}
	switch {
	case c.Failure != "":
		text += "; they could not be summed up: " + line(c.Failure)
	case c.Text != "":
		text += ", but this summary"
	}
	text += ".*\n"
	if c.Text != "" {
		text += "\n" + quote(c.Text) + "\n"
	}
	return text
}

func endMarkdown(e *TurnEnd) string {
	text := "\n---\n*" + string(e.Status)
	if spent := e.Spent.String(); spent != "" {
		text += ", " + spent
	}
	if e.Error != "" {
		text += ": " + line(e.Error)
	}
	return text + "*\n"
}

// rewindMarkdown says what becomes of the conversation.
func rewindMarkdown(e Event) string {
	switch {
	case e.From == 0:
		return ""
	case e.Type == Redone:
		return ". The turns are in the conversation again."
	}
	return ". From the next prompt on these turns are not in the conversation any more."
}

// reversalMarkdown says what was undone or redone, and of what was not why and what would have to be done by hand.
func reversalMarkdown(done string, e Event) string {
	text := "\n*" + done + ": " + line(cmp.Or(strings.Join(e.Files, ", "), "nothing")) + rewindMarkdown(e) + "*\n"
	for _, k := range e.Kept {
		text += "\n*Not " + strings.ToLower(done) + ": " + line(k.Path) + ": " + line(k.Why) + "*\n"
		if k.Diff != "" {
			text += fence("diff", k.Diff)
		}
	}
	return text
}

func indent(arguments string) string {
	var v any
	if json.Unmarshal([]byte(arguments), &v) != nil {
		return arguments
	}
	var b strings.Builder
	pretty := json.NewEncoder(&b)
	pretty.SetEscapeHTML(false)
	pretty.SetIndent("", "  ")
	if pretty.Encode(v) != nil {
		return arguments
	}
	return strings.TrimSuffix(b.String(), "\n")
}
