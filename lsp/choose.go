package lsp

import (
	"context"

	protocol "github.com/tliron/glsp/protocol_3_16"
)

// chooseModel lets the user pick a model; "" for none, or where the editor shows no prompts.
func (s *Server) chooseModel(ctx context.Context, models []string) string {
	if len(models) == 0 {
		s.showMessage(protocol.MessageTypeInfo, `OpenCode knows no other models: name one in "model" of opencode.json`)
		return ""
	}
	return s.choose(ctx, "OpenCode: which model shall answer from now on?", models)
}

// choose lets the user pick one of several names; "" for none, or where the editor shows no prompts.
func (s *Server) choose(ctx context.Context, question string, names []string) string {
	const keep = "Keep the current one"
	choice := make(chan string, 1)
	s.asides.push(&prompt{
		text: question, kind: protocol.MessageTypeInfo, titles: append([]string{keep}, names...),
		choose: func(title string) bool {
			if title == keep {
				title = ""
			}
			choice <- title
			return false
		},
		none: func() { choice <- "" },
	})
	select {
	case name := <-choice:
		return name
	case <-ctx.Done():
		return ""
	}
}
