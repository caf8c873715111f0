//go:build realclients

package clienttest

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// TestShapes compares with OpenCode's own /doc: what the chosen server answers and tells with its schemas, which allow no
// further fields, and what ours says that it serves with its routes.
func TestShapes(t *testing.T) {
	reference := newPlace(t).start(theirs, asking())
	spec := reference.spec()
	reference.stop()
	s := newPlace(t).start(chosen(), asking())
	if s.kind == ours {
		t.Run("routes", func(t *testing.T) { compareRoutes(t, s.spec(), spec) })
	}
	tour := s.tour(t)
	t.Run("answers", func(t *testing.T) {
		routes := spec.routes()
		for _, a := range tour.answers {
			if fault := a.fault(spec, routes); fault != "" {
				t.Errorf("%s: %s\n%.1500s", a.route, fault, a.body)
			}
		}
	})
	t.Run("events", func(t *testing.T) {
		schemas, checkers := spec.events(t), make(map[string]checker)
		for _, e := range tour.events {
			c, seen := checkers[e.Type]
			if !seen && schemas[e.Type] == nil {
				t.Errorf("OpenCode has no such event: %s", e.raw)
				continue
			} else if !seen {
				var err error
				if c, err = spec.check(schemas[e.Type]); err != nil {
					t.Fatal(err)
				}
				checkers[e.Type] = c
			}
			if fault := c.fault(e.raw); fault != "" {
				t.Errorf("%s: %s\n%.1500s", e.Type, fault, e.raw)
			}
		}
	})
}

// answer is what a route gave.
type answer struct {
	route  string // as the spec has it
	status int
	body   json.RawMessage
}

func (a answer) fault(s *spec, routes map[string]operation) string {
	op, ok := routes[a.route]
	if !ok {
		return "OpenCode has no such route"
	}
	response, ok := op.Responses[fmt.Sprint(a.status)]
	if !ok {
		return fmt.Sprintf("OpenCode does not answer %d", a.status)
	}
	media, ok := response.Content["application/json"]
	if !ok {
		if len(a.body) > 0 {
			return "OpenCode has no body here"
		}
		return ""
	}
	c, err := s.check(media.Schema)
	if err != nil {
		return err.Error()
	}
	return c.fault(a.body)
}

// tour is what a server says when all that is covered is asked.
type tour struct {
	s       *server
	answers []answer
	events  []event
}

// visit asks one route; its parameters stand in braces as the spec names them.
func (v *tour) visit(route, body string, values ...string) json.RawMessage {
	v.s.t.Helper()
	method, path, _ := strings.Cut(route, " ")
	path, query, _ := strings.Cut(path, "?")
	spec := path
	for i := 0; i+1 < len(values); i += 2 {
		path = strings.ReplaceAll(path, "{"+values[i]+"}", values[i+1])
	}
	if query != "" {
		path += "?" + query
	}
	status, got := v.s.call(method, path, body)
	v.answers = append(v.answers, answer{method + " " + spec, status, got})
	return got
}
