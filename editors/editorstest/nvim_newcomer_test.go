//go:build realeditors

package editorstest

import (
	"regexp"
	"strings"
	"testing"
)

// block is the code block of a page after a heading or sentence.
func block(t *testing.T, page, after, language string) string {
	t.Helper()
	_, rest, found := strings.Cut(page, after)
	_, rest, opened := strings.Cut(rest, "```"+language+"\n")
	text, _, closed := strings.Cut(rest, "```")
	if !found || !opened || !closed {
		t.Fatalf("the page has no block of %s after %q", language, after)
	}
	return text
}

// page is what `opencode-lsp editors NAME` prints.
func (d *desk) page(name string) string {
	d.t.Helper()
	page, err := d.shell("opencode-lsp", "editors", name)
	if err != nil {
		d.t.Fatalf("editors %s: %v\n%s", name, err, page)
	}
	return page
}

// sh runs a block of a page as it stands.
func (d *desk) sh(script string) {
	d.t.Helper()
	if out, err := d.shell("sh", "-euc", script); err != nil {
		d.t.Fatalf("%s: %v\n%s", script, err, out)
	}
}

// A newcomer follows the page word by word, from an empty home: set-up, settings, keys, help, health, a prompt by its key,
// the question by its key.
func TestNeovimNewcomer(t *testing.T) {
	everyNeovim(t, func(t *testing.T, m machine) {
		d := newDesk(t, m, calc(), "Yes, says the model to the doctor.\n\n"+editCall+"Done.\n")
		page := d.page("neovim")
		d.sh(block(t, page, "## Set-up", "sh"))
		d.writeOutside("home/.config/nvim/init.lua", block(t, page, "in `init.lua`", "lua"))
		n := &nvim{d.terminal("nvim", "--listen", d.dir+"/run/nvim", "calc.sh"), d.dir + "/run/nvim"}
		n.attached()
		n.ex("helptags ALL")
		n.ex("help :OpenCode")
		n.shows("Ask for something. The file goes along")
		n.ex("only")
		n.ex("checkhealth opencode")
		n.shows("server 1 runs for")
		n.ex("edit calc.sh")
		n.ex("only")
		n.text(`\oo`)
		n.shows("(?m)^:OpenCode")
		n.text("make it right")
		n.keys("Enter")
		n.asked("1", "edit")
		n.keys("Escape")
		n.shows("still open")
		n.text(`\oa`)
		n.allow("1", "edit")
		n.awaitBuffer("calc.sh", "+ $2")
		d.awaitTranscript("Done.")
		n.text(`\ot`)
		n.shows("Done")
		n.keep("transcript")
	})
}

// From 0.11 on the server works without the plugin: plain prompts, code actions.
func TestNeovimWithoutPlugin(t *testing.T) {
	t.Parallel()
	d := newDesk(t, neovims()[2], calc(), editCall+"Done.\n\nIt adds.\n")
	d.writeOutside("home/.config/nvim/init.lua", block(t, d.page("neovim"), "## Without the plugin", "lua"))
	n := &nvim{d.terminal("nvim", "--listen", d.dir+"/run/nvim", "calc.sh"), d.dir + "/run/nvim"}
	n.awaitExpr(`len(luaeval('vim.lsp.get_clients({ bufnr = 0 })'))`, "1")
	d.says("sent to session", "send", "fix it")
	n.shows(`(?s)OpenCode #1 edit: calc.sh.*Show details.*Allow once`)
	n.still(guard)
	n.text("2")
	n.keys("Enter")
	n.awaitBuffer("calc.sh", "+ $2")
	d.awaitTranscript("Done.")
	n.shows("not saved yet: calc.sh")
	n.ex("wall")
	d.awaitDisk("calc.sh", "+ $2")
	n.text("gra")
	menu := n.shows("OpenCode: Explain")
	n.text(regexp.MustCompile(`(\d+): OpenCode: Explain`).FindStringSubmatch(menu)[1])
	n.keys("Enter")
	d.awaitTranscript("It adds.")
}
