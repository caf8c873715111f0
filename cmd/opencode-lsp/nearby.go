package main

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
)

// nearby are the instructions that lie between a file which the model reads and the root, the outermost first, each once in
// a session. Those of the root itself stand in the system prompt.
func (e *engine) nearby(ctx context.Context, d *seat, abs string) string {
	r := ruleReader{engine: e, policy: d.rules(), seen: map[string]bool{}}
	for _, path := range e.ruleFilesAbove(abs) {
		if d.tell(path) {
			r.read(ctx, path, "")
		}
	}
	var text strings.Builder
	for _, rules := range r.rules {
		text.WriteString(rules.Section())
	}
	return text.String()
}

func (e *engine) ruleFilesAbove(abs string) []string {
	real, err := e.ws.Resolve(abs)
	if err != nil || !real.Inside() {
		return nil
	}
	var found []string
	for dir := filepath.Dir(real.Abs); dir != real.Root && dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		names := e.ruleFiles()
		if i := slices.IndexFunc(names, func(name string) bool { return exists(filepath.Join(dir, name)) }); i >= 0 {
			found = append(found, filepath.Join(dir, names[i]))
		}
	}
	slices.Reverse(found)
	return slices.DeleteFunc(found, func(path string) bool { return path == real.Abs })
}

// tell reports whether the session has not been told of these instructions yet, and notes that it is now.
func (d *seat) tell(path string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.told[path] {
		return false
	}
	if d.told == nil {
		d.told = map[string]bool{}
	}
	d.told[path] = true
	return true
}
