package llm

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/opencode-lsp/opencode-lsp/agent"
)

// maxKept is how many conversations' bytes are kept between steps.
const maxKept = 8

// protocol is one of the APIs that a request may be written for. A request is head, messages, tail. The head holds the tools
// and everything else, so that messages stand last and what is before the tail is a prefix of the next step's request.
type protocol interface {
	// path is the endpoint below the base URL, list the field that holds the messages.
	path() string
	list() string
	// head is the request without its messages, first what stands before them.
	head(req agent.Request) any
	first(system string) []any
	// items are msgs[i] in the API's shape, none for one that no provider takes.
	items(msgs []agent.Message, i int) []any
	// fields are the params as fields of the head.
	fields(p agent.Params) map[string]any
}

// encoder turns requests into bytes. Between steps it keeps those of each conversation: a step marshals only what is new.
type encoder struct {
	protocol
	// refused are fields that the server does not take for this model.
	refused refusals

	mu   sync.Mutex // guards kept
	kept []*kept    // least recently used first
}

// kept is the beginning of one conversation as bytes. Bytes once written are never changed, since an earlier request may
// still be on its way: buf only grows, and a conversation that departs from its past gets a new buf.
type kept struct {
	session string
	system  string
	fields  []byte // of the params
	tools   []agent.ToolSpec
	msgs    []agent.Message
	ends    []int // ends[i] is the length of buf after msgs[i]
	start   int   // the length of buf before msgs[0]
	buf     []byte
}

func newEncoder(p protocol) *encoder { return &encoder{protocol: p} }

// encode returns a request's bytes without its tail. The caller must not change them.
func (e *encoder) encode(req agent.Request) ([]byte, error) {
	if err := checkMessages(req.Messages); err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	k, err := e.conversation(req)
	if err != nil {
		return nil, err
	}
	for i := k.rewind(req.Messages); i < len(req.Messages); i++ {
		if err := e.add(k, req.Messages, i); err != nil {
			return nil, fmt.Errorf("message %d: %w", i, err)
		}
	}
	if len(k.ends) == 0 || k.ends[len(k.ends)-1] == k.start {
		return nil, fmt.Errorf("the request holds no message")
	}
	return slices.Clip(k.buf), nil
}

// conversation finds what is kept of a request's, or begins anew. What has no tools (a title, a summary) is asked once and
// would only push the conversation itself out.
func (e *encoder) conversation(req agent.Request) (*kept, error) {
	fields, err := e.extra(req.Params)
	if err != nil {
		return nil, err
	}
	lasting := req.Session != "" && len(req.Tools) > 0
	if at := slices.IndexFunc(e.kept, func(k *kept) bool { return k.session == req.Session }); lasting && at >= 0 {
		k := e.kept[at]
		e.kept = slices.Delete(e.kept, at, at+1)
		if bytes.Equal(k.fields, fields) && k.sameHead(req) {
			e.kept = append(e.kept, k)
			return k, nil
		}
	}
	k, err := e.begin(req, fields)
	if err == nil && lasting {
		e.kept = slices.Delete(e.kept, 0, max(0, len(e.kept)+1-maxKept))
		e.kept = append(e.kept, k)
	}
	return k, err
}

func (k *kept) sameHead(req agent.Request) bool {
	return k.system == req.System && slices.EqualFunc(k.tools, req.Tools, func(a, b agent.ToolSpec) bool {
		return a.Name == b.Name && a.Description == b.Description && bytes.Equal(a.Schema, b.Schema)
	})
}

// rewind cuts k back to what it has in common with msgs and returns how many messages that is.
func (k *kept) rewind(msgs []agent.Message) int {
	n := 0
	for n < len(k.msgs) && n < len(msgs) && sameMessage(k.msgs[n], msgs[n]) {
		n++
	}
	if n < len(k.msgs) {
		end := k.start
		if n > 0 {
			end = k.ends[n-1]
		}
		k.msgs, k.ends, k.buf = k.msgs[:n], k.ends[:n], slices.Clone(k.buf[:end])
	}
	return n
}

// sameMessage is cheap for a history that only grew: strings that share their bytes compare in constant time.
func sameMessage(a, b agent.Message) bool {
	return a.Role == b.Role && a.Text == b.Text && a.Call == b.Call && a.Failed == b.Failed && slices.Equal(a.Calls, b.Calls) &&
		len(a.Files) == len(b.Files) && len(a.Reasoning) == len(b.Reasoning)
}

// extra are the params as JSON fields, each with a comma before it, in a fixed order.
func (e *encoder) extra(p agent.Params) ([]byte, error) {
	fields := e.fields(p)
	var buf []byte
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if e.refused.has(name) {
			continue
		}
		var err error
		buf = append(buf, fmt.Sprintf(",%q:", name)...)
		if buf, err = appendJSON(buf, fields[name]); err != nil {
			return nil, err
		}
	}
	return buf, nil
}

// begin writes the head and what stands before the messages.
func (e *encoder) begin(req agent.Request, fields []byte) (*kept, error) {
	for _, t := range req.Tools {
		if schema := schemaOf(t); schema[0] != '{' || !json.Valid(schema) {
			return nil, fmt.Errorf("the schema of tool %s is not a JSON object", t.Name)
		}
	}
	buf, err := appendJSON(nil, e.head(req))
	if err != nil {
		return nil, err
	}
	k := &kept{session: req.Session, system: req.System, fields: fields, tools: slices.Clone(req.Tools)}
	k.buf = append(buf[:len(buf)-1], fields...)
	k.buf = append(k.buf, fmt.Sprintf(",%q:[", e.list())...)
	if strings.TrimSpace(req.System) != "" {
		if err := k.write(e.first(req.System)); err != nil {
			return nil, err
		}
	}
	k.start = len(k.buf)
	return k, nil
}

// schemaOf is a tool's schema, an object without properties where it has none.
func schemaOf(t agent.ToolSpec) json.RawMessage {
	schema := bytes.TrimSpace(t.Schema)
	if len(schema) == 0 {
		schema = []byte(`{"type":"object","properties":{}}`)
	}
	return schema
}

// write appends items to the list.
func (k *kept) write(items []any) error {
	for _, item := range items {
		if k.buf[len(k.buf)-1] != '[' {
			k.buf = append(k.buf, ',')
		}
		buf, err := appendJSON(k.buf, item)
		if err != nil {
			return err
		}
		k.buf = buf
	}
	return nil
}

// add writes one more message.
func (e *encoder) add(k *kept, msgs []agent.Message, i int) error {
	if err := k.write(e.items(msgs, i)); err != nil {
		return err
	}
	m := msgs[i]
	m.Calls = slices.Clone(m.Calls)
	k.msgs = append(k.msgs, m)
	k.ends = append(k.ends, len(k.buf))
	return nil
}
