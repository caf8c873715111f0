package agent

import (
	"github.com/opencode-lsp/opencode-lsp/permission"
	"github.com/opencode-lsp/opencode-lsp/tools"
)

// doomLoop is how often the same call in a row becomes a question of its own (OpenCode's doom_loop).
const doomLoop = 3

// loopGuard notices a model that repeats itself.
type loopGuard struct {
	last  tools.Call
	count int
}

// guard adds the doom_loop item to the access of a call that repeats the last ones to the letter.
func (g *loopGuard) guard(a *permission.Access, c tools.Call) {
	if c.Name != g.last.Name || c.Arguments != g.last.Arguments {
		g.last, g.count = c, 0
	}
	g.count++
	if g.count < doomLoop {
		return
	}
	a.Items = append(a.Items, permission.Item{Permission: "doom_loop", Values: []string{c.Name}, Always: c.Name,
		Why: "the model makes the very same call for the third time in a row"})
	g.count = 0
}
