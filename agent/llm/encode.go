package llm

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/opencode-lsp/opencode-lsp/agent"
)

// maxKept is how many conversations' bytes are kept between steps.
const maxKept = 8

// A request is head, messages, tail. The head holds the tools, so that messages stand last and everything before the tail
// is a prefix of the next step's request.
const (
	tailUsage = `],"stream_options":{"include_usage":true}}`
	// tailDense also does without the random padding that OpenAI adds to every chunk.
	tailDense = `],"stream_options":{"include_usage":true,"include_obfuscation":false}}`
	tailPlain = `]}`
)

// encoder turns requests into bytes. Between steps it keeps those of each conversation: a step marshals only what is new.
type encoder struct {
	cfg    Config
	quirks quirks
	recall *recall

	mu   sync.Mutex // guards kept
	kept []*kept    // least recently used first
}

// kept is the beginning of one conversation as bytes. Bytes once written are never changed, since an earlier request may
// still be on its way: buf only grows, and a conversation that departs from its past gets a new buf.
type kept struct {
	session string
	system  string
	tools   []agent.ToolSpec
	msgs    []agent.Message
	ends    []int // ends[i] is the length of buf after msgs[i]
	start   int   // the length of buf before msgs[0]
	buf     []byte
}

func newEncoder(cfg Config, q quirks, r *recall) *encoder {
	return &encoder{cfg: cfg, quirks: q, recall: r}
}

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
		if err := e.add(k, req.Messages[i]); err != nil {
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
	lasting := req.Session != "" && len(req.Tools) > 0
	if at := slices.IndexFunc(e.kept, func(k *kept) bool { return k.session == req.Session }); lasting && at >= 0 {
		k := e.kept[at]
		e.kept = slices.Delete(e.kept, at, at+1)
		if k.sameHead(req) {
			e.kept = append(e.kept, k)
			return k, nil
		}
	}
	k, err := e.begin(req)
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
	return a.Role == b.Role && a.Text == b.Text && a.Call == b.Call && a.Failed == b.Failed && slices.Equal(a.Calls, b.Calls)
}

// begin writes the head and the system message.
func (e *encoder) begin(req agent.Request) (*kept, error) {
	h := head{Model: e.cfg.Model, Stream: true, MaxTokens: e.cfg.MaxOutput}
	if e.quirks.completionTokens {
		h.MaxTokens, h.MaxCompletionTokens = 0, e.cfg.MaxOutput
	}
	if e.quirks.cacheKey {
		h.PromptCacheKey = req.Session
	}
	for _, t := range req.Tools {
		schema := bytes.TrimSpace(t.Schema)
		if len(schema) == 0 {
			schema = []byte(`{"type":"object","properties":{}}`)
		}
		if schema[0] != '{' || !json.Valid(schema) {
			return nil, fmt.Errorf("the schema of tool %s is not a JSON object", t.Name)
		}
		h.Tools = append(h.Tools, wireTool{"function", wireFunction{t.Name, t.Description, schema}})
	}
	buf, err := appendJSON(nil, h)
	if err != nil {
		return nil, err
	}
	k := &kept{session: req.Session, system: req.System, tools: slices.Clone(req.Tools)}
	k.buf = append(buf[:len(buf)-1], `,"messages":[`...)
	if strings.TrimSpace(req.System) != "" {
		if k.buf, err = appendJSON(k.buf, wireMessage{Role: "system", Content: &req.System}); err != nil {
			return nil, err
		}
	}
	k.start = len(k.buf)
	return k, nil
}

// add writes one more message.
func (e *encoder) add(k *kept, m agent.Message) error {
	wire, ok := e.wire(m)
	if ok {
		buf := k.buf
		if buf[len(buf)-1] != '[' {
			buf = append(buf, ',')
		}
		buf, err := appendJSON(buf, wire)
		if err != nil {
			return err
		}
		k.buf = buf
	}
	m.Calls = slices.Clone(m.Calls)
	k.msgs = append(k.msgs, m)
	k.ends = append(k.ends, len(k.buf))
	return nil
}
