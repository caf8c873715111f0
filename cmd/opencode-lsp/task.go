package main

import (
	"slices"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/permission"
	"github.com/opencode-lsp/opencode-lsp/tools"
)

// taskDepth is how many sessions may stand below one that a person began; OpenCode's default.
const taskDepth = 1

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

// policy is the rules of the session's agent within those of the sessions above it, so that no task holds more than who
// gave it.
func (l lineage) policy(of func(agent string) permission.Policy) permission.Policy {
	var outer *permission.Policy
	for _, info := range slices.Backward(l.sessions.Parents(l.session)) {
		p := of(info.Agent)
		p.Within, outer = outer, &p
	}
	own := of(l.session.Info().Agent)
	own.Within = outer
	return own
}

// task is the task tool of a session; nil where there is nobody to call.
func (l lineage) task(agents []agent.Profile) []tools.Tool {
	if len(agents) == 0 || l.session.Info().Parent != "" && taskDepth < 2 {
		return nil
	}
	return []tools.Tool{l.sessions.TaskTool(l.session, agents, taskDepth)}
}
