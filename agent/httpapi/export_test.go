package httpapi

import (
	"reflect"
	"strings"
)

// Route is what the tests know of a route.
type Route struct {
	Method, Path, ID string
	Stream           bool
	// Fields are the JSON names of the body's fields, nil where the route takes none.
	Fields []string
	// Numbers, Booleans and Musts are parameters of the query.
	Numbers, Booleans, Musts []string
}

// Routes is the table.
func Routes() []Route {
	var list []Route
	for _, r := range routes() {
		t := Route{Method: r.method, Path: r.path, ID: r.id, Stream: r.stream}
		if r.body != reflect.TypeFor[none]() {
			t.Fields = []string{}
			for f := range r.body.Fields() {
				name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
				t.Fields = append(t.Fields, name)
			}
		}
		for _, p := range r.query {
			switch {
			case p.must:
				t.Musts = append(t.Musts, p.name)
			case p.kind == "number":
				t.Numbers = append(t.Numbers, p.name)
			case p.kind == "boolean":
				t.Booleans = append(t.Booleans, p.name)
			}
		}
		list = append(list, t)
	}
	return list
}
