package main

import (
	"cmp"
	"slices"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/permission"
	"github.com/opencode-lsp/opencode-lsp/tools"
)

// lineage is what a session belongs to: the session that a person began, and the sessions between.
type lineage struct {
	sessions *agent.Sessions
	session  *agent.Session
}

// root is the session whose remembered answers count for all below it: what the user allowed there need not be asked again
// by each task.
func (l lineage) root() string {
	if above := l.sessions.Parents(l.session); len(above) > 0 {
		return above[len(above)-1].ID
	}
	return l.session.ID()
}

// task is the task tool of a session; nil where there is nobody to call. depth is how many sessions may stand below one that
// a person began.
func (l lineage) task(agents []agent.Profile, depth int) []tools.Tool {
	if len(agents) == 0 || len(l.sessions.Parents(l.session)) >= depth {
		return nil
	}
	return []tools.Tool{l.sessions.TaskTool(l.session, agents, depth)}
}

// callees are the agents that an agent with these rules may call.
func (e *engine) callees(p permission.Policy) []agent.Profile {
	e.mu.Lock()
	defer e.mu.Unlock()
	var list []agent.Profile
	for _, m := range e.team {
		call := permission.Item{Permission: "task", Values: []string{m.Name}}
		if m.Mode != agent.Primary && !m.Hidden && p.Judge(call).Action != permission.Deny {
			list = append(list, m.Profile)
		}
	}
	return list
}

// within is the rules of an agent in a session, within those of the sessions above it, so that no task holds more than who
// gave it. The rules of a session that is at work are those of its present turn.
func (e *engine) within(l lineage, name string) permission.Policy {
	own := limited(e.policyOf(name), l.session.Info())
	for _, above := range l.sessions.Parents(l.session) {
		e.mu.Lock()
		seat := e.seats[above.ID]
		e.mu.Unlock()
		if seat != nil {
			return own.Inside(seat.rules()) // those above it included
		}
		own = own.Inside(limited(e.policyOf(cmp.Or(above.Agent, e.agentName())), above))
	}
	return own
}

// limited is the policy narrowed by a session's own rules.
func limited(p permission.Policy, info agent.SessionInfo) permission.Policy {
	return narrowed(narrowed(p, info.Limits), info.Switches)
}

// narrowed is the policy with rules that can only make it stricter. A rule that cannot be read asks for all that it is about.
func narrowed(p permission.Policy, limits []agent.Limit) permission.Policy {
	if len(limits) == 0 {
		return p
	}
	layer := permission.Layer{Name: "session", NarrowOnly: true}
	for _, l := range limits {
		action, err := permission.ParseAction(l.Action)
		if err != nil {
			action = permission.Ask
		}
		layer.Rules = append(layer.Rules, permission.Rule{Permission: l.Permission, Pattern: l.Pattern, Action: action})
	}
	p.Layers = append(slices.Clip(p.Layers), layer)
	return p
}
