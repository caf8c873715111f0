package agenttest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"
)

// pieceSize is how many bytes of text or arguments one event carries, about as many as real models send.
const pieceSize = 12

// refuse answers with a step's status and an error object in OpenAI's shape.
func refuse(w http.ResponseWriter, step Step) {
	for key, value := range step.Header {
		w.Header().Set(key, value)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(step.Status)
	json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{
		"message": cmp.Or(step.Message, http.StatusText(step.Status)),
		"type":    cmp.Or(step.Type, "scripted"),
		"code":    step.Code,
	}})
}

// answer writes one streamed reply.
type answer struct {
	w     http.ResponseWriter
	flush func() error
	gone  <-chan struct{} // the client
	done  <-chan struct{} // the server
	req   *request
	pause time.Duration
	sent  int // bytes of text and arguments, for the usage
}

func newAnswer(w http.ResponseWriter, r *http.Request, req *request, done <-chan struct{}) *answer {
	return &answer{w: w, flush: http.NewResponseController(w).Flush, gone: r.Context().Done(), done: done, req: req}
}

func (a *answer) play(step Step) {
	a.pause = step.Pause
	a.w.Header().Set("Content-Type", "text/event-stream")
	a.w.WriteHeader(http.StatusOK)
	a.flush()
	for piece := range pieces(step.Think) {
		a.delta(map[string]any{"reasoning_content": piece})
	}
	a.text(step.Text)
	for i, call := range step.Calls {
		// The count of messages makes ids unique in a conversation, also across servers.
		call.ID = cmp.Or(call.ID, fmt.Sprintf("call_%d_%d", len(a.req.Messages), i+1))
		a.call(i, call.ID, call.Name, call.Arguments)
	}
	for _, data := range step.Raw {
		a.event(data)
	}
	switch step.End {
	case Drop:
		panic(http.ErrAbortHandler) // the documented way to cut a connection
	case Hang:
		a.wait(nil)
	default:
		a.finish(step)
	}
}

func (a *answer) text(text string) {
	a.sent += len(text)
	for piece := range pieces(text) {
		a.delta(map[string]any{"content": piece})
	}
}

func (a *answer) call(index int, id, name, args string) {
	a.delta(map[string]any{"tool_calls": []any{map[string]any{"index": index, "id": id, "type": "function",
		"function": map[string]any{"name": name, "arguments": ""}}}})
	a.sent += len(args)
	for piece := range pieces(args) {
		a.delta(map[string]any{"tool_calls": []any{map[string]any{"index": index,
			"function": map[string]any{"arguments": piece}}}})
	}
}

func (a *answer) finish(step Step) {
	reason := "stop"
	if len(step.Calls) > 0 {
		reason = "tool_calls"
	}
	a.chunk(map[string]any{"choices": []any{map[string]any{"index": 0, "delta": map[string]any{}, "finish_reason": reason}}})
	if a.req.StreamOptions.IncludeUsage {
		in, out := a.req.size/4+1, a.sent/4+1
		a.chunk(map[string]any{"choices": []any{}, "usage": map[string]any{
			"prompt_tokens": in, "completion_tokens": out, "total_tokens": in + out}})
	}
	a.event("[DONE]")
}

func (a *answer) delta(delta map[string]any) {
	a.chunk(map[string]any{"choices": []any{map[string]any{"index": 0, "delta": delta, "finish_reason": nil}}})
}

func (a *answer) chunk(fields map[string]any) {
	chunk := map[string]any{"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": a.req.Model}
	maps.Copy(chunk, fields)
	raw, err := json.Marshal(chunk)
	if err != nil {
		panic(err) // maps of strings and numbers always marshal
	}
	a.event(string(raw))
}

func (a *answer) event(data string) {
	if a.pause > 0 {
		timer := time.NewTimer(a.pause)
		defer timer.Stop()
		a.wait(timer.C)
	}
	fmt.Fprintf(a.w, "data: %s\n\n", data)
	a.flush()
}

// wait returns when c fires; nil never does. It cuts the answer when the server closes or the client goes away.
func (a *answer) wait(c <-chan time.Time) {
	select {
	case <-c:
	case <-a.gone:
		panic(http.ErrAbortHandler)
	case <-a.done:
		panic(http.ErrAbortHandler)
	}
}

// pieces cuts text into events' worth, never inside a character.
func pieces(text string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for len(text) > 0 {
			n := min(pieceSize, len(text))
			for n < len(text) && !utf8.RuneStart(text[n]) {
				n++
			}
			if !yield(strings.Clone(text[:n])) {
				return
			}
			text = text[n:]
		}
	}
}
