package lsp

import (
	"cmp"
	"context"
	"sync/atomic"

	"github.com/sourcegraph/jsonrpc2"

	"github.com/opencode-lsp/opencode-lsp/agent"
)

// selection is the agent and the model that the user picked in this editor: prompts go to them, in whatever session.
type selection struct{ agentName, modelName atomic.Pointer[string] }

// agent is the picked one, "" for none.
func (s *selection) agent() string { return loaded(&s.agentName) }

// model is the picked one, "" for none.
func (s *selection) model() string { return loaded(&s.modelName) }

func loaded(p *atomic.Pointer[string]) string {
	if name := p.Load(); name != nil {
		return *name
	}
	return ""
}

// begin gives way to what a new session was asked for, which is the newer choice.
func (s *selection) begin(agent, model string) {
	if agent != "" {
		s.agentName.Store(nil)
	}
	if model != "" {
		s.modelName.Store(nil)
	}
}

// mayTake is an error where people may not give the agent a prompt, or there is no such model; "" leaves the choice to the
// program.
func (a *Agent) mayTake(agent, model string) error {
	if agent != "" {
		if err := a.Answering(agent); err != nil {
			return err
		}
	}
	if model != "" {
		return a.Usable(model)
	}
	return nil
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
	if args.Model != "" {
		if err := a.SetModel(args.Model); err != nil {
			return nil, rpcError(jsonrpc2.CodeInvalidParams, "%s", err)
		}
		s.selected.modelName.Store(&args.Model)
	}
	return map[string]string{"model": s.modelInUse(a)}, nil
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
		s.selected.agentName.Store(&args.Agent)
	}
	return map[string]string{"agent": s.agentInUse(a)}, nil
}

// agentInUse is who would take the next prompt: the picked agent, else the one of the session last used, else the default.
func (s *Server) agentInUse(a *Agent) string {
	return cmp.Or(s.selected.agent(), lastUsed(a).Agent, a.Agent())
}

// modelInUse is the same of models.
func (s *Server) modelInUse(a *Agent) string {
	return cmp.Or(s.selected.model(), lastUsed(a).Model, a.Model())
}

// lastUsed is the session that the next prompt goes to, where it is open.
func lastUsed(a *Agent) agent.SessionInfo {
	if session := a.Sessions.Last(); session != nil {
		return session.Info()
	}
	return agent.SessionInfo{}
}
