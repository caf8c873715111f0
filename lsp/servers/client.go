package servers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/sourcegraph/jsonrpc2"

	"github.com/opencode-lsp/opencode-lsp/lsp"
	"github.com/opencode-lsp/opencode-lsp/workspace"
)

// Bounds of what a server may take its time for: OpenCode's figures, but that its start costs nobody any waiting.
const (
	initializeWithin = 45 * time.Second
	pullWithin       = 3 * time.Second
)

// client is the conversation with one run of a server. The goroutine of converse owns it, but for what mu guards.
type client struct {
	*server
	rpc     *jsonrpc2.Conn
	saves   bool            // it wants to hear of saves
	results map[string]pull // of the last pull, by path

	mu        sync.Mutex
	docs      map[string]doc // open at the server, by path; changed by the owner alone
	positions string         // the encoding that was agreed
	pulls     bool           // it is asked for diagnostics; else it sends them by itself
}

// doc is a document as the server has it.
type doc struct {
	workspace.File
	version int32 // the server's, not the editor's
	used    int   // the round in which it was examined last
}

// converse speaks with a server until it has been idle, the connection is lost, or ctx ends.
func (s *server) converse(ctx context.Context, p io.ReadWriteCloser, lost func()) error {
	c := &client{server: s, docs: map[string]doc{}, results: map[string]pull{}}
	ready := make(chan struct{}) // the reader may run before rpc is set
	c.rpc = jsonrpc2.NewConn(ctx, lsp.NewStream(p, lost), handler(func(ctx context.Context, req *jsonrpc2.Request) {
		<-ready
		c.handle(ctx, req)
	}), jsonrpc2.SetLogger(rpcLog{s.config.Name}))
	close(ready)
	defer c.rpc.Close()
	if err := c.initialize(ctx); err != nil {
		return fmt.Errorf("initialize: %w", err)
	}
	s.started()
	idle := time.NewTimer(s.opt.Idle)
	defer idle.Stop()
	for round := 1; ; round++ {
		c.look(ctx, s.take(), round)
		idle.Reset(s.opt.Idle)
		select {
		case <-s.wake:
		case <-idle.C:
			c.leave()
			return nil
		case <-ctx.Done():
			c.leave()
			return nil
		case <-c.rpc.DisconnectNotify():
			return errors.New("it ended")
		}
	}
}

type handler func(context.Context, *jsonrpc2.Request)

func (h handler) Handle(ctx context.Context, _ *jsonrpc2.Conn, req *jsonrpc2.Request) { h(ctx, req) }

// rpcLog sends jsonrpc2's complaints to our log.
type rpcLog struct{ name string }

func (l rpcLog) Printf(format string, v ...any) {
	logger().Infof("%s: %s", l.name, fmt.Sprintf(format, v...))
}

type folder struct {
	URI  string `json:"uri"`
	Name string `json:"name"`
}

func (c *client) folders() []folder {
	var all []folder
	for _, root := range c.opt.Workspace.Roots() {
		all = append(all, folder{lsp.URIOf(root), filepath.Base(root)})
	}
	return all
}

// capabilities are what a server may count on: whole texts, its problems pushed or pulled.
const capabilities = `{
	"general": {"positionEncodings": ["utf-8", "utf-16"]},
	"textDocument": {
		"synchronization": {"didSave": true},
		"publishDiagnostics": {"versionSupport": true},
		"diagnostic": {"dynamicRegistration": true, "relatedDocumentSupport": true}
	},
	"workspace": {"configuration": true, "workspaceFolders": true, "diagnostics": {"refreshSupport": true}},
	"window": {"workDoneProgress": true}
}`

func (c *client) initialize(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, initializeWithin)
	defer cancel()
	folders := c.folders()
	params := map[string]any{
		"processId": os.Getpid(), "clientInfo": map[string]string{"name": "opencode-lsp"},
		"rootUri": folders[0].URI, "rootPath": c.opt.Workspace.Roots()[0], "workspaceFolders": folders,
		"capabilities": json.RawMessage(capabilities),
	}
	if len(c.config.Initialization) > 0 {
		params["initializationOptions"] = c.config.Initialization
	}
	var result struct {
		Capabilities struct {
			PositionEncoding   string          `json:"positionEncoding"`
			DiagnosticProvider json.RawMessage `json:"diagnosticProvider"`
			TextDocumentSync   json.RawMessage `json:"textDocumentSync"`
		} `json:"capabilities"`
	}
	if err := c.rpc.Call(ctx, "initialize", params, &result); err != nil {
		return plain(err)
	}
	c.agree(result.Capabilities.PositionEncoding, len(result.Capabilities.DiagnosticProvider) > 0 && string(result.Capabilities.DiagnosticProvider) != "null")
	var sync struct {
		Save json.RawMessage `json:"save"`
	}
	if json.Unmarshal(result.Capabilities.TextDocumentSync, &sync) == nil {
		c.saves = len(sync.Save) > 0 && string(sync.Save) != "false" && string(sync.Save) != "null"
	}
	if err := c.rpc.Notify(ctx, "initialized", struct{}{}); err != nil {
		return plain(err)
	}
	return nil
}

// plain words the errors that a program which is no language server brings.
func plain(err error) error {
	switch {
	case errors.Is(err, jsonrpc2.ErrClosed), errors.Is(err, syscall.EPIPE), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, os.ErrClosed):
		return errors.New("it ended, or does not speak LSP on stdout")
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("it did not answer within %s", initializeWithin)
	}
	return err
}

// leave says goodbye; the input's end says the rest.
func (c *client) leave() {
	ctx, cancel := context.WithTimeout(context.Background(), farewell/2)
	defer cancel()
	if err := c.rpc.Call(ctx, "shutdown", nil, nil); err == nil {
		_ = c.rpc.Notify(ctx, "exit", nil) // a server that has gone is gone
	}
}

// agree notes what the server said of itself.
func (c *client) agree(positions string, pulls bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.positions, c.pulls = positions, pulls
}

func (c *client) agreed() (positions string, pulls bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.positions, c.pulls
}

// handle answers a server, on the goroutine that reads from it.
func (c *client) handle(ctx context.Context, req *jsonrpc2.Request) {
	if req.Notif {
		if req.Method == "textDocument/publishDiagnostics" && req.Params != nil {
			c.published(*req.Params)
		}
		return
	}
	result, known := c.reply(req)
	var err error
	if known {
		err = c.rpc.Reply(ctx, req.ID, result)
	} else {
		err = c.rpc.ReplyWithError(ctx, req.ID, &jsonrpc2.Error{Code: jsonrpc2.CodeMethodNotFound, Message: "method " + req.Method + " is not known"})
	}
	if err != nil && !errors.Is(err, jsonrpc2.ErrClosed) {
		logger().Infof("%s: reply to %s: %s", c.config.Name, req.Method, err)
	}
}

// reply is what a server's request is answered: it gets its settings' defaults, and may neither edit nor show anything.
func (c *client) reply(req *jsonrpc2.Request) (result any, known bool) {
	switch req.Method {
	case "workspace/configuration":
		var p struct {
			Items []json.RawMessage `json:"items"`
		}
		if req.Params != nil {
			_ = json.Unmarshal(*req.Params, &p) // none are asked for then
		}
		return make([]any, len(p.Items)), true
	case "workspace/workspaceFolders":
		return c.folders(), true
	case "client/registerCapability":
		if req.Params != nil && strings.Contains(string(*req.Params), `"textDocument/diagnostic"`) {
			positions, _ := c.agreed()
			c.agree(positions, true)
		}
		return nil, true
	case "workspace/applyEdit":
		return map[string]bool{"applied": false}, true
	case "window/showDocument":
		return map[string]bool{"success": false}, true
	case "workspace/diagnostic/refresh", "client/unregisterCapability", "window/workDoneProgress/create", "window/showMessageRequest",
		"workspace/codeLens/refresh", "workspace/semanticTokens/refresh", "workspace/inlayHint/refresh":
		return nil, true
	}
	return nil, false
}
