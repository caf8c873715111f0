package lsptest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"net/url"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	protocol "github.com/tliron/glsp/protocol_3_16"
)

// URI is the file URI of an absolute path. With escape it escapes all but letters, digits and "-._~/", as VS Code does;
// without it leaves what RFC 3986 allows in a path.
func fileURI(path string, escape bool) string {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	if !escape {
		return (&url.URL{Scheme: "file", Path: path}).String()
	}
	parts := strings.Split(path, "/")
	for i, part := range parts {
		parts[i] = strings.ReplaceAll(url.QueryEscape(part), "+", "%20")
	}
	return "file://" + strings.Join(parts, "/")
}

// filePath is the path of a file URI.
func filePath(uri string) (string, error) {
	u, err := url.Parse(uri)
	if err != nil {
		return "", fmt.Errorf("read URI: %w", err)
	}
	if u.Scheme != "file" {
		return "", fmt.Errorf("%s is not a file URI", uri)
	}
	path := u.Path
	if runtime.GOOS == "windows" {
		path = strings.TrimPrefix(path, "/")
	}
	return filepath.FromSlash(path), nil
}

// textChange is one entry of didChange; Range is nil for the whole text.
type textChange struct {
	Range *protocol.Range `json:"range,omitempty"`
	Text  string          `json:"text"`
}

// workspaceEdit is a WorkspaceEdit as it comes, with glsp's lossy unions left out.
type workspaceEdit struct {
	Changes         map[string][]protocol.TextEdit `json:"changes"`
	DocumentChanges []documentChange               `json:"documentChanges"`
}

// documentChange is a TextDocumentEdit or, with a Kind, a file operation.
type documentChange struct {
	Kind    string `json:"kind"`
	URI     string `json:"uri"`
	OldURI  string `json:"oldUri"`
	NewURI  string `json:"newUri"`
	Options struct {
		Overwrite      bool `json:"overwrite"`
		IgnoreIfExists bool `json:"ignoreIfExists"`
	} `json:"options"`
	TextDocument struct {
		URI     string          `json:"uri"`
		Version json.RawMessage `json:"version"`
	} `json:"textDocument"`
	Edits []protocol.TextEdit `json:"edits"`
}

// version is the pinned version, nil for null; ok is false where it is missing or no number.
func (c documentChange) version() (v *int32, ok bool) {
	return v, json.Unmarshal(c.TextDocument.Version, &v) == nil
}

// documents are the changes in the order of the edit; the older form without versions is sorted by URI.
func (w workspaceEdit) documents() []documentChange {
	if w.DocumentChanges != nil {
		return w.DocumentChanges
	}
	var all []documentChange
	for uri, edits := range w.Changes {
		c := documentChange{Edits: edits}
		c.TextDocument.URI, c.TextDocument.Version = uri, json.RawMessage("null")
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b documentChange) int { return strings.Compare(a.TextDocument.URI, b.TextDocument.URI) })
	return all
}

// mergeJSON applies an RFC 7386 merge patch.
func mergeJSON(base, patch json.RawMessage) (json.RawMessage, error) {
	var b, p any
	if err := json.Unmarshal(base, &b); err != nil {
		return nil, fmt.Errorf("read base: %w", err)
	}
	if err := json.Unmarshal(patch, &p); err != nil {
		return nil, fmt.Errorf("read patch: %w", err)
	}
	return json.Marshal(mergeValue(b, p))
}

func mergeValue(base, patch any) any {
	p, ok := patch.(map[string]any)
	if !ok {
		return patch
	}
	b, ok := base.(map[string]any)
	if !ok {
		b = map[string]any{}
	}
	for key, value := range p {
		if value == nil {
			delete(b, key)
		} else {
			b[key] = mergeValue(b[key], value)
		}
	}
	return b
}

// plainJSON is raw JSON for people: no \u003c, and indented where asked. Bytes that are not JSON come back as they are.
func plainJSON(raw []byte, indent string) string {
	var value any
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if decoder.Decode(&value) != nil {
		return string(raw)
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", indent)
	if encoder.Encode(value) != nil {
		return string(raw)
	}
	return strings.TrimSuffix(out.String(), "\n")
}

// list joins words for a message, in order.
func list(words iter.Seq[string]) string { return strings.Join(slices.Sorted(words), ", ") }

// mergePatches makes one merge patch of two; the second wins, and its nulls stay.
func mergePatches(a, b json.RawMessage) (json.RawMessage, error) {
	var x, y map[string]any
	if err := errors.Join(json.Unmarshal(a, &x), json.Unmarshal(b, &y)); err != nil {
		return nil, fmt.Errorf("read patch: %w", err)
	}
	return json.Marshal(joinPatch(x, y))
}

func joinPatch(a, b map[string]any) map[string]any {
	all := maps.Clone(a)
	if all == nil {
		all = map[string]any{}
	}
	for key, value := range b {
		inner, ok := value.(map[string]any)
		if old, both := all[key].(map[string]any); ok && both {
			all[key] = joinPatch(old, inner)
		} else {
			all[key] = value
		}
	}
	return all
}

// removed reports whether a merge patch removes a member of a section, or sets it to false.
func removed(patch, section, member string) bool {
	var sections map[string]map[string]any
	if json.Unmarshal([]byte(patch), &sections) != nil {
		return false
	}
	value, ok := sections[section][member]
	return ok && (value == nil || value == false)
}

// under is an object with one member.
func under(name, value string) json.RawMessage {
	return json.RawMessage(fmt.Sprintf("{%q: %s}", name, value))
}

// strictJSON reads an object whose members must all be known.
func strictJSON(text string, to any) error {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	return decoder.Decode(to)
}
