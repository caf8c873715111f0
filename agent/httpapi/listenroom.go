package httpapi

import (
	"crypto/tls"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

const (
	// maxConns bounds the connections of all listeners together.
	maxConns = 64
	// writeWithin is how long the other side may take to read the next piece that is written; then it is cut off. A stream
	// of events with a reader that stands still ends by it, too.
	writeWithin = 10 * time.Second
	// piece is how much is written under one such limit, in bytes.
	piece = 64 << 10
)

// room is the place for connections. Where it is full, one that never showed the password makes way, the oldest first, then one
// that is idle: so who does not know the password cannot keep out who does by holding connections. Where all of them are at
// work for the owner, a new one waits.
type room struct {
	max    int
	mu     sync.Mutex
	conns  []*conn       // by age
	change chan struct{} // holds one when there may be place now
}

func newRoom(limit int) *room { return &room{max: limit, change: make(chan struct{}, 1)} }

// conn is a connection with its place in the room.
type conn struct {
	net.Conn
	room         *room
	proven, idle bool // guarded by the room
	left         sync.Once
}

// Close gives the place back.
func (c *conn) Close() error {
	c.left.Do(func() { c.room.leave(c) })
	return c.Conn.Close()
}

// Write writes in pieces, each of which must be taken in time.
func (c *conn) Write(data []byte) (int, error) {
	for done := 0; ; {
		end := min(done+piece, len(data))
		if err := c.SetWriteDeadline(time.Now().Add(writeWithin)); err != nil {
			return done, err
		}
		n, err := c.Conn.Write(data[done:end])
		if done += n; err != nil || done == len(data) {
			return done, err
		}
	}
}

// enter finds a place for a connection, or gives up when closed is.
func (r *room) enter(nc net.Conn, closed <-chan struct{}) (*conn, bool) {
	c := &conn{Conn: nc, room: r}
	for {
		out, ok := r.place(c)
		if ok {
			r.wake() // whoever else waits: there may be place for two
			return c, true
		}
		if out != nil {
			out.Close()
			continue
		}
		select {
		case <-closed:
			return nil, false
		case <-r.change:
		}
	}
}

// place takes c in where there is place; where there is none it names who should make way, nil for nobody.
func (r *room) place(c *conn) (out *conn, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.conns) < r.max {
		r.conns = append(r.conns, c)
		return nil, true
	}
	for _, old := range r.conns {
		if !old.proven {
			return old, false
		}
		if old.idle && out == nil {
			out = old
		}
	}
	return out, false
}

func (r *room) leave(c *conn) {
	r.mu.Lock()
	r.conns = slices.DeleteFunc(r.conns, func(old *conn) bool { return old == c })
	r.mu.Unlock()
	r.wake()
}

func (r *room) wake() {
	select {
	case r.change <- struct{}{}:
	default:
	}
}

func (r *room) prove(c *conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c.proven = true
}

// follow learns from net/http what a connection is at.
func (r *room) follow(nc net.Conn, state http.ConnState) {
	c := connOf(nc)
	if c == nil {
		return
	}
	r.mu.Lock()
	c.idle = state == http.StateIdle
	r.mu.Unlock()
	if state == http.StateIdle {
		r.wake()
	}
}

// empty closes all connections.
func (r *room) empty() { r.dismiss(func(*conn) bool { return true }) }

// clear closes those that wait for nothing of ours.
func (r *room) clear() { r.dismiss(func(c *conn) bool { return !c.proven || c.idle }) }

func (r *room) dismiss(whom func(*conn) bool) {
	r.mu.Lock()
	var out []*conn
	for _, c := range r.conns {
		if whom(c) {
			out = append(out, c)
		}
	}
	r.mu.Unlock()
	for _, c := range out {
		c.Close()
	}
}

// connOf finds our connection in what net/http holds.
func connOf(nc net.Conn) *conn {
	if s, ok := nc.(*strict); ok {
		return s.conn
	}
	return nil
}

// roomy is a listener whose connections have a place in the room; they speak TLS where there is a configuration for it.
type roomy struct {
	net.Listener
	room   *room
	tls    *tls.Config
	closed chan struct{}
	once   sync.Once
}

// Accept waits for a connection and its place.
func (l *roomy) Accept() (net.Conn, error) {
	nc, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c, ok := l.room.enter(nc, l.closed)
	if !ok {
		nc.Close()
		return nil, net.ErrClosed
	}
	if l.tls != nil {
		return &strict{Conn: tls.Server(c, l.tls), conn: c}, nil
	}
	return &strict{Conn: c, conn: c}, nil
}

// Close ends a waiting Accept, too.
func (l *roomy) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}
