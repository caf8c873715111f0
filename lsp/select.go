package lsp

import (
	"cmp"
	"context"
	"sync/atomic"

	"github.com/sourcegraph/jsonrpc2"
)

// selection is the agent that the user picked in this editor: prompts go to it, in whatever session.
type selection struct{ name atomic.Pointer[string] }

// agent is the picked one, "" for none.
func (s *selection) agent() string {
	if name := s.name.Load(); name != nil {
		return *name
	}
	return ""
}

// answering is an error where people may not give the agent a prompt; "" leaves the choice to the program.
func (a *Agent) answering(name string) error {
	if name == "" {
		return nil
	}
	return a.Answering(name)
}

// commandNames are the names of the user's own commands, for completion.
func (a *Agent) commandNames() []string {
	names := []string{}
	if a.Commands != nil {
		for _, c := range a.Commands() {
			names = append(names, c.Name)
		}
	}
	return names
}

// modelSelect makes a model the editor's default; without a name the user picks one from a prompt.
func (s *Server) modelSelect(ctx context.Context, a *Agent, args sessionArgs) (any, error) {
	if args.Model == "" {
		args.Model = s.chooseModel(ctx, a.Models(ctx))
	}
	if args.Model == "" {
		return map[string]string{"model": a.Model()}, nil
	}
	a.SetModel(args.Model)
	return map[string]string{"model": a.Model()}, nil
}

// agentSelect makes an agent the editor's default; without a name the user picks one from a prompt.
func (s *Server) agentSelect(ctx context.Context, a *Agent, args sessionArgs) (any, error) {
	if args.Agent == "" {
		args.Agent = s.choose(ctx, "OpenCode: which agent shall answer from now on?", a.Agents())
	}
	if args.Agent != "" {
		if err := a.SetAgent(args.Agent); err != nil {
			return nil, rpcError(jsonrpc2.CodeInvalidParams, "%s", err)
		}
		s.selected.name.Store(&args.Agent)
	}
	return map[string]string{"agent": s.agentInUse(a)}, nil
}

// agentInUse is who would take the next prompt: the picked agent, else the one of the session last used, else the default.
func (s *Server) agentInUse(a *Agent) string {
	last := ""
	if session := a.Sessions.Last(); session != nil {
		last = session.Info().Agent
	}
	return cmp.Or(s.selected.agent(), last, a.Agent())
}
