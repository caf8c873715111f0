package agent

import (
	_ "embed"
	"slices"

	"github.com/opencode-lsp/opencode-lsp/permission"
)

// Preset is a Profile with what it may do by itself, where the user's rules say nothing of this agent.
type Preset struct {
	Profile
	// Eased rules stand below the user's: they spare questions where the user has set nothing.
	Eased []permission.Rule
	// Bound are the limits of a built-in agent. The user's rules for everybody do not loosen them, those for this agent do.
	// Nil: there are none.
	Bound []permission.Rule
	// Delegates says that it may hand work to read-only agents alone.
	Delegates bool
}

//go:embed explore.md
var exploreText string

//go:embed plan.md
var planText string

// Presets are OpenCode's own agents. The hidden ones serve the program itself.
func Presets() []Preset {
	rule := func(permissionName, pattern string, action permission.Action) permission.Rule {
		return permission.Rule{Permission: permissionName, Pattern: pattern, Action: action}
	}
	nothing := []permission.Rule{rule("*", "*", permission.Deny)}
	// Whatever else there is, an MCP server's tools above all, may have an effect: it asks in plan, whatever is allowed.
	planning := []permission.Rule{rule("*", "*", permission.Ask), rule("todowrite", "*", permission.Allow), rule("question", "*", permission.Allow)}
	planning = append(append(planning, looking()...), rule("edit", "*", permission.Deny))
	cool := 0.5
	return []Preset{
		{Profile: Profile{Name: "build", Mode: Primary, Description: "The default agent: does what it is asked with all tools."}},
		{
			Profile: Profile{Name: "plan", Mode: Primary, Description: "Looks and plans, and changes nothing.", Reminder: planText},
			Eased:   permission.ReadOnly(), Delegates: true,
			Bound: planning,
		},
		{
			Profile: Profile{
				Name: "general", Mode: Subagent,
				Description: "For research into hard questions and for work of several steps; can do several pieces of it side by side.",
			},
			Bound: []permission.Rule{rule("todowrite", "*", permission.Deny)},
		},
		{
			Profile: Profile{
				Name: "explore", Mode: Subagent, Prompt: exploreText,
				Description: "Finds things out in the workspace fast, by names, text and structure, and changes nothing. Say how thorough it shall be.",
			},
			Eased: permission.ReadOnly(), Bound: append(slices.Clone(nothing), looking()...),
		},
		{Profile: Profile{Name: "title", Mode: Primary, Hidden: true, Prompt: titlePrompt, Params: Params{Temperature: &cool}}, Bound: nothing},
		{Profile: Profile{Name: "summary", Mode: Primary, Hidden: true}, Bound: nothing},
		{Profile: Profile{Name: "compaction", Mode: Primary, Hidden: true}, Bound: nothing},
	}
}

// looking leaves what only looks to the user's rules: these tools, and the shell commands of the preset "readonly". Every
// other command is denied.
func looking() []permission.Rule {
	var rules []permission.Rule
	for _, name := range []string{"read", "list", "glob", "grep", "diagnostics", "skill", "webfetch", "external_directory", "doom_loop"} {
		rules = append(rules, permission.Rule{Permission: name, Pattern: "*", Action: permission.Allow})
	}
	rules = append(rules, permission.Rule{Permission: "bash", Pattern: "*", Action: permission.Deny})
	for _, r := range permission.ReadOnly() {
		if r.Action == permission.Allow {
			rules = append(rules, r)
		}
	}
	return rules
}

// Policy is what the gate judges the agent's calls by. base are the rules for everybody, the defaults first; own those
// that were set for this agent.
func (r Preset) Policy(base, own []permission.Layer, home string) permission.Policy {
	layers := slices.Clone(base)
	if len(r.Eased) > 0 {
		layers = slices.Insert(layers, min(1, len(layers)), permission.Layer{Name: "agent " + r.Name, Rules: r.Eased})
	}
	p := permission.Policy{Layers: append(layers, own...), Home: home}
	if r.Bound != nil {
		open := permission.Layer{Name: "agent " + r.Name, Rules: append([]permission.Rule{{Permission: "*", Pattern: "*", Action: permission.Allow}}, r.Bound...)}
		p.Within = &permission.Policy{Layers: append([]permission.Layer{open}, own...), Home: home}
	}
	return p
}

// ReadOnly reports whether a policy lets nothing change: no file, and no command but those that look.
func ReadOnly(p permission.Policy) bool {
	denied := func(name, value string) bool {
		return p.Judge(permission.Item{Permission: name, Values: []string{value}}).Action == permission.Deny
	}
	return denied("edit", "any") && denied("bash", "any")
}
