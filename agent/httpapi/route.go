package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"
)

// call is a request on its way through a handler.
type call struct {
	w http.ResponseWriter
	*http.Request
	query url.Values
}

// none is the body of a request that has none.
type none struct{}

// param is a parameter of a route's query.
type param struct {
	name string
	// kind is "string", "number" or "boolean".
	kind string
	doc  string
	must bool
}

// route is one entry of the table that mux and document are made from.
type route struct {
	method, path string // path with {names}, as [http.ServeMux] has it
	id           string // OpenCode's operationId
	doc          string
	query        []param
	body, result reflect.Type // none for none
	status       int          // of success
	stream       bool
	long         bool // its answer may take as long as a turn, or does not end
	serve        func(a *API, c *call) (any, error)
}

// on makes a route of a typed function. Its parameters and results are what the document shows.
func on[B, R any](method, path, id, doc string, f func(*API, *call, B) (R, error), query ...param) route {
	body, result := reflect.TypeFor[B](), reflect.TypeFor[R]()
	r := route{method: method, path: path, id: id, doc: doc, query: query, body: body, result: result, status: http.StatusOK}
	if result == reflect.TypeFor[none]() {
		r.status = http.StatusNoContent
	}
	r.serve = func(a *API, c *call) (any, error) {
		var in B
		if body != reflect.TypeFor[none]() {
			if err := read(c, &in); err != nil {
				return nil, err
			}
		}
		return f(a, c, in)
	}
	return r
}

// events makes a route of a stream.
func events(path, id, doc string, f func(*API, *call, none) (any, error)) route {
	r := long(on(http.MethodGet, path, id, doc, f))
	r.stream = true
	return r
}

// long marks a route whose answer may take as long as a turn, or does not end.
func long(r route) route {
	r.long = true
	return r
}

// maxLong bounds the answers under way of all long routes together, so that maxConns has place left for those that end a turn
// or answer its questions.
const maxLong = maxConns - 8

// handler serves the route.
func (a *API) handler(r route) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		query, err := url.ParseQuery(req.URL.RawQuery)
		if err != nil {
			fail(w, badRequest("Query", "the query of the address cannot be read; encode it"))
			return
		}
		c := &call{w, req, query}
		if f := c.check(r.query); f != nil {
			fail(w, f)
			return
		}
		if r.long {
			if !a.beginLong() {
				fail(w, overloaded("too many requests wait for turns or follow the events already; try again later, or use prompt_async"))
				return
			}
			defer a.endLong()
		}
		result, err := r.serve(a, c)
		switch {
		case err != nil:
			fail(w, explain(err, req.PathValue("sessionID")))
		case r.stream:
		case r.status == http.StatusNoContent:
			w.WriteHeader(r.status)
		default:
			answer(w, r.status, result)
		}
	}
}

// beginLong takes one of the places for answers of long routes, which endLong gives back. It reports whether there was one.
func (a *API) beginLong() bool {
	select {
	case a.long <- struct{}{}:
		return true
	default:
		return false
	}
}

func (a *API) endLong() { <-a.long }

// check judges the parameters of the query.
func (c *call) check(params []param) *failure {
	for _, p := range params {
		if !c.query.Has(p.name) {
			if p.must {
				return badRequest("Query", "%s is missing in the query", p.name)
			}
			continue
		}
		v := c.query.Get(p.name)
		switch p.kind {
		case "number":
			if n, err := strconv.ParseInt(v, 10, 64); err != nil || n < 0 {
				return badRequest("Query", "%s is %q; give a whole number from 0", p.name, shown(v))
			}
		case "boolean":
			if v != "true" && v != "false" {
				return badRequest("Query", "%s is %q; give true or false", p.name, shown(v))
			}
		}
	}
	return nil
}

// number is a parameter that check has seen; otherwise where it is left out.
func (c *call) number(name string, otherwise int64) int64 {
	n, err := strconv.ParseInt(c.query.Get(name), 10, 64)
	if err != nil {
		return otherwise
	}
	return n
}

// read decodes the body, of which the door has seen type and size. Fields that are not known are ignored, as OpenCode does; an
// empty body is an empty object.
func read(c *call, into any) error {
	data, err := io.ReadAll(c.Body)
	if err != nil {
		return fmt.Errorf("read body: %w", err)
	}
	begin := bytes.TrimSpace(data)
	if len(begin) == 0 {
		return nil
	}
	if begin[0] != '{' {
		return badRequest("Payload", "the body is no JSON object; send one")
	}
	return explainJSON(json.Unmarshal(data, into))
}

// explainJSON says where a body is wrong.
func explainJSON(err error) error {
	if err == nil {
		return nil
	}
	if f, ok := errors.AsType[*failure](err); ok {
		return f
	}
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return badRequest("Payload", "%s is a %s; expected %s", shown(wrong.Field), kindOf(wrong.Value), expected(wrong.Type))
	}
	if broken, ok := errors.AsType[*json.SyntaxError](err); ok {
		return badRequest("Payload", "the body is not JSON: it breaks at byte %d", broken.Offset)
	}
	return badRequest("Payload", "the body is not what this route takes; see /doc")
}

// kindOf is the JSON kind that was found, without the value.
func kindOf(value string) string {
	kind, _, _ := strings.Cut(value, " ")
	return kind
}

func expected(t reflect.Type) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.Struct, reflect.Map:
		return "an object"
	case reflect.Slice, reflect.Array:
		return "an array"
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a string"
	}
	return "a number"
}
