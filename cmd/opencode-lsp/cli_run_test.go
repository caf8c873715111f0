//go:build unix

package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/permission"
)

// run edits files on disk; without a terminal and without --yes nothing is allowed.
func TestRun(t *testing.T) {
	c, model := newCLI(t, editCall+"\n\n"+editCall+"\n\nFixed.\n\nHello.\n\nOther.\n\nOther still.\n\n!status 401 key=x bad key\n")
	c.run(1, "not of the form", "run", "-m", "nosuch", "x")
	if out := c.run(0, "", "sessions", "list"); out != "" {
		t.Errorf("a model that there is not left a session behind: %s", out)
	}
	c.run(1, "rejected, since nobody is at the terminal", "run", "fix it")
	if got := c.read("main.go"); got != "package add // a - b\n" {
		t.Errorf("after a rejection main.go is %q", got)
	}
	c.run(0, "Fixed.", "run", "--yes", "fix it")
	if got := c.read("main.go"); got != "package add // a + b\n" {
		t.Errorf("after --yes main.go is %q", got)
	}
	out := c.run(0, `"turn.ended"`, "run", "-c", "--format", "json", "again")
	for line := range strings.Lines(out) {
		if !json.Valid([]byte(line)) {
			t.Errorf("a line is no JSON: %s", line)
		}
	}
	for _, args := range [][]string{{"-m", "scripted/other"}, nil} {
		c.run(0, "Other", append(append([]string{"run", "-c"}, args...), "on")...)
		if last := model.Requests(); !strings.Contains(string(last[len(last)-1]), `"model":"other"`) {
			t.Errorf("run -c %q: %s", args, last[len(last)-1])
		}
	}
	c.run(1, "", "run", "fail")
	c.run(2, "nothing to do", "run")
	c.run(2, "not one of text, json", "run", "--format", "xml", "x")
	c.run(2, "exclude each other", "run", "-c", "-s", "x", "y")
	c.run(2, "unknown flag", "run", "--nosuch", "x")
	c.run(1, "no such session", "run", "-s", "ses_nosuch", "x")
	if last := model.Requests(); len(last) == 0 {
		t.Error("the model was not asked")
	}
}

// Without a person the model is told so, also with --yes, which allows what rules would ask and knows no wishes.
func TestRunWithoutAnybody(t *testing.T) {
	c, model := newCLI(t, questionCall+"\n\nI chose.\n\n"+questionCall+"\n\nI chose.\n")
	c.run(0, "not answered, since nobody is at the terminal: Which one?", "run", "ask me")
	c.run(0, "not answered", "run", "--yes", "ask me")
	for _, n := range []int{1, 3} {
		if got := string(model.Requests()[n]); !strings.Contains(got, "nobody is here to answer. Decide as the task suggests") {
			t.Errorf("request %d: %s", n, got)
		}
	}
}

// TestTerminalReply has what is typed at the terminal and what it answers.
func TestTerminalReply(t *testing.T) {
	asked := agent.OpenQuestion{Kind: agent.KindPermission, Choices: []agent.Choice{{Reply: permission.Once, Title: "Allow once"}, {Reply: permission.Reject, Title: "Reject"}}}
	wish := agent.OpenQuestion{Kind: agent.KindQuestion, Choices: []agent.Choice{{Reply: "choice:1", Title: "A"}}}
	for _, c := range []struct {
		q    agent.OpenQuestion
		line string
		want permission.Reply
	}{
		{asked, "1\n", permission.Once}, {asked, " 2 \n", permission.Reject}, {asked, "3\n", ""}, {asked, "0\n", ""}, {asked, "yes\n", ""}, {asked, "", ""},
		{wish, " 1\n", "1"}, {wish, "own words \n", "own words"}, {wish, "\n", ""},
	} {
		if got := (&runView{}).reply(c.q, c.line); got != c.want {
			t.Errorf("%s, %q: %q, want %q", c.q.Kind, c.line, got, c.want)
		}
	}
}
