package mcp

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/opencode-lsp/opencode-lsp/permission"
	"github.com/opencode-lsp/opencode-lsp/tools"
)

// toolInfo is a tool as its server lists it, checked.
type toolInfo struct {
	name        string // the server's own
	description string
	schema      json.RawMessage
	shape       *jsonschema.Resolved // nil: the arguments are the server's to check
}

// readTools checks what a server lists; a tool that cannot be used is left out with a note.
func (o *offer) readTools(raw []json.RawMessage) []toolInfo {
	var list []toolInfo
	seen := map[string]bool{}
	for i, r := range raw {
		var t struct {
			Name        string          `json:"name"`
			Description string          `json:"description"`
			InputSchema json.RawMessage `json:"inputSchema"`
		}
		if err := json.Unmarshal(r, &t); err != nil || t.Name == "" {
			o.note("its tool %d of %d has no proper name or description and is left out", i+1, len(raw))
			continue
		}
		if seen[t.Name] {
			o.note("it lists the tool %s twice; the first is used", oneLine(t.Name, maxName))
			continue
		}
		seen[t.Name] = true
		schema, shape, err := readSchema(t.InputSchema)
		if err != nil {
			o.note("its tool %s is left out: %s", oneLine(t.Name, maxName), err)
			continue
		}
		list = append(list, toolInfo{t.Name, bounded(t.Description, maxDescription), schema, shape})
	}
	return list
}

// Session is what the tools of one session work with.
type Session struct {
	// Env bounds results and brings unsaved edits to disk.
	Env *tools.Env
	// Asker is who a server's own questions go to while a call runs.
	Asker Asker
	// Taken are the names of the session's other tools.
	Taken []string
}

// Tools are the tools of the connected servers for one session, by name. One whose name is taken is left out, with one
// warning.
func (s *Servers) Tools(session Session) []tools.Tool {
	taken := map[string]string{}
	for _, name := range session.Taken {
		taken[name] = "a tool of opencode-lsp"
	}
	var list []tools.Tool
	resources := map[string]*server{}
	for _, server := range s.all() {
		c, o := server.connected()
		if c == nil {
			continue
		}
		if o.resources {
			resources[server.name] = server
		}
		for _, info := range o.tools {
			t := &tool{info: info, name: toolName(server.name, info.name), server: server, session: session}
			if other := taken[t.name]; other != "" {
				s.once("the tool %s of the MCP server %s is left out: its name is that of %s", oneLine(info.name, maxName), server.name, other)
				continue
			}
			taken[t.name] = "a tool of the MCP server " + server.name
			list = append(list, t)
		}
	}
	if len(resources) > 0 {
		list = append(list, resourceTools(resources, session)...)
	}
	slices.SortFunc(list, func(a, b tools.Tool) int { return strings.Compare(a.Name(), b.Name()) })
	return list
}

// tool is a server's tool as a tool of a session.
type tool struct {
	info    toolInfo
	name    string
	server  *server
	session Session
}

// Name implements [tools.Tool].
func (t *tool) Name() string { return t.name }

// Description implements [tools.Tool]: the server's words.
func (t *tool) Description() string {
	if t.info.description == "" {
		return fmt.Sprintf("%s of the MCP server %s.", oneLine(t.info.name, maxName), t.server.name)
	}
	return t.info.description
}

// Schema implements [tools.Tool].
func (t *tool) Schema() json.RawMessage { return t.info.schema }

// Prepare implements [tools.Tool]: it checks the arguments against the server's schema. Whatever the server says of the
// tool, the call asks like any other.
func (t *tool) Prepare(_ context.Context, args json.RawMessage) (tools.Op, error) {
	object := map[string]json.RawMessage{}
	if err := json.Unmarshal(args, &object); err != nil || object == nil {
		return nil, fmt.Errorf("%s: the arguments are no JSON object; send one", t.name)
	}
	args, err := json.Marshal(object) // of two values of one name the last counts, here, in the question and at the server
	if err != nil {
		return nil, fmt.Errorf("%s: the arguments cannot be read: %w", t.name, err)
	}
	if err := t.info.validate(args); err != nil {
		return nil, fmt.Errorf("%s: the arguments do not fit its schema: %s", t.name, oneLine(err.Error(), 500))
	}
	access := permission.Access{
		Tool:    t.name,
		Subject: fmt.Sprintf("%s of the MCP server %s", oneLine(t.info.name, maxName), oneLine(t.server.name, maxName)),
		Notes:   argumentLines(object),
		Items:   []permission.Item{{Permission: t.name, Values: []string{"*"}, Always: "*"}},
		Preview: permission.Preview{Kind: "json", Text: indented(args)},
	}
	return tools.NewOp(access, func(ctx context.Context, w io.Writer) (tools.Result, error) {
		return t.run(ctx, w, args)
	}), nil
}

// validate checks arguments as the server's schema says.
func (i toolInfo) validate(args json.RawMessage) error {
	if i.shape == nil {
		return nil
	}
	var value any
	if err := json.Unmarshal(args, &value); err != nil {
		return err
	}
	return i.shape.Validate(value)
}

// argumentLines are the arguments as a question has room for: one a line.
func argumentLines(object map[string]json.RawMessage) []string {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(object)) {
		lines = append(lines, name+": "+indented(object[name]))
	}
	return lines
}

// indented is JSON as people read it.
func indented(raw json.RawMessage) string {
	var b bytes.Buffer
	if err := json.Indent(&b, raw, "", "  "); err != nil {
		return string(raw)
	}
	return b.String()
}

// run calls the tool on the server that is connected by now.
func (t *tool) run(ctx context.Context, w io.Writer, args json.RawMessage) (tools.Result, error) {
	if t.session.Env.Barrier != nil {
		if err := t.session.Env.Barrier(ctx); err != nil {
			return tools.Result{}, err
		}
	}
	var got callResult
	params := map[string]any{"name": t.info.name, "arguments": args}
	if err := t.server.call(ctx, w, t.session.Asker, "tools/call", params, &got); err != nil {
		return tools.Result{}, err
	}
	return t.result(got), nil
}

// gone says that a server is not there.
func (s *server) gone() error {
	now := s.status()
	return fmt.Errorf("the MCP server %s is not connected (%s); go on without it, or tell the user", s.name, cmp.Or(now.Reason, string(now.State)))
}

// errNoObject says that a schema describes no object.
var errNoObject = errors.New("its schema describes no object")
