package lsp

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/sourcegraph/jsonrpc2"
)

// ErrNoServer says that no language server runs for a folder.
var ErrNoServer = errors.New("no opencode-lsp runs for this folder: open it in your editor first")

// Remote is a client of a running server's socket.
type Remote struct {
	// PID is the server's process.
	PID int
	rpc *jsonrpc2.Conn
}

// Remotes are connections to the servers of one folder, the newest first.
type Remotes []*Remote

// Find connects to the servers of the nearest folder at or above dir that has any; pid chooses one of several, 0 takes all.
// Sockets of dead processes are removed.
func Find(ctx context.Context, socketDir, dir string, pid int) (Remotes, error) {
	return find(ctx, socketDir, dir, pid, socketName)
}

// FindAsking is Find for who answers questions: sessions that are served without an editor have them, too.
func FindAsking(ctx context.Context, socketDir, dir string, pid int) (Remotes, error) {
	return find(ctx, socketDir, dir, pid, socketName, headlessName)
}

// naming makes the name of a socket from root and process.
type naming func(root string, pid int) string

func find(ctx context.Context, socketDir, dir string, pid int, names ...naming) (Remotes, error) {
	for {
		var found Remotes
		for _, path := range candidates(socketDir, dir, pid, names) {
			if r := dialSocket(ctx, path); r != nil {
				found = append(found, r)
			}
		}
		if len(found) > 0 {
			return found, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return nil, ErrNoServer
		}
		dir = parent
	}
}

// dialSocket connects to one socket, nil where nobody listens.
func dialSocket(ctx context.Context, path string) *Remote {
	c, err := (&net.Dialer{}).DialContext(ctx, "unix", path)
	if errors.Is(err, syscall.ECONNREFUSED) && !alive(socketPid(path)) {
		os.Remove(path) // a live process may be about to listen
	}
	if err != nil {
		return nil
	}
	nothing := handlerFunc(func(context.Context, *jsonrpc2.Request) {})
	return &Remote{socketPid(path), jsonrpc2.NewConn(ctx, newFrames(c), nothing, jsonrpc2.SetLogger(rpcLog{}))}
}

// candidates are the sockets of one folder, newest first.
func candidates(socketDir, dir string, pid int, names []naming) []string {
	entries, _ := os.ReadDir(socketDir)
	var found []fs.FileInfo
	for _, e := range entries {
		owner := socketPid(e.Name())
		mine := slices.ContainsFunc(names, func(name naming) bool { return e.Name() == name(dir, owner) })
		if mine && (pid == 0 || owner == pid) {
			if info, err := e.Info(); err == nil {
				found = append(found, info)
			}
		}
	}
	slices.SortFunc(found, func(a, b fs.FileInfo) int { return b.ModTime().Compare(a.ModTime()) })
	var paths []string
	for _, info := range found {
		paths = append(paths, filepath.Join(socketDir, info.Name()))
	}
	return paths
}

// InvalidError says that a command's argument is none, in the server's words.
type InvalidError struct{ Reason string }

func (e *InvalidError) Error() string { return e.Reason }

// Command runs one of the server's commands and decodes its result. An argument that the server refuses is an
// *InvalidError.
func (r *Remote) Command(ctx context.Context, name string, arg, result any) error {
	raw, err := json.Marshal(arg)
	if err != nil {
		return err
	}
	err = r.rpc.Call(ctx, "workspace/executeCommand", executeCommandParams{Command: name, Arguments: []json.RawMessage{raw}}, result)
	if e, ok := errors.AsType[*jsonrpc2.Error](err); ok && e.Code == jsonrpc2.CodeInvalidParams {
		return &InvalidError{e.Message}
	}
	return err
}

// Close ends the connections.
func (r Remotes) Close() {
	for _, one := range r {
		one.rpc.Close()
	}
}
