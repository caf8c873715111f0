package agent

import (
	"encoding/json"

	"github.com/opencode-lsp/opencode-lsp/permission"
	"github.com/opencode-lsp/opencode-lsp/tools"
)

// Profile is an agent in OpenCode's sense: who answers a prompt, with which model and by which instructions. What it may do
// stands in its rules, which the gate of its [Equipment] judges by.
type Profile struct {
	// Name is how prompts and configuration call it; Description says what it is for, to people and to other agents.
	Name, Description string
	Mode              Mode
	// Hidden leaves it out of lists.
	Hidden bool
	// Prompt takes the place of the built-in instructions; "" keeps them. Rules stand below them: what a repository says of
	// the agent.
	Prompt string
	Rules  []Rules
	// Reminder goes to the model with each prompt that the agent takes.
	Reminder string
	// Model is "provider/model", "" for the default.
	Model string
	// Steps bounds the replies of one turn; 0 means the default bound.
	Steps  int
	Params Params
}

// Mode says who may call a Profile.
type Mode string

// OpenCode's modes.
const (
	Primary  Mode = "primary"  // people
	Subagent Mode = "subagent" // other agents, by the task tool
	AnyMode  Mode = "all"
)

// Params are a profile's wishes for the model; a provider that does not know one ignores it or is not sent it.
type Params struct {
	Temperature *float64
	TopP        *float64
	// Variant names how much the model thinks: "low", "high" … in the provider's words.
	Variant string
	// Options are further fields of the request, as the user wrote them.
	Options map[string]json.RawMessage
}

// Equipment is what one turn of a session works with.
type Equipment struct {
	Tools  *tools.Set
	Gate   *permission.Gate
	System string
}
