package mcp

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/mark3labs/mcp-go/mcp"
)

// maxFields bounds a form: more than a person would read.
const maxFields = 12

// Form is what a server wants to know of the user. All texts are the server's words, bounded, with hidden characters shown.
type Form struct {
	Server, Message string
	Fields          []Field
}

// Field is one value of a form.
type Field struct {
	Name, Title, Description string
	// Type is "string", "number", "integer", "boolean" or "array" (several of Options).
	Type     string
	Options  []Option
	Required bool
	// Default is what it is where the user says nothing; nil: none.
	Default any
}

// Option is one of the values that a field may have.
type Option struct{ Value, Title string }

// fieldSchema is a field in the specification's subset of JSON Schema.
type fieldSchema struct {
	Type        string       `json:"type"`
	Title       string       `json:"title"`
	Description string       `json:"description"`
	Enum        []string     `json:"enum"`
	EnumNames   []string     `json:"enumNames"`
	OneOf       []titled     `json:"oneOf"`
	AnyOf       []titled     `json:"anyOf"`
	Items       *fieldSchema `json:"items"`
	Default     any          `json:"default"`
}

type titled struct {
	Const string `json:"const"`
	Title string `json:"title"`
}

// readForm reads a server's question. What a person must not type into a form (the specification's rule) is an error.
func readForm(p mcp.ElicitationParams) (Form, error) {
	raw, err := json.Marshal(p.RequestedSchema)
	if err != nil {
		return Form{}, err
	}
	var schema struct {
		Properties map[string]fieldSchema `json:"properties"`
		Required   []string               `json:"required"`
	}
	if err := json.Unmarshal(raw, &schema); err != nil {
		return Form{}, fmt.Errorf("the form cannot be read: %w", err)
	}
	if len(schema.Properties) > maxFields {
		return Form{}, fmt.Errorf("the form has %d fields", len(schema.Properties))
	}
	form := Form{Message: bounded(p.Message, 2000)}
	for _, name := range keys(raw) {
		f, err := readField(name, schema.Properties[name])
		if err != nil {
			return Form{}, err
		}
		f.Required = slices.Contains(schema.Required, name)
		form.Fields = append(form.Fields, f)
	}
	return form, nil
}

// keys are the names of a schema's properties, in its order.
func keys(raw json.RawMessage) []string {
	var s mcp.ToolArgumentsSchema
	if json.Unmarshal(raw, &s) != nil {
		return nil
	}
	return s.PropertyOrder
}

func readField(name string, s fieldSchema) (Field, error) {
	f := Field{Name: name, Title: oneLine(cmp.Or(s.Title, name), 80), Description: oneLine(s.Description, 300), Type: s.Type, Default: s.Default}
	if secretName(name) || secretName(s.Title) {
		return f, errors.New("the form asks for a secret, which does not belong into one")
	}
	options := s
	if s.Type == "array" && s.Items != nil {
		options = *s.Items
	}
	f.Options = options.options()
	switch {
	case s.Type == "array" && len(f.Options) == 0, !slices.Contains([]string{"string", "number", "integer", "boolean", "array"}, s.Type):
		return f, fmt.Errorf("the form has a field of type %q", oneLine(s.Type, 40))
	case f.Default != nil && !f.holds(f.Default):
		f.Default = nil
	}
	return f, nil
}

func (s fieldSchema) options() []Option {
	var list []Option
	for _, t := range append(s.OneOf, s.AnyOf...) {
		list = append(list, Option{t.Const, oneLine(cmp.Or(t.Title, t.Const), 80)})
	}
	for i, v := range s.Enum {
		title := v
		if i < len(s.EnumNames) {
			title = s.EnumNames[i]
		}
		list = append(list, Option{v, oneLine(title, 80)})
	}
	return list
}

// holds reports whether a value is one that the field may have.
func (f Field) holds(value any) bool {
	switch v := value.(type) {
	case bool:
		return f.Type == "boolean"
	case float64:
		return f.Type == "number" || f.Type == "integer" && v == math.Trunc(v)
	case string:
		return f.Type == "string" && (len(f.Options) == 0 || f.offers(v))
	case []any:
		return f.Type == "array" && !slices.ContainsFunc(v, func(one any) bool {
			text, ok := one.(string)
			return !ok || !f.offers(text)
		})
	}
	return false
}

func (f Field) offers(value string) bool {
	return slices.ContainsFunc(f.Options, func(o Option) bool { return o.Value == value })
}

// fill is the user's values with defaults for what they left out. A required field without a value, and a value that does
// not fit, are errors.
func (f Form) fill(values map[string]any) (map[string]any, error) {
	filled := map[string]any{}
	for _, field := range f.Fields {
		value, ok := values[field.Name]
		if !ok {
			value = field.Default
		}
		switch {
		case value == nil && field.Required:
			return nil, fmt.Errorf("%s was not filled in", field.Title)
		case value == nil:
		case !field.holds(value):
			return nil, fmt.Errorf("%s does not fit", field.Title)
		default:
			filled[field.Name] = value
		}
	}
	return filled, nil
}
