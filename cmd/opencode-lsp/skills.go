package main

import (
	"context"
	"path/filepath"
	"slices"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/permission"
	"github.com/opencode-lsp/opencode-lsp/tools"
	"github.com/opencode-lsp/opencode-lsp/workspace/config"
)

// skills are those of the configuration in force.
func (e *engine) skills() []tools.Skill {
	var list []tools.Skill
	for _, s := range e.now().Skills {
		list = append(list, tools.Skill(s))
	}
	return list
}

// skillsFor are the skills that the rules do not deny.
func (e *engine) skillsFor(p permission.Policy) []tools.Skill {
	return slices.DeleteFunc(e.skills(), func(s tools.Skill) bool {
		return p.Judge(permission.Item{Permission: "skill", Values: []string{s.Name}}).Action == permission.Deny
	})
}

// skillRules let a model load the user's own skills and read the files that belong to them, wherever they lie; a
// repository's are asked about like anything else.
func (e *engine) skillRules(cfg *config.Config) permission.Layer {
	l := permission.Layer{Name: "the user's skills"}
	for _, s := range cfg.Skills {
		if dir := filepath.ToSlash(filepath.Dir(s.File)); !s.Repository && permission.Literal(dir) {
			l.Rules = append(l.Rules,
				permission.Rule{Permission: "skill", Pattern: s.Name, Action: permission.Allow},
				permission.Rule{Permission: "external_directory", Pattern: dir + "/*", Action: permission.Allow},
			)
		}
	}
	return l
}

// skillCommands are the skills as commands: loading one is asked about as if the model did it.
func (e *engine) skillCommands() []slashCommand {
	var list []slashCommand
	for _, s := range e.now().Skills {
		list = append(list, slashCommand{Name: s.Name, Command: config.Command{Description: s.Description}, make: func(_ context.Context, arguments string) ([]agent.Piece, error) {
			return []agent.Piece{
				{Text: "Use this skill:\n\n", Call: toolCall("skill", map[string]any{"name": s.Name})}, {Text: "\n\n" + arguments},
			}, nil
		}})
	}
	return list
}
