package main

import (
	"slices"
	"sync"

	"github.com/opencode-lsp/opencode-lsp/permission"
)

// maxVerdicts bounds what is remembered: judging a file costs as much as reading it, and a search asks for every file.
const maxVerdicts = 50_000

// verdicts remembers which files may be read, as long as the rules and the roots stay what they are.
type verdicts struct {
	mu     sync.RWMutex
	layers []permission.Layer
	roots  []string
	known  map[string]bool
}

// ask returns the remembered verdict on a file, or judges it and remembers.
func (v *verdicts) ask(p permission.Policy, roots []string, file string, judge func(permission.Policy) bool) bool {
	v.mu.RLock()
	ok, known := v.known[file]
	known = known && v.holds(p, roots)
	v.mu.RUnlock()
	if known {
		return ok
	}
	ok = judge(p)
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.holds(p, roots) || len(v.known) >= maxVerdicts {
		v.layers, v.roots, v.known = p.Layers, roots, map[string]bool{}
	}
	v.known[file] = ok
	return ok
}

// holds is called with mu held. The layers are made anew whenever the configuration is loaded, so that their place in
// memory tells them apart.
func (v *verdicts) holds(p permission.Policy, roots []string) bool {
	return v.known != nil && len(v.layers) == len(p.Layers) && (len(p.Layers) == 0 || &v.layers[0] == &p.Layers[0]) && slices.Equal(v.roots, roots)
}
