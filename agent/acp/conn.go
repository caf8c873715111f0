package acp

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"strconv"
	"sync"
	"time"
)

// writeWithin is how long a client may take to read what is written; one that reads nothing for so long never will.
const writeWithin = time.Minute

// errGone says that the client has left.
var errGone = errors.New("the client has left")

// conn is one connection: newline-delimited JSON-RPC 2.0. One goroutine reads and hands every message on in its order, one
// writes. Who sends waits until the writer has taken the message, so that a client which reads slowly slows the sender
// down and memory does not grow.
type conn struct {
	rwc    io.ReadWriteCloser
	out    chan []byte
	eof    chan struct{} // closed when the client sends no more: no call of ours is answered any more
	done   chan struct{} // closed when the connection is over
	over   sync.Once
	served sync.WaitGroup // the client's requests
	writer sync.WaitGroup

	mu      sync.Mutex
	last    int64
	calls   map[int64]chan message             // ours, that wait for their answer
	serving map[string]context.CancelCauseFunc // the client's, by id
}

// answer is what a method gives where more is to be done once the client has the result.
type answer struct {
	result any
	then   func()
}

// later is the rest of a request that was begun in its turn and may take its time.
type later func(ctx context.Context) (any, error)

// handler serves a request or a notification. It is called in the order of the messages and returns soon: what takes time it
// returns as a later.
type handler func(ctx context.Context, method string, params json.RawMessage, notification bool) (any, error)

func newConn(rwc io.ReadWriteCloser) *conn {
	c := &conn{
		rwc: rwc, out: make(chan []byte), eof: make(chan struct{}), done: make(chan struct{}),
		calls: map[int64]chan message{}, serving: map[string]context.CancelCauseFunc{},
	}
	c.writer.Go(c.write)
	return c
}

// settle gives what was asked for before the client's last message some time to be answered.
func (c *conn) settle(most time.Duration) {
	answered := make(chan struct{})
	go func() { // it ends with the requests, which finish waits for
		defer close(answered)
		c.served.Wait()
	}()
	select {
	case <-answered:
	case <-time.After(most):
	}
}

// finish waits until what the client has asked for is answered, then ends the connection.
func (c *conn) finish() {
	c.served.Wait()
	c.close()
	c.writer.Wait()
}

// close ends the connection: everything that waits for the client is told so.
func (c *conn) close() {
	c.over.Do(func() {
		close(c.done)
		c.rwc.Close()
	})
}

// read hands on what the client sends until it leaves.
func (c *conn) read(ctx context.Context, handle handler) {
	defer close(c.eof)
	r := bufio.NewReaderSize(c.rwc, 64<<10)
	for {
		line, err := readLine(r)
		switch {
		case errors.Is(err, errTooLong):
			c.refuse(nil, &Error{Code: codeInvalidRequest, Message: err.Error()})
			continue
		case err != nil || ctx.Err() != nil:
			return
		case len(line) == 0:
			continue
		}
		m, fault := parse(line)
		switch {
		case fault != nil && m.Method == "" && (m.Result != nil || m.Error != nil):
			logger().Warningf("answer that is none: %s", fault.Message)
			c.answered(message{ID: m.ID}) // who waits for it must not do so for ever; nobody answers an answer
		case fault != nil:
			c.refuse(m.ID, fault)
		case m.Method == "":
			c.answered(m)
		default:
			c.serve(ctx, m, handle)
		}
	}
}

// serve begins a request or a notification.
func (c *conn) serve(ctx context.Context, m message, handle handler) {
	if m.ID == nil {
		if m.Method == "$/cancel_request" {
			c.cancelled(m.Params)
		} else if _, err := guard(m.Method, func() (any, error) { return handle(ctx, m.Method, m.Params, true) }); err != nil {
			logger().Warningf("%s: %s", m.Method, err)
		}
		return
	}
	ctx, cancel := context.WithCancelCause(ctx)
	key := string(m.ID)
	c.mu.Lock()
	c.serving[key] = cancel
	c.mu.Unlock()
	result, err := guard(m.Method, func() (any, error) { return handle(ctx, m.Method, m.Params, false) })
	c.served.Go(func() {
		if rest, ok := result.(later); ok && err == nil {
			result, err = guard(m.Method, func() (any, error) { return rest(ctx) })
		}
		c.mu.Lock()
		delete(c.serving, key)
		c.mu.Unlock()
		cancel(nil)
		c.reply(m.ID, result, err)
	})
}

// guard makes a panic an error: one bad message must not end the program.
func guard(method string, f func() (any, error)) (result any, err error) {
	defer func() {
		if p := recover(); p != nil {
			logger().Criticalf("%s panicked: %v\n%s", method, p, debug.Stack())
			err = &Error{Code: codeInternal, Message: method + " failed; this is a bug of opencode-lsp"}
		}
	}()
	return f()
}

// cancelled is $/cancel_request.
func (c *conn) cancelled(params json.RawMessage) {
	var p struct {
		RequestID json.RawMessage `json:"requestId"`
	}
	if json.Unmarshal(params, &p) != nil {
		return
	}
	c.mu.Lock()
	cancel := c.serving[string(p.RequestID)]
	c.mu.Unlock()
	if cancel != nil {
		cancel(context.Canceled)
	}
}

func (c *conn) reply(id json.RawMessage, result any, err error) {
	a, more := result.(answer)
	if more {
		result = a.result
	}
	data := json.RawMessage("{}")
	if err == nil && result != nil {
		data, err = json.Marshal(result)
	}
	if err != nil {
		c.refuse(id, fault(err))
		return
	}
	c.send(context.Background(), message{ID: id, Result: data})
	if a.then != nil {
		a.then()
	}
}

// fault makes any error one for the client.
func fault(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	if errors.Is(err, context.Canceled) {
		return &Error{Code: codeCancelled, Message: "the request was cancelled"}
	}
	return &Error{Code: codeInternal, Message: err.Error()}
}

func (c *conn) refuse(id json.RawMessage, e *Error) {
	if id == nil {
		id = json.RawMessage("null")
	}
	c.send(context.Background(), message{ID: id, Error: e})
}

// send hands a message to the writer, which takes it when the client reads, until ctx ends; it is lost where the client has left.
func (c *conn) send(ctx context.Context, m message) error {
	m.JSONRPC = "2.0"
	data, err := json.Marshal(m)
	if err != nil {
		return err
	}
	select {
	case c.out <- append(data, '\n'):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-c.done:
		return errGone
	}
}

func (c *conn) write() {
	defer c.close()
	for {
		select {
		case <-c.done:
			return
		case data := <-c.out:
			limit := time.AfterFunc(writeWithin, c.close)
			_, err := c.rwc.Write(data)
			limit.Stop()
			if err != nil {
				return
			}
		}
	}
}

// notify sends a notification, until ctx ends.
func (c *conn) notify(ctx context.Context, method string, params any) {
	data, err := json.Marshal(params)
	if err == nil {
		err = c.send(ctx, message{Method: method, Params: data})
	}
	if err != nil && !errors.Is(err, errGone) {
		logger().Errorf("%s: %s", method, err)
	}
}

// takeBack tells the client that nobody waits for an answer any more. One that does not even read is not waited for.
func (c *conn) takeBack(id int64) {
	ctx, cancel := context.WithTimeout(context.Background(), graceWithin)
	defer cancel()
	c.notify(ctx, "$/cancel_request", map[string]any{"requestId": id})
}

// answered hands the answer of a call to who waits for it.
func (c *conn) answered(m message) {
	id, err := strconv.ParseInt(string(m.ID), 10, 64)
	c.mu.Lock()
	waiting := c.calls[id]
	delete(c.calls, id)
	c.mu.Unlock()
	if err == nil && waiting != nil {
		waiting <- m
	}
}

// call asks the client. Its error is the client's *[Error], ctx's cause, or errGone; an answer of the wrong shape is one too.
func call[T any](ctx context.Context, c *conn, method string, params any) (T, error) {
	var result T
	data, err := json.Marshal(params)
	if err != nil {
		return result, err
	}
	waiting := make(chan message, 1)
	c.mu.Lock()
	c.last++
	id := c.last
	c.calls[id] = waiting
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.calls, id)
	}()
	number := json.RawMessage(strconv.FormatInt(id, 10))
	if err := c.send(ctx, message{ID: number, Method: method, Params: data}); err != nil {
		return result, err
	}
	select {
	case m := <-waiting:
		if m.Error != nil {
			return result, m.Error
		}
		if err := json.Unmarshal(m.Result, &result); err != nil {
			return result, fmt.Errorf("the client's answer to %s cannot be read: %w", method, err)
		}
		return result, nil
	case <-ctx.Done():
		c.takeBack(id)
		return result, context.Cause(ctx)
	case <-c.eof:
		return result, errGone
	case <-c.done:
		return result, errGone
	}
}
