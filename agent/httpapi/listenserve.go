package httpapi

import (
	"context"
	"crypto/tls"
	"errors"
	"log"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The limits of a connection, beside those of door and room.
const (
	headerWithin = 5 * time.Second
	idleFor      = 60 * time.Second
	// maxHeader is 32 KiB less what net/http reads beyond it.
	maxHeader = 32<<10 - 4096
	// closeWithin is how long requests may take to end when the server does; then their connections are cut.
	closeWithin = 2 * time.Second
)

// Server is the listeners of one process with the door behind them.
type Server struct {
	url       string
	user      string
	door      *door
	room      *room
	listeners []*roomy
}

func newServer(opt Listening, who identity, addrs []netip.Addr, listeners []net.Listener) *Server {
	port := portOf(listeners[0])
	host := opt.Hostname
	if host == "" {
		host = addrs[0].String()
	}
	anyLocal := slices.ContainsFunc(addrs, netip.Addr.IsUnspecified)
	s := &Server{
		url: opt.scheme() + "://" + net.JoinHostPort(host, strconv.Itoa(port)), user: opt.User,
		door: newDoor(opt.scheme(), opt.hosts(addrs, port), anyLocal, who), room: newRoom(maxConns),
	}
	var secure *tls.Config
	if opt.Certificate != nil {
		secure = &tls.Config{Certificates: []tls.Certificate{*opt.Certificate}, MinVersion: tls.VersionTLS13, NextProtos: []string{"http/1.1"}}
	}
	for _, l := range listeners {
		s.listeners = append(s.listeners, &roomy{Listener: l, room: s.room, tls: secure, closed: make(chan struct{})})
	}
	return s
}

// URL is where clients reach the server.
func (s *Server) URL() string { return s.url }

// Rotate changes the password and ends every connection, streams among them: who is to stay comes back with the new one.
func (s *Server) Rotate(password string) error {
	who, err := newIdentity(s.user, password)
	if err != nil {
		return err
	}
	s.door.known.Store(&who)
	s.room.empty()
	return nil
}

// Close closes the listeners of a server that is not to be served.
func (s *Server) Close() {
	for _, l := range s.listeners {
		l.Close()
	}
}

// Serve answers requests until ctx ends, then closes listeners and streams and waits for the requests under way, not longer
// than closeWithin. The requests' contexts end with ctx.
func (s *Server) Serve(ctx context.Context, next http.Handler) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	srv := &http.Server{
		Handler: s.door.wrap(next), ReadHeaderTimeout: headerWithin, IdleTimeout: idleFor, MaxHeaderBytes: maxHeader,
		ErrorLog:    log.New(httpLog{}, "", 0),
		BaseContext: func(net.Listener) context.Context { return ctx },
		ConnContext: func(ctx context.Context, nc net.Conn) context.Context {
			return context.WithValue(ctx, connKey{}, connOf(nc))
		},
		ConnState: s.room.follow,
		Protocols: new(http.Protocols),
		// net/http would answer OPTIONS * by itself, before anybody looked at the password.
		DisableGeneralOptionsHandler: true,
	}
	srv.Protocols.SetHTTP1(true) // one request at a time on a connection is what the limits count by
	errs := make(chan error, len(s.listeners))
	var work sync.WaitGroup
	for _, l := range s.listeners {
		work.Go(func() { errs <- srv.Serve(l) })
	}
	var err error
	select {
	case <-ctx.Done():
	case err = <-errs:
		stop()
	}
	s.end(context.WithoutCancel(ctx), srv)
	work.Wait()
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

func (s *Server) end(ctx context.Context, srv *http.Server) {
	ctx, cancel := context.WithTimeout(ctx, closeWithin)
	defer cancel()
	srv.RegisterOnShutdown(s.room.clear) // else half a request would be waited for
	if err := srv.Shutdown(ctx); err != nil {
		logger().Noticef("requests were cut off at the end: %s", err)
		srv.Close()
	}
	s.room.empty()
}

// httpLog is where net/http reports broken connections.
type httpLog struct{}

func (httpLog) Write(line []byte) (int, error) {
	logger().Debugf("%s", strings.TrimSpace(string(line)))
	return len(line), nil
}
