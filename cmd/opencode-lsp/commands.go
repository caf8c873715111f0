package main

import (
	"cmp"
	"context"
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/lsp"
	"github.com/opencode-lsp/opencode-lsp/workspace/config"
)

//go:embed commands/init.md
var initText string

//go:embed commands/review.md
var reviewText string

// slashCommand is what "/name" stands for at the beginning of a prompt.
type slashCommand struct {
	Name string
	config.Command
	// make, where set, gives the prompt in the place of Template. Its error is for the user.
	make func(ctx context.Context, arguments string) ([]agent.Piece, error)
}

// commands are all commands by name: the built-in ones, changed by the configuration, its own and, where the name is still
// free, the prompts of MCP servers and the skills.
func (e *engine) commands() map[string]slashCommand {
	all := map[string]slashCommand{
		"init":   {Name: "init", Command: config.Command{Template: initText, Description: "Write or better AGENTS.md"}},
		"review": {Name: "review", Command: config.Command{Template: reviewText, Description: "Review a change; what is not committed, unless a commit or branch is named", Subtask: true}},
	}
	for name, c := range e.now().Command {
		all[name] = slashCommand{Name: name, Command: c}
	}
	for _, c := range e.furtherCommands() {
		if _, taken := all[c.Name]; !taken {
			all[c.Name] = c
		}
	}
	return all
}

// furtherCommands are those that are no templates.
func (e *engine) furtherCommands() []slashCommand {
	return append(e.serverCommands(), e.skillCommands()...)
}

// commandList is what the editor offers.
func (e *engine) commandList() []lsp.Command {
	all := e.commands()
	var list []lsp.Command
	for _, name := range slices.Sorted(maps.Keys(all)) {
		list = append(list, lsp.Command{Name: name, Description: all[name].Description, CodeAction: all[name].CodeAction})
	}
	return list
}

// expand finds what a prompt stands for: a command, or files and agents that it mentions.
func (e *engine) expand(ctx context.Context, p agent.Prompt) (agent.Expansion, error) {
	c, arguments, err := e.command(ctx, p.Text)
	if err != nil {
		return agent.Expansion{}, err
	}
	if c.Name == "" {
		attached := e.mentions(p.Text)
		if attached == nil {
			return agent.Expansion{}, nil
		}
		return agent.Expansion{Pieces: append([]agent.Piece{{Text: p.Text}}, attached...)}, nil
	}
	return e.expandCommand(ctx, c, arguments)
}

// command finds the command that a text begins with. One that is none, such as a path, gives no command and no error.
func (e *engine) command(ctx context.Context, text string) (c slashCommand, arguments string, err error) {
	rest, ok := strings.CutPrefix(strings.TrimSpace(text), "/")
	if !ok {
		return c, "", nil
	}
	name := rest
	if i := strings.IndexAny(rest, " \t\n"); i >= 0 {
		name, arguments = rest[:i], rest[i+1:]
	}
	all := e.commands()
	if _, ok := all[name]; !ok && strings.Contains(name, ":") { // a server that may be starting still
		e.mcp().Ready(ctx, turnPatience)
		all = e.commands()
	}
	if c, ok = all[name]; ok || name == "" || strings.Contains(name, "/") {
		return c, arguments, nil
	}
	return c, "", unknownCommand(name, slices.Sorted(maps.Keys(all)))
}

// maxNear bounds the names that an error lists.
const maxNear = 8

// unknownCommand says which commands a wrong name may mean, by their first letter or a part of them, else which there are.
func unknownCommand(name string, all []string) error {
	near := slices.DeleteFunc(slices.Clone(all), func(known string) bool {
		return known[0] != name[0] && !strings.Contains(known, name)
	})
	what := "is meant, perhaps"
	if len(near) == 0 {
		near, what = all, "are there"
	}
	more := ""
	if len(near) > maxNear {
		more = fmt.Sprintf(" and %d more", len(near)-maxNear)
		near = near[:maxNear]
	}
	return fmt.Errorf("there is no command /%s; /%s%s %s", name, strings.Join(near, ", /"), more, what)
}

// expandCommand makes the pieces of a command's prompt.
func (e *engine) expandCommand(ctx context.Context, c slashCommand, arguments string) (agent.Expansion, error) {
	x := agent.Expansion{Model: c.Model, Variant: c.Variant}
	var err error
	if c.make != nil {
		x.Pieces, err = c.make(ctx, arguments)
	} else {
		x.Pieces, err = e.template(c, arguments)
	}
	if err != nil {
		return x, err
	}
	return x, e.assign(c, &x)
}

// assign says who does the command: an agent in this session, or one in a session of its own.
func (e *engine) assign(c slashCommand, x *agent.Expansion) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	doer := member{Profile: agent.Profile{Mode: agent.Primary}}
	if c.Agent != "" {
		var err error
		if doer, err = e.team.find(c.Agent); err != nil {
			return fmt.Errorf("/%s cannot be used: %w", c.Name, err)
		}
	}
	if doer.Mode == agent.Subagent || c.Subtask {
		name := doer.Name
		if doer.Mode == agent.Primary {
			name = "general" // a task goes to agents that others may call
		}
		x.Task = &agent.Task{Agent: name, Description: "/" + c.Name}
		return nil
	}
	x.Agent = doer.Name
	return nil
}

// template fills a command's template. What it mentions is attached.
func (e *engine) template(c slashCommand, arguments string) ([]agent.Piece, error) {
	filled, err := c.Fill(arguments)
	if err != nil {
		return nil, fmt.Errorf("/%s %w", c.Name, err)
	}
	var pieces []agent.Piece
	text := ""
	for _, piece := range filled {
		if piece.Shell {
			pieces = append(pieces, agent.Piece{Call: toolCall("bash", map[string]any{"command": piece.Text, "description": cmp.Or(c.Description, "part of the command /"+c.Name)})})
			continue
		}
		pieces = append(pieces, agent.Piece{Text: piece.Text})
		text += piece.Text + "\n"
	}
	return append(pieces, e.mentions(text)...), nil
}
