package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/permission"
	"github.com/opencode-lsp/opencode-lsp/workspace/config"
)

// team is the agents of a configuration: the built-in ones, changed by it, then its own by name.
type team []member

// member is an agent with the rules that the gate judges its calls by.
type member struct {
	agent.Profile
	policy permission.Policy
}

// newTeam makes the agents. base are the rules for all of them.
func newTeam(cfg *config.Config, base []permission.Layer, home string) team {
	var t team
	own := maps.Clone(cfg.Agent)
	var delegates []agent.Preset
	for _, preset := range agent.Presets() {
		t.add(preset, own[preset.Name], base, home)
		delete(own, preset.Name)
		if preset.Delegates {
			delegates = append(delegates, preset)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(own)) {
		t.add(agent.Preset{Profile: agent.Profile{Name: name, Mode: agent.AnyMode}}, own[name], base, home)
	}
	for _, preset := range delegates { // once it is known who is read-only
		preset.Bound = append(preset.Bound, t.readers()...)
		if i := t.index(preset.Name); i >= 0 {
			t[i].policy = preset.Policy(base, cfg.Agent[preset.Name].Permission, home)
		}
	}
	return t
}

func (t *team) add(preset agent.Preset, set config.Agent, base []permission.Layer, home string) {
	if !set.Disable {
		*t = append(*t, member{configured(preset.Profile, set), preset.Policy(base, set.Permission, home)})
	}
}

// maxDescription bounds what other agents read of an agent, which a repository may have written.
const maxDescription = 500

// configured is a profile with what the configuration says of it.
func configured(p agent.Profile, set config.Agent) agent.Profile {
	p.Model = cmp.Or(set.Model, p.Model)
	p.Prompt = cmp.Or(set.Prompt, p.Prompt)
	p.Mode = cmp.Or(agent.Mode(set.Mode), p.Mode)
	p.Steps = cmp.Or(set.Steps, p.Steps)
	if set.Description != "" {
		p.Description = clipped(permission.Visible(strings.Join(strings.Fields(set.Description), " ")), maxDescription)
		if set.Theirs {
			p.Description = "in the repository's words: " + strconv.Quote(p.Description)
		}
	}
	if set.Hidden != nil {
		p.Hidden = *set.Hidden
	}
	if set.RepositoryPrompt != "" {
		p.Rules = []agent.Rules{{Path: set.RepositoryFile, Text: set.RepositoryPrompt, Repository: true}}
	}
	p.Params.Temperature = cmp.Or(set.Temperature, p.Params.Temperature)
	p.Params.TopP = cmp.Or(set.TopP, p.Params.TopP)
	p.Params.Variant = set.Variant
	if len(set.Options) > 0 {
		p.Params.Options = set.Options
	}
	return p
}

// clipped cuts a text to at most n bytes, and marks that.
func clipped(text string, n int) string {
	if len(text) <= n {
		return text
	}
	return strings.ToValidUTF8(text[:n], "") + "…"
}

// readers are the rules that let a task go to read-only agents alone.
func (t team) readers() []permission.Rule {
	rules := []permission.Rule{{Permission: "task", Pattern: "*", Action: permission.Deny}}
	for _, m := range t {
		if !m.Hidden && m.Mode != agent.Primary && agent.ReadOnly(m.policy) && permission.Literal(m.Name) {
			rules = append(rules, permission.Rule{Permission: "task", Pattern: m.Name, Action: permission.Allow})
		}
	}
	return rules
}

func (t team) index(name string) int {
	return slices.IndexFunc(t, func(m member) bool { return m.Name == name })
}

// find returns the agent of a name, or an error for people that lists those there are.
func (t team) find(name string) (member, error) {
	if i := t.index(name); i >= 0 {
		return t[i], nil
	}
	var names []string
	for _, m := range t {
		if !m.Hidden {
			names = append(names, m.Name)
		}
	}
	return member{}, fmt.Errorf("there is no agent %q; there are %s", name, strings.Join(names, ", "))
}

// answering finds an agent that people may give a prompt to.
func (t team) answering(name string) (member, error) {
	m, err := t.find(name)
	switch {
	case err != nil:
		return m, err
	case m.Mode == agent.Subagent:
		return m, fmt.Errorf("%s is a subagent, which only other agents call; give the prompt to one of %s", name, strings.Join(t.names(), ", "))
	case m.Hidden:
		return m, fmt.Errorf("%s is hidden, and serves OpenCode itself; give the prompt to one of %s", name, strings.Join(t.names(), ", "))
	}
	return m, nil
}

// names are the agents that people may choose from.
func (t team) names() []string {
	var names []string
	for _, m := range t {
		if m.Mode != agent.Subagent && !m.Hidden {
			names = append(names, m.Name)
		}
	}
	return names
}

// first is the agent that takes a prompt which names none: the first of these that can, else any that can.
func (t team) first(wishes ...string) string {
	for _, name := range append(wishes, "build") {
		if _, err := t.answering(name); err == nil {
			return name
		}
	}
	return append(t.names(), "build")[0]
}

// warnings say what the configuration asks of its agents in vain.
func (t team) warnings(cfg *config.Config) []config.Warning {
	if cfg.DefaultAgent == "" {
		return nil
	}
	_, err := t.answering(cfg.DefaultAgent)
	if err == nil {
		return nil
	}
	w := cfg.DefaultAgentAt
	w.Message = fmt.Sprintf("%s; %s answers instead", err, t.first())
	return []config.Warning{w}
}
