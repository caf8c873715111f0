//go:build realclients

package clienttest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"
)

// spec is a server's own description of its API, OpenAPI 3.1 at /doc.
type spec struct {
	OpenAPI    string
	Paths      map[string]map[string]operation
	Components struct{ Schemas map[string]json.RawMessage }
}

type operation struct {
	Parameters []struct {
		Name, In string
		Required bool
	}
	RequestBody *struct{ Content content }
	Responses   map[string]struct{ Content content }
}

// content is what a body may be, by media type.
type content map[string]struct{ Schema json.RawMessage }

func (s *server) spec() *spec {
	s.t.Helper()
	var doc spec
	s.get("/doc", &doc)
	return &doc
}

// checker judges values by one schema of a spec.
type checker struct{ resolved *jsonschema.Resolved }

// check reads a schema that may refer to those that the spec has by name.
func (s *spec) check(schema json.RawMessage) (checker, error) {
	defs := make(map[string]json.RawMessage)
	s.reach(schema, defs)
	raw, err := json.Marshal(map[string]any{"allOf": []any{schema}, "$defs": defs})
	if err != nil {
		return checker{}, err
	}
	var root jsonschema.Schema
	if err := json.Unmarshal(bytes.ReplaceAll(raw, []byte(components), []byte("#/$defs/")), &root); err != nil {
		return checker{}, err
	}
	resolved, err := root.Resolve(nil)
	return checker{resolved}, err
}

// components is where references to schemas point.
const components = "#/components/schemas/"

var reference = regexp.MustCompile(`"` + components + `([^"]+)"`)

// reach collects the schemas that one refers to, and those that they refer to.
func (s *spec) reach(schema json.RawMessage, into map[string]json.RawMessage) {
	for _, m := range reference.FindAllSubmatch(schema, -1) {
		name := string(m[1])
		if _, done := into[name]; !done {
			into[name] = s.Components.Schemas[name]
			s.reach(into[name], into)
		}
	}
}

// fault is what is wrong with a value, "" for nothing.
func (c checker) fault(raw json.RawMessage) string {
	var value any
	if err := json.Unmarshal(raw, &value); err != nil {
		return err.Error()
	}
	if err := c.resolved.Validate(value); err != nil {
		return plain(err.Error())
	}
	return ""
}

// plain leaves out of an error what says only that a value is none of the other kinds that it might have been.
func plain(text string) string {
	var kept []string
	for line := range strings.Lines(text) {
		if strings.Contains(line, "did not validate against any of") || strings.Contains(line, "/type: enum:") || strings.Contains(line, "/role: enum:") {
			continue
		}
		kept = append(kept, line)
	}
	return cmp.Or(strings.Join(kept, ""), text)
}

// events are the schemas of all events by their type; the one for all of them would not say which fault is meant.
func (s *spec) events(t *testing.T) map[string]json.RawMessage {
	t.Helper()
	// In its code but not in its description.
	all := map[string]json.RawMessage{"server.heartbeat": json.RawMessage(`{"required": ["id", "properties"]}`)}
	for _, m := range reference.FindAllSubmatch(s.Components.Schemas["Event"], -1) {
		raw := s.Components.Schemas[string(m[1])]
		var event struct {
			Properties struct{ Type struct{ Enum []string } }
		}
		if err := json.Unmarshal(raw, &event); err != nil || len(event.Properties.Type.Enum) != 1 {
			t.Fatalf("%s has no single type: %s", m[1], raw)
		}
		all[event.Properties.Type.Enum[0]] = raw
	}
	return all
}

// routes are all of a spec, as "GET /path".
func (s *spec) routes() map[string]operation {
	all := make(map[string]operation)
	for path, methods := range s.Paths {
		for method, op := range methods {
			all[strings.ToUpper(method)+" "+path] = op
		}
	}
	return all
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
