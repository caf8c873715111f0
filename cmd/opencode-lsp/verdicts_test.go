package main

import (
	"testing"

	"github.com/opencode-lsp/opencode-lsp/permission"
)

// A verdict is remembered only for the rules and roots that it was given under.
func TestVerdicts(t *testing.T) {
	rules := func() permission.Policy { return permission.Policy{Layers: []permission.Layer{{Name: "user"}}} }
	before, after := rules(), rules()
	judged := 0
	var v verdicts
	ask := func(p permission.Policy, root, file string, say bool) bool {
		return v.ask(p, []string{root}, file, func(permission.Policy) bool { judged++; return say })
	}
	for _, step := range []struct {
		p          permission.Policy
		root, file string
		say, want  bool
		judged     int
	}{
		{before, "/ws", "/ws/a", true, true, 1},
		{before, "/ws", "/ws/a", false, true, 1},  // remembered
		{before, "/ws", "/ws/b", false, false, 2}, // another file
		{before, "/ws", "/ws/a", false, true, 2},
		{after, "/ws", "/ws/a", false, false, 3},     // the rules were loaded anew
		{after, "/other", "/ws/a", true, true, 4},    // the roots are others
		{after, "/other", "/ws/a", false, true, 4},   // remembered
		{before, "/other", "/ws/a", false, false, 5}, // the old rules again
	} {
		if got := ask(step.p, step.root, step.file, step.say); got != step.want || judged != step.judged {
			t.Fatalf("%s under %s: %t after %d judgements, want %t after %d", step.file, step.root, got, judged, step.want, step.judged)
		}
	}
}
