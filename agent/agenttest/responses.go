package agenttest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/opencode-lsp/opencode-lsp/tools"
)

// responsesRequest is a Responses request with the fields that strict providers look at.
type responsesRequest struct {
	Model           string            `json:"model"`
	Stream          bool              `json:"stream"`
	Store           bool              `json:"store"`
	Include         []string          `json:"include"`
	Instructions    string            `json:"instructions"`
	Input           []responsesItem   `json:"input"`
	Tools           []responsesTool   `json:"tools"`
	MaxOutputTokens int               `json:"max_output_tokens"`
	PromptCacheKey  string            `json:"prompt_cache_key"`
	Temperature     float64           `json:"temperature"`
	TopP            float64           `json:"top_p"`
	Reasoning       map[string]any    `json:"reasoning"`
	Text            map[string]any    `json:"text"`
	Metadata        map[string]string `json:"metadata"`
}

type responsesTool struct {
	Type        string          `json:"type"`
	Name        string          `json:"name"`
	Description string          `json:"description"`
	Parameters  json.RawMessage `json:"parameters"`
	Strict      bool            `json:"strict"`
}

type responsesItem struct {
	Type      string          `json:"type"`
	ID        string          `json:"id"`
	Role      string          `json:"role"`
	Content   json.RawMessage `json:"content"`
	CallID    string          `json:"call_id"`
	Name      string          `json:"name"`
	Arguments string          `json:"arguments"`
	Output    json.RawMessage `json:"output"`
	Status    string          `json:"status"`
	Summary   json.RawMessage `json:"summary"`
	Encrypted string          `json:"encrypted_content"`
}

// text is the text of a content or an output: a string, or parts.
func text(raw json.RawMessage) string {
	var s string
	var parts []struct {
		Text string `json:"text"`
	}
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	if json.Unmarshal(raw, &parts) != nil {
		return ""
	}
	for _, p := range parts {
		s += p.Text
	}
	return s
}

// readResponses decodes and judges a Responses request, and leaves in r what a chat request of the same conversation holds.
func (r *request) readResponses(raw []byte) string {
	var in responsesRequest
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&in); err != nil {
		return "the request is not a valid one: " + err.Error()
	}
	r.Model, r.Stream, r.size = in.Model, in.Stream, len(raw)
	switch {
	case r.Model == "":
		return "you must provide a model"
	case !r.Stream:
		return "this model only streams: set stream to true"
	case in.Store:
		return "this account stores nothing: set store to false"
	case !slices.Contains(in.Include, "reasoning.encrypted_content"):
		return "without store, include must hold reasoning.encrypted_content"
	}
	for _, t := range in.Tools {
		one := tool{Type: t.Type}
		one.Function.Name, one.Function.Description, one.Function.Parameters = t.Name, t.Description, t.Parameters
		r.Tools = append(r.Tools, one)
	}
	for i, it := range in.Input {
		if problem := r.take(in.Input, i, it); problem != "" {
			return fmt.Sprintf("input[%d]: %s", i, problem)
		}
	}
	if problem := r.judgeTools(); problem != "" {
		return problem
	}
	return r.judgeMessages()
}

// take makes an item a message, or part of the one before.
func (r *request) take(all []responsesItem, i int, it responsesItem) string {
	switch it.Type {
	case "reasoning":
		return judgeReasoning(all, i)
	case "message":
		s := text(it.Content)
		r.Messages = append(r.Messages, message{Role: it.Role, Content: rawText(s)})
	case "function_call":
		c := call{ID: it.CallID, Type: "function"}
		c.Function.Name, c.Function.Arguments = it.Name, it.Arguments
		n := len(r.Messages)
		if n == 0 || r.Messages[n-1].Role != "assistant" {
			r.Messages = append(r.Messages, message{Role: "assistant"})
			n++
		}
		r.Messages[n-1].ToolCalls = append(r.Messages[n-1].ToolCalls, c)
	case "function_call_output":
		s := text(it.Output)
		r.Messages = append(r.Messages, message{Role: "tool", Content: rawText(s), ToolCallID: it.CallID})
	default:
		return fmt.Sprintf("type %q is unknown", it.Type)
	}
	return ""
}

// judgeReasoning: a reasoning item goes back as it came, with what it led to behind it.
func judgeReasoning(all []responsesItem, i int) string {
	it := all[i]
	if !strings.HasPrefix(it.ID, "rs_") || !strings.HasPrefix(it.Encrypted, sealed) {
		return fmt.Sprintf("reasoning %q is not as this model gave it", it.ID)
	}
	next := i + 1
	if next < len(all) && (all[next].Type == "reasoning" || all[next].Type == "function_call" || all[next].Role == "assistant") {
		return ""
	}
	return fmt.Sprintf("reasoning %q was provided without its required following item", it.ID)
}

// sealed stands before a thought, for encryption.
const sealed = "sealed:"

// responsesAnswer writes one streamed reply of the Responses API.
type responsesAnswer struct {
	*answer
	index int
	items []any
	seq   int
}

func (a *responsesAnswer) play(step Step) {
	a.pause = step.Pause
	a.w.Header().Set("Content-Type", "text/event-stream")
	a.w.WriteHeader(http.StatusOK)
	a.send("response.created", map[string]any{"response": a.response("in_progress")})
	if step.Think != "" {
		a.think(step.Think)
	}
	if step.Text != "" {
		a.message(step.Text)
	}
	for i, c := range step.Calls {
		if c.ID == "" {
			c.ID = fmt.Sprintf("call_%d_%d", len(a.req.Messages), i+1)
		}
		a.function(c)
	}
	for _, data := range step.Raw {
		a.event(data)
	}
	switch step.End {
	case Drop:
		panic(http.ErrAbortHandler)
	case Hang:
		a.wait(nil)
	default:
		a.send("response.completed", map[string]any{"response": a.response("completed")})
	}
}

func (a *responsesAnswer) response(status string) map[string]any {
	in, out := a.req.size/4+1, a.sent/4+1
	r := map[string]any{"id": "resp_1", "object": "response", "status": status, "model": a.req.Model, "output": a.items}
	if status == "completed" {
		r["usage"] = map[string]any{"input_tokens": in, "output_tokens": out, "total_tokens": in + out,
			"input_tokens_details": map[string]any{"cached_tokens": 0}, "output_tokens_details": map[string]any{"reasoning_tokens": 0}}
	}
	return r
}

// send writes one event as OpenAI numbers them.
func (a *responsesAnswer) send(kind string, fields map[string]any) {
	e := map[string]any{"type": kind, "sequence_number": a.seq}
	a.seq++
	maps.Copy(e, fields)
	raw, err := json.Marshal(e)
	if err != nil {
		panic(err) // maps of strings and numbers always marshal
	}
	a.event(string(raw))
}

// whole sends an item from its beginning to its end, with what comes between.
func (a *responsesAnswer) whole(begun, done map[string]any, between func()) {
	a.send("response.output_item.added", map[string]any{"output_index": a.index, "item": begun})
	between()
	a.send("response.output_item.done", map[string]any{"output_index": a.index, "item": done})
	a.items = append(a.items, done)
	a.index++
}

func (a *responsesAnswer) deltas(kind, text string) {
	a.sent += len(text)
	for piece := range pieces(text) {
		a.send(kind, map[string]any{"output_index": a.index, "delta": piece})
	}
}

func (a *responsesAnswer) think(text string) {
	id := fmt.Sprintf("rs_%d", len(a.req.Messages))
	a.whole(map[string]any{"type": "reasoning", "id": id, "summary": []any{}},
		map[string]any{"type": "reasoning", "id": id, "encrypted_content": sealed + id,
			"summary": []any{map[string]any{"type": "summary_text", "text": text}}},
		func() { a.deltas("response.reasoning_summary_text.delta", text) })
}

func (a *responsesAnswer) message(text string) {
	item := map[string]any{"type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
		"content": []any{map[string]any{"type": "output_text", "text": text}}}
	a.whole(map[string]any{"type": "message", "id": "msg_1", "role": "assistant", "content": []any{}}, item,
		func() { a.deltas("response.output_text.delta", text) })
}

func (a *responsesAnswer) function(c tools.Call) {
	item := func(arguments string) map[string]any {
		return map[string]any{"type": "function_call", "id": "fc_" + c.ID, "call_id": c.ID, "name": c.Name, "arguments": arguments}
	}
	a.whole(item(""), item(c.Arguments), func() {
		a.deltas("response.function_call_arguments.delta", c.Arguments)
		a.send("response.function_call_arguments.done", map[string]any{"output_index": a.index, "arguments": c.Arguments})
	})
}
