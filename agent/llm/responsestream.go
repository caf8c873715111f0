package llm

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/opencode-lsp/opencode-lsp/agent"
)

// streamed is one event of a Responses stream with the fields that are read.
type streamed struct {
	Type        string          `json:"type"`
	OutputIndex int             `json:"output_index"`
	Delta       string          `json:"delta"`
	Arguments   string          `json:"arguments"`
	Item        json.RawMessage `json:"item"`
	Response    *wireResponse   `json:"response"`
}

// wireResponse is a whole reply, or what the last event says of it.
type wireResponse struct {
	Status     string            `json:"status"`
	Output     []json.RawMessage `json:"output"`
	Error      json.RawMessage   `json:"error"`
	Incomplete struct {
		Reason string `json:"reason"`
	} `json:"incomplete_details"`
	Usage *struct {
		Input        int64 `json:"input_tokens"`
		Output       int64 `json:"output_tokens"`
		InputDetails struct {
			Cached int64 `json:"cached_tokens"`
		} `json:"input_tokens_details"`
		OutputDetails struct {
			Reasoning int64 `json:"reasoning_tokens"`
		} `json:"output_tokens_details"`
	} `json:"usage"`
}

// output is an item of a reply.
type output struct {
	Type      string `json:"type"`
	ID        string `json:"id"`
	CallID    string `json:"call_id"`
	Name      string `json:"name"`
	Arguments string `json:"arguments"`
	Content   []struct {
		Text    string `json:"text"`
		Refusal string `json:"refusal"`
	} `json:"content"`
	Summary []struct {
		Text string `json:"text"`
	} `json:"summary"`
	Encrypted string `json:"encrypted_content"`
}

// responseReader reads a Responses reply into a reply.
type responseReader struct {
	*reply
	calls    map[int]*slot // by output index
	texts    map[int]bool  // output items of which text has come
	thinking []agent.Reasoning
}

func newResponseReader(r *reply) *responseReader {
	return &responseReader{reply: r, calls: map[int]*slot{}, texts: map[int]bool{}}
}

// add takes one event, or the whole reply of a server that does not stream.
func (r *responseReader) add(raw []byte) error {
	var e streamed
	var odd *json.UnmarshalTypeError // of an event that is not known here
	if err := json.Unmarshal(raw, &e); err != nil && !errors.As(err, &odd) {
		return fmt.Errorf("read a piece of the reply: %w", err)
	}
	switch e.Type {
	case "response.output_text.delta", "response.refusal.delta":
		r.text(e.OutputIndex, e.Delta)
	case "response.reasoning_summary_text.delta", "response.reasoning_text.delta":
		r.send(agent.Delta{Reasoning: e.Delta})
	case "response.reasoning_summary_part.done":
		r.send(agent.Delta{Reasoning: "\n\n"})
	case "response.output_item.added":
		return r.item(e.OutputIndex, e.Item, false)
	case "response.function_call_arguments.delta":
		r.arguments(e.OutputIndex, e.Delta)
	case "response.function_call_arguments.done":
		r.rest(e.OutputIndex, e.Arguments)
	case "response.output_item.done":
		return r.item(e.OutputIndex, e.Item, true)
	case "response.completed", "response.incomplete", "response.failed", "response.done":
		return r.ended(e.Response)
	case "error":
		w := readWords(raw)
		return &w
	case "":
		return r.whole(raw)
	}
	return nil
}

// whole reads a reply that came in one piece.
func (r *responseReader) whole(raw []byte) error {
	var all wireResponse
	if err := json.Unmarshal(raw, &all); err != nil || all.Status == "" && said(all.Error) {
		w := readWords(raw)
		return &w
	}
	for i, one := range all.Output {
		if err := r.item(i, one, true); err != nil {
			return err
		}
	}
	return r.ended(&all)
}

func (r *responseReader) text(index int, text string) {
	if text != "" {
		r.texts[index] = true
		r.led("")
		r.send(agent.Delta{Text: text})
	}
}

// item takes an item when it begins or when it is done; not every server sends both, or the pieces between.
func (r *responseReader) item(index int, raw json.RawMessage, done bool) error {
	var o output
	if err := json.Unmarshal(raw, &o); err != nil {
		return fmt.Errorf("read an item of the reply: %w", err)
	}
	switch o.Type {
	case "function_call":
		r.open(index, o)
		if done {
			r.rest(index, o.Arguments)
		}
	case "message":
		for _, c := range o.Content {
			if done && !r.texts[index] {
				r.text(index, c.Text+c.Refusal)
				r.texts[index] = false // more parts of the same item may follow
			}
		}
	case "reasoning":
		if done {
			r.thought(o, raw)
		}
	}
	return nil
}

// thought keeps reasoning until it is known what it led to.
func (r *responseReader) thought(o output, raw json.RawMessage) {
	t := agent.Reasoning{ID: o.ID}
	for i, s := range o.Summary {
		if i > 0 {
			t.Text += "\n\n"
		}
		t.Text += s.Text
	}
	for _, c := range o.Content {
		t.Text += c.Text
	}
	if o.Encrypted != "" {
		t.Opaque = bytes.Clone(raw)
	}
	r.thinking = append(r.thinking, t)
}

// led hands on the reasoning that led to a call, or with "" to the text.
func (r *responseReader) led(call string) {
	for _, t := range r.thinking {
		t.Call = call
		r.send(agent.Delta{Thought: &t})
	}
	r.thinking = nil
}

// open begins a call, once.
func (r *responseReader) open(index int, o output) {
	if r.calls[index] != nil || o.Name == "" {
		return
	}
	p := piece{ID: o.CallID}
	p.Function.Name = o.Name
	at := len(r.reply.calls.slots)
	p.Index = &at
	d := r.reply.calls.add(p)
	r.calls[index] = r.reply.calls.slots[len(r.reply.calls.slots)-1]
	r.led(r.calls[index].id)
	r.send(agent.Delta{Call: d})
}

// arguments adds to a call's.
func (r *responseReader) arguments(index int, text string) {
	s := r.calls[index]
	if s == nil || text == "" {
		return
	}
	s.args = append(s.args, text...)
	for at, one := range r.reply.calls.slots {
		if one == s {
			r.send(agent.Delta{Call: &agent.CallDelta{Index: at, Arguments: text}})
		}
	}
}

// rest adds what has not come in pieces.
func (r *responseReader) rest(index int, whole string) {
	if s := r.calls[index]; s != nil && bytes.HasPrefix([]byte(whole), s.args) {
		r.arguments(index, whole[len(s.args):])
	}
}

// ended reads how the reply ended.
func (r *responseReader) ended(w *wireResponse) error {
	if w == nil {
		w = &wireResponse{}
	}
	if said(w.Error) {
		words := readWords(w.Error)
		return &words
	}
	if w.Status == "failed" || w.Status == "cancelled" {
		return &words{message: "the reply " + w.Status}
	}
	r.led("")
	if u := w.Usage; u != nil {
		r.usage = &agent.Usage{Input: u.Input, Output: u.Output, Cached: u.InputDetails.Cached, Reasoning: u.OutputDetails.Reasoning}
	}
	switch {
	case w.Incomplete.Reason == "max_output_tokens":
		r.finish = "length"
	case w.Incomplete.Reason != "":
		r.finish = w.Incomplete.Reason
	case w.Status == "incomplete":
		r.finish = "length"
	default:
		r.end()
	}
	r.over = true
	return nil
}
