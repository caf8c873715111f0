package main

import (
	"cmp"
	"slices"
	"sync"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/permission"
)

// profile finds the agent of that name, "" being the default one.
func (e *engine) profile(name string) (agent.Profile, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	m, err := e.team.find(cmp.Or(name, e.defaultAgent()))
	return m.Profile, err
}

// defaultAgent is called with mu held.
func (e *engine) defaultAgent() string { return e.team.first(e.chosenAgent, e.config.DefaultAgent) }

// agentName is the agent in use.
func (e *engine) agentName() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.defaultAgent()
}

// setAgent makes an agent the default of this process.
func (e *engine) setAgent(name string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	_, err := e.team.answering(name)
	if err == nil {
		e.chosenAgent = name
	}
	return err
}

// answering is an error where people may not give an agent a prompt.
func (e *engine) answering(name string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	_, err := e.team.answering(name)
	return err
}

// agentChoices are the agents that people may choose from.
func (e *engine) agentChoices() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.team.names()
}

// policy is the rules of the default agent.
func (e *engine) policy() permission.Policy { return e.policyOf(e.agentName()) }

// policyOf is the rules in force for an agent. One that the configuration has taken away in the middle of a turn asks for
// everything that is not denied.
func (e *engine) policyOf(name string) permission.Policy {
	e.mu.Lock()
	defer e.mu.Unlock()
	if m, err := e.team.find(name); err == nil {
		return m.policy
	}
	ask := permission.Layer{Name: "agents", NarrowOnly: true, Rules: []permission.Rule{{Permission: "*", Pattern: "*", Action: permission.Ask}}}
	return permission.Policy{Layers: append(slices.Clip(e.base), ask), Home: e.where.Home}
}

// remembered asks for rules once for a configuration: a search judges every file by them.
func (e *engine) remembered(policy func() permission.Policy) func() permission.Policy {
	var mu sync.Mutex
	var rules permission.Policy
	known := -1
	return func() permission.Policy {
		e.mu.Lock()
		loads := e.loads
		e.mu.Unlock()
		mu.Lock()
		fresh, now := known == loads, rules
		mu.Unlock()
		if fresh {
			return now
		}
		now = policy()
		mu.Lock()
		defer mu.Unlock()
		rules, known = now, loads
		return now
	}
}
