package tools

import (
	"context"
)

// Set is the tools of one session, sorted by name so that requests to the model stay the same byte for byte.
type Set struct {
	// TODO(tools)
}

// NewSet returns a set of the given tools. Two tools of one name are an error of the caller: it panics.
func NewSet(tools ...Tool) *Set { panic("todo") }

// Tools are the tools, sorted by name.
func (s *Set) Tools() []Tool { panic("todo") }

// Prepare finds the tool of a call and validates it. A name in other case is repaired (OpenCode's rule); an unknown name,
// arguments that are not a JSON object or of the wrong type are errors that tell the model what would be right.
func (s *Set) Prepare(ctx context.Context, c Call) (Op, error) { panic("todo") }

// Builtin returns OpenCode's tools that work on env: read, list, glob, grep, edit, write, bash, todowrite.
func Builtin(env *Env) []Tool { panic("todo") }
