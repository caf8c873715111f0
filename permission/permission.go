// Package permission decides whether an operation may happen. It knows what an operation would touch ([Access]), what
// the user's rules say of it ([Policy]), what was answered before ([Grants]), and how to put a question to a person
// ([Asker]). [Gate] joins them and is the only way from an intended to a permitted operation.
//
// The package fails closed: the zero [Action] asks, an Access without items asks, an error is never consent.
package permission

import "fmt"

// Action is a verdict. The zero value asks.
type Action uint8

// The verdicts, from OpenCode's "ask", "allow" and "deny".
const (
	Ask Action = iota
	Allow
	Deny
)

// String returns OpenCode's word for the action.
func (a Action) String() string {
	switch a {
	case Allow:
		return "allow"
	case Deny:
		return "deny"
	default:
		return "ask"
	}
}

// ParseAction reads OpenCode's word for an action.
func ParseAction(s string) (Action, error) {
	switch s {
	case "ask":
		return Ask, nil
	case "allow":
		return Allow, nil
	case "deny":
		return Deny, nil
	}
	return Ask, fmt.Errorf("action %q is not one of ask, allow, deny", s)
}

// Rule is one line of OpenCode's permission configuration: in Permission ("bash", "edit", "*"), targets that match
// Pattern get Action.
type Rule struct {
	Permission string `json:"permission"`
	Pattern    string `json:"pattern"`
	Action     Action `json:"-"`
}

// Strictness says which rules are able to allow an item.
type Strictness uint8

const (
	// ByRule lets any matching allow rule permit the item.
	ByRule Strictness = iota
	// ByBareRule lets only a rule whose pattern is exactly "*" permit the item, and only where no deny rule is in force
	// for its permission: the item does more than the pattern that matched it shows (git -c, sed w, tar --to-command).
	// A rule whose pattern spells every word of Item.Named permits it too: it does show what is done.
	ByBareRule
	// ByNamedRule lets only a rule that spells every word of Item.Named permit the item; else it asks.
	ByNamedRule
	// AlwaysAsk asks whatever the rules allow: the item cannot be read or is protected. Deny still denies.
	AlwaysAsk
	// DenyUnlessNamed is as ByNamedRule, but denies where no rule spells the item (cloud metadata services).
	DenyUnlessNamed
	// Beside is for what comes with another item of the same access (a file that an allowed command names): it is allowed
	// unless a deny rule matches, or an ask rule that says more than "*". An access of nothing else asks.
	Beside
)

// Item is one thing that an operation would touch, judged by itself.
type Item struct {
	// Permission is the rule key: "bash", "edit", "read", "external_directory", "<server>_<tool>".
	Permission string
	// Values are the names of the target; a rule that matches any of them applies. For files the workspace-relative and
	// the absolute path, for a shell command its canonical text.
	Values []string
	// Aliases are further names that only deny and ask rules see, so that ./git or /usr/bin/git meets a deny of "git *"
	// but is never allowed by it.
	Aliases []string
	// Strictness bounds what may allow the item; Why says the reason in one clause where it is not ByRule.
	Strictness Strictness
	Why        string
	// Named are the words that a pattern must spell to permit the item where Strictness is ByBareRule, ByNamedRule or
	// DenyUnlessNamed: the flag, the script, the host. Empty: no pattern but "*" is able to.
	Named []string
	// Always is the pattern that the answer "always" remembers. Empty where "always" is not offered.
	Always string
	// Fold makes deny and ask rules ignore letter case, where the file system does.
	Fold bool
	// Glob says that Values are file patterns whose matches are not known: where a rule that denies or asks may mean one
	// of them, the item asks.
	Glob bool
	// URL says that Values are addresses: in an allow rule a "*" does not reach from the host into the path.
	URL bool
}

// Access is what one operation would touch: everything that the gate judges and everything that the user is shown.
type Access struct {
	// Tool is the tool's name as the model called it.
	Tool string
	// Subject says in one line what will happen: the command, the file, the address. It is never the model's own words.
	Subject string
	// Notes are short sentences that a person needs to judge: where, why asked, what the preview hides.
	Notes []string
	// Items are judged one by one; the strictest verdict counts. No items: ask.
	Items []Item
	// Preview is the whole of what will be done, byte for byte: a unified diff or the full command.
	Preview Preview
	// Files are the changes of a diff with the whole texts, for fronts that show them so.
	Files []FileChange
	// Session says that "always" holds for the session only (edits), not for the workspace.
	Session bool
}

// Preview is what a person reads before answering.
type Preview struct {
	// Kind is "diff", "command", "json" for the arguments of a server's tool, or "" for none.
	Kind string `json:"kind,omitempty"`
	Text string `json:"text,omitempty"`
	// Path is the absolute path of the file that a diff changes.
	Path string `json:"path,omitempty"`
}

// FileChange is a file before and after. Old is nil for one that comes into being.
type FileChange struct {
	Path string
	Old  *string
	New  string
}
