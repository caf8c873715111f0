package config

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"path/filepath"
	"slices"

	"github.com/opencode-lsp/opencode-lsp/permission"
)

// merge lays the sources over the defaults.
func (l *loader) merge(ctx context.Context) *Config {
	all := defaults()
	for _, d := range l.docs {
		l.makeAbsolute(d)
		all = overlay(all, d.tree, nil)
	}
	c := &Config{Hash: l.hash, Untrusted: l.untrusted}
	data, err := all.MarshalJSON()
	if err == nil {
		err = json.Unmarshal(data, c)
	}
	if err != nil { // checked values fit, so this is a fault of Keys
		l.warn(Warning{File: "settings", Message: err.Error()})
	}
	l.commands(c, all)
	if n := all.get("instructions"); n != nil {
		for _, item := range n.items {
			c.Instructions = append(c.Instructions, Instruction{item.text, item.project})
		}
	}
	c.DefaultAgentAt = l.place("default_agent")
	c.Formatters = programs[Formatter](l, "formatter")
	c.LanguageServers = programs[LanguageServer](l, "lsp")
	c.Permission = l.layers(nil)
	c.Agent = l.agents(all)
	c.Skills = l.skills(ctx, all)
	c.Files = l.files
	return c
}

// commands leaves out those without a template, and says so of one that was never given any.
func (l *loader) commands(c *Config, all *node) {
	for _, name := range slices.Sorted(maps.Keys(c.Command)) {
		command := c.Command[name]
		if command.Template == "" {
			delete(c.Command, name)
			l.warnBare(name)
			continue
		}
		command.Resolved = resolved(all.get("command", name))
		c.Command[name] = command
	}
}

// warnBare says of a command that it has no template, unless a source has one that waits for trust.
func (l *loader) warnBare(name string) {
	path := []string{"command", name}
	var by *doc
	for _, d := range l.docs {
		n := d.tree.get(path...)
		if n == nil {
			continue
		}
		if slices.ContainsFunc(n.fields, func(f field) bool { return f.key == "template" && f.value.inert }) {
			return
		}
		by = d
	}
	if by != nil {
		l.warnAt(by, by.tree.get(path...).line, path, "this command has no template, so it was left out")
	}
}

// resolved are the keys of an object's texts that were resolved.
func resolved(n *node) []string {
	if n == nil {
		return nil
	}
	var keys []string
	for _, f := range n.fields {
		if f.value.resolved {
			keys = append(keys, f.key)
		}
	}
	return keys
}

// programs lays what the sources say of one kind of program over one another: true and false begin anew, an object adds.
func programs[T any](l *loader, key string) Programs[T] {
	var out Programs[T]
	var named *node
	for _, d := range l.docs {
		n := d.tree.get(key)
		switch {
		case n == nil:
			continue
		case n.kind == truth:
			out, named = Programs[T]{On: n.truth, Repository: n.truth && d.project}, nil
		default:
			out.On, out.Repository = true, out.Repository || d.project
			named = overlay(named, n, nil)
		}
	}
	if named == nil {
		return out
	}
	data, err := named.MarshalJSON()
	if err == nil {
		err = json.Unmarshal(data, &out.Named)
	}
	if err != nil { // checked values fit, so this is a fault of Keys
		l.warn(Warning{File: "settings", Key: key, Message: err.Error()})
	}
	return out
}

// defaults is a tree of all defaults.
func defaults() *node {
	all := newObject()
	for _, key := range Keys() {
		if key.Default == "" {
			continue
		}
		value, err := parse([]byte(key.Default), nil)
		if err != nil {
			continue // TestKeys reads them all
		}
		all = overlay(all, nest(key.Path, value), nil)
	}
	return all
}

// makeAbsolute turns a source's relative instructions into absolute ones.
func (l *loader) makeAbsolute(d *doc) {
	n := d.tree.get("instructions")
	if n == nil {
		return
	}
	for _, item := range n.items {
		if !isURL(item.text) {
			item.text = l.absolute(d.base, item.text)
		}
		item.project = d.project
	}
}

// layers returns what all sources say of permissions under a path. The workspace's come last, so that nothing of the
// user's that comes after them could loosen what they narrow.
func (l *loader) layers(path []string) []permission.Layer {
	var layers []permission.Layer
	for _, d := range l.docs {
		if layer, ok := l.layer(d, path); ok {
			layers = append(layers, layer)
		}
	}
	slices.SortStableFunc(layers, func(a, b permission.Layer) int {
		return cmp.Compare(rank(a.NarrowOnly), rank(b.NarrowOnly))
	})
	return layers
}

func rank(b bool) int {
	if b {
		return 1
	}
	return 0
}

// root is the first workspace folder, or the present folder where there is none.
func (l *loader) root() string {
	if len(l.Roots) > 0 {
		return filepath.Clean(l.Roots[0])
	}
	return "."
}

// place is where a key was set last, as a warning without its message.
func (l *loader) place(key string) Warning {
	w := Warning{File: "settings", Key: key}
	for _, d := range l.docs {
		if n := d.tree.get(key); n != nil {
			w.File, w.Line = d.name, n.line
		}
	}
	return w
}
