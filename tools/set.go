package tools

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/opencode-lsp/opencode-lsp/permission"
)

// Set is the tools of one session, sorted by name so that requests to the model stay the same byte for byte.
type Set struct {
	byName map[string]Tool
}

// NewSet returns a set of the given tools. Two tools of one name are an error of the caller: it panics.
func NewSet(tools ...Tool) *Set {
	s := &Set{byName: make(map[string]Tool, len(tools))}
	for _, t := range tools {
		if s.byName[t.Name()] != nil {
			panic(fmt.Sprintf("tools: two tools are called %q", t.Name()))
		}
		s.byName[t.Name()] = t
	}
	return s
}

// Tools are the tools, sorted by name.
func (s *Set) Tools() []Tool {
	sorted := make([]Tool, 0, len(s.byName))
	for _, name := range s.names() {
		sorted = append(sorted, s.byName[name])
	}
	return sorted
}

// Prepare finds the tool of a call and validates it. A name in other case is repaired (OpenCode's rule); an unknown name,
// arguments that are not a JSON object or of the wrong type are errors that tell the model what would be right.
func (s *Set) Prepare(ctx context.Context, c Call) (Op, error) {
	t := s.find(c.Name)
	if t == nil {
		return nil, fmt.Errorf("there is no tool %q; the tools are %s", c.Name, strings.Join(s.names(), ", "))
	}
	args := strings.TrimSpace(c.Arguments)
	if args == "" { // how some models call a tool that needs no arguments
		args = "{}"
	}
	return t.Prepare(ctx, json.RawMessage(args))
}

// SideBySide marks a tool whose calls in one reply run at the same time.
func SideBySide(t Tool) Tool { return sideBySide{t} }

type sideBySide struct{ Tool }

// Beside reports whether calls of that tool run side by side with others like them.
func (s *Set) Beside(name string) bool {
	_, ok := s.find(name).(sideBySide)
	return ok
}

// find is the tool of that name, nil for none.
func (s *Set) find(name string) Tool {
	if t := s.byName[name]; t != nil {
		return t
	}
	return s.byName[strings.ToLower(name)]
}

func (s *Set) names() []string { return slices.Sorted(maps.Keys(s.byName)) }

// NewOp is an Op of what it would touch and what it does.
func NewOp(access permission.Access, run func(ctx context.Context, w io.Writer) (Result, error)) Op {
	return op{access, run}
}

type op struct {
	access permission.Access
	run    func(ctx context.Context, w io.Writer) (Result, error)
}

func (o op) Access() permission.Access { return o.access }

func (o op) Run(ctx context.Context, w io.Writer) (Result, error) { return o.run(ctx, w) }

// Define makes a tool of a function from its arguments to an Op: the one way to define a tool whose arguments are known
// in advance. T is a struct; its json names are the parameters, omitempty marks the optional ones, the jsonschema tags
// describe them. A T that has no schema is an error of the caller: it panics.
func Define[T any](name, description string, prepare func(ctx context.Context, args T) (Op, error)) Tool {
	shape, err := jsonschema.For[T](nil)
	if err != nil {
		panic(fmt.Sprintf("tools: schema of %s: %v", name, err))
	}
	withoutNull(shape)
	schema, err := json.Marshal(shape)
	if err != nil {
		panic(fmt.Sprintf("tools: schema of %s: %v", name, err))
	}
	return &defined[T]{name, strings.TrimSpace(description), schema, shape, prepare}
}

type defined[T any] struct {
	name, description string
	schema            json.RawMessage
	shape             *jsonschema.Schema
	prepare           func(ctx context.Context, args T) (Op, error)
}

func (d *defined[T]) Name() string            { return d.name }
func (d *defined[T]) Description() string     { return d.description }
func (d *defined[T]) Schema() json.RawMessage { return d.schema }

func (d *defined[T]) Prepare(ctx context.Context, raw json.RawMessage) (Op, error) {
	var args T
	if err := decode(d.shape, raw, &args); err != nil {
		return nil, fmt.Errorf("%s: %w", d.name, err)
	}
	return d.prepare(ctx, args)
}

// withoutNull turns "null or array", which the library infers for slices, into "array": some providers refuse the union.
func withoutNull(s *jsonschema.Schema) {
	if i := slices.IndexFunc(s.Types, func(t string) bool { return t != "null" }); i >= 0 {
		s.Type, s.Types = s.Types[i], nil
	}
	if s.Items != nil {
		withoutNull(s.Items)
	}
	for _, p := range s.Properties {
		withoutNull(p)
	}
}
