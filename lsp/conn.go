package lsp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sourcegraph/jsonrpc2"
)

// Error codes of LSP that jsonrpc2 has no names for.
const (
	codeNotInitialized   = -32002
	codeRequestFailed    = -32803
	codeRequestCancelled = -32800
)

// rpcError makes an error that the client sees with its code.
func rpcError(code int64, format string, args ...any) *jsonrpc2.Error {
	return &jsonrpc2.Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// method is one entry of the table of what the server understands.
type method struct {
	// inline handlers run on the reading goroutine, in the order of arrival: document sync and lifecycle. They must not
	// wait for the client. All others run beside it and may be cancelled by id.
	inline bool
	// early methods are served before initialize.
	early bool
	// notification methods are never answered.
	notification bool
	call         func(ctx context.Context, s *Server, params json.RawMessage) (any, error)
}

// request wraps a typed handler as a method that runs beside the reader.
func request[P any](f func(*Server, context.Context, P) (any, error)) method {
	return method{call: func(ctx context.Context, s *Server, params json.RawMessage) (any, error) {
		p, err := decode[P](params)
		if err != nil {
			return nil, err
		}
		return f(s, ctx, p)
	}}
}

// notification wraps a typed handler that runs inline and is never answered.
func notification[P any](f func(*Server, P) error) method {
	return method{inline: true, notification: true, call: func(_ context.Context, s *Server, params json.RawMessage) (any, error) {
		p, err := decode[P](params)
		if err != nil {
			return nil, err
		}
		return nil, f(s, p)
	}}
}

// decode reads params; absent ones are the zero value.
func decode[P any](params json.RawMessage) (P, error) {
	var p P
	if len(params) == 0 {
		return p, nil
	}
	if err := json.Unmarshal(params, &p); err != nil {
		return p, rpcError(jsonrpc2.CodeInvalidParams, "invalid params: %s", misfit(err))
	}
	return p, nil
}

// conn is the connection to one client. It answers requests, keeps the cancel of each, and makes typed calls.
type conn struct {
	server *Server
	rpc    *jsonrpc2.Conn
	ctx    context.Context
	seq    atomic.Uint64 // ids of our requests

	mu      sync.Mutex
	closing bool
	cancels map[jsonrpc2.ID]context.CancelFunc
	work    sync.WaitGroup // handlers
}

// enter counts a handler as running, or reports that the connection is closing: the reader may still be at a message then.
func (c *conn) enter() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closing {
		c.work.Add(1)
	}
	return !c.closing
}

// close ends the connection and waits for the handlers.
func (c *conn) close() {
	c.mu.Lock()
	c.closing = true
	c.mu.Unlock()
	c.rpc.Close()
	c.work.Wait()
}

// dial starts serving a stream for s, whose conn it sets before the first message is handled. The connection ends with ctx
// or the stream.
func dial(ctx context.Context, s *Server, rwc io.ReadWriteCloser) {
	c := &conn{server: s, ctx: ctx, cancels: map[jsonrpc2.ID]context.CancelFunc{}}
	ready := make(chan struct{}) // the reader may run before rpc is set
	stream := newFrames(rwc)
	stream.lost = s.cancel
	c.rpc = jsonrpc2.NewConn(ctx, stream, handlerFunc(func(_ context.Context, req *jsonrpc2.Request) {
		<-ready
		c.handle(req)
	}), jsonrpc2.SetLogger(rpcLog{}))
	s.conn = c
	close(ready)
}

type handlerFunc func(context.Context, *jsonrpc2.Request)

func (f handlerFunc) Handle(ctx context.Context, _ *jsonrpc2.Conn, req *jsonrpc2.Request) {
	f(ctx, req)
}

// rpcLog sends jsonrpc2's complaints to our log; its default is stderr, which editors show as errors.
type rpcLog struct{}

func (rpcLog) Printf(format string, v ...any) { logger().Warningf(format, v...) }

// handle runs on the reader.
func (c *conn) handle(req *jsonrpc2.Request) {
	if !c.enter() {
		return
	}
	defer c.work.Done()
	var params json.RawMessage
	if req.Params != nil {
		params = *req.Params
	}
	m, err := c.server.lookup(req.Method, req.Notif)
	switch {
	case err != nil:
		c.answer(req, nil, err)
	case m.call == nil: // a notification that nobody needs
	case m.inline:
		start := time.Now()
		result, err := c.protect(c.ctx, m, params)
		logger().Debugf("%s took %s", req.Method, time.Since(start)) // all others waited for it
		c.answer(req, result, err)
	default:
		ctx, cancel := context.WithCancel(c.ctx)
		c.mu.Lock()
		c.cancels[req.ID] = cancel
		c.mu.Unlock()
		c.work.Go(func() {
			defer c.forget(req.ID)
			result, err := c.protect(ctx, m, params)
			if err != nil && ctx.Err() != nil {
				err = rpcError(codeRequestCancelled, "request was cancelled")
			}
			c.answer(req, result, err)
		})
	}
}

func (c *conn) forget(id jsonrpc2.ID) {
	c.mu.Lock()
	cancel := c.cancels[id]
	delete(c.cancels, id)
	c.mu.Unlock()
	if cancel != nil {
		cancel()
	}
}

// cancel ends the request of that id; an unknown or finished one is ignored (LSP 3.17, $/cancelRequest).
func (c *conn) cancel(id jsonrpc2.ID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if cancel := c.cancels[id]; cancel != nil {
		cancel()
	}
}

// protect turns a panic into an internal error: one bad request must not end the agent.
func (c *conn) protect(ctx context.Context, m method, params json.RawMessage) (result any, err error) {
	defer func() {
		if p := recover(); p != nil {
			logger().Criticalf("handler panicked: %v\n%s", p, debug.Stack())
			err = rpcError(jsonrpc2.CodeInternalError, "internal error; see the log of opencode-lsp")
		}
	}()
	return m.call(ctx, c.server, params)
}

func (c *conn) answer(req *jsonrpc2.Request, result any, err error) {
	if req.Notif {
		if err != nil {
			logger().Warningf("%s: %s", req.Method, err)
		}
		return
	}
	if err != nil {
		code, ok := errors.AsType[*jsonrpc2.Error](err)
		if !ok {
			code = rpcError(codeRequestFailed, "%s", err)
		}
		err = c.rpc.ReplyWithError(c.ctx, req.ID, code)
	} else {
		err = c.rpc.Reply(c.ctx, req.ID, result)
	}
	if err != nil && !errors.Is(err, jsonrpc2.ErrClosed) {
		logger().Errorf("reply to %s: %s", req.Method, err)
	}
}

// call asks the client and waits for its answer, ctx, or the end of the connection. When ctx ends first the client is told
// to drop the request.
func call[R any](ctx context.Context, c *conn, method string, params any) (R, error) {
	var result R
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(c.ctx, func() { cancel(context.Cause(c.ctx)) })() // exit waits for nobody's answer
	id := jsonrpc2.ID{Num: c.seq.Add(1)}
	waiter, err := c.rpc.DispatchCall(ctx, method, params, jsonrpc2.PickID(id))
	if err != nil {
		return result, fmt.Errorf("%s: %w", method, err)
	}
	err = waiter.Wait(ctx, &result)
	if err != nil && ctx.Err() != nil {
		c.notify("$/cancelRequest", cancelParams{ID: id})
	}
	if err != nil {
		err = fmt.Errorf("%s: %w", method, err)
	}
	return result, err
}

// notify sends a notification; a closed connection is no error worth telling.
func (c *conn) notify(method string, params any) {
	if err := c.rpc.Notify(c.ctx, method, params); err != nil && !errors.Is(err, jsonrpc2.ErrClosed) {
		logger().Warningf("%s: %s", method, err)
	}
}

// unsupported reports whether the client does not know the method that it was called with.
func unsupported(err error) bool {
	e, ok := errors.AsType[*jsonrpc2.Error](err)
	return ok && e.Code == jsonrpc2.CodeMethodNotFound
}
