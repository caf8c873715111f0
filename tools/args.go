package tools

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"
)

// decode reads a model's arguments into args, a pointer to the struct that shape was made from. It forgives what has one
// meaning only (a number or truth value in quotes, null for "left out") and says of anything else which argument is wrong
// and what would be right.
func decode(shape *jsonschema.Schema, raw json.RawMessage, args any) error {
	value, err := parse(raw)
	if err != nil {
		return err
	}
	object, ok := value.(map[string]any)
	if !ok {
		return fmt.Errorf("the arguments are %s; give a JSON object with %s", kind(value), parameters(shape))
	}
	fixed, err := conform(shape, "", object)
	if err != nil {
		return err
	}
	exact, err := json.Marshal(fixed)
	if err != nil {
		return fmt.Errorf("read the arguments: %w", err)
	}
	if err := json.Unmarshal(exact, args); err != nil {
		return fmt.Errorf("read the arguments: %w", err)
	}
	return nil
}

// parse reads one JSON value and nothing after it; numbers keep their digits.
func parse(raw json.RawMessage) (any, error) {
	dec := json.NewDecoder(strings.NewReader(string(raw)))
	dec.UseNumber()
	var value any
	if err := dec.Decode(&value); err != nil {
		return nil, fmt.Errorf("the arguments are not valid JSON (%v); send them again", err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, fmt.Errorf("the arguments go on after the JSON object (byte %d); send one object", dec.InputOffset())
	}
	return value, nil
}

// conform checks value against shape and returns it with what can be forgiven put right. at names the place, "" the whole.
func conform(shape *jsonschema.Schema, at string, value any) (any, error) {
	switch shape.Type {
	case "object":
		if m, ok := value.(map[string]any); ok {
			return conformObject(shape, at, m)
		}
	case "array":
		if a, ok := value.([]any); ok {
			return conformArray(shape, at, a)
		}
	case "string":
		if _, ok := value.(string); ok {
			return value, nil
		}
	case "integer":
		if n, ok := integer(value); ok {
			return n, nil
		}
	case "boolean":
		if b, ok := boolean(value); ok {
			return b, nil
		}
	default:
		return value, nil
	}
	return nil, fmt.Errorf("%s is %s; give %s", at, kind(value), article(shape.Type))
}

func conformArray(shape *jsonschema.Schema, at string, values []any) (any, error) {
	out := make([]any, len(values))
	for i, v := range values {
		fixed, err := conform(shape.Items, fmt.Sprintf("%s[%d]", at, i), v)
		if err != nil {
			return nil, err
		}
		out[i] = fixed
	}
	return out, nil
}

func conformObject(shape *jsonschema.Schema, at string, object map[string]any) (any, error) {
	out := make(map[string]any, len(object))
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if shape.Properties[name] == nil {
			return nil, fmt.Errorf("there is no argument %s; give %s", join(at, name), parameters(shape))
		}
		if object[name] == nil {
			continue
		}
		fixed, err := conform(shape.Properties[name], join(at, name), object[name])
		if err != nil {
			return nil, err
		}
		out[name] = fixed
	}
	for _, name := range shape.Required {
		if _, ok := out[name]; !ok {
			return nil, fmt.Errorf("%s is missing; give %s", join(at, name), article(shape.Properties[name].Type))
		}
	}
	return out, nil
}

func join(at, name string) string {
	if at == "" {
		return name
	}
	return at + "." + name
}

// integer accepts 5, 5.0 and "5" within 32 bits, which is more lines and milliseconds than there are.
func integer(value any) (int64, bool) {
	var digits string
	switch v := value.(type) {
	case json.Number:
		digits = v.String()
	case string:
		digits = strings.TrimSpace(v)
	}
	f, err := strconv.ParseFloat(digits, 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) > math.MaxInt32 {
		return 0, false
	}
	return int64(f), true
}

func boolean(value any) (bool, bool) {
	switch v := value.(type) {
	case bool:
		return v, true
	case string:
		switch strings.ToLower(v) {
		case "true":
			return true, true
		case "false":
			return false, true
		}
	}
	return false, false
}

// kind names what a value is, in JSON's words.
func kind(value any) string {
	switch v := value.(type) {
	case nil:
		return "null"
	case string:
		return "the string " + strconv.Quote(clip(v, 40))
	case bool:
		return strconv.FormatBool(v)
	case json.Number:
		return "the number " + clip(v.String(), 40)
	case []any:
		return "an array"
	default:
		return "an object"
	}
}

func article(typ string) string {
	if strings.ContainsRune("aeiou", rune(typ[0])) {
		return "an " + typ
	}
	return "a " + typ
}

// parameters lists what an object takes: "filePath (string), limit (integer, optional)".
func parameters(shape *jsonschema.Schema) string {
	required := make(map[string]bool, len(shape.Required))
	for _, name := range shape.Required {
		required[name] = true
	}
	var words []string
	for _, name := range shape.PropertyOrder {
		word := name + " (" + shape.Properties[name].Type
		if !required[name] {
			word += ", optional"
		}
		words = append(words, word+")")
	}
	return strings.Join(words, ", ")
}
