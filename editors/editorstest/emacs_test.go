//go:build realeditors

package editorstest

import (
	"strings"
	"testing"
	"time"
)

var emacs = machine{"Emacs 30", "trixie"}

// newEmacs is Emacs with a block of the page as its init.el, on a file.
func (d *desk) newEmacs(init, file string) *screen {
	d.t.Helper()
	d.writeOutside("home/.emacs.d/init.el", init+"(setq inhibit-startup-screen t make-backup-files nil)\n")
	s := d.terminal("emacs", "-nw", file)
	s.shows(file)
	s.still(300 * time.Millisecond)
	return s
}

// mx runs a command by its name.
func (s *screen) mx(command string) {
	s.t.Helper()
	s.keys("M-x")
	s.shows("M-x")
	s.text(command)
	s.keys("Enter")
}

// sum is a text with a mistake in it.
func sum() map[string]string {
	return map[string]string{"sum.txt": "2 + 3 = 4\n"}
}

const sumCall = `call edit {"filePath": "sum.txt", "oldString": "= 4", "newString": "= 5"}` + "\n\n"

// The page's block for eglot: a prompt, the question in the minibuffer with a harmless default, the edit around unsaved
// text, a code action, undo.
func TestEmacsEglot(t *testing.T) {
	t.Parallel()
	d := newDesk(t, emacs, sum(), sumCall+"Done.\n\nIt is a sum.\n")
	s := d.newEmacs(block(t, d.page("emacs"), "## eglot", "elisp"), "sum.txt")
	s.mx("eglot")
	d.awaitServers(1)
	s.shows(`\[eglot:`)
	s.keys("M->")
	s.text("mine")
	s.mx("opencode")
	s.shows("OpenCode:")
	s.text("add it up")
	s.keys("Enter")
	s.shows("OpenCode #1 edit: sum.txt")
	s.keep("question")
	s.keys("C-a", "C-k") // the first answer stands there already
	s.text("Allow")
	s.keys("Tab", "Enter")
	s.shows(`(?s)2 \+ 3 = 5.*mine`)
	d.awaitTranscript("Done.")
	s.mx("undo")
	s.shows(`(?s)2 \+ 3 = 4.*mine`)
	s.mx("eglot-code-actions")
	s.shows(`Pick an action \(default OpenCode: Explain\)`)
	s.keys("Enter")
	d.awaitTranscript("It is a sum.")
	s.keep("explained")
}

// The page's block for lsp-mode, beside other servers: C-g answers nothing, the terminal does.
func TestEmacsLSPMode(t *testing.T) {
	t.Parallel()
	d := newDesk(t, emacs, sum(), sumCall+"Done.\n")
	s := d.newEmacs(block(t, d.page("emacs"), "## lsp-mode", "elisp"), "sum.txt")
	s.mx("lsp")
	s.shows("import|Import")
	s.text("i")
	d.awaitServers(1)
	s.still(time.Second)
	s.keys("C-c")
	s.text("oo")
	s.shows("OpenCode:")
	s.text("add it up")
	s.keys("Enter")
	s.shows("OpenCode #1 edit: sum.txt")
	s.keep("question")
	s.keys("C-g")
	d.says("answered: once", "answer", "once")
	s.shows(`2 \+ 3 = 5`)
	d.awaitTranscript("Done.")
	if strings.Contains(d.transcript(), "Reject") {
		t.Errorf("C-g rejected:\n%s", d.transcript())
	}
}
