package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/opencode-lsp/opencode-lsp/permission"
	"github.com/opencode-lsp/opencode-lsp/permission/batch"
	"github.com/opencode-lsp/opencode-lsp/permission/shell"
	"github.com/opencode-lsp/opencode-lsp/workspace/config"
)

// maxCase bounds a line of `permission check --batch`.
const maxCase = 64 << 20

func (p *program) permissionCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "permission", Short: "See what the permission rules say, list and forget remembered answers", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return usageError("name one of check, list, forget") }}
	cmd.AddCommand(p.permissionCheck(), p.permissionList(), p.permissionForget())
	return cmd
}

func (p *program) permissionCheck() *cobra.Command {
	var many, explain bool
	var file string
	cmd := &cobra.Command{
		Use: "check KIND INPUT", Short: "Say whether an operation would be allowed, asked or denied; KIND is bash, web, or a permission such as edit and read",
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case many && len(args) == 0:
				return failed(p.checkBatch())
			case many || len(args) != 2:
				return usageError("check takes KIND and INPUT, or --batch and cases on standard input")
			}
			return failed(p.checkOne(cmd, file, args[0], args[1], explain))
		},
	}
	cmd.Flags().BoolVar(&many, "batch", false, "read cases as JSON lines from standard input and print a verdict for each")
	cmd.Flags().BoolVar(&explain, "explain", false, "say which rule of which layer decided each part")
	cmd.Flags().StringVar(&file, "config", "", "judge by this configuration file instead of those in force")
	return cmd
}

// checkBatch judges each case by its own rules alone.
func (p *program) checkBatch() error {
	lines := bufio.NewScanner(p.stdin)
	lines.Buffer(nil, maxCase)
	out := bufio.NewWriter(p.stdout)
	defer out.Flush()
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	for lines.Scan() {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		if err := enc.Encode(batch.Check(lines.Bytes())); err != nil {
			return err
		}
	}
	return lines.Err()
}

// checkOne judges one operation by the rules in force in this folder.
func (p *program) checkOne(cmd *cobra.Command, file, kind, input string, explain bool) error {
	e, err := p.engineHere(func(text string) { fmt.Fprintln(p.stderr, text) })
	if err != nil {
		return err
	}
	defer e.close()
	if err := e.loadFor(cmd.Context(), file); err != nil {
		return err
	}
	items, err := e.items(kind, input)
	if err != nil {
		return err
	}
	var grants []permission.Grant
	if file == "" {
		if grants, err = e.grants.List(cmd.Context(), e.root()); err != nil {
			return err
		}
	}
	policy := e.policy()
	verdict := answeredBefore(policy, items, grants)
	fmt.Fprintf(p.stdout, "%s: %s\n", verdict.Action, verdict.Reason)
	if !explain {
		return nil
	}
	return p.explainItems(policy, items, grants)
}

// explainItems prints a line for each item, judged by itself.
func (p *program) explainItems(policy permission.Policy, items []permission.Item, grants []permission.Grant) error {
	w := tabwriter.NewWriter(p.stdout, 0, 4, 2, ' ', 0)
	for _, it := range items {
		v := answeredBefore(policy, []permission.Item{it}, grants)
		if it.Strictness == permission.Beside {
			v = policy.Judge(it) // alone it would be nothing to judge
		}
		fmt.Fprintf(w, "  %s\t%s\t%s\t%s\n", v.Action, it.Permission, permission.Marked(first(it.Values)), v.Reason)
	}
	return w.Flush()
}

// answeredBefore is what the rules and then the remembered answers say of items.
func answeredBefore(policy permission.Policy, items []permission.Item, grants []permission.Grant) permission.Verdict {
	verdict, asks := policy.JudgeAll(items)
	if verdict.Action != permission.Ask {
		return verdict
	}
	for _, gr := range grants {
		open := gr.Settle(asks)
		if len(open) == 0 {
			verdict.Action = permission.Allow
			verdict.Reason = fmt.Sprintf("%s %q was answered with always on %s (%s)", gr.Permission, gr.Pattern, gr.Created.Local().Format(time.DateOnly), gr.ID)
			return verdict
		}
		asks = open
	}
	return asks[0]
}

// loadFor reads the configuration in force, or file alone where one is named.
func (e *engine) loadFor(ctx context.Context, file string) error {
	if file == "" {
		e.load(ctx)
		return nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	cfg, warnings := config.Load(ctx, config.Sources{Roots: e.ws.Roots(), Flags: text})
	for _, w := range warnings {
		e.notify(w.String())
	}
	e.take(cfg, e.mcp())
	return nil
}

// items are what the gate would judge.
func (e *engine) items(kind, input string) ([]permission.Item, error) {
	place := e.place()
	switch kind {
	case "bash":
		if err := shell.Valid(input); err != nil {
			return nil, err
		}
		return shell.Items(input, place), nil
	case "web", "webfetch":
		return permission.URLItems(input)
	case "edit", "read", "list", "glob", "grep", "path":
		if kind == "path" {
			kind = "edit"
		}
		if rest, ok := strings.CutPrefix(input, "~/"); ok {
			input = place.Home + "/" + rest
		}
		return permission.FileItems(kind, input, place), nil
	}
	return []permission.Item{{Permission: kind, Values: []string{input}}}, nil
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

func (p *program) permissionList() *cobra.Command {
	return &cobra.Command{Use: "list", Short: "List the remembered answers of this folder", Args: cobra.NoArgs,
		RunE: action(func(cmd *cobra.Command, _ []string) error {
			return p.withGrants(func(g *permission.Grants, root string) error {
				list, err := g.List(cmd.Context(), root)
				if err != nil {
					return err
				}
				w := tabwriter.NewWriter(p.stdout, 0, 4, 2, ' ', 0)
				for _, gr := range list {
					fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", gr.ID, gr.Permission, permission.Visible(gr.Pattern), gr.Created.Local().Format("2006-01-02"))
				}
				return w.Flush()
			})
		})}
}

func (p *program) permissionForget() *cobra.Command {
	var all bool
	cmd := &cobra.Command{Use: "forget ID", Short: "Forget a remembered answer of this folder, or --all",
		RunE: func(cmd *cobra.Command, args []string) error {
			if all == (len(args) == 1) || len(args) > 1 {
				return usageError("forget takes one ID, or --all")
			}
			return failed(p.withGrants(func(g *permission.Grants, root string) error {
				if all {
					return g.ForgetAll(cmd.Context(), root)
				}
				list, err := g.List(cmd.Context(), root)
				if err != nil {
					return err
				}
				for _, gr := range list {
					if gr.ID == args[0] {
						return g.Forget(cmd.Context(), gr.ID)
					}
				}
				return errors.New("nothing of that ID is remembered here; `opencode-lsp permission list` shows what is")
			}))
		}}
	cmd.Flags().BoolVar(&all, "all", false, "forget all of this folder")
	return cmd
}

// withGrants opens the remembered answers of the working folder.
func (p *program) withGrants(f func(g *permission.Grants, root string) error) error {
	e, err := p.engineHere(func(string) {})
	if err != nil {
		return err
	}
	defer e.close()
	return f(e.grants, e.root())
}
