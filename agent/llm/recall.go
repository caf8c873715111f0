package llm

import (
	"encoding/json"
	"sync"
)

// maxRecall is how many calls' extras are remembered: more than any context holds.
const maxRecall = 4096

// unsigned is what Google documents for calls that come from another model, or whose signature is lost.
const unsigned = `{"google":{"thought_signature":"skip_thought_signature_validator"}}`

// recall remembers, by call id, what some providers send beside a tool call and want back with it in every later request:
// Google a signature, DeepSeek the reasoning before the first call. The transcript has no place for either, so both are
// lost when the process ends; unsigned and an empty reasoning then stand in for them.
type recall struct {
	mu    sync.Mutex // guards what follows
	said  map[string]echo
	order []string // oldest first
}

// echo is what came with one call.
type echo struct {
	reasoning string
	extra     json.RawMessage
}

func newRecall() *recall { return &recall{said: make(map[string]echo)} }

// keep remembers what came with a reply's calls.
func (r *recall) keep(calls []*slot, reasoning string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, c := range calls {
		s := echo{extra: c.extra}
		if i == 0 {
			s.reasoning = reasoning
		}
		if s.reasoning == "" && s.extra == nil {
			continue
		}
		if _, known := r.said[c.id]; !known {
			r.order = append(r.order, c.id)
		}
		r.said[c.id] = s
	}
	for len(r.order) > maxRecall {
		delete(r.said, r.order[0])
		r.order = r.order[1:]
	}
}

func (r *recall) reasoning(call string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.said[call].reasoning
}

func (r *recall) extra(call string) json.RawMessage {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.said[call].extra
}
