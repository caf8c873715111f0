package permission

// Layer is a set of rules from one source. Within a layer the last match wins.
type Layer struct {
	// Name is shown by --explain: "defaults", "user config", "workspace config".
	Name  string
	Rules []Rule
	// NarrowOnly marks a source that may make a verdict stricter but never looser (a repository's config).
	NarrowOnly bool
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
}
