package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/permission"
)

// answer answers a question: by --yes, by the person at the terminal, else it is rejected. To a question of the model --yes
// is no answer.
func (v *runView) answer(q agent.OpenQuestion) {
	reply := permission.Answer{Reply: permission.Reject}
	switch {
	case v.terminal() && !(v.options.yes && q.Kind != agent.KindQuestion):
		v.ask(q)
		return
	case q.Kind == agent.KindQuestion:
		reply.Reply = agent.Nobody
		fmt.Fprintf(v.stderr, "not answered, since nobody is at the terminal: %s\n", permission.Visible(q.Subject))
	case v.options.yes:
		reply.Reply = permission.Once
	default:
		fmt.Fprintf(v.stderr, "rejected, since nobody is at the terminal (--yes allows it): %s: %s\n", q.Tool, permission.Visible(q.Subject))
	}
	if err := v.session.Answer(q.ID, reply, "cli"); err != nil {
		fmt.Fprintln(v.stderr, err)
	}
}

// ask shows the whole question and takes the answer; what is none asks again, the end of input rejects.
func (v *runView) ask(q agent.OpenQuestion) {
	fmt.Fprintf(v.stderr, "\n#%s %s: %s\n", q.ID, q.Tool, permission.Marked(q.Subject))
	for _, p := range q.Parts {
		fmt.Fprintln(v.stderr, "  "+permission.Marked(p.String()))
	}
	for _, n := range q.Notes {
		fmt.Fprintln(v.stderr, "  "+permission.Visible(n))
	}
	if q.Preview.Text != "" {
		fmt.Fprintln(v.stderr, permission.Visible(q.Preview.Text))
	}
	for !v.choose(q) {
	}
}

// choose reads one line and reports whether it settled the question.
func (v *runView) choose(q agent.OpenQuestion) bool {
	if q.Kind != agent.KindQuestion { // whose options stand above
		for i, c := range q.Choices {
			fmt.Fprintf(v.stderr, "  %d %s\n", i+1, c.Title)
		}
	}
	fmt.Fprint(v.stderr, "> ")
	line, err := v.in.ReadString('\n')
	reply := v.reply(q, line)
	if err != nil && reply == "" {
		reply = permission.Reject
		if q.Kind == agent.KindQuestion {
			reply = agent.Nobody
		}
	}
	if reply == "" {
		return false
	}
	err = v.session.Answer(q.ID, permission.Answer{Reply: reply}, "cli")
	if err != nil {
		fmt.Fprintln(v.stderr, err)
	}
	_, late := errors.AsType[*agent.LateError](err)
	return err == nil || late
}

// reply is what a line answers, "" for nothing: the number of a choice, or the words for a question of the model.
func (v *runView) reply(q agent.OpenQuestion, line string) permission.Reply {
	if q.Kind == agent.KindQuestion {
		return permission.Reply(strings.TrimSpace(line))
	}
	var n int
	if _, err := fmt.Sscan(line, &n); err == nil && n >= 1 && n <= len(q.Choices) {
		return q.Choices[n-1].Reply
	}
	return ""
}
