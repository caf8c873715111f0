package mcp

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"

	"github.com/mark3labs/mcp-go/client/transport"
	"github.com/mark3labs/mcp-go/mcp"
)

// What a server may send. A message is one JSON text; between two requests of ours there may be so many bytes and lines of
// anything, noise included, before the server counts as flooding.
const (
	maxMessage = 16 << 20
	maxTraffic = 32 << 20
	maxLines   = 100_000
	maxNoise   = 1000
	// maxRequests is how many requests of a server are worked on at a time; the others are refused.
	maxRequests = 8
)

// wire is the transport of local servers: one JSON message a line, as the stdio transport of the specification says. It
// stands in for mcp-go's own, which reads lines of any length, starts any number of goroutines and writes without a bound.
type wire struct {
	name string // the server's, for the log
	in   io.ReadCloser
	out  io.WriteCloser

	outbox  chan []byte   // to the goroutine that writes
	slots   chan struct{} // one for each request of the server that is worked on
	traffic atomic.Int64  // bytes read since our last request
	lines   atomic.Int64  // and lines
	work    sync.WaitGroup
	done    chan struct{} // closed when the connection is lost, for err
	ended   sync.Once
	closing context.CancelFunc

	mu       sync.Mutex // guards what follows
	pending  map[string]chan *transport.JSONRPCResponse
	err      error
	notified func(mcp.JSONRPCNotification)
	requests transport.RequestHandler
	started  bool
	life     context.Context
}

func newWire(name string, in io.ReadCloser, out io.WriteCloser) *wire {
	return &wire{
		name: name, in: in, out: out, outbox: make(chan []byte), slots: make(chan struct{}, maxRequests), done: make(chan struct{}),
		pending: map[string]chan *transport.JSONRPCResponse{},
	}
}

// Start reads and writes until Close; ctx is that of the server's own requests.
func (w *wire) Start(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.started {
		w.started, w.life = true, ctx
		ctx, w.closing = context.WithCancel(context.WithoutCancel(ctx))
		w.work.Go(w.read)
		w.work.Go(func() { w.send(ctx) })
	}
	return nil
}

// Close ends the connection and waits for its goroutines. Closing the output must end the input too.
func (w *wire) Close() error {
	w.end(errEnded)
	w.mu.Lock()
	if w.closing != nil {
		w.closing()
	}
	w.mu.Unlock()
	var err error
	if !errors.Is(w.lost(), errEnded) {
		err = w.in.Close() // it floods or hangs: what it has yet to say is not waited for
	}
	err = errors.Join(err, w.out.Close())
	w.work.Wait()
	return err
}

// GetSessionId implements [transport.Interface]: there are no sessions here.
func (w *wire) GetSessionId() string { return "" }

// SetNotificationHandler implements [transport.Interface]. f must not block.
func (w *wire) SetNotificationHandler(f func(mcp.JSONRPCNotification)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.notified = f
}

// SetRequestHandler implements [transport.BidirectionalInterface].
func (w *wire) SetRequestHandler(f transport.RequestHandler) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.requests = f
}

// SendRequest implements [transport.Interface].
func (w *wire) SendRequest(ctx context.Context, r transport.JSONRPCRequest) (*transport.JSONRPCResponse, error) {
	answer := make(chan *transport.JSONRPCResponse, 1)
	key := r.ID.String()
	w.mu.Lock()
	w.pending[key] = answer
	w.mu.Unlock()
	defer w.forget(key)
	w.traffic.Store(0)
	w.lines.Store(0)
	if err := w.write(ctx, r); err != nil {
		return nil, err
	}
	select {
	case got := <-answer:
		return got, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-w.done:
	}
	select {
	case got := <-answer: // it was the last thing that came
		return got, nil
	default:
		return nil, w.lost()
	}
}

// SendNotification implements [transport.Interface].
func (w *wire) SendNotification(ctx context.Context, n mcp.JSONRPCNotification) error {
	return w.write(ctx, n)
}

func (w *wire) forget(key string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.pending, key)
}

// write hands one message to the writer. That a message was handed over does not mean that the server reads it.
func (w *wire) write(ctx context.Context, message any) error {
	line, err := json.Marshal(message)
	if err != nil {
		return fmt.Errorf("encode a message: %w", err)
	}
	select {
	case w.outbox <- append(line, '\n'):
		return nil
	case <-w.done:
		return w.lost()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// send writes messages, in the order in which they were handed over.
func (w *wire) send(ctx context.Context) {
	for {
		select {
		case line := <-w.outbox:
			if _, err := w.out.Write(line); err != nil {
				w.end(fmt.Errorf("it does not read what it is sent: %w", err))
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

// read takes messages until the input ends or the server misbehaves.
func (w *wire) read() {
	in := bufio.NewReaderSize(w.in, 64<<10)
	for noise := 0; noise <= maxNoise; {
		line, err := w.line(in)
		if err != nil {
			w.end(err)
			return
		}
		if !w.take(line) {
			if noise++; noise == 1 {
				logger().Noticef("%s writes text to its standard output that is no MCP message: %.200q", w.name, line)
			}
		}
	}
	w.end(errors.New("it floods its standard output with text that is no MCP message"))
}

// line reads one line within bounds.
func (w *wire) line(in *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := in.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case w.traffic.Add(int64(len(part))) > maxTraffic:
			return nil, fmt.Errorf("it floods: more than %d MiB that nobody asked for", maxTraffic>>20)
		case w.lines.Load() > maxLines:
			return nil, fmt.Errorf("it floods: more than %d messages that nobody asked for", maxLines)
		case len(line) > maxMessage:
			return nil, errTooLong
		case errors.Is(err, bufio.ErrBufferFull):
		case err != nil:
			return nil, errEnded
		default:
			w.lines.Add(1)
			return line, nil
		}
	}
}

// Why a connection is lost: the server is gone, or sends what nobody could hold.
var (
	errEnded   = errors.New("it ended")
	errTooLong = fmt.Errorf("it sent a message of more than %d MiB", maxMessage>>20)
)

// message is any JSON-RPC message.
type message struct {
	ID     *mcp.RequestId  `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
}

// take handles one line; it reports false for what is no message.
func (w *wire) take(line []byte) bool {
	var m message
	if len(line) < 2 || json.Unmarshal(line, &m) != nil {
		return len(line) < 2 // an empty line harms nobody
	}
	switch {
	case m.Method != "" && m.ID == nil:
		w.notify(line)
	case m.Method != "":
		w.request(m)
	case m.ID != nil:
		w.respond(line)
	default:
		return false
	}
	return true
}

func (w *wire) notify(line []byte) {
	var n mcp.JSONRPCNotification
	w.mu.Lock()
	f := w.notified
	w.mu.Unlock()
	if f != nil && json.Unmarshal(line, &n) == nil {
		f(n)
	}
}

func (w *wire) respond(line []byte) {
	var r transport.JSONRPCResponse
	if json.Unmarshal(line, &r) != nil {
		return
	}
	w.mu.Lock()
	answer := w.pending[r.ID.String()]
	delete(w.pending, r.ID.String())
	w.mu.Unlock()
	if answer != nil {
		answer <- &r
	}
}

// request works on a server's request beside the reader; where too many are open it is refused at once, and the server
// has to read that before anything else of it is read.
func (w *wire) request(m message) {
	select {
	case w.slots <- struct{}{}:
		w.work.Go(func() {
			defer func() { <-w.slots }()
			w.answer(m)
		})
	default:
		refuse := transport.NewJSONRPCErrorResponse(*m.ID, mcp.INTERNAL_ERROR, "too many requests at a time", nil)
		if err := w.write(w.life, refuse); err != nil {
			logger().Debugf("refuse a request: %s", err)
		}
	}
}

func (w *wire) answer(m message) {
	w.mu.Lock()
	handle := w.requests
	w.mu.Unlock()
	response := transport.NewJSONRPCErrorResponse(*m.ID, mcp.METHOD_NOT_FOUND, "nothing is known of "+m.Method, nil)
	if handle != nil {
		got, err := handle(w.life, transport.JSONRPCRequest{JSONRPC: mcp.JSONRPC_VERSION, ID: *m.ID, Method: m.Method, Params: m.Params})
		switch {
		case err != nil:
			response = transport.NewJSONRPCErrorResponse(*m.ID, mcp.INTERNAL_ERROR, err.Error(), nil)
		case got != nil:
			response = got
		}
	}
	if err := w.write(w.life, response); err != nil {
		logger().Debugf("answer %s: %s", m.Method, err)
	}
}

// end ends the connection; the first reason counts.
func (w *wire) end(err error) {
	w.ended.Do(func() {
		w.mu.Lock()
		w.err = err
		w.mu.Unlock()
		close(w.done)
	})
}

// lost is why the connection ended, nil where it did not.
func (w *wire) lost() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}
