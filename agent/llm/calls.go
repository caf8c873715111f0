package llm

import (
	"bytes"
	"crypto/rand"
	"encoding/json"

	"github.com/opencode-lsp/opencode-lsp/agent"
)

// piece is a part of a tool call as servers send it. By the API the first part of a call has index, id and name, later ones
// index and more arguments; in the wild index or id are missing, all calls share index 0, id and name are repeated, or the
// arguments are an object instead of text.
type piece struct {
	Index    *int   `json:"index"`
	ID       string `json:"id"`
	Function struct {
		Name      string          `json:"name"`
		Arguments json.RawMessage `json:"arguments"`
	} `json:"function"`
	ExtraContent json.RawMessage `json:"extra_content"`
}

// arguments are the piece's arguments as text.
func (p *piece) arguments() string {
	raw := p.Function.Arguments
	var text string
	switch {
	case !said(raw):
		return ""
	case raw[0] == '"' && json.Unmarshal(raw, &text) == nil:
		return text
	}
	return string(raw)
}

// slot is one call of a reply.
type slot struct {
	id, name string
	made     bool // the id is ours, the server gave none
	args     []byte
	extra    json.RawMessage
}

// assembler sorts pieces into calls, numbered from 0 as they appear.
type assembler struct {
	slots []*slot
	index map[int]int // a server's index -> the latest slot under it
}

// add returns the piece as the session sees it, with ID and Name only where they are new, or nil for an empty one.
func (a *assembler) add(p piece) *agent.CallDelta {
	args, name := p.arguments(), p.Function.Name
	at := a.find(&p, args)
	fresh := at < 0
	if fresh {
		if p.ID == "" && name == "" && args == "" {
			return nil
		}
		at = a.open(p.ID)
	}
	if p.Index != nil {
		if a.index == nil {
			a.index = make(map[int]int)
		}
		a.index[*p.Index] = at
	}
	s := a.slots[at]
	out := &agent.CallDelta{Index: at, Arguments: args}
	if fresh {
		out.ID = s.id
	}
	if s.name == "" {
		s.name, out.Name = name, name
	}
	if said(p.ExtraContent) {
		s.extra = bytes.Clone(p.ExtraContent)
	}
	s.args = append(s.args, args...)
	if out.ID == "" && out.Name == "" && args == "" {
		return nil
	}
	return out
}

// open starts a call.
func (a *assembler) open(id string) int {
	s := &slot{id: id}
	if id == "" {
		// Unlike a count, a random id is unique in the whole conversation; nine letters suit every provider.
		s.id, s.made = rand.Text()[:9], true
	}
	a.slots = append(a.slots, s)
	return len(a.slots) - 1
}

// find returns the slot that a piece continues, or -1.
func (a *assembler) find(p *piece, args string) int {
	if p.ID != "" {
		for i, s := range a.slots {
			if s.id == p.ID {
				return i
			}
		}
	}
	at := len(a.slots) - 1
	if p.Index != nil {
		known, ok := a.index[*p.Index]
		if !ok {
			return -1
		}
		at = known
	}
	if at >= 0 && a.slots[at].begins(p, args) {
		return -1
	}
	return at
}

// begins says that a piece that seems to continue s in fact begins another call.
func (s *slot) begins(p *piece, args string) bool {
	name := p.Function.Name
	switch {
	case p.ID != "" && !s.made:
		return true // find has looked for its id
	case name == "" || s.name == "":
		return false
	case name != s.name:
		return true
	}
	return args != "" && len(s.args) > 0 && json.Valid(s.args)
}
