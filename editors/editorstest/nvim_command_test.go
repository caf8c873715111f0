//go:build realeditors

package editorstest

import (
	"strings"
	"testing"
)

func TestNeovimHealth(t *testing.T) {
	everyNeovim(t, func(t *testing.T, m machine) {
		d := newDesk(t, m, calc(), "Never asked.\n")
		n := d.newNvim("calc.sh")
		n.ex("checkhealth opencode")
		n.shows("server 1 runs for .*Mein Projekt")
		n.keep("health")
	})
}

// The lines of a visual selection go along; sub-commands complete; a map of the plugin works.
func TestNeovimCommandLine(t *testing.T) {
	everyNeovim(t, func(t *testing.T, m machine) {
		d := newDesk(t, m, calc(), "It is a comment.\n\nIt is a function.\n")
		n := d.newNvim("calc.sh", "nmap gX <Plug>(opencode-explain)")
		n.awaitExpr(`join(getcompletion("OpenCode re", "cmdline"))`, "redo refactor review")
		n.awaitExpr(`join(getcompletion("OpenCode answer ", "cmdline"))`, "always once reject")
		n.text("jVj:")
		n.text("OpenCode what is this?")
		n.keys("Enter")
		d.awaitTranscript("It is a comment.")
		n.idle()
		n.text("gX")
		d.awaitTranscript("It is a function.")
		for i, want := range []string{"calc.sh:2-3", "Explain what this code does"} {
			if asked := string(d.model.Requests()[i]); !strings.Contains(asked, want) {
				t.Errorf("request %d has no %s:\n%s", i, want, asked)
			}
		}
	})
}

// Reject with words: the model reads them and goes on.
func TestNeovimRejectsWithWords(t *testing.T) {
	everyNeovim(t, func(t *testing.T, m machine) {
		d := newDesk(t, m, calc(), editCall+"As you like.\n")
		n := d.newNvim("calc.sh")
		n.ex("OpenCode make it right")
		n.asked("1", "edit")
		n.answer("1", 5)
		n.shows("What shall the agent know")
		n.text("keep the minus")
		n.keys("Enter")
		d.awaitTranscript("As you like.")
		d.told("keep the minus")
	})
}

// Show details opens the whole text and leaves the question open; :OpenCode answer shows it again.
func TestNeovimDetails(t *testing.T) {
	everyNeovim(t, func(t *testing.T, m machine) {
		d := newDesk(t, m, calc(), editCall+"Done.\n")
		n := d.newNvim("calc.sh")
		n.ex("OpenCode make it right")
		n.asked("1", "edit")
		n.answer("1", 1)
		n.shows("(?s)@@.*still open")
		n.keep("details")
		n.ex("OpenCode answer")
		n.allow("1", "edit")
		n.awaitBuffer("calc.sh", "+ $2")
	})
}
