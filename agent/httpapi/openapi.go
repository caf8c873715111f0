package httpapi

import (
	"encoding/json"
	"net/http"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"
)

// doc is the OpenAPI 3.1 document of the routes.
func (a *API) doc(*call, none) (map[string]any, error) { return document(a.opt.Version) }

func document(version string) (map[string]any, error) {
	s, err := newSchemas()
	if err != nil {
		return nil, err
	}
	paths := map[string]map[string]any{}
	for _, r := range routes() {
		op, err := s.operation(r)
		if err != nil {
			return nil, err
		}
		if paths[r.path] == nil {
			paths[r.path] = map[string]any{}
		}
		paths[r.path][strings.ToLower(r.method)] = op
	}
	return map[string]any{
		"openapi":    "3.1.0",
		"info":       map[string]any{"title": "opencode-lsp", "version": version, "description": "The part of OpenCode 1.x's API that opencode-lsp serves."},
		"paths":      paths,
		"components": map[string]any{"schemas": s.components, "securitySchemes": map[string]any{"basic": map[string]string{"type": "http", "scheme": "basic"}}},
		"security":   []map[string][]string{{"basic": {}}},
	}, nil
}

// schemas makes JSON schemas of Go types; the named ones of the API stand in the document once.
type schemas struct {
	components map[string]*jsonschema.Schema
	refs       jsonschema.ForOptions
}

// unions are the interfaces of the wire with what may stand in their place.
func unions() map[reflect.Type][]reflect.Type {
	return map[reflect.Type][]reflect.Type{
		reflect.TypeFor[Info](): {reflect.TypeFor[UserMessage](), reflect.TypeFor[AssistantMessage]()},
		reflect.TypeFor[Part](): {
			reflect.TypeFor[TextPart](), reflect.TypeFor[ReasoningPart](), reflect.TypeFor[FilePart](), reflect.TypeFor[ToolPart](), reflect.TypeFor[StepStartPart](),
			reflect.TypeFor[StepFinishPart](), reflect.TypeFor[PatchPart](), reflect.TypeFor[CompactionPart](),
		},
	}
}

func newSchemas() (*schemas, error) {
	s := &schemas{components: map[string]*jsonschema.Schema{}, refs: jsonschema.ForOptions{TypeSchemas: map[reflect.Type]*jsonschema.Schema{
		reflect.TypeFor[json.RawMessage](): {Type: "object"},
	}}}
	named := []reflect.Type{reflect.TypeFor[Session](), reflect.TypeFor[Model](), reflect.TypeFor[Provider](), reflect.TypeFor[Message]()}
	for union, members := range unions() {
		one := &jsonschema.Schema{}
		for _, m := range members {
			one.AnyOf = append(one.AnyOf, ref(m))
		}
		s.refs.TypeSchemas[union] = one
		named = append(named, members...)
	}
	for _, t := range named {
		schema, err := jsonschema.ForType(t, &s.refs)
		if err != nil {
			return nil, err
		}
		s.components[t.Name()] = lax(schema)
	}
	for _, t := range named {
		s.refs.TypeSchemas[t] = ref(t)
	}
	return s, nil
}

func ref(t reflect.Type) *jsonschema.Schema {
	return &jsonschema.Schema{Ref: "#/components/schemas/" + t.Name()}
}

// lax allows further fields everywhere, as clients of a later version must expect.
func lax(s *jsonschema.Schema) *jsonschema.Schema {
	if s == nil {
		return nil
	}
	if s.AdditionalProperties != nil && s.AdditionalProperties.Not != nil {
		s.AdditionalProperties = nil
	}
	s.PropertyOrder = nil
	for _, p := range s.Properties {
		lax(p)
	}
	lax(s.Items)
	lax(s.AdditionalProperties)
	return s
}

// schema is that of a type.
func (s *schemas) schema(t reflect.Type) (*jsonschema.Schema, error) {
	schema, err := jsonschema.ForType(t, &s.refs)
	return lax(schema), err
}

// operation is a route in the document.
func (s *schemas) operation(r route) (map[string]any, error) {
	op := map[string]any{"operationId": r.id, "summary": r.doc}
	parameters := []map[string]any{}
	for _, m := range regexp.MustCompile(`\{(\w+)\}`).FindAllStringSubmatch(r.path, -1) {
		parameters = append(parameters, map[string]any{"name": m[1], "in": "path", "required": true, "schema": map[string]string{"type": "string"}})
	}
	for _, q := range append([]param{{"directory", "string", "The workspace, or a folder in it; no other is served.", false}}, r.query...) {
		parameters = append(parameters, map[string]any{"name": q.name, "in": "query", "required": q.must, "description": q.doc, "schema": map[string]string{"type": q.kind}})
	}
	op["parameters"] = parameters
	if r.body != reflect.TypeFor[none]() {
		schema, err := s.schema(r.body)
		if err != nil {
			return nil, err
		}
		op["requestBody"] = map[string]any{"content": content("application/json", schema)}
	}
	ok, err := s.success(r)
	if err != nil {
		return nil, err
	}
	failure := map[string]any{"description": "One sentence says why.", "content": content("application/json", errorSchema())}
	responses := map[string]any{"400": failure, "401": map[string]string{"description": "Without the password nothing is served."}}
	if strings.Contains(r.path, "{") {
		responses["404"] = failure
	}
	if r.long {
		responses["503"] = failure
	}
	responses[strconv.Itoa(r.status)] = ok
	op["responses"] = responses
	return op, nil
}

// success is what a route answers.
func (s *schemas) success(r route) (map[string]any, error) {
	switch {
	case r.status == http.StatusNoContent:
		return map[string]any{"description": "Done."}, nil
	case r.stream:
		return map[string]any{"description": "Events, each {id, type, properties}.", "content": content("text/event-stream", &jsonschema.Schema{Type: "string"})}, nil
	}
	schema, err := s.schema(r.result)
	return map[string]any{"description": "Done.", "content": content("application/json", schema)}, err
}

func content(kind string, schema *jsonschema.Schema) map[string]any {
	return map[string]any{kind: map[string]any{"schema": schema}}
}

func errorSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "object", Properties: map[string]*jsonschema.Schema{
		"name": {Type: "string"}, "data": {Type: "object", Properties: map[string]*jsonschema.Schema{"message": {Type: "string"}}},
	}}
}
