package llm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/openai/openai-go/v3/option"

	"github.com/opencode-lsp/opencode-lsp/agent"
)

const (
	// usageGrace is how long the usage may come after the end of a reply; some servers then just keep silent.
	usageGrace = 2 * time.Second
	// drainGrace is how long the last bytes of a response may take, so that its connection can serve the next step.
	drainGrace = 100 * time.Millisecond
	// maxWhole bounds an unstreamed reply, maxRefusal an error's body, in bytes.
	maxWhole   = 32 << 20
	maxRefusal = 64 << 10
)

// Stream implements agent.Model.
func (m *model) Stream(ctx context.Context, req agent.Request) iter.Seq2[agent.Delta, error] {
	return func(yield func(agent.Delta, error) bool) {
		err := m.stream(ctx, req, func(d agent.Delta) bool { return yield(d, nil) })
		if err != nil {
			yield(agent.Delta{}, err)
		}
	}
}

// stream returns nil when the reply is complete or emit has had enough.
func (m *model) stream(ctx context.Context, req agent.Request, emit func(agent.Delta) bool) error {
	watchedCtx, w, stop := newWatch(ctx, m.cfg.Timeout, m.cfg.Stall)
	defer stop()
	w.start()
	res, err := m.send(watchedCtx, req)
	w.pause()
	if err == nil {
		res.Body = &watched{res.Body, w}
		err = m.read(res, w, emit)
		res.Body.Close()
	}
	return m.explain(ctx, watchedCtx, err)
}

// explain turns what went wrong into what the caller is told: its own cancellation, or a ModelError.
func (m *model) explain(ctx, watchedCtx context.Context, err error) error {
	var quiet silence
	var model *agent.ModelError
	var bad *unsendable
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &model):
		return model
	case errors.As(err, &bad):
		return bad.error
	case errors.As(context.Cause(watchedCtx), &quiet):
		return m.silent(time.Duration(quiet))
	}
	return m.netError(err)
}

// send posts the request. A server that does not know a field of it, or how to report usage, is asked again without, once
// and for all.
func (m *model) send(ctx context.Context, req agent.Request) (*http.Response, error) {
	res, words, err := m.try(ctx, req)
	for refused(res) && m.learn(words, req) {
		res, words, err = m.try(ctx, req)
	}
	switch {
	case res != nil && res.StatusCode != http.StatusOK:
		return nil, m.statusError(res, words)
	case err != nil:
		return nil, err
	}
	return res, nil
}

// learn reports whether the refusal names something that the request can do without.
func (m *model) learn(w words, req agent.Request) bool {
	if w.refusesUsage() && m.tail() != tailPlain {
		m.noUsage.Store(true)
		return true
	}
	return m.enc.refused.learn(w, m.enc.fields(req.Params))
}

func (m *model) try(ctx context.Context, req agent.Request) (*http.Response, words, error) {
	prefix, err := m.enc.encode(req)
	if err != nil {
		return nil, words{}, &unsendable{err}
	}
	return m.post(ctx, prefix, m.tail())
}

// unsendable is an error of the request itself: nothing was sent.
type unsendable struct{ error }

// tail is the end of a request.
func (m *model) tail() string {
	switch {
	case m.cfg.API == apiResponses || m.noUsage.Load():
		return tailPlain
	case m.info.quirks.padding:
		return tailDense
	}
	return tailUsage
}

// refused says that the server did not like the request itself.
func refused(res *http.Response) bool {
	return res != nil && (res.StatusCode == http.StatusBadRequest || res.StatusCode == http.StatusUnprocessableEntity)
}

// post sends prefix and tail without joining them: the prefix is shared with the next step. Where the response is a refusal
// it returns the provider's words and the body is read and closed.
func (m *model) post(ctx context.Context, prefix []byte, tail string) (*http.Response, words, error) {
	body := func() (io.ReadCloser, error) {
		return io.NopCloser(io.MultiReader(bytes.NewReader(prefix), strings.NewReader(tail))), nil
	}
	sized := option.WithMiddleware(func(r *http.Request, next option.MiddlewareNext) (*http.Response, error) {
		r.ContentLength, r.GetBody = int64(len(prefix)+len(tail)), body
		return next(r)
	})
	first, _ := body()
	var res *http.Response
	err := m.client.Post(ctx, m.enc.path(), first, &res, sized)
	if res == nil || res.StatusCode == http.StatusOK {
		return res, words{}, err
	}
	defer res.Body.Close()
	raw, readErr := io.ReadAll(io.LimitReader(res.Body, maxRefusal))
	if readErr != nil && err == nil {
		err = readErr
	}
	return res, readWords(raw), err
}

// limitErrors keeps openai-go, which reads refusals whole, from reading without end.
func limitErrors(r *http.Request, next option.MiddlewareNext) (*http.Response, error) {
	res, err := next(r)
	if res != nil && res.StatusCode >= http.StatusBadRequest {
		res.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(res.Body, maxRefusal), res.Body}
	}
	return res, err
}

// read reads a reply of whatever form.
func (m *model) read(res *http.Response, w *watch, emit func(agent.Delta) bool) error {
	r := &reply{emit: emit}
	add := r.add
	if m.cfg.API == apiResponses {
		add = newResponseReader(r).add
	}
	var err error
	switch kind, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type")); kind {
	case "text/html":
		return m.notAModel()
	case "application/json": // the server does not stream
		err = whole(res.Body, add)
	default:
		err = r.events(res, w, add)
	}
	var said *words
	switch {
	case r.stopped:
		return nil
	case errors.As(err, &said):
		return m.streamError(*said)
	case err != nil:
		return err
	case !r.complete():
		return m.broken(io.ErrUnexpectedEOF)
	}
	if text := r.reasoning.String(); text != "" {
		emit(agent.Delta{Thought: &agent.Reasoning{Text: text}})
	}
	m.recall.keep(r.calls.slots, r.reasoning.String())
	emit(agent.Delta{Finish: r.finish, Usage: r.usage})
	return nil
}

func whole(body io.Reader, add func([]byte) error) error {
	raw, err := io.ReadAll(io.LimitReader(body, maxWhole))
	if err != nil {
		return fmt.Errorf("read the reply: %w", err)
	}
	return add(raw)
}

// events reads a stream to its end. Once the reply itself is complete, nothing that the connection does is an error.
func (r *reply) events(res *http.Response, w *watch, add func([]byte) error) error {
	stream := newEventReader(res.Body)
	for stream.next() {
		if bytes.HasPrefix(stream.data, []byte("[DONE]")) {
			r.end()
			r.over = true
		} else if err := add(stream.data); err != nil || r.stopped {
			return err
		}
		if r.over {
			w.stall, w.limit = drainGrace, drainGrace
			io.Copy(io.Discard, io.LimitReader(res.Body, maxRefusal))
			return nil
		}
		if r.finish != "" {
			w.stall, w.limit = usageGrace, usageGrace
		}
	}
	if r.finish != "" {
		return nil
	}
	return stream.lines.Err()
}
