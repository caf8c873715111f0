package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/opencode-lsp/opencode-lsp/lsp"
)

func (p *program) answerCommand() *cobra.Command {
	var message string
	var server int
	cmd := &cobra.Command{
		Use: "answer [ID] once|always|reject|TEXT", Short: "Answer an open question of the language server, or of serve, of this folder",
		Long: "Answer an open question of the language server or of serve in this folder, the only one where ID is left out.\n" +
			"TEXT answers a question of the model: the label of an option, its number, several with commas, or own words.",
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			arg := map[string]string{"message": message, "via": "cli"}
			if id := strings.TrimPrefix(args[0], "#"); len(args) > 1 && strings.Trim(id, "0123456789") == "" {
				arg["id"], args = id, args[1:]
			}
			arg["reply"] = strings.Join(args, " ")
			return failed(p.answer(cmd.Context(), server, arg))
		},
	}
	cmd.Flags().StringVar(&message, "message", "", "what the model shall read with the answer")
	cmd.Flags().IntVar(&server, "server", 0, "the process id of the server, where several run for the folder")
	return cmd
}

// answer settles the question; a late answer fails and says who was first.
func (p *program) answer(ctx context.Context, server int, arg map[string]string) error {
	found, err := p.find(ctx, lsp.FindAsking, "", server)
	if err != nil {
		return err
	}
	defer found.Close()
	r, err := asking(ctx, found, arg["id"])
	if err != nil {
		return err
	}
	var result struct {
		OK     bool
		Reason string
	}
	if err := r.Command(ctx, "opencode.permission.reply", arg, &result); err != nil {
		if invalid, ok := errors.AsType[*lsp.InvalidError](err); ok {
			return usageError("%s", invalid)
		}
		return err
	}
	if !result.OK {
		return &exitError{exitFailed, result.Reason}
	}
	fmt.Fprintln(p.stdout, "answered: "+arg["reply"])
	return nil
}

// asking is the one server that has the question open, any question without an id; the newest where none has.
func asking(ctx context.Context, found lsp.Remotes, id string) (*lsp.Remote, error) {
	if len(found) == 1 {
		return found[0], nil
	}
	var with lsp.Remotes
	var which []string
	for _, r := range found {
		var open []struct{ ID, Permission, Subject string }
		if err := r.Command(ctx, "opencode.permission.list", map[string]any{}, &open); err != nil {
			return nil, fmt.Errorf("server %d: %w", r.PID, err)
		}
		for _, q := range open {
			if id == "" || q.ID == id {
				with = append(with, r)
				which = append(which, fmt.Sprintf("--server %d asks #%s %s: %s", r.PID, q.ID, q.Permission, q.Subject))
				break
			}
		}
	}
	switch len(with) {
	case 0:
		return found[0], nil
	case 1:
		return with[0], nil
	}
	return nil, &exitError{exitFailed, "several servers of this folder have a question: " + strings.Join(which, "; ")}
}
