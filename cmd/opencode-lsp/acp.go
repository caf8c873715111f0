package main

import (
	"cmp"
	"context"
	"encoding/json"
	"sync"

	"github.com/spf13/cobra"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/agent/acp"
	"github.com/opencode-lsp/opencode-lsp/agent/store"
)

func (p *program) acpCommand() *cobra.Command {
	var log string
	var verbose bool
	cmd := &cobra.Command{
		Use: "acp", Short: "Speak the Agent Client Protocol on stdio, for Zed, JetBrains and others", Args: cobra.NoArgs,
		RunE: action(func(cmd *cobra.Command, _ []string) error {
			closeLog, err := p.startLog(log, verbose)
			if err != nil {
				return err
			}
			defer closeLog()
			return p.serveACP(cmd.Context())
		}),
	}
	cmd.Flags().StringVar(&log, "log", "", "log to this file instead of the state folder")
	cmd.Flags().BoolVarP(&verbose, "verbose", "v", false, "log more")
	return cmd
}

// serveACP speaks to the client until it leaves.
func (p *program) serveACP(ctx context.Context) error {
	p.keepStdout()
	s, err := store.Open(p.dirs.data)
	if err != nil {
		return err
	}
	defer s.Close()
	acp.Serve(ctx, stdio{p.stdin, p.stdout}, acp.Options{Version: version(), Build: p.acpBuilder(), Store: s, Commands: p.dirs.commands()})
	return nil
}

// acpBuilder makes the agents of a client's sessions.
func (p *program) acpBuilder() func(context.Context, acp.Client) (*acp.Agent, error) {
	share := newServerShare()
	return func(ctx context.Context, c acp.Client) (*acp.Agent, error) { return p.buildACP(ctx, c, share) }
}

// buildACP makes the agent of one session of the client.
func (p *program) buildACP(ctx context.Context, c acp.Client, share *serverShare) (*acp.Agent, error) {
	e, err := newEngine(p, c.Workspace, c.Notify)
	if err != nil {
		return nil, err
	}
	e.editor, e.terminal, e.changed = c.Settings, c.Terminal, c.Changed
	e.load(ctx)
	share.join(e, c.Settings)
	ctx, cancel := context.WithCancel(ctx)
	var work sync.WaitGroup
	work.Go(func() { e.watchAll(ctx) })
	sessions := e.sessions(agent.Options{Opened: c.Opened}, c.Applier, c.Barrier)
	return &acp.Agent{
		Sessions: sessions,
		Models:   e.modelChoices,
		Model:    func() string { return e.modelNow(ctx) },
		Context:  func(model string) int64 { return e.about(cmp.Or(model, e.modelName())).Context },
		Modes:    e.modes, Mode: e.agentName, Answering: e.answering,
		Commands: e.acpCommands,
		Save:     func() string { return e.now().Edits.Save },
		Trust:    e.askTrust,
		Configure: func(settings json.RawMessage) {
			share.join(e, settings)
			e.load(ctx)
		},
		Close: func() {
			sessions.Close()
			cancel()
			work.Wait()
			share.leave(e)
			e.close()
		},
	}, nil
}

// modelNow is the model in use: the one that is set, else the first that a local server has.
func (e *engine) modelNow(ctx context.Context) string {
	if name := e.modelName(); name != "" {
		return name
	}
	if local := e.localModels(ctx); len(local) > 0 {
		return local[0]
	}
	return ""
}

// modes are the agents that people may choose from.
func (e *engine) modes() []acp.Mode {
	e.mu.Lock()
	defer e.mu.Unlock()
	var list []acp.Mode
	for _, name := range e.team.names() {
		m, err := e.team.find(name)
		if err == nil {
			list = append(list, acp.Mode{Name: m.Name, Description: m.Description})
		}
	}
	return list
}

func (e *engine) acpCommands() []acp.Command {
	var list []acp.Command
	for _, c := range e.commandList() {
		list = append(list, acp.Command{Name: c.Name, Description: c.Description})
	}
	return list
}
