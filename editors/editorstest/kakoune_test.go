//go:build realeditors

package editorstest

import (
	"strings"
	"testing"
)

// Debian has Kakoune and not kakoune-lsp: what the page puts into kakrc is read by the real program, with the option that
// kakoune-lsp declares, and the page's prompt reaches the server that another editor has started.
func TestKakoune(t *testing.T) {
	t.Parallel()
	m := machine{"Kakoune", "trixie"}
	d := newDesk(t, m, calc(), "It subtracts.\n")
	d.newNvim("calc.sh")
	page := d.page("kakoune")
	d.writeOutside("home/.config/kak/kakrc", "declare-option str lsp_servers\n"+block(t, page, "## Set-up", "kak")+block(t, page, "## Commands", "kak"))
	s := d.terminal("kak", "calc.sh")
	s.shows("calc.sh.*client")
	s.text("jj:echo %opt{lsp_servers}")
	s.keys("Enter")
	s.shows(`\[opencode-lsp\]`)
	s.text(" o")
	s.shows("prompt")
	s.text("o")
	s.text("what does $it do?")
	s.keys("Enter")
	d.awaitTranscript("It subtracts.")
	if asked := string(d.model.Requests()[0]); !strings.Contains(asked, "calc.sh:3") || !strings.Contains(asked, "what does $it do?") {
		t.Errorf("asked %s", asked)
	}
	s.text(":buffer *debug*")
	s.keys("Enter")
	s.shows(`\*debug\*`)
	if now := s.look(); strings.Contains(now, "error") {
		t.Errorf("kakrc has errors:\n%s", now)
	}
}
