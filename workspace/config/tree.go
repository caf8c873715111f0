package config

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

func newObject(fields ...field) *node { return &node{kind: object, fields: fields} }

func dotted(path []string) string { return strings.Join(path, ".") }

func deeper(path []string, key string) []string { return append(path[:len(path):len(path)], key) }

// get returns the value at a path that counts, or nil.
func (n *node) get(path ...string) *node {
	for _, key := range path {
		if n == nil || n.inert {
			return nil
		}
		i := slices.IndexFunc(n.fields, func(f field) bool { return f.key == key })
		if i < 0 {
			return nil
		}
		n = n.fields[i].value
	}
	if n == nil || n.inert {
		return nil
	}
	return n
}

func (n *node) remove(key string) {
	n.fields = slices.DeleteFunc(n.fields, func(f field) bool { return f.key == key })
}

func (n *node) put(f field) {
	if i := slices.IndexFunc(n.fields, func(g field) bool { return g.key == f.key }); i >= 0 {
		n.fields[i] = f
		return
	}
	n.fields = append(n.fields, f)
}

// overlay returns a tree of its own with what counts of over laid on base: objects key by key, the list at the path
// "instructions" as a union, anything else replaced.
func overlay(base, over *node, path []string) *node {
	switch {
	case over == nil || over.inert || over.kind == null:
		return base
	case over.kind == list:
		return overlayList(base, over, path)
	case over.kind != object:
		return over
	}
	merged := newObject()
	merged.line = over.line
	if base != nil && base.kind == object {
		merged.fields = slices.Clone(base.fields)
	}
	for _, f := range over.fields {
		if v := overlay(merged.get(f.key), f.value, deeper(path, f.key)); v != nil {
			merged.put(field{f.key, f.line, v})
		}
	}
	return merged
}

func overlayList(base, over *node, path []string) *node {
	if dotted(path) != "instructions" {
		if slices.ContainsFunc(over.items, func(n *node) bool { return n.inert }) {
			return base // a command line without one of its words is another one
		}
		return over
	}
	merged := &node{kind: list, line: over.line}
	if base != nil {
		merged.items = slices.Clone(base.items)
	}
	for _, item := range over.items {
		known := func(n *node) bool { return n.text == item.text }
		if !item.inert && !slices.ContainsFunc(merged.items, known) {
			merged.items = append(merged.items, item)
		}
	}
	return merged
}

// MarshalJSON writes the value with its keys in order, inert parts too.
func (n *node) MarshalJSON() ([]byte, error) {
	switch n.kind {
	case object:
		return n.marshalObject()
	case list:
		if n.items == nil {
			return []byte("[]"), nil
		}
		return json.Marshal(n.items)
	case text:
		return json.Marshal(n.text)
	case number:
		return []byte(n.text), nil
	case truth:
		return json.Marshal(n.truth)
	default:
		return []byte("null"), nil
	}
}

func (n *node) marshalObject() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, f := range n.fields {
		if i > 0 {
			b.WriteByte(',')
		}
		key, err := json.Marshal(f.key)
		if err != nil {
			return nil, err
		}
		value, err := f.value.MarshalJSON()
		if err != nil {
			return nil, err
		}
		b.Write(key)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// compact is the value as JSON on one line.
func (n *node) compact() string {
	data, err := n.MarshalJSON()
	if err != nil {
		return err.Error() // strings, numbers and bools always have a form
	}
	return string(data)
}
