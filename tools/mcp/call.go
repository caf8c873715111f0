package mcp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"time"
)

// call is one running call. Its session's goroutine waits in it, and puts what the server asks meanwhile to the user.
type call struct {
	token    string // of its progress
	asks     chan ask
	progress chan string
	over     chan struct{} // closed when it has ended
}

// ask is a server's question: do runs on the goroutine of the session, then done is closed.
type ask struct {
	do   func(ctx context.Context, a Asker)
	done chan struct{}
}

// call makes a request on the connected server. The time limit starts anew with each progress that the server reports, and
// does not run while the user is asked. The error is for the model.
func (s *server) call(ctx context.Context, w io.Writer, asker Asker, method string, params map[string]any, result any) error {
	c, o := s.connected()
	if c == nil {
		return s.gone()
	}
	running := c.begin()
	defer c.finish(running)
	params = maps.Clone(params)
	params["_meta"] = map[string]any{"progressToken": running.token}
	inner, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	answered := make(chan error, 1)
	go func() { // it ends with this function, which reads answered in every case
		err := c.request(inner, method, params, result)
		cancel(nil) // an open question of the server is void
		answered <- err
	}()
	err := running.wait(inner, w, asker, o.config.patience(), cancel, answered)
	return s.explain(ctx, c, err)
}

// wait serves the call until its answer comes.
func (r *call) wait(ctx context.Context, w io.Writer, asker Asker, patience time.Duration, cancel context.CancelCauseFunc, answered <-chan error) error {
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for {
		select {
		case err := <-answered:
			return err
		case text := <-r.progress:
			fmt.Fprintln(w, text) // a watcher that fails does not end the call
			limit.Reset(patience)
		case q := <-r.asks:
			limit.Stop()
			q.do(ctx, asker)
			close(q.done)
			limit.Reset(patience)
		case <-limit.C:
			cancel(&timeoutError{patience})
		}
	}
}

// timeoutError is a call that took too long.
type timeoutError struct{ after time.Duration }

func (e *timeoutError) Error() string {
	return fmt.Sprintf("it did not answer within %s, its \"timeout\"; try something smaller, or go on without it", e.after)
}

// explain words what went wrong for the model; a cancel of the user's stays one.
func (s *server) explain(ctx context.Context, c *connection, err error) error {
	var late *timeoutError
	var told *serverError
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, &late), errors.As(err, &told):
		return fmt.Errorf("MCP server %s: %w", s.name, err)
	}
	if auth := s.unauthorized(err); auth != nil {
		return auth
	}
	if gone := c.alive(context.WithoutCancel(ctx)); gone != nil {
		return fmt.Errorf("MCP server %s: %w; it is started again, try once more or go on without it", s.name, gone)
	}
	return fmt.Errorf("MCP server %s: %w; go on without it, or tell the user", s.name, c.explain(err))
}

// begin makes a call known, so that the server's questions and progress reach it.
func (c *connection) begin() *call {
	r := &call{
		token: "p" + strconv.FormatInt(c.ids.Add(1), 10), asks: make(chan ask), progress: make(chan string, 1), over: make(chan struct{}),
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls = append(c.calls, r)
	return r
}

func (c *connection) finish(r *call) {
	close(r.over)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls = slices.DeleteFunc(c.calls, func(other *call) bool { return other == r })
}

// progress hands on what a server reports of a call; it never waits.
func (c *connection) progress(fields map[string]any) {
	token, _ := fields["progressToken"].(string)
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range c.calls {
		if r.token == token {
			select {
			case r.progress <- progressText(fields):
			default:
			}
		}
	}
}

func progressText(fields map[string]any) string {
	if text, ok := fields["message"].(string); ok && text != "" {
		return oneLine(text, 200)
	}
	if total, ok := fields["total"].(float64); ok {
		return fmt.Sprintf("%v of %v", fields["progress"], total)
	}
	return fmt.Sprintf("progress %v", fields["progress"])
}

// ask puts a server's question to the session whose call runs, the newest where there are several. It reports false where
// there is none: a server has no business with the user but in a call.
func (c *connection) ask(ctx context.Context, do func(ctx context.Context, a Asker)) bool {
	c.mu.Lock()
	var r *call
	if len(c.calls) > 0 {
		r = c.calls[len(c.calls)-1]
	}
	c.mu.Unlock()
	if r == nil {
		return false
	}
	q := ask{do, make(chan struct{})}
	select {
	case r.asks <- q:
		<-q.done
		return true
	case <-r.over:
	case <-ctx.Done():
	}
	return false
}
