package agent

import (
	"github.com/opencode-lsp/opencode-lsp/permission"
	"github.com/opencode-lsp/opencode-lsp/tools"
)

// doomLoop is how often the same call in a row becomes a question of its own (OpenCode's doom_loop).
const doomLoop = 3

// doomLoopPermission is what rules call that question.
const doomLoopPermission = "doom_loop"

// loopGuard notices a model that repeats itself.
type loopGuard struct {
	last  tools.Call
	count int
}

// again notes a call and reports whether it repeats the last ones to the letter, so often that it must be asked about. An
// answer counts for as many calls again.
func (g *loopGuard) again(c tools.Call) bool {
	if c.Name != g.last.Name || c.Arguments != g.last.Arguments {
		g.last, g.count = c, 0
	}
	g.count++
	if g.count < doomLoop {
		return false
	}
	g.count = 0
	return true
}

// loopItem is what is asked of such a call.
func loopItem(c tools.Call) permission.Item {
	return permission.Item{
		Permission: doomLoopPermission, Values: []string{c.Name}, Always: c.Name,
		Why: "the model makes the very same call for the third time in a row",
	}
}
