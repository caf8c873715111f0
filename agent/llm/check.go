package llm

import (
	"fmt"
	"slices"

	"github.com/opencode-lsp/opencode-lsp/agent"
)

// checkMessages verifies what every provider demands and the session guarantees: each call has exactly one result, right
// after its message. A request that breaks it would be refused with an error that helps nobody.
func checkMessages(msgs []agent.Message) error {
	var open []string
	for i, m := range msgs {
		if m.Role != agent.Tool && len(open) > 0 {
			return fmt.Errorf("message %d: call %q has no result", i, open[0])
		}
		switch m.Role {
		case agent.User:
		case agent.Assistant:
			for _, c := range m.Calls {
				if c.ID == "" || c.Name == "" || slices.Contains(open, c.ID) {
					return fmt.Errorf("message %d: call %q of tool %q has no id of its own or no name", i, c.ID, c.Name)
				}
				open = append(open, c.ID)
			}
		case agent.Tool:
			at := slices.Index(open, m.Call)
			if at < 0 {
				return fmt.Errorf("message %d: the result for %q answers no open call", i, m.Call)
			}
			open = slices.Delete(open, at, at+1)
		default:
			return fmt.Errorf("message %d: role %q is unknown", i, m.Role)
		}
	}
	if len(open) > 0 {
		return fmt.Errorf("call %q has no result", open[0])
	}
	return nil
}
