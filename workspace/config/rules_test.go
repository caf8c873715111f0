package config

import (
	"slices"
	"testing"

	"github.com/opencode-lsp/opencode-lsp/permission"
)

// TestReadRules reads what "permission" may be. What cannot be read asks, so that a misspelt "deny" never allows.
func TestReadRules(t *testing.T) {
	rule := func(name, pattern string, action permission.Action) permission.Rule {
		return permission.Rule{Permission: name, Pattern: pattern, Action: action}
	}
	for text, tc := range map[string]struct {
		want  []permission.Rule
		wrong int
	}{
		`"allow"`: {[]permission.Rule{rule("*", "*", permission.Allow)}, 0},
		`{"bash": {"b *": "allow", "a": "deny", "*": "ask"}, "edit": "ask"}`: {[]permission.Rule{
			rule("bash", "b *", permission.Allow), rule("bash", "a", permission.Deny), rule("bash", "*", permission.Ask), rule("edit", "*", permission.Ask)}, 0},
		`{"bash": {"rm *": "denny", "ls": "allow"}}`: {[]permission.Rule{rule("bash", "rm *", permission.Ask), rule("bash", "ls", permission.Allow)}, 1},
		`{"bash": [1, {"a": 2}], "edit": 3, "read": {"x": {"y": "allow"}}, "list": "deny"}`: {[]permission.Rule{
			rule("bash", "*", permission.Ask), rule("edit", "*", permission.Ask), rule("read", "x", permission.Ask), rule("list", "*", permission.Deny)}, 3},
		`{"edit": "readonly", "bash": {"ls": "readonly"}}`:  {[]permission.Rule{rule("edit", "*", permission.Ask), rule("bash", "ls", permission.Ask)}, 2},
		`{"bash": "readonly"}`:                              {permission.ReadOnly(), 0},
		`{"bash": {"*": "readonly", "go test *": "allow"}}`: {append(permission.ReadOnly(), rule("bash", "go test *", permission.Allow)), 0},
	} {
		t.Run(text, func(t *testing.T) {
			p := newPlace(t, map[string]string{"user/opencode.json": `{"permission": ` + text + `}`})
			c, warnings := p.load()
			if len(c.Permission) != 1 || !slices.Equal(c.Permission[0].Rules, tc.want) {
				t.Errorf("got %v", c.Permission)
			}
			if len(warnings) != tc.wrong {
				t.Errorf("warnings %q", warnings)
			}
		})
	}
}
