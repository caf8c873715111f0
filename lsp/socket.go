package lsp

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/sourcegraph/jsonrpc2"

	"github.com/opencode-lsp/opencode-lsp/workspace"
)

// The server listens on a unix socket per workspace folder, so that `opencode-lsp send` and `answer` reach the editor that
// has the folder open. It speaks LSP's own framing with one method, workspace/executeCommand: the commands are the same,
// and so is the permission gate. Folder 0700, socket 0600: nobody but the user gets in.

// socketName is the socket of a root and process: the root's hash, so that a client finds it by folder, and the pid, so that
// two editors on one folder do not meet.
func socketName(root string, pid int) string {
	return fmt.Sprintf("%s-%d%s", rootHash(root), pid, socketEnd)
}

// headlessName is the socket of sessions that no editor has.
func headlessName(root string, pid int) string {
	return strings.TrimSuffix(socketName(root, pid), socketEnd) + headlessEnd + socketEnd
}

const socketEnd, headlessEnd = ".sock", ".serve"

// socketPid is the process that a socket's name tells of, 0 for none.
func socketPid(path string) int {
	name := strings.TrimSuffix(strings.TrimSuffix(filepath.Base(path), socketEnd), headlessEnd)
	_, pid, _ := strings.Cut(name, "-")
	n, err := strconv.Atoi(pid)
	if err != nil {
		return 0
	}
	return n
}

func rootHash(root string) string {
	sum := sha256.Sum256([]byte(root))
	return hex.EncodeToString(sum[:8])
}

// listen serves a socket for each root until the server ends; rerooted tells it that the roots are others.
func (s *Server) listen() {
	if err := os.MkdirAll(s.opt.SocketDir, 0o700); err != nil {
		logger().Warningf("socket: %s", err)
		return
	}
	open := map[string]net.Listener{}
	for {
		roots := s.ws.Roots()
		for root, l := range open {
			if !slices.Contains(roots, root) {
				l.Close() // removes the socket
				delete(open, root)
			}
		}
		for _, root := range roots {
			if open[root] == nil {
				s.listenAt(root, open)
			}
		}
		select {
		case <-s.rerooted:
		case <-s.ctx.Done():
			for _, l := range open {
				l.Close()
			}
			return
		}
	}
}

// listenAt opens the socket of one root.
func (s *Server) listenAt(root string, open map[string]net.Listener) {
	name := socketName
	if s.headless {
		name = headlessName
	}
	path := filepath.Join(s.opt.SocketDir, name(root, os.Getpid()))
	os.Remove(path) // of a process that had our pid
	l, err := net.Listen("unix", path)
	if err != nil {
		logger().Warningf("socket: %s", err)
		return
	}
	if err := os.Chmod(path, 0o600); err != nil {
		logger().Warningf("socket: %s", err)
	}
	open[root] = l
	s.work.Go(func() { s.accept(l) })
}

func (s *Server) accept(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		s.work.Go(func() { s.serveSocket(c) })
	}
}

// serveSocket answers one client until it leaves or the server ends; each of its requests runs beside the reader, as the
// editor's do, and ends with the client.
func (s *Server) serveSocket(c net.Conn) {
	ctx, cancel := context.WithCancel(s.ctx)
	answer := jsonrpc2.AsyncHandler(jsonrpc2.HandlerWithError(
		func(_ context.Context, _ *jsonrpc2.Conn, req *jsonrpc2.Request) (any, error) {
			if req.Method != "workspace/executeCommand" || req.Params == nil || s.headless && !answering(*req.Params) {
				return nil, rpcError(jsonrpc2.CodeMethodNotFound, "method %q is not known here", req.Method)
			}
			return s.conn.protect(ctx, request((*Server).executeCommand), *req.Params)
		}))
	rpc := jsonrpc2.NewConn(ctx, newFrames(c), answer, jsonrpc2.SetLogger(rpcLog{}))
	select {
	case <-rpc.DisconnectNotify():
	case <-ctx.Done():
		rpc.Close()
	}
	cancel()
}

// Headless lets `opencode-lsp answer` reach sessions that no editor has, until ctx ends: their questions can be listed and
// answered, and nothing else.
func Headless(ctx context.Context, socketDir string, ws *workspace.Workspace, a *Agent) {
	s := &Server{opt: Options{SocketDir: socketDir}, ws: ws, headless: true}
	s.ctx, s.cancel = context.WithCancel(ctx)
	defer s.cancel()
	s.conn = &conn{server: s, ctx: s.ctx}
	s.agent.ready = make(chan struct{})
	s.agent.build(func() (*Agent, error) { return a, nil })
	s.listen()
	s.work.Wait()
}

// answering reports whether a command is one that Headless runs.
func answering(params json.RawMessage) bool {
	p, err := decode[executeCommandParams](params)
	return err == nil && (p.Command == "opencode.permission.list" || p.Command == "opencode.permission.reply")
}
