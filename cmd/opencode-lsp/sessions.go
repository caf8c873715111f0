package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/agent/store"
	"github.com/opencode-lsp/opencode-lsp/permission"
	"github.com/opencode-lsp/opencode-lsp/workspace"
)

func (p *program) sessionsCommand() *cobra.Command {
	var format string
	cmd := &cobra.Command{Use: "sessions", Short: "List, show, export or delete sessions, undo and redo what they changed", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return usageError("name one of list, show, export, delete, undo, redo") }}
	cmd.PersistentFlags().StringVar(&format, "format", "text", "text or json")
	with := func(use, short string, args cobra.PositionalArgs, f func(*cobra.Command, *store.Store, []string) error) {
		cmd.AddCommand(&cobra.Command{Use: use, Short: short, Args: args, RunE: func(cmd *cobra.Command, args []string) error {
			if format != "text" && format != "json" {
				return usageError("--format %q is not one of text, json", format)
			}
			s, err := store.Open(p.dirs.data)
			if err != nil {
				return failed(err)
			}
			defer s.Close()
			return failed(f(cmd, s, args))
		}})
	}
	with("list", "List the sessions of this folder", cobra.NoArgs, func(cmd *cobra.Command, s *store.Store, _ []string) error {
		return p.listSessions(cmd, s, format)
	})
	show := func(cmd *cobra.Command, s *store.Store, args []string) error {
		return p.showSession(cmd, s, args[0], format)
	}
	with("show ID", "Print the transcript of a session as Markdown", cobra.ExactArgs(1), show)
	with("export ID", "Print a session, with --format json as its events", cobra.ExactArgs(1), show)
	with("delete ID", "Delete a session", cobra.ExactArgs(1), func(cmd *cobra.Command, s *store.Store, args []string) error {
		return p.deleteSession(cmd, s, args[0])
	})
	cmd.AddCommand(p.undoCommands(&format)...)
	return cmd
}

func (p *program) listSessions(cmd *cobra.Command, s *store.Store, format string) error {
	dir, err := workingDir()
	if err != nil {
		return err
	}
	list, err := s.List(cmd.Context(), workspace.New(dir).Roots()[0])
	if err != nil {
		return err
	}
	if format == "json" {
		return json.NewEncoder(p.stdout).Encode(append([]agent.SessionInfo{}, list...))
	}
	w := tabwriter.NewWriter(p.stdout, 0, 4, 2, ' ', 0)
	for _, i := range list {
		fmt.Fprintf(w, "%s\t%s\t%s\n", i.ID, i.Updated.Local().Format("2006-01-02 15:04"), permission.Visible(i.Title))
	}
	return w.Flush()
}

func (p *program) showSession(cmd *cobra.Command, s *store.Store, id, format string) error {
	events, err := s.Load(cmd.Context(), id)
	if err != nil {
		return explainMissing(id, err)
	}
	if format == "json" {
		return json.NewEncoder(p.stdout).Encode(events)
	}
	for _, e := range events {
		if _, err := fmt.Fprint(p.stdout, agent.Markdown(e)); err != nil {
			return err
		}
	}
	return nil
}

// deleteSession refuses a session that an editor is using.
func (p *program) deleteSession(cmd *cobra.Command, s *store.Store, id string) error {
	release, err := s.Acquire(id)
	if err != nil {
		return err
	}
	defer release()
	if err := s.Delete(cmd.Context(), id); err != nil {
		return explainMissing(id, err)
	}
	if err := os.Remove(filepath.Join(p.dirs.transcripts(), id+".md")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the session is deleted, its transcript is not: %w", err)
	}
	return nil
}

// explainMissing says where to look for a session that there is not.
func explainMissing(id string, err error) error {
	if errors.Is(err, agent.ErrNotFound) {
		return fmt.Errorf("there is no session %s; `opencode-lsp sessions list` shows those of this folder", id)
	}
	return err
}
