package config

import "encoding/json"

// agents reads the section "agent" of the merged settings.
func (l *loader) agents(all *node) map[string]Agent {
	agents := map[string]Agent{}
	section := all.get("agent")
	if section == nil {
		return agents
	}
	for _, f := range section.fields {
		agents[f.key] = l.agent(f.key, f.value)
	}
	return agents
}

// agent reads one entry of the merged configuration.
func (l *loader) agent(name string, n *node) Agent {
	a := Agent{Options: map[string]json.RawMessage{}}
	known := l.split(n, a.Options)
	if err := json.Unmarshal([]byte(known.compact()), &a); err != nil { // checked values fit, so this is a fault of Keys
		l.warn(Warning{File: "settings", Key: "agent." + name, Message: err.Error()})
	}
	if steps := n.get("maxSteps"); steps != nil && a.Steps == 0 {
		_ = json.Unmarshal([]byte(steps.text), &a.Steps) // checked: a whole number
	}
	a.Permission = l.layers([]string{"agent", name})
	l.credit(name, &a)
	return a
}

// split is what of an agent's entry [Agent] has fields for; the rest, for the provider, goes to options.
func (l *loader) split(n *node, options map[string]json.RawMessage) *node {
	known := newObject()
	for _, f := range n.fields {
		switch {
		case f.key == "permission" || f.key == "tools":
		case f.key == "options" && f.value.kind == object:
			for _, g := range f.value.fields {
				options[g.key] = json.RawMessage(g.value.compact())
			}
		case l.schema.below["agent"].below["*"].below[f.key] == nil:
			options[f.key] = json.RawMessage(f.value.compact())
		default:
			known.put(f)
		}
	}
	return known
}

// credit says whose words an agent's description and prompt are.
func (l *loader) credit(name string, a *Agent) {
	for _, d := range l.docs {
		if d.tree.get("agent", name, "description") != nil {
			a.Theirs = d.project
		}
		prompt := d.tree.get("agent", name, "prompt")
		switch {
		case prompt == nil:
		case d.project:
			a.RepositoryPrompt, a.RepositoryFile = prompt.text, d.name
		default:
			a.Prompt = prompt.text
		}
	}
}

// legacyModes moves OpenCode's older section "mode", whose entries are primary agents, to "agent".
func legacyModes(tree *node) {
	modes := tree.get("mode")
	if modes == nil || modes.kind != object {
		return
	}
	tree.remove("mode")
	agents := tree.get("agent")
	if agents == nil || agents.kind != object {
		agents = &node{kind: object, line: modes.line}
		tree.put(field{"agent", modes.line, agents})
	}
	for _, f := range modes.fields {
		if f.value.kind == object && f.value.get("mode") == nil {
			f.value.put(field{"mode", f.line, &node{kind: text, line: f.line, text: "primary"}})
		}
		if agents.get(f.key) == nil {
			agents.put(f)
		}
	}
}
