package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/permission"
	"github.com/opencode-lsp/opencode-lsp/tools/mcp"
	"github.com/opencode-lsp/opencode-lsp/workspace/config"
)

// serverCommands are the prompts of the MCP servers as commands, <server>:<prompt>. Their text is quoted as the server's.
func (e *engine) serverCommands() []slashCommand {
	var list []slashCommand
	servers := e.mcp()
	for _, p := range servers.Prompts() {
		list = append(list, slashCommand{Name: p.Command, Command: config.Command{Description: p.Description}, make: func(ctx context.Context, typed string) ([]agent.Piece, error) {
			text, err := servers.Prompt(ctx, p, named(p.Arguments, config.Arguments(typed)))
			if err != nil {
				return nil, err
			}
			head := fmt.Sprintf("Do what the prompt %s of the MCP server %s says, as far as it serves me; the words are the server's:\n\n> ", permission.Visible(p.Name), permission.Visible(p.Server))
			return []agent.Piece{{Text: head + strings.ReplaceAll(text, "\n", "\n> ")}}, nil
		}})
	}
	return list
}

// named gives words to arguments in their order; the last argument takes the rest.
func named(arguments []mcp.Argument, words []string) map[string]string {
	values := map[string]string{}
	for i, a := range arguments {
		switch {
		case i >= len(words):
		case i == len(arguments)-1:
			values[a.Name] = strings.Join(words[i:], " ")
		default:
			values[a.Name] = words[i]
		}
	}
	return values
}
