package permission

import "slices"

// Forbids reports whether the rules deny a permission whatever its target is: the last rule about it, in the last layer
// that has one or in a layer that narrows, denies "*". A tool of such a permission need not be offered at all (OpenCode's
// rule).
func (p Policy) Forbids(permission string) bool {
	decided := false
	for _, l := range slices.Backward(p.Layers) {
		if !l.NarrowOnly && decided {
			continue
		}
		i := lastAbout(l.Rules, permission)
		if i < 0 {
			continue
		}
		if r := l.Rules[i]; r.Action == Deny && r.Pattern == "*" {
			return true
		}
		decided = decided || !l.NarrowOnly
	}
	return p.Within != nil && p.Within.Forbids(permission)
}

// lastAbout is the index of the last rule for a permission, -1 for none.
func lastAbout(rules []Rule, permission string) int {
	for i, r := range slices.Backward(rules) {
		if Wildcard(r.Permission, permission) {
			return i
		}
	}
	return -1
}

// KeyOf is the permission that a tool of that name asks for: tools that change files share "edit".
func KeyOf(tool string) string {
	switch tool {
	case "write", "patch", "apply_patch", "multiedit":
		return "edit"
	}
	return tool
}
