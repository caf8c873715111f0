package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/agent/store"
	"github.com/opencode-lsp/opencode-lsp/permission"
	"github.com/opencode-lsp/opencode-lsp/workspace"
)

func (p *program) sessionsCommand() *cobra.Command {
	var format, turn string
	cmd := &cobra.Command{Use: "sessions", Short: "List, show, export, fork, rename or delete sessions, undo and redo what they changed", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return usageError("name one of list, show, export, fork, rename, delete, undo, redo")
		}}
	cmd.PersistentFlags().StringVar(&format, "format", "text", "text, which for a transcript is markdown, or json")
	with := func(use, short string, args cobra.PositionalArgs, f storeFunc) *cobra.Command {
		sub := &cobra.Command{Use: use, Short: short, Args: args, RunE: func(cmd *cobra.Command, args []string) error {
			return p.onStore(cmd.Context(), format, args, f)
		}}
		cmd.AddCommand(sub)
		return sub
	}
	with("list", "List the sessions of this folder", cobra.NoArgs, func(ctx context.Context, s *store.Store, _ []string) error {
		return p.listSessions(ctx, s, format)
	})
	show := func(ctx context.Context, s *store.Store, args []string) error {
		return p.showSession(ctx, s, args[0], format)
	}
	with("show ID", "Print the transcript of a session as Markdown", cobra.ExactArgs(1), show)
	with("export ID", "Print a session as Markdown, or with --format json as its events", cobra.ExactArgs(1), show)
	with("fork ID", "Make a session that begins as another one did, and print its id", cobra.ExactArgs(1),
		func(ctx context.Context, s *store.Store, args []string) error {
			return p.forkSession(ctx, s, args[0], turn)
		}).
		Flags().StringVar(&turn, "turn", "", "the last turn that it takes over; else all that have ended")
	with("rename ID TITLE", "Give a session a title", cobra.MinimumNArgs(2), func(ctx context.Context, s *store.Store, args []string) error {
		sessions := stored(s)
		defer sessions.Close()
		return sessions.Rename(ctx, args[0], strings.Join(args[1:], " "))
	})
	with("delete ID", "Delete a session with what its agents' tasks left", cobra.ExactArgs(1),
		func(ctx context.Context, s *store.Store, args []string) error {
			return p.deleteSession(ctx, s, args[0])
		})
	cmd.AddCommand(p.undoCommands(&format)...)
	return cmd
}

// storeFunc does the work of a subcommand that needs the store alone, with its arguments.
type storeFunc func(ctx context.Context, s *store.Store, args []string) error

// onStore calls f with the store open. args begin with the session's ID where there are any.
func (p *program) onStore(ctx context.Context, format string, args []string, f storeFunc) error {
	if !slices.Contains([]string{"text", "markdown", "json"}, format) {
		return usageError("--format %q is not one of text, json, markdown", format)
	}
	s, err := store.Open(p.dirs.data)
	if err != nil {
		return failed(err)
	}
	defer s.Close()
	return failed(explainMissing(args, f(ctx, s, args)))
}

// stored are the sessions of all folders, for what needs no model.
func stored(s *store.Store) *agent.Sessions { return agent.NewSessions(agent.Options{Store: s}) }

func (p *program) listSessions(ctx context.Context, s *store.Store, format string) error {
	dir, err := workingDir()
	if err != nil {
		return err
	}
	list, err := s.List(ctx, workspace.New(dir).Roots()[0])
	if err != nil {
		return err
	}
	list = slices.DeleteFunc(list, func(i agent.SessionInfo) bool { return i.Parent != "" })
	if format == "json" {
		return json.NewEncoder(p.stdout).Encode(append([]agent.SessionInfo{}, list...))
	}
	w := tabwriter.NewWriter(p.stdout, 0, 4, 2, ' ', 0)
	for _, i := range list {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", i.ID, i.Updated.Local().Format("2006-01-02 15:04"), permission.Visible(i.Title), i.Spent)
	}
	return w.Flush()
}

// showSession prints a session event by event: it may be longer than memory.
func (p *program) showSession(ctx context.Context, s *store.Store, id, format string) error {
	w := bufio.NewWriter(p.stdout)
	write, end := writeMarkdown, ""
	if format == "json" {
		write, end = writeJSON, "\n]\n"
	}
	for e, err := range agent.Transcript(ctx, s, id, 0) {
		if err != nil {
			return err
		}
		if err := write(w, e); err != nil {
			return err
		}
	}
	w.WriteString(end)
	return w.Flush()
}

func writeMarkdown(w io.Writer, e agent.Event) error {
	_, err := io.WriteString(w, agent.Markdown(e))
	return err
}

// writeJSON writes an element of the list of events, the first with the list's beginning.
func writeJSON(w io.Writer, e agent.Event) error {
	data, err := json.Marshal(e)
	if err != nil {
		return err
	}
	start := ",\n"
	if e.Seq == 1 {
		start = "[\n"
	}
	_, err = w.Write(append([]byte(start), data...))
	return err
}

func (p *program) forkSession(ctx context.Context, s *store.Store, id, turn string) error {
	sessions := stored(s)
	defer sessions.Close()
	fork, err := sessions.Fork(ctx, id, turn)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(p.stdout, fork.ID())
	return err
}

// deleteSession refuses a session that an editor is using.
func (p *program) deleteSession(ctx context.Context, s *store.Store, id string) error {
	sessions := stored(s)
	defer sessions.Close()
	gone, err := sessions.Delete(ctx, id)
	for _, id := range gone {
		if err := p.removeTranscript(id); err != nil {
			return fmt.Errorf("the session is deleted, its transcript is not: %w", err)
		}
	}
	return err
}

// removeTranscript removes the file that an editor shows of a session, if there is one.
func (p *program) removeTranscript(session string) error {
	err := os.Remove(filepath.Join(p.dirs.transcripts(), session+".md"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// explainMissing says where to look for a session that there is not.
func explainMissing(args []string, err error) error {
	if errors.Is(err, agent.ErrNotFound) && len(args) > 0 {
		return fmt.Errorf("there is no session %s; `opencode-lsp sessions list` shows those of this folder", args[0])
	}
	return err
}
