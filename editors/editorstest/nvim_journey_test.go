//go:build realeditors

package editorstest

import (
	"strings"
	"testing"
)

// calc is a project with a bug and a test that any machine can run.
func calc() map[string]string {
	return map[string]string{
		"calc.sh": "#!/bin/sh\n# add prints the sum of two numbers.\nadd() { echo $(($1 - $2)); }\n# The end.\n",
		"test.sh": ". ./calc.sh\nif [ \"$(add 2 3)\" = 5 ]; then echo PASS; else echo FAIL; exit 1; fi\n",
	}
}

const (
	editCall = `call edit {"filePath": "calc.sh", "oldString": "$1 - $2", "newString": "$1 + $2"}` + "\n\n"
	testCall = `call bash {"command": "sh test.sh"}` + "\n\n"
	diagnose = `lua vim.diagnostic.set(vim.api.nvim_create_namespace('lint'), 0, {{lnum=2, col=15, message='add subtracts', severity=1, source='lint'}})`
)

// The main job: a problem, the command, the diff, consent, the buffer changes around unsaved text, the agent's test passes
// since its edit was saved first, the answer stands in the transcript, and one u takes the edit back.
func TestNeovimJourney(t *testing.T) {
	everyNeovim(t, func(t *testing.T, m machine) {
		d := newDesk(t, m, calc(), editCall+testCall+"The sum is right now.\n")
		n := d.newNvim("calc.sh")
		n.ex(diagnose)
		n.text("Go# mine")
		n.keys("Escape")
		n.ex("3")
		n.ex("OpenCode fix")
		n.asked("1", "edit")
		n.shows(`\+add\(\) \{ echo`)
		n.keep("question")
		n.answer("1", 2)
		n.asked("2", "bash")
		n.keep("command")
		if now := d.disk("calc.sh"); !strings.Contains(now, "- $2") {
			t.Errorf("saved before the command was allowed:\n%s", now)
		}
		n.answer("2", 2)
		d.awaitTranscript("The sum is right now.")
		if !strings.Contains(d.transcript(), "PASS") {
			t.Errorf("the test did not pass:\n%s", d.transcript())
		}
		if now := d.disk("calc.sh"); !strings.Contains(now, "+ $2") || !strings.Contains(now, "# mine") {
			t.Errorf("on disk:\n%s", now)
		}
		if !strings.Contains(string(d.model.Requests()[0]), "add subtracts") {
			t.Errorf("the model was not told of the problem:\n%s", d.model.Requests()[0])
		}
		n.idle()
		n.ex("lua require('opencode').transcript()")
		n.shows("The sum is right now")
		n.keep("transcript")
		n.ex("b calc.sh")
		n.text("u")
		n.awaitBuffer("calc.sh", "- $2")
		if now := n.buffer("calc.sh"); !strings.Contains(now, "# mine") {
			t.Errorf("undo took the user's text too:\n%s", now)
		}
	})
}

func TestNeovimRejects(t *testing.T) {
	everyNeovim(t, func(t *testing.T, m machine) {
		d := newDesk(t, m, calc(), editCall+"I leave it.\n")
		n := d.newNvim("calc.sh")
		n.ex("OpenCode make it right")
		n.asked("1", "edit")
		n.answer("1", 4)
		n.shows("rejected")
		n.keep("rejected")
		if now := n.buffer("calc.sh"); !strings.Contains(now, "- $2") {
			t.Errorf("edited in spite of the rejection:\n%s", now)
		}
	})
}

func TestNeovimCancelsStream(t *testing.T) {
	everyNeovim(t, func(t *testing.T, m machine) {
		d := newDesk(t, m, calc(), "!hang\nI begin to think\n")
		n := d.newNvim("calc.sh")
		n.ex("OpenCode think")
		n.shows("OpenCode: answering")
		n.ex("OpenCode cancel")
		n.shows("cancelled")
		n.idle()
	})
}

// Esc on the question answers nothing; the terminal does, later.
func TestNeovimEscThenOtherChannel(t *testing.T) {
	everyNeovim(t, func(t *testing.T, m machine) {
		d := newDesk(t, m, calc(), editCall+"Done.\n")
		n := d.newNvim("calc.sh")
		n.ex("OpenCode make it right")
		n.asked("1", "edit")
		n.keys("Escape")
		n.shows("still open")
		n.keep("open")
		d.says("answered: once", "answer", "once")
		n.awaitBuffer("calc.sh", "+ $2")
		n.idle()
		n.ex("OpenCode answer")
		n.shows("no question is open")
	})
}

// What is typed while a question comes goes where the user types, and allows nothing.
func TestNeovimTypedKeysAllowNothing(t *testing.T) {
	everyNeovim(t, func(t *testing.T, m machine) {
		d := newDesk(t, m, calc(), editCall+"Done.\n")
		n := d.newNvim("calc.sh", "let g:opencode = {'guard': 600000}")
		n.ex("OpenCode make it right")
		n.text("Goone")
		n.shows("waiting for you: #1 edit")
		n.text("2")
		n.keys("Enter")
		n.text("3")
		n.keys("Enter")
		n.text("four")
		n.awaitBuffer("calc.sh", "four")
		n.awaitBuffer("calc.sh", "one2\n")
		n.keep("typing")
		n.keys("Escape")
		n.asked("1", "edit")
		n.text("2")
		n.keys("Enter")
		n.shows("too quick: once more")
		n.keys("Enter")
		n.shows("still open")
		if now := n.buffer("calc.sh"); !strings.Contains(now, "- $2") || strings.Contains(d.transcript(), "Allow") {
			t.Errorf("typing allowed the edit:\n%s\n%s", now, d.transcript())
		}
	})
}

func TestNeovimTwoQuestions(t *testing.T) {
	everyNeovim(t, func(t *testing.T, m machine) {
		d := newDesk(t, m, calc(), strings.TrimSuffix(editCall, "\n")+
			`call edit {"filePath": "calc.sh", "oldString": "The end.", "newString": "Fin."}`+"\n\nDone.\n")
		n := d.newNvim("calc.sh")
		n.ex("OpenCode make it right")
		n.allow("1", "edit")
		n.allow("2", "edit")
		n.awaitBuffer("calc.sh", "Fin.")
		d.awaitTranscript("Done.")
		if now := n.buffer("calc.sh"); !strings.Contains(now, "+ $2") {
			t.Errorf("the first edit is gone:\n%s", now)
		}
	})
}
