//go:build realeditors

package editorstest

import (
	"strings"
	"testing"
)

// :pipe-to, :pipe and :insert-output hold Helix still while the program runs: send and answer end at once, one line each,
// and what they began goes on when Helix does.
func TestHelixBlocked(t *testing.T) {
	everyHelix(t, func(t *testing.T, m machine) {
		d := newDesk(t, m, calc(), editCall+"Done.\n\nTalk.\n\nMore talk.\n")
		h := d.newHelix(m, "calc.sh")
		h.ex("pipe-to opencode-lsp send fix it")
		if m.hasPrompts() {
			h.shows("OpenCode #1")
			h.keys("Escape")
		}
		h.pending()
		h.ex("pipe-to opencode-lsp answer once")
		h.shows(`\$1 \+ \$2`)
		d.awaitTranscript("Done.")
		h.normal()
		h.text("geo")
		h.ex("insert-output opencode-lsp send --new talk")
		d.awaitTranscript("Talk.")
		h.awaitSaved("calc.sh", "sent to session")
		h.normal()
		h.text("gex")
		h.ex("pipe opencode-lsp send --new talk")
		d.awaitTranscript("More talk.")
		h.keep("inserted")
		if now := d.disk("calc.sh"); strings.Count(now, "sent to session") != 1 {
			t.Errorf("send printed more than a line:\n%s", now)
		}
	})
}

// --wait under :pipe-to is what the page warns of: the edit cannot come through. It does not hang for ever: the server gives
// the edit up, the model is told, the turn ends.
func TestHelixBlockedWait(t *testing.T) {
	t.Parallel()
	d := newDesk(t, withPrompts, calc(), editCall+"It did not work.\n")
	d.env = append(d.env, `OPENCODE_PERMISSION={"edit": "allow"}`)
	h := d.newHelix(withPrompts, "calc.sh")
	h.ex("pipe-to opencode-lsp send --wait fix it")
	d.awaitTranscript("It did not work.")
	h.ex("sh true")
	h.normal()
	h.keep("free")
}
