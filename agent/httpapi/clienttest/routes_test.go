//go:build realclients

package clienttest

import (
	"encoding/json"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// compareRoutes wants what is different between two descriptions in README's table, where the reasons are.
func compareRoutes(t *testing.T, ours, theirs *spec) {
	t.Helper()
	readme, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := table(string(readme), "Differences from OpenCode's API")
	used := make(map[int]bool)
	for _, d := range differences(ours, theirs) {
		n := slices.IndexFunc(rows, d.in)
		if n < 0 {
			t.Errorf("README does not say: %s", d)
		}
		used[n] = true
	}
	for n, row := range rows {
		if len(row.routes) > 0 && !used[n] {
			t.Errorf("README says what is no difference: %s", row.text)
		}
	}
}

// difference is one between two descriptions: a route that only one has, or what is not the same in both.
type difference struct {
	route string // "GET /path"
	field string // "" for the route as a whole
	what  string
}

func (d difference) String() string { return strings.TrimSpace(d.route+" "+d.field) + ": " + d.what }

// in reports whether a row tells of it. A row names the routes in its first cell, with * for any end, and the fields anywhere.
func (d difference) in(r row) bool {
	method, at, _ := strings.Cut(d.route, " ")
	return slices.ContainsFunc(r.routes, func(pattern string) bool {
		if m, rest, ok := strings.Cut(pattern, " "); ok {
			if m != method {
				return false
			}
			pattern = rest
		}
		prefix, open := strings.CutSuffix(pattern, "*")
		return (at == pattern || open && strings.HasPrefix(at, prefix)) && (d.field == "" || slices.Contains(r.spans, d.field))
	})
}

// row is one of a Markdown table.
type row struct {
	text          string
	routes, spans []string // what stands in backquotes: routes of the first cell, and all
}

var span = regexp.MustCompile("`([^`]+)`")

// table is the one below a heading.
func table(text, heading string) []row {
	_, text, _ = strings.Cut(text, heading+"\n")
	text, _, _ = strings.Cut(text, "\n#")
	var rows []row
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "| ") {
			continue
		}
		r := row{text: line}
		first, _, _ := strings.Cut(line[1:], "|")
		for _, m := range span.FindAllStringSubmatch(line, -1) {
			r.spans = append(r.spans, m[1])
		}
		for _, m := range span.FindAllStringSubmatch(first, -1) {
			if strings.Contains(m[1], "/") {
				r.routes = append(r.routes, m[1])
			}
		}
		rows = append(rows, r)
	}
	return rows
}

// differences are all from theirs to ours, in order. What has to do with OpenCode's own workspaces is left out.
func differences(ours, theirs *spec) []difference {
	a, b := ours.routes(), theirs.routes()
	var all []difference
	for _, route := range sorted(b) {
		if _, ok := a[route]; !ok {
			all = append(all, difference{route, "", "only OpenCode has it"})
			continue
		}
		for _, d := range slices.Concat(queries(a[route], b[route]), bodies(ours, theirs, a[route], b[route]), results(ours, theirs, a[route], b[route])) {
			d.route = route
			all = append(all, d)
		}
	}
	for _, route := range sorted(a) {
		if _, ok := b[route]; !ok && path.Base(route) != "doc" {
			all = append(all, difference{route, "", "only ours has it"})
		}
	}
	return all
}

// queries are the differences in parameters.
func queries(ours, theirs operation) (all []difference) {
	a, b := ours.query(), theirs.query()
	for _, name := range sorted(b) {
		must, ok := a[name]
		switch {
		case !ok && name != "workspace":
			all = append(all, difference{field: name, what: "a parameter that only OpenCode has"})
		case must && !b[name]:
			all = append(all, difference{field: name, what: "a parameter that only ours requires"})
		}
	}
	for _, name := range sorted(a) {
		if _, ok := b[name]; !ok {
			all = append(all, difference{field: name, what: "a parameter that only ours has"})
		}
	}
	return all
}

// query are the parameters of the query, and whether they are required.
func (o operation) query() map[string]bool {
	all := make(map[string]bool)
	for _, p := range o.Parameters {
		if p.In == "query" {
			all[p.Name] = p.Required
		}
	}
	return all
}

// bodies are the differences in what is sent.
func bodies(ours, theirs *spec, a, b operation) (all []difference) {
	if b.RequestBody == nil {
		return nil
	}
	theirBody := theirs.fields(b.RequestBody.Content["application/json"].Schema)
	var ourBody fields
	if a.RequestBody != nil {
		ourBody = ours.fields(a.RequestBody.Content["application/json"].Schema)
	}
	for _, name := range theirBody.names {
		if !slices.Contains(ourBody.names, name) {
			all = append(all, difference{field: name, what: "a field of the body that only OpenCode has"})
		}
	}
	for _, name := range ourBody.names {
		switch {
		case !slices.Contains(theirBody.names, name):
			all = append(all, difference{field: name, what: "a field of the body that only ours has"})
		case slices.Contains(ourBody.required, name) && !slices.Contains(theirBody.required, name):
			all = append(all, difference{field: name, what: "a field of the body that only ours requires"})
		}
	}
	return all
}

// results are the fields that OpenCode always answers and ours may not.
func results(ours, theirs *spec, a, b operation) (all []difference) {
	got := ours.fields(a.Responses["200"].Content["application/json"].Schema)
	for _, name := range theirs.fields(b.Responses["200"].Content["application/json"].Schema).required {
		if !slices.Contains(got.names, name) {
			all = append(all, difference{field: name, what: "a field of the answer that only OpenCode has"})
		}
	}
	return all
}

// fields are those of an object, or of the objects in an array.
type fields struct{ names, required []string }

func (s *spec) fields(raw json.RawMessage) fields {
	var schema struct {
		Ref        string `json:"$ref"`
		Properties map[string]json.RawMessage
		Required   []string
		Items      json.RawMessage
		AnyOf      []json.RawMessage
	}
	if json.Unmarshal(raw, &schema) != nil {
		return fields{}
	}
	switch {
	case schema.Ref != "":
		return s.fields(s.Components.Schemas[strings.TrimPrefix(schema.Ref, components)])
	case schema.Items != nil:
		return s.fields(schema.Items)
	case len(schema.AnyOf) == 1:
		return s.fields(schema.AnyOf[0])
	}
	return fields{sorted(schema.Properties), schema.Required}
}
