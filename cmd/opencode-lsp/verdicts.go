package main

import (
	"slices"
	"sync"

	"github.com/opencode-lsp/opencode-lsp/permission"
)

// maxVerdicts bounds what is remembered: judging a file costs as much as reading it, and a search asks for every file.
const maxVerdicts = 50_000

// verdicts remembers which files may be read by which rules, as long as those and the roots stay what they are.
type verdicts struct {
	mu    sync.RWMutex
	roots []string
	known map[verdictKey]bool
}

// verdictKey is a file and the rules by which it was judged. Rules are made anew whenever the configuration is loaded, so
// that their place in memory tells them apart.
type verdictKey struct {
	rules  *permission.Layer
	within *permission.Policy
	file   string
}

// ask returns the remembered verdict on a file, or judges it and remembers.
func (v *verdicts) ask(p permission.Policy, roots []string, file string, judge func(permission.Policy) bool) bool {
	key := verdictKey{within: p.Within, file: file}
	if len(p.Layers) > 0 {
		key.rules = &p.Layers[0]
	}
	v.mu.RLock()
	ok, known := v.known[key]
	known = known && slices.Equal(v.roots, roots)
	v.mu.RUnlock()
	if known {
		return ok
	}
	ok = judge(p)
	v.mu.Lock()
	defer v.mu.Unlock()
	if !slices.Equal(v.roots, roots) || len(v.known) >= maxVerdicts || v.known == nil {
		v.roots, v.known = roots, map[verdictKey]bool{}
	}
	v.known[key] = ok
	return ok
}
