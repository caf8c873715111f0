package permission

import (
	"fmt"
	"slices"
	"strings"
)

// Layer is a set of rules from one source. Within a layer the last match wins.
type Layer struct {
	// Name is shown by --explain: "defaults", "user config", "workspace config".
	Name  string
	Rules []Rule
	// NarrowOnly marks a source that may make a verdict stricter but never looser (a repository's config).
	NarrowOnly bool
}

// Policy is all that the rules say, from the weakest layer to the strongest. The zero Policy asks.
type Policy struct {
	// Layers in order: defaults, user config, agent. A later layer that matches overrides an earlier one; a NarrowOnly
	// layer, wherever it stands, only makes the outcome of the others stricter.
	Layers []Layer
	// Home is what "~/" and "$HOME/" at the start of a pattern stand for.
	Home string
	// Within, if set, bounds the policy: no verdict is looser than the one that Within gives. A child session's rules stand
	// within its parent's.
	Within *Policy
}

// Verdict is what the rules say of one item, and why.
type Verdict struct {
	Action Action
	Item   Item
	// Reason names the rule and its layer, or why no rule could decide, in one clause.
	Reason string
	// Layer and Rule are the deciding layer's name and rule; Rule is nil where none matched.
	Layer string
	Rule  *Rule
	// Narrowed says that a NarrowOnly layer made the verdict stricter; no grant loosens it.
	Narrowed bool
}

// Judge says what the rules say of one item.
func (p Policy) Judge(it Item) Verdict {
	v := Verdict{Item: it, Reason: "no rule matches"}
	m := matcher{Item: it, home: p.Home, denied: p.denies(it.Permission)}
	for _, l := range slices.Backward(p.Layers) {
		if l.NarrowOnly {
			continue
		}
		if r := m.last(l); r != nil {
			v.Action, v.Layer, v.Rule = r.Action, l.Name, r
			break
		}
	}
	for _, l := range p.Layers {
		if !l.NarrowOnly {
			continue
		}
		if r := m.last(l); r != nil && rank(r.Action) > rank(v.Action) {
			v.Action, v.Layer, v.Rule, v.Narrowed = r.Action, l.Name, r, true
		}
	}
	v = m.settle(v)
	if v.Action == Allow && it.Glob {
		if r := m.maybe(p.Layers); r != nil {
			v.Action, v.Rule, v.Reason = Ask, r, fmt.Sprintf("its pattern may name a file that %s %q is about", r.Permission, r.Pattern)
		}
	}
	return p.bounded(v)
}

// Inside is the policy with outer as its last bound.
func (p Policy) Inside(outer Policy) Policy {
	if p.Within != nil {
		outer = p.Within.Inside(outer)
	}
	p.Within = &outer
	return p
}

// bounded is the verdict or, where that is stricter, the one of Within.
func (p Policy) bounded(v Verdict) Verdict {
	if p.Within == nil {
		return v
	}
	if outer := p.Within.Judge(v.Item); rank(outer.Action) > rank(v.Action) {
		return outer
	}
	return v
}

// JudgeAll judges the items of one access: the strictest verdict, and the verdicts that ask. Without items, or with
// none but Beside ones, it asks.
func (p Policy) JudgeAll(items []Item) (strictest Verdict, asks []Verdict) {
	strictest = Verdict{Action: Ask, Reason: "nothing in it could be judged"}
	if !slices.ContainsFunc(items, func(it Item) bool { return it.Strictness != Beside }) {
		for _, it := range items {
			if v := p.Judge(it); v.Action == Deny {
				return v, nil
			}
		}
		return strictest, []Verdict{strictest}
	}
	strictest.Action = Allow
	for i, it := range items {
		v := p.Judge(it)
		if v.Action == Ask {
			asks = append(asks, v)
		}
		byItself := strictest.Item.Strictness == Beside && it.Strictness != Beside && rank(v.Action) == rank(strictest.Action)
		if i == 0 || rank(v.Action) > rank(strictest.Action) || byItself {
			strictest = v
		}
	}
	return strictest, asks
}

// denies reports whether any layer holds a deny rule for the permission.
func (p Policy) denies(permission string) bool {
	return slices.ContainsFunc(p.Layers, func(l Layer) bool {
		return slices.ContainsFunc(l.Rules, func(r Rule) bool {
			return r.Action == Deny && Wildcard(r.Permission, permission)
		})
	})
}

// rank orders actions by strictness: allow, ask, deny.
func rank(a Action) int {
	switch a {
	case Allow:
		return 0
	case Deny:
		return 2
	default:
		return 1
	}
}

// matcher finds the rules that bear on one item.
type matcher struct {
	Item
	home   string
	denied bool
}

// last is the layer's last rule that applies, nil for none.
func (m matcher) last(l Layer) *Rule {
	for i := range slices.Backward(l.Rules) {
		if r := &l.Rules[i]; Wildcard(r.Permission, m.Permission) && m.applies(*r) {
			return r
		}
	}
	return nil
}

func (m matcher) applies(r Rule) bool {
	pattern := expand(r.Pattern, m.home)
	switch r.Action {
	case Allow:
		return m.mayAllow(pattern) && m.allows(pattern)
	case Deny:
		return m.meets(pattern)
	default:
		// What comes beside a judged item is not held up by a rule that asks for everything.
		return m.meets(pattern) && (m.Strictness != Beside || r.Pattern != "*")
	}
}

// mayAllow says whether an allow rule is strong enough for the item's strictness.
func (m matcher) mayAllow(pattern string) bool {
	switch m.Strictness {
	case ByRule, Beside:
		return true
	case ByBareRule:
		return pattern == "*" && !m.denied || m.spelled(pattern)
	case ByNamedRule, DenyUnlessNamed:
		return m.spelled(pattern)
	default:
		return false
	}
}

// allows matches as an allow rule does: real names only, in their own case.
func (m matcher) allows(pattern string) bool {
	if m.URL {
		return slices.ContainsFunc(m.Values, func(s string) bool { return matchURL(pattern, s) })
	}
	return slices.ContainsFunc(m.Values, func(s string) bool { return Wildcard(pattern, s) })
}

// meets matches as a deny or ask rule does: every name, in any case where the file system folds it.
func (m matcher) meets(pattern string) bool {
	hit := func(s string) bool {
		return Wildcard(pattern, s) || m.Fold && Wildcard(strings.ToLower(pattern), strings.ToLower(s))
	}
	return slices.ContainsFunc(m.Values, hit) || slices.ContainsFunc(m.Aliases, hit)
}

// spelled reports whether the pattern spells every word of Named.
func (m matcher) spelled(pattern string) bool {
	words := strings.Fields(pattern)
	for _, n := range m.Named {
		ok := slices.ContainsFunc(words, func(w string) bool { return spells(w, n) })
		if m.URL {
			head, _ := splitURL(pattern)
			ok = strings.HasSuffix(head, "//"+n)
		}
		if !ok {
			return false
		}
	}
	return len(m.Named) > 0
}

// spells reports whether the word of a pattern is the name, or the name with its value (-o out, -oout, --output=out).
func spells(word, name string) bool {
	rest, ok := strings.CutPrefix(word, name)
	if !ok {
		return false
	}
	short := len(name) == 2 && name[0] == '-' && name[1] != '-'
	return rest == "" || rest[0] == '=' || short
}

// settle applies what the strictness says where no rule allowed, and words the reason.
func (m matcher) settle(v Verdict) Verdict {
	switch {
	case m.Strictness == Beside && v.Rule == nil:
		v.Action, v.Reason = Allow, "goes with the rest"
		return v
	case m.Strictness == DenyUnlessNamed && v.Action == Ask && (v.Rule == nil || !m.spelled(expand(v.Rule.Pattern, m.home))):
		v.Action, v.Reason = Deny, m.Why
		return v
	}
	if v.Rule != nil {
		v.Reason = fmt.Sprintf("%s %q is %s in %s", v.Rule.Permission, v.Rule.Pattern, v.Rule.Action, v.Layer)
	}
	if m.Why != "" && v.Action == Ask {
		v.Reason = m.Why
	}
	return v
}
