//go:build realeditors

package editorstest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
)

// neovims are the versions that are tried, oldest first.
func neovims() []machine {
	return []machine{{"Neovim 0.7", ""}, {"Neovim 0.10", "trixie"}, {"Neovim 0.12", "sid"}}
}

func everyNeovim(t *testing.T, scenario func(t *testing.T, m machine)) {
	everyMachine(t, neovims(), scenario)
}

// nvim is a Neovim with the plugin installed as the README says.
type nvim struct {
	*screen
	listen string
}

// newNvim starts Neovim on a file of the desk's project and waits until the server is attached.
func (d *desk) newNvim(file string, settings ...string) *nvim {
	d.t.Helper()
	n := d.startNvim(file, settings...)
	n.attached()
	return n
}

func (d *desk) startNvim(file string, settings ...string) *nvim {
	d.t.Helper()
	d.installPlugin()
	return d.openNvim(file, settings...)
}

func (d *desk) installPlugin() {
	d.t.Helper()
	d.sh("opencode-lsp editors neovim --into ~/.local/share/nvim/site/pack/opencode/start/opencode")
}

// openNvim starts Neovim with the plugin that is there.
func (d *desk) openNvim(file string, settings ...string) *nvim {
	d.t.Helper()
	listen := fmt.Sprintf("%s/run/nvim%d", d.dir, d.terminals)
	words := []string{"nvim", "--listen", listen, "--cmd", "set noswapfile shortmess+=I laststatus=2 statusline=%f%m\\ %{v:lua.require'opencode'.status()}"}
	for _, s := range settings {
		words = append(words, "--cmd", s)
	}
	return &nvim{d.terminal(append(words, file)...), listen}
}

func (n *nvim) attached() {
	n.t.Helper()
	n.awaitExpr(`luaeval('#require("opencode.client").clients() > 0 and vim.lsp.buf_is_attached(0, require("opencode.client").clients()[1].id)')`, "true")
}

// expr asks Neovim by its own protocol; it has no answer while a prompt holds the editor.
func (n *nvim) expr(expr string) string {
	ctx, cancel := context.WithTimeout(n.t.Context(), 2*time.Second)
	defer cancel()
	out, err := n.shellContext(ctx, "nvim", "--server", n.listen, "--remote-expr", expr)
	if err != nil {
		return "no answer: " + out
	}
	return strings.TrimSuffix(strings.ReplaceAll(out, "\r\n", "\n"), "\n") // 0.7 writes as to a raw terminal
}

func (n *nvim) awaitExpr(expr, want string) {
	n.t.Helper()
	n.until(expr+" = "+want, func() (string, bool) {
		got := n.expr(expr)
		return got + "\n" + n.look(), got == want
	})
}

// idle waits until no turn runs.
func (n *nvim) idle() {
	n.t.Helper()
	n.awaitExpr(`luaeval('require("opencode").status()')`, "")
}

// buffer is the text of a loaded buffer.
func (n *nvim) buffer(name string) string {
	return n.expr(`join(getbufline(bufnr("` + name + `$"), 1, "$"), "\n")`)
}

func (n *nvim) awaitBuffer(name, text string) {
	n.t.Helper()
	n.until("buffer "+name+" with "+text, func() (string, bool) {
		now := n.buffer(name)
		return now + "\n" + n.look(), strings.Contains(now, text)
	})
}

// ex types a command line.
func (n *nvim) ex(line string) {
	n.t.Helper()
	n.text(":" + line)
	n.keys("Enter")
}

// said waits for a message that wants a key, keeps the screen and presses it.
func (n *nvim) said(text string) {
	n.t.Helper()
	n.shows(text)
	n.keep("message")
	n.keys("Enter")
}

// edits types a line at the end of the buffer that is shown, as a user does whom nothing hinders.
func (n *nvim) edits(name string) {
	n.t.Helper()
	n.text("Gomine")
	n.keys("Escape")
	n.awaitBuffer(name, "mine")
}

// asked waits for question number id and its menu.
func (n *nvim) asked(id, subject string) {
	n.t.Helper()
	n.shows(`(?s)OpenCode #` + id + ` ` + subject + `.*Allow once.*Type number`)
}

// guard is longer than the plugin takes an answer for a slip of the hand.
const guard = 700 * time.Millisecond

// answer chooses an entry of the menu of question id, as somebody who has read it.
func (n *nvim) answer(id string, entry int) {
	n.t.Helper()
	n.still(guard)
	n.text(fmt.Sprint(entry))
	n.keys("Enter")
	n.until("end of question "+id, func() (string, bool) {
		now := n.look()
		return now, !strings.Contains(now, "Type number") || !strings.Contains(now, "OpenCode #"+id+" ")
	})
}

// allow waits for question number id and allows it once.
func (n *nvim) allow(id, tool string) {
	n.t.Helper()
	n.asked(id, tool)
	n.answer(id, 2)
}
