package llm

import (
	"bytes"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"fmt"
	"strings"
)

// callID is the id as this provider takes it: another provider's may stand in the history when the user changes models.
func (c *chat) callID(id string) string {
	if !c.quirks.shortIDs || len(id) == 9 && strings.Trim(id, idLetters) == "" {
		return id
	}
	sum := sha256.Sum256([]byte(id))
	return base32.StdEncoding.EncodeToString(sum[:])[:9]
}

const idLetters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

// validName is a tool's name as providers take it in a history, whatever the model called.
func validName(name string) string {
	valid := strings.Map(func(r rune) rune {
		if r == '_' || r == '-' || strings.ContainsRune(idLetters, r) {
			return r
		}
		return '_'
	}, name)
	return valid[:min(len(valid), 64)]
}

// validArguments is a JSON object whatever the model wrote, because providers refuse a history that holds anything else.
// The model still sees what it wrote.
func validArguments(raw string) string {
	var object map[string]json.RawMessage
	switch {
	case strings.TrimSpace(raw) == "":
		return "{}"
	case json.Unmarshal([]byte(raw), &object) == nil && object != nil:
		return raw
	}
	wrapped, err := appendJSON(nil, map[string]string{"_invalid": raw})
	if err != nil {
		return "{}" // a map of strings always marshals
	}
	return string(wrapped)
}

// appendJSON appends v to dst. Characters of HTML stay readable: they are most of what a coding agent sends.
func appendJSON(dst []byte, v any) ([]byte, error) {
	buf := bytes.NewBuffer(dst)
	enc := json.NewEncoder(buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("encode the request: %w", err)
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}
