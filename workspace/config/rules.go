package config

import (
	"cmp"
	"slices"

	"github.com/opencode-lsp/opencode-lsp/permission"
)

// layer returns what a source says of permissions under a path, in the order of its keys, and whether it says anything.
// The older tools stand before permission, as in OpenCode.
func (l *loader) layer(d *doc, path []string) (permission.Layer, bool) {
	layer := permission.Layer{Name: d.layer, NarrowOnly: d.project}
	at := d.tree
	if len(path) > 0 {
		at = d.tree.get(path...)
	}
	if n := at.get("tools"); n != nil {
		layer.Rules = l.switches(d, n, deeper(path, "tools"))
	}
	if n := at.get("permission"); n != nil {
		layer.Rules = append(layer.Rules, l.rules(d, n, deeper(path, "permission"))...)
	}
	if n := cmp.Or(at.get("permission"), at.get("tools")); d.project && n != nil {
		l.vain(d, n, deeper(path, "permission"), layer.Rules)
	}
	return layer, len(layer.Rules) > 0
}

// vain says once of a workspace's rules that one of them allows what no rule before it limits, which has no effect.
func (l *loader) vain(d *doc, n *node, path []string, rules []permission.Rule) {
	for i, r := range rules {
		limited := slices.ContainsFunc(rules[:i], func(before permission.Rule) bool {
			return before.Action != permission.Allow && permission.Wildcard(before.Permission, r.Permission)
		})
		if r.Action == permission.Allow && !limited {
			l.warnAt(d, n.line, path, "a repository only limits what your own rules allow, so %s %q allows nothing here; "+
				"put it into your own configuration if you want it", visible(r.Permission), visible(r.Pattern))
			return
		}
	}
}

// rules reads one word for everything, or an object with a word or an object of patterns for each permission. What
// cannot be read asks: it may have been meant as a deny.
func (l *loader) rules(d *doc, n *node, path []string) []permission.Rule {
	if n.kind != object {
		return []permission.Rule{{Permission: "*", Pattern: "*", Action: l.action(d, n, n.line, path)}}
	}
	var rules []permission.Rule
	for _, f := range n.fields {
		inside := deeper(path, f.key)
		if f.value.kind != object {
			rules = append(rules, l.word(d, f, permission.Rule{Permission: f.key, Pattern: "*"}, inside)...)
			continue
		}
		for _, g := range f.value.fields {
			rules = append(rules, l.word(d, g, permission.Rule{Permission: f.key, Pattern: g.key}, deeper(inside, g.key))...)
		}
	}
	return rules
}

// word reads what one word makes of a rule: the rule with its action, or those of the preset for shell commands.
func (l *loader) word(d *doc, f field, r permission.Rule, path []string) []permission.Rule {
	preset := r.Permission == "bash" && r.Pattern == "*" && f.value.kind == text && f.value.text == permission.ReadOnlyWord
	if preset && !f.value.inert {
		return permission.ReadOnly()
	}
	r.Action = l.action(d, f.value, f.line, path)
	return []permission.Rule{r}
}

func (l *loader) action(d *doc, n *node, line int, path []string) permission.Action {
	action, err := permission.ParseAction(n.text)
	if n.inert {
		return permission.Ask
	}
	if n.kind != text || err != nil {
		l.warnAt(d, line, path, "expected one of allow, ask, deny%s, found %s, so this asks", furtherWord(path), n.describe())
		return permission.Ask
	}
	return action
}

// furtherWord names the word that a rule for all of bash may be besides.
func furtherWord(path []string) string {
	if at := slices.Index(path, "bash"); at >= 0 && (at == len(path)-1 || path[at+1] == "*") {
		return ", " + permission.ReadOnlyWord
	}
	return ""
}

func (l *loader) switches(d *doc, n *node, path []string) []permission.Rule {
	if n.kind != object {
		l.warnAt(d, n.line, path, "expected %s, found %s, so this was left out", ToolSwitch, n.describe())
		return nil
	}
	var rules []permission.Rule
	for _, f := range n.fields {
		rule := permission.Rule{Permission: permission.KeyOf(f.key), Pattern: "*"}
		switch {
		case f.value.kind != truth:
			l.warnAt(d, f.line, deeper(path, f.key), "expected true or false, found %s, so this asks", f.value.describe())
		case f.value.truth:
			rule.Action = permission.Allow
		default:
			rule.Action = permission.Deny
		}
		rules = append(rules, rule)
	}
	return rules
}
