package lsptest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/sourcegraph/jsonrpc2"
	protocol "github.com/tliron/glsp/protocol_3_16"
)

// Call is a request to the server that was sent and not waited for yet.
type Call struct {
	e      *Editor
	method string
	id     jsonrpc2.ID
	sent   chan struct{}
	waiter jsonrpc2.Waiter
	err    error
}

// Start sends a request. Changes that were held back go first, as in Neovim.
func (e *Editor) Start(method string, params any) *Call {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.flush()
	e.lastID++
	c := &Call{e: e, method: method, id: jsonrpc2.ID{Num: e.lastID}, sent: make(chan struct{})}
	e.out.put(func() {
		c.waiter, c.err = e.conn.DispatchCall(context.Background(), method, params, jsonrpc2.PickID(c.id))
		close(c.sent)
	})
	return c
}

// Wait waits for the answer, at most Options.Timeout, and decodes it into result unless that is nil. The server's error is
// a *jsonrpc2.Error.
func (c *Call) Wait(ctx context.Context, result any) error {
	ctx, cancel := context.WithTimeoutCause(ctx, c.e.opt.Timeout, fmt.Errorf("no answer within %v", c.e.opt.Timeout))
	defer cancel()
	select {
	case <-c.sent:
	case <-c.e.done:
		return fmt.Errorf("%s: %w", c.method, jsonrpc2.ErrClosed)
	case <-ctx.Done():
		return fmt.Errorf("%s: %w", c.method, context.Cause(ctx))
	}
	if c.err == nil {
		c.err = c.waiter.Wait(ctx, result)
	}
	if errors.Is(c.err, context.DeadlineExceeded) {
		c.err = context.Cause(ctx)
	}
	if c.err != nil {
		return fmt.Errorf("%s: %w", c.method, c.err)
	}
	return nil
}

// Cancel tells the server that the answer is no longer wanted ($/cancelRequest). The answer still comes.
func (c *Call) Cancel() {
	c.e.Notify(protocol.MethodCancelRequest, map[string]any{"id": c.id.Num})
}

// Request sends a request of any method and waits for the answer.
func (e *Editor) Request(ctx context.Context, method string, params any) (json.RawMessage, error) {
	var result json.RawMessage
	return result, e.Start(method, params).Wait(ctx, &result)
}

// Notify sends a notification of any method.
func (e *Editor) Notify(method string, params any) {
	// An error says that the connection is closed, which Gone tells.
	e.out.put(func() { _ = e.conn.Notify(context.Background(), method, params) })
}

// reply answers a request of the server after everything that was sent before.
func (e *Editor) reply(id jsonrpc2.ID, result any) {
	e.out.put(func() { _ = e.conn.Reply(context.Background(), id, result) })
}

func (e *Editor) replyError(id jsonrpc2.ID, code int64, message string) {
	e.out.put(func() {
		_ = e.conn.ReplyWithError(context.Background(), id, &jsonrpc2.Error{Code: code, Message: message})
	})
}

func (e *Editor) traceSent(req *jsonrpc2.Request, resp *jsonrpc2.Response) { e.trace("-->", req, resp) }
func (e *Editor) traceReceived(req *jsonrpc2.Request, resp *jsonrpc2.Response) {
	e.trace("<--", req, resp)
}

// trace notes one message. On a response jsonrpc2 names the request that it answers only where we sent that.
func (e *Editor) trace(arrow string, req *jsonrpc2.Request, resp *jsonrpc2.Response) {
	head, body := headline(req, resp)
	line := arrow + " " + strings.TrimSpace(head+" "+plainJSON(body, ""))
	e.mu.Lock()
	e.wire = append(e.wire, line)
	e.mu.Unlock()
	switch {
	case e.opt.Trace == nil:
	case e.opt.Pretty && len(body) > 0:
		fmt.Fprintf(e.opt.Trace, "%s %s\n%s\n", arrow, head, plainJSON(body, "  "))
	default:
		io.WriteString(e.opt.Trace, line+"\n")
	}
}

// headline is what a message is, and its JSON.
func headline(req *jsonrpc2.Request, resp *jsonrpc2.Response) (string, json.RawMessage) {
	switch {
	case resp != nil && resp.Error != nil:
		return fmt.Sprintf("error #%s %d %s", resp.ID, resp.Error.Code, resp.Error.Message), nil
	case resp != nil && resp.Result != nil:
		return fmt.Sprintf("answer #%s", resp.ID), *resp.Result
	case req == nil:
		return "nothing", nil
	}
	head := req.Method
	if !req.Notif {
		head += " #" + req.ID.String()
	}
	if req.Params == nil {
		return head, nil
	}
	return head, *req.Params
}
