package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/permission"
	"github.com/opencode-lsp/opencode-lsp/workspace"
)

// undoCommands are undo and redo for a session that no editor has open; files are changed on disk.
func (p *program) undoCommands(format *string) []*cobra.Command {
	var turn string
	undo := &cobra.Command{
		Use: "undo [ID]", Short: "Take back what the last turn of a session changed on disk", Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return failed(p.reverse(cmd.Context(), args, *format, func(ctx context.Context, s *agent.Session) (agent.Reversal, error) {
				return s.Undo(ctx, turn)
			}))
		},
	}
	undo.Flags().StringVar(&turn, "turn", "", "everything from this turn on, or all")
	redo := &cobra.Command{
		Use: "redo [ID]", Short: "Bring back what undo took", Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return failed(p.reverse(cmd.Context(), args, *format, func(ctx context.Context, s *agent.Session) (agent.Reversal, error) {
				return s.Redo(ctx)
			}))
		},
	}
	return []*cobra.Command{undo, redo}
}

// reverse does an undo or a redo in the named session, or the last one of this folder, and says what came of it.
func (p *program) reverse(ctx context.Context, args []string, format string, do func(context.Context, *agent.Session) (agent.Reversal, error)) error {
	e, err := p.engineHere(func(s string) { fmt.Fprintln(p.stderr, s) })
	if err != nil {
		return err
	}
	defer e.close()
	e.load(ctx)
	sessions := e.sessions(agent.Options{}, workspace.Disk{Workspace: e.ws}, nil)
	defer sessions.Close()
	id, err := sessionOf(ctx, sessions, args)
	if err != nil {
		return err
	}
	s, err := sessions.Open(ctx, id)
	if err != nil {
		return explainMissing([]string{id}, err)
	}
	r, err := do(ctx, s)
	if err != nil {
		return err
	}
	return p.showReversal(r, format)
}

// sessionOf is the session of the arguments, or else the one last used in this folder.
func sessionOf(ctx context.Context, sessions *agent.Sessions, args []string) (string, error) {
	if len(args) > 0 {
		return args[0], nil
	}
	list, err := sessions.List(ctx)
	if err == nil && len(list) == 0 {
		err = errors.New("there are no sessions in this folder")
	}
	if err != nil {
		return "", err
	}
	return list[0].ID, nil
}

func (p *program) showReversal(r agent.Reversal, format string) error {
	if format == "json" {
		return json.NewEncoder(p.stdout).Encode(map[string]any{"files": r.Files, "kept": append([]agent.Kept{}, r.Kept...)})
	}
	for _, f := range r.Files {
		fmt.Fprintln(p.stdout, permission.Visible(f))
	}
	for _, k := range r.Kept {
		fmt.Fprintf(p.stderr, "%s stays: %s\n", permission.Visible(k.Path), permission.Visible(k.Why))
	}
	if len(r.Files) == 0 && len(r.Kept) > 0 {
		return errors.New("nothing was changed")
	}
	return nil
}
