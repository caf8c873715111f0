package mcp

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/opencode-lsp/opencode-lsp/permission"
)

// readSchema checks the schema of a tool's arguments and makes it one that every provider takes: an object, with
// properties, whose texts are bounded and show what hides in them. The same schema always gives the same bytes.
func readSchema(raw json.RawMessage) (json.RawMessage, *jsonschema.Resolved, error) {
	if len(raw) == 0 || string(raw) == "null" {
		raw = json.RawMessage(`{}`)
	}
	var value any
	if err := json.Unmarshal(raw, &value); err != nil {
		return nil, nil, err
	}
	object, ok := value.(map[string]any)
	if typ, has := object["type"]; !ok || has && typ != "object" {
		return nil, nil, errNoObject
	}
	changed := clean(object)
	for key, fallback := range map[string]any{"type": "object", "properties": map[string]any{}} {
		if object[key] == nil {
			object[key] = fallback
			changed = true
		}
	}
	schema, err := encode(raw, object, changed)
	if err != nil {
		return nil, nil, err
	}
	if len(schema) > maxSchema {
		return nil, nil, fmt.Errorf("its schema has %d KiB, %d are the most", len(schema)>>10, maxSchema>>10)
	}
	return schema, resolve(schema), nil
}

// encode is the schema without blanks; as the server wrote it, in its order, where nothing had to be changed.
func encode(raw json.RawMessage, object map[string]any, changed bool) (json.RawMessage, error) {
	if changed {
		return json.Marshal(object)
	}
	var b bytes.Buffer
	err := json.Compact(&b, raw)
	return b.Bytes(), err
}

// clean bounds and makes visible every text in a schema, in place; it reports whether it changed one. Keys with hidden
// characters are made visible too: an argument of such a name is not meant to be seen.
func clean(value any) (changed bool) {
	fix := func(v any) (any, bool) {
		text, ok := v.(string)
		if !ok {
			return v, clean(v)
		}
		if len(text) <= maxDescription && !permission.Hidden(text) {
			return v, false
		}
		return bounded(text, maxDescription), true
	}
	switch v := value.(type) {
	case map[string]any:
		for key, inner := range v {
			next, did := fix(inner)
			if permission.Hidden(key) {
				delete(v, key)
				key, did = permission.Visible(key), true
			}
			v[key] = next
			changed = changed || did
		}
	case []any:
		for i, inner := range v {
			next, did := fix(inner)
			v[i] = next
			changed = changed || did
		}
	}
	return changed
}

// resolve makes a schema one that arguments can be checked against; nil where it cannot be, and the server has to.
func resolve(schema json.RawMessage) *jsonschema.Resolved {
	var s jsonschema.Schema
	if json.Unmarshal(schema, &s) != nil {
		return nil
	}
	resolved, err := s.Resolve(nil)
	if err != nil {
		return nil
	}
	return resolved
}
