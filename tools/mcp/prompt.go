package mcp

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/opencode-lsp/opencode-lsp/permission"
)

// Prompt is a prompt that a server offers: a slash command of the user. Its texts are the server's words.
type Prompt struct {
	// Server and Name say which; Command is the name that the user types, as OpenCode has it: <server>:<prompt>.
	Server, Name, Command string
	Description           string
	Arguments             []Argument
}

// Argument is one argument of a prompt.
type Argument struct {
	Name, Description string
	Required          bool
}

// readPrompts checks what a server lists.
func (o *offer) readPrompts(raw []json.RawMessage) []Prompt {
	var list []Prompt
	for i, r := range raw {
		var p struct {
			Name        string `json:"name"`
			Description string `json:"description"`
			Arguments   []struct {
				Name        string `json:"name"`
				Description string `json:"description"`
				Required    bool   `json:"required"`
			} `json:"arguments"`
		}
		if err := json.Unmarshal(r, &p); err != nil || p.Name == "" {
			o.note("its prompt %d of %d cannot be read and is left out", i+1, len(raw))
			continue
		}
		prompt := Prompt{Name: p.Name, Description: oneLine(p.Description, 300)}
		for _, a := range p.Arguments {
			prompt.Arguments = append(prompt.Arguments, Argument{a.Name, oneLine(a.Description, 200), a.Required})
		}
		list = append(list, prompt)
	}
	return list
}

// Prompts are the prompts of the connected servers, by server and in their order.
func (s *Servers) Prompts() []Prompt {
	var list []Prompt
	for _, server := range s.all() {
		c, o := server.connected()
		if c == nil {
			continue
		}
		for _, p := range o.prompts {
			p.Server = server.name
			p.Command = sanitise(server.name) + ":" + sanitise(p.Name)
			list = append(list, p)
		}
	}
	return list
}

// Prompt gets the text of a prompt: what its server wants the user to say. The text is the server's, as it is; whoever sends
// it to a model shows it to the user first.
func (s *Servers) Prompt(ctx context.Context, p Prompt, arguments map[string]string) (string, error) {
	server, err := s.find(p.Server)
	if err != nil {
		return "", err
	}
	if err := p.check(arguments); err != nil {
		return "", err
	}
	c, o := server.connected()
	if c == nil {
		return "", server.gone()
	}
	ctx, cancel := context.WithTimeoutCause(ctx, o.config.patience(), &timeoutError{o.config.patience()})
	defer cancel()
	var got struct {
		Messages []promptMessage `json:"messages"`
	}
	params := map[string]any{"name": p.Name}
	if len(arguments) > 0 {
		params["arguments"] = arguments
	}
	if err := c.request(ctx, "prompts/get", params, &got); err != nil {
		return "", server.explain(context.WithoutCancel(ctx), c, err)
	}
	var parts []string
	for _, m := range got.Messages {
		parts = append(parts, m.text())
	}
	return strings.Join(parts, "\n\n"), nil
}

// check wants every argument that must be there.
func (p Prompt) check(arguments map[string]string) error {
	for _, a := range p.Arguments {
		if a.Required && arguments[a.Name] == "" {
			return fmt.Errorf("/%s needs %s", p.Command, usage(p.Arguments))
		}
	}
	return nil
}

type promptMessage struct {
	Role    string          `json:"role"`
	Content json.RawMessage `json:"content"`
}

// text is the message as a part of one prompt: a command is text, whatever else its server has to show.
func (m promptMessage) text() string {
	var g gathering
	g.blocks([]json.RawMessage{m.Content})
	text := permission.Visible(g.text())
	if m.Role == "assistant" {
		return "(As if you had answered:)\n" + text
	}
	return text
}

// usage lists arguments: "path, depth (optional)".
func usage(arguments []Argument) string {
	var words []string
	for _, a := range arguments {
		word := a.Name
		if !a.Required {
			word += " (optional)"
		}
		words = append(words, word)
	}
	return strings.Join(words, ", ")
}
