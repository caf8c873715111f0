package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/agent/llm"
	"github.com/opencode-lsp/opencode-lsp/lsp"
	"github.com/opencode-lsp/opencode-lsp/permission"
	"github.com/opencode-lsp/opencode-lsp/tools/mcp"
)

// modelPatience is how long doctor waits for a word of the model.
const modelPatience = 20 * time.Second

func (p *program) doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use: "doctor", Short: "Say what is configured and whether it works", Args: cobra.NoArgs,
		RunE: action(func(cmd *cobra.Command, _ []string) error {
			e, err := p.engineHere(func(string) {})
			if err != nil {
				return err
			}
			defer e.close()
			e.load(cmd.Context())
			d := &doctor{engine: e}
			for _, check := range []func(context.Context){d.files, d.trust, d.agents, d.instructions, d.permissions, d.model, d.servers, d.languages, d.store, d.running} {
				check(cmd.Context())
			}
			if d.bad > 0 {
				return &exitError{exitFailed, fmt.Sprintf("%d of the checks failed; each line above says how to mend it", d.bad)}
			}
			return nil
		}),
	}
}

// doctor prints one line a finding.
type doctor struct {
	*engine
	bad int
}

func (d *doctor) ok(what, format string, args ...any) { d.line("ok  ", what, format, args...) }

func (d *doctor) fail(what, format string, args ...any) {
	d.bad++
	d.line("FAIL", what, format, args...)
}

func (d *doctor) line(mark, what, format string, args ...any) {
	fmt.Fprintf(d.program.stdout, "%s  %-8s %s\n", mark, what, fmt.Sprintf(format, args...))
}

// files are the configuration files that there are, and what is wrong with them.
func (d *doctor) files(context.Context) {
	var found []string
	for _, f := range d.now().Files {
		if _, err := os.Stat(f); err == nil {
			found = append(found, f)
		}
	}
	if len(found) == 0 {
		found = []string{"none; the defaults hold"}
	}
	d.ok("config", "%s", strings.Join(found, ", "))
	for _, w := range d.warnings {
		d.fail("config", "%s", w)
	}
}

func (d *doctor) trust(context.Context) {
	cfg := d.now()
	if cfg.Hash == "" {
		d.ok("trust", "this folder's files ask for nothing that needs trust")
	} else if len(cfg.Untrusted) == 0 {
		d.ok("trust", "you trust this folder's files")
	}
	for _, what := range cfg.Untrusted {
		d.line("note", "trust", "not in force until you trust this folder in your editor: %s", what)
	}
}

// agents are those that people may choose, and what there is beside.
func (d *doctor) agents(context.Context) {
	d.ok("agents", "%s; prompts go to %s", strings.Join(d.agentChoices(), ", "), d.agentName())
	d.ok("commands", "/%s", strings.Join(slices.Sorted(maps.Keys(d.commands())), ", /"))
	for _, s := range d.skills() {
		whose := "yours"
		if s.Repository {
			whose = "the repository's; loading it is asked about"
		}
		d.ok("skill", "%s (%s)", s.Name, whose)
	}
}

// instructions are the files that the model reads with every session, and whose words they are.
func (d *doctor) instructions(ctx context.Context) {
	for _, r := range d.rules(ctx, d.policy()) {
		whose := "yours"
		if r.Repository {
			whose = "the repository's; the model is told so"
		}
		d.ok("rules", "%s (%s)", permission.Visible(r.Path), whose)
	}
}

// permissions says what is surprising in the rules.
func (d *doctor) permissions(context.Context) {
	for _, l := range d.now().Permission {
		for _, note := range permission.Lint(l) {
			d.line("note", "rules", "%s: %s", l.Name, permission.Visible(note))
		}
	}
}

// model looks whether the provider lists the configured model, which costs nothing, and asks the model for one word where it
// does not: not every server has a list, and not every list has all names.
func (d *doctor) model(ctx context.Context) {
	m, info, err := d.engine.model("")
	if err != nil {
		d.fail("model", "%s", err)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, modelPatience)
	defer cancel()
	start := time.Now()
	if d.listed(ctx, info.Name) {
		d.ok("model", "%s is listed by its provider after %d ms", info.Name, time.Since(start).Milliseconds())
		d.key(info.Name)
		return
	}
	req := agent.Request{System: "Answer with the word ok.", Messages: []agent.Message{{Role: agent.User, Text: "Are you there?"}}}
	start = time.Now()
	for delta, err := range m.Stream(ctx, req) {
		if err != nil {
			d.fail("model", "%s: %s", info.Name, err)
			return
		}
		if delta.Text != "" {
			break
		}
	}
	d.ok("model", "%s answers after %d ms", info.Name, time.Since(start).Milliseconds())
	d.key(info.Name)
}

// listed reports whether the provider's list holds the model.
func (d *doctor) listed(ctx context.Context, name string) bool {
	provider, id, _ := strings.Cut(name, "/")
	d.engine.mu.Lock()
	cfg := d.engine.llmConfig(provider, id)
	d.engine.mu.Unlock()
	ids, err := llm.Models(ctx, cfg)
	return err == nil && slices.Contains(ids, id)
}

// key says which variable or file the key came from, never the key.
func (d *doctor) key(name string) {
	provider, _, _ := strings.Cut(name, "/")
	info, known := llm.Provider(provider)
	_, variable := info.Key(d.program.getenv)
	switch {
	case d.now().Providers[provider].Options.APIKey != "":
		d.ok("key", "from the configuration of %s", provider)
	case known && variable != "":
		d.ok("key", "from %s", variable)
	default:
		d.ok("key", "none is needed or set for %s", provider)
	}
}

// servers are the model servers of this machine and the configured MCP servers.
func (d *doctor) servers(ctx context.Context) {
	for _, name := range d.localModels(ctx) {
		d.ok("local", "%s", name)
	}
	d.startServers()
	d.engine.mcp().Ready(ctx, doctorPatience)
	for _, m := range d.engine.mcp().Status() {
		switch m.State {
		case mcp.Connected:
			d.ok("mcp", "%s", serverLine(m))
		case mcp.Disabled:
			d.line("note", "mcp", "%s", serverLine(m))
		default:
			d.fail("mcp", "%s", serverLine(m))
		}
		for _, note := range m.Notes {
			d.line("note", "mcp", "%s: %s", permission.Visible(m.Name), note)
		}
	}
}

// languages are the language servers that start with the first file for them, and those that are asked for in vain.
func (d *doctor) languages(context.Context) {
	set := d.now().LanguageServers
	for _, name := range absentServers(set) {
		d.line("note", "lsp", "%s is not installed, so it is not used", permission.Visible(name))
	}
	for _, s := range languageServers(set) {
		d.ok("lsp", "%s, for %s", permission.Visible(s.Name), permission.Visible(strings.Join(s.Extensions, " ")))
	}
}

func (d *doctor) store(ctx context.Context) {
	list, err := d.engine.store.List(ctx, d.root())
	if err != nil {
		d.fail("store", "%s", err)
		return
	}
	d.ok("store", "%s, %d sessions of this folder", d.program.dirs.data, len(list))
}

// running are the language servers of this folder.
func (d *doctor) running(ctx context.Context) {
	dir, err := filepath.EvalSymlinks(d.root())
	if err != nil {
		dir = d.root()
	}
	found, err := lsp.Find(ctx, d.program.dirs.runtime, dir, 0)
	if errors.Is(err, lsp.ErrNoServer) {
		d.ok("server", "no language server runs for this folder now")
		return
	}
	if err != nil {
		d.fail("server", "%s", err)
		return
	}
	defer found.Close()
	for _, r := range found {
		d.server(ctx, r)
	}
}

func (d *doctor) server(ctx context.Context, r *lsp.Remote) {
	var status struct {
		Version, Model string
		Unsaved        []string
	}
	if err := r.Command(ctx, "opencode.status", map[string]any{}, &status); err != nil {
		d.fail("server", "process %d: %s; restart the server in your editor", r.PID, err)
		return
	}
	d.ok("server", "running as process %d, version %s, model %s, %d unsaved", r.PID, status.Version, status.Model, len(status.Unsaved))
}
