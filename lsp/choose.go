package lsp

import (
	"context"

	protocol "github.com/tliron/glsp/protocol_3_16"
)

// chooseModel lets the user pick a model; "" for none, or where the editor shows no prompts.
func (s *Server) chooseModel(ctx context.Context, models []string) string {
	const keep = "Keep the current one"
	if len(models) == 0 {
		s.showMessage(protocol.MessageTypeInfo, `OpenCode knows no other models: name one in "model" of opencode.json`)
		return ""
	}
	choice := make(chan string, 1)
	s.asides.push(&prompt{
		text: "OpenCode: which model shall answer from now on?", kind: protocol.MessageTypeInfo,
		titles: append([]string{keep}, models...),
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
	case model := <-choice:
		return model
	case <-ctx.Done():
		return ""
	}
}
