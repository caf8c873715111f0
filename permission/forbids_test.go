package permission

import "testing"

func TestForbids(t *testing.T) {
	layer := func(narrow bool, rules ...Rule) Layer { return Layer{Rules: rules, NarrowOnly: narrow} }
	all := layer(false, Rule{"*", "*", Allow})
	for name, tc := range map[string]struct {
		policy Policy
		want   bool
	}{
		"no rule":             {Policy{}, false},
		"allowed":             {Policy{Layers: []Layer{all}}, false},
		"denied":              {Policy{Layers: []Layer{all, layer(false, Rule{"edit", "*", Deny})}}, true},
		"denied by a pattern": {Policy{Layers: []Layer{all, layer(false, Rule{"edit", "*.go", Deny})}}, false},
		"with an exception":   {Policy{Layers: []Layer{all, layer(false, Rule{"edit", "*", Deny}, Rule{"edit", "docs/*", Allow})}}, false},
		"everything":          {Policy{Layers: []Layer{layer(false, Rule{"*", "*", Deny})}}, true},
		"everything but it":   {Policy{Layers: []Layer{layer(false, Rule{"*", "*", Deny}, Rule{"edit", "*", Ask})}}, false},
		"allowed later":       {Policy{Layers: []Layer{layer(false, Rule{"edit", "*", Deny}), all}}, false},
		"narrowed":            {Policy{Layers: []Layer{layer(true, Rule{"edit", "*", Deny}), all}}, true},
		"narrowed elsewhere":  {Policy{Layers: []Layer{all, layer(true, Rule{"bash", "*", Deny})}}, false},
		"within":              {Policy{Layers: []Layer{all}, Within: &Policy{Layers: []Layer{layer(false, Rule{"*", "*", Deny})}}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := tc.policy.Forbids("edit"); got != tc.want {
				t.Errorf("got %t", got)
			}
		})
	}
	if KeyOf("apply_patch") != "edit" || KeyOf("bash") != "bash" {
		t.Error("tools and their permissions")
	}
}
