package lsptest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/sourcegraph/jsonrpc2"
)

// Editor is one editor window connected to a server. It does for real what the server asks of it, remembers what it was
// shown, and notes as a complaint whatever a real editor would stumble over. It is safe for concurrent use.
//
// One goroutine reads the connection, one handles what was read, in order, as an editor's main loop does, and one writes.
type Editor struct {
	opt  Options
	conn *jsonrpc2.Conn
	in   *mailbox[*jsonrpc2.Request]
	out  *mailbox[func()]
	done chan struct{} // closed by Close
	loop sync.WaitGroup

	// mu guards what follows. It is never held over I/O: messages are put into out, which keeps their order.
	mu       sync.Mutex
	server   server
	docs     map[string]*document // by absolute path
	flushing *time.Timer          // runs while changes are held back
	asked    []*question
	tasks    []*Progress
	messages []Message
	shown    []Shown
	events   []json.RawMessage
	watched  bool // the server registered for file events
	faults   []string
	wire     []string
	lastID   uint64
	changed  chan struct{} // closed and renewed when any of this changes
}

// Message is a window/showMessage or window/logMessage.
type Message struct {
	Type int // 1 error, 2 warning, 3 info, 4 log
	Text string
	Log  bool // window/logMessage
}

// Shown is a window/showDocument. Path is empty where URI is no file.
type Shown struct {
	URI, Path           string
	TakeFocus, External bool
}

// Dial connects an editor to a server on rwc and takes rwc over. Call Initialize next and Close in the end.
func Dial(ctx context.Context, rwc io.ReadWriteCloser, opt Options) *Editor {
	e := &Editor{opt: opt, in: newMailbox[*jsonrpc2.Request](), out: newMailbox[func()](), done: make(chan struct{}),
		docs: map[string]*document{}, changed: make(chan struct{})}
	if e.opt.Timeout == 0 {
		e.opt.Timeout = time.Minute
	}
	stream := jsonrpc2.NewBufferedStream(rwc, jsonrpc2.VSCodeObjectCodec{})
	e.conn = jsonrpc2.NewConn(ctx, stream, receiver{e.in}, jsonrpc2.SetLogger(connLog{e}),
		jsonrpc2.OnSend(e.traceSent), jsonrpc2.OnRecv(e.traceReceived))
	e.loop.Go(func() {
		for send := range e.out.all() {
			send()
		}
	})
	e.loop.Go(func() {
		for req := range e.in.all() {
			e.handle(req)
		}
	})
	return e
}

// receiver hands what the connection reads to the editor's main loop.
type receiver struct{ in *mailbox[*jsonrpc2.Request] }

func (r receiver) Handle(_ context.Context, _ *jsonrpc2.Conn, req *jsonrpc2.Request) { r.in.put(req) }

// connLog makes a complaint of what the connection cannot read.
type connLog struct{ e *Editor }

func (l connLog) Printf(format string, args ...any) { l.e.complain(format, args...) }

// Close cuts the connection without a word, as an editor that is killed does, and ends the editor's goroutines.
// Unsaved buffers stay readable.
func (e *Editor) Close() {
	e.mu.Lock()
	select {
	case <-e.done:
	default:
		close(e.done)
	}
	if e.flushing != nil {
		e.flushing.Stop()
	}
	e.mu.Unlock()
	e.conn.Close() // an error says that it is closed already
	e.in.close()
	e.out.close()
	e.loop.Wait()
}

// Gone is closed when the connection ends, whoever ends it.
func (e *Editor) Gone() <-chan struct{} { return e.conn.DisconnectNotify() }

// Wait returns when cond, asked after every message, answers true. what names the condition for the error.
func (e *Editor) Wait(ctx context.Context, what string, cond func() bool) error {
	for {
		e.mu.Lock()
		changed := e.changed
		e.mu.Unlock()
		if cond() {
			return nil
		}
		select {
		case <-changed:
		case <-e.Gone():
			return fmt.Errorf("wait for %s: the server has gone", what)
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w", what, ctx.Err())
		}
	}
}

// notice wakes Wait; e.mu is held.
func (e *Editor) notice() {
	close(e.changed)
	e.changed = make(chan struct{})
}

// complain notes a fault of the server.
func (e *Editor) complain(format string, args ...any) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.complainLocked(format, args...)
}

func (e *Editor) complainLocked(format string, args ...any) {
	e.faults = append(e.faults, fmt.Sprintf(format, args...))
	e.notice()
}

// Complaints are the faults that the editor noticed in what the server sent, in order: breaches of the protocol, of the
// limits that real editors have, and of what the server promises (question and progress texts). None is the good case.
func (e *Editor) Complaints() []string { return copied(e, &e.faults) }

// Messages are those shown and logged so far.
func (e *Editor) Messages() []Message { return copied(e, &e.messages) }

// ShownDocuments are the documents that the server asked to show.
func (e *Editor) ShownDocuments() []Shown { return copied(e, &e.shown) }

// Events are the parameters of the opencode/event notifications.
func (e *Editor) Events() []json.RawMessage { return copied(e, &e.events) }

// Wire is the log of the connection, one message a line: "-->" what the editor sent, "<--" what it received.
func (e *Editor) Wire() []string { return copied(e, &e.wire) }

func copied[T any](e *Editor, field *[]T) []T {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(*field)
}
