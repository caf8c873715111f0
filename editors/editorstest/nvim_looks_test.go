//go:build realeditors

package editorstest

import (
	"os"
	"strings"
	"testing"
)

// picker stands for the plugins that replace vim.ui.select: a window with the choices, which holds nothing still.
const picker = `lua << EOF
vim.ui.select = function(items, opts, on_choice)
  local lines = {}
  for _, item in ipairs(items) do table.insert(lines, (opts.format_item or tostring)(item)) end
  local buf = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_lines(buf, 0, -1, false, lines)
  local win = vim.api.nvim_open_win(buf, true, { relative = 'editor', row = 25, col = 5, width = 60, height = #lines, style = 'minimal', border = 'single' })
  local function choose(item, index)
    vim.api.nvim_win_close(win, true)
    on_choice(item, index)
  end
  vim.keymap.set('n', '<CR>', function()
    local at = vim.api.nvim_win_get_cursor(win)[1]
    choose(items[at], at)
  end, { buffer = buf })
  vim.keymap.set('n', '<Esc>', function() choose() end, { buffer = buf })
end
EOF
`

// A picker may show the question while Neovim goes on: Esc in it answers nothing, its entries do, and the window with the
// diff is there as long as the question.
func TestNeovimPicker(t *testing.T) {
	everyNeovim(t, func(t *testing.T, m machine) {
		d := newDesk(t, m, calc(), editCall+"Done.\n")
		d.writeOutside("home/picker.vim", picker)
		n := d.newNvim("calc.sh", "source "+d.dir+"/home/picker.vim")
		n.ex("OpenCode make it right")
		n.shows(`(?s)\+add\(\).*Show details.*Allow once`)
		n.still(guard)
		n.keep("picker")
		n.keys("Escape")
		n.shows("still open")
		n.hides("Show details")
		n.ex("OpenCode answer")
		n.shows(`(?s)\+add\(\).*Show details.*Allow once`)
		n.still(guard)
		n.keys("j", "Enter")
		n.awaitBuffer("calc.sh", "+ $2")
		n.hides("Show details")
		d.awaitTranscript("Done.")
	})
}

// The status line says what the agent does; the plugin's event and Neovim's own come with each change.
func TestNeovimProgress(t *testing.T) {
	own := map[string]string{"Neovim 0.7": "User LspProgressUpdate", "Neovim 0.10": "LspProgress *", "Neovim 0.12": "LspProgress *"}
	everyNeovim(t, func(t *testing.T, m machine) {
		d := newDesk(t, m, calc(), "!hang\nI begin to think\n")
		n := d.newNvim("calc.sh", "let g:ours = 0 | let g:theirs = 0", "autocmd User OpenCodeProgress let g:ours += 1",
			"autocmd "+own[m.name]+" let g:theirs += 1")
		n.ex("OpenCode think")
		n.shows(`calc.sh.*OpenCode: answering`)
		n.keep("statusline")
		n.ex("OpenCode cancel")
		n.idle()
		n.awaitExpr(`g:ours >= 2 && g:theirs >= 2`, "1")
	})
}

// OpenCode undo takes back a whole turn, the user's own changes stay.
func TestNeovimUndoesTurn(t *testing.T) {
	everyNeovim(t, func(t *testing.T, m machine) {
		d := newDesk(t, m, parts(), shout()+"\nAll done.\n")
		d.env = append(d.env, `OPENCODE_PERMISSION={"edit": "allow"}`)
		n := d.newNvim("src/part0.md")
		n.text("Gomine")
		n.keys("Escape")
		n.ex("OpenCode shout")
		n.awaitBuffer("src/part0.md", "THREE! 3")
		d.awaitTranscript("All done.")
		n.idle()
		n.ex("OpenCode undo")
		n.shows(`took back 12 file`)
		n.awaitBuffer("src/part0.md", "one 1\ntwo 2\nthree 3\nmine")
		n.awaitBuffer("src/part11.md", "one 1\ntwo 2\nthree 3")
	})
}

// The words of a vim.lsp.config count over the plugin's, from 0.11 on.
func TestNeovimConfig(t *testing.T) {
	t.Parallel()
	d := newDesk(t, neovims()[2], calc(), editCall+"Done.\n")
	n := d.newNvim("calc.sh", `lua vim.lsp.config('opencode', { init_options = { permission = { edit = 'allow' } } })`)
	n.ex("OpenCode make it right")
	n.awaitBuffer("calc.sh", "+ $2")
	d.awaitTranscript("Done.")
	n.ex("OpenCode sessions")
	n.shows("(?s)make it right.*Type number")
	n.text("1")
	n.keys("Enter")
	n.shows("(?s)# .*Done")
}

// What other servers found reaches the agent's tool. Where there are none nothing is said of problems: the agent would wait
// for more of them after each edit.
func TestNeovimDiagnostics(t *testing.T) {
	everyNeovim(t, func(t *testing.T, m machine) {
		d := newDesk(t, m, calc(), `call diagnostics {"filePath": "calc.sh"}`+"\n\nI see.\n")
		d.install("aide")
		n := d.newNvim("calc.sh", d.relay(""))
		relayed := func() (string, bool) {
			text, err := os.ReadFile(d.outside("home/relayed"))
			return string(text), err == nil && strings.Contains(string(text), "add subtracts")
		}
		n.still(guard)
		if text, _ := relayed(); text != "" {
			t.Errorf("sent before there was a problem: %s", text)
		}
		n.ex(diagnose)
		n.until("the problem on its way", relayed)
		n.ex("OpenCode what is wrong?")
		d.awaitTranscript("I see.")
		d.told("add subtracts")
	})
}
