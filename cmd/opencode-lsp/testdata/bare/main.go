// Command bare is the yardstick of the figures: a language server that does nothing, with the libraries linked in that
// opencode-lsp cannot do without: the protocol's types, jsonrpc2, commonlog, the clients of models and of MCP servers, and SQLite.
package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"io"
	"os"

	"github.com/mark3labs/mcp-go/client"
	"github.com/mark3labs/mcp-go/client/transport"
	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/sourcegraph/jsonrpc2"
	"github.com/tliron/commonlog"
	"github.com/tliron/commonlog/simple"
	protocol "github.com/tliron/glsp/protocol_3_16"
	_ "modernc.org/sqlite"
)

// server keeps what would be used later, so that the linker keeps it too.
type server struct {
	model openai.Client
	tools *client.Client
	store *sql.DB
	texts map[string]string
}

func main() {
	commonlog.SetBackend(simple.NewBackend())
	store, err := sql.Open("sqlite", ":memory:") // connects at its first use
	if err != nil {
		commonlog.GetLogger("bare").Errorf("store: %s", err)
		os.Exit(1)
	}
	s := &server{model: openai.NewClient(option.WithAPIKey("none")), tools: client.NewClient(transport.NewStdio("none", nil)), store: store, texts: map[string]string{}}
	stream := jsonrpc2.NewBufferedStream(stdio{os.Stdin, os.Stdout}, jsonrpc2.VSCodeObjectCodec{})
	<-jsonrpc2.NewConn(context.Background(), stream, jsonrpc2.HandlerWithError(s.handle)).DisconnectNotify()
}

type stdio struct {
	io.ReadCloser
	io.Writer
}

func (s *server) handle(ctx context.Context, _ *jsonrpc2.Conn, req *jsonrpc2.Request) (any, error) {
	switch req.Method {
	case "initialize":
		var p protocol.InitializeParams
		if err := json.Unmarshal(*req.Params, &p); err != nil {
			return nil, err
		}
		return protocol.InitializeResult{Capabilities: protocol.ServerCapabilities{
			TextDocumentSync: protocol.TextDocumentSyncKindIncremental, CodeActionProvider: true,
		}}, nil
	case "textDocument/didOpen":
		var p protocol.DidOpenTextDocumentParams
		err := json.Unmarshal(*req.Params, &p)
		s.texts[p.TextDocument.URI] = p.TextDocument.Text
		return nil, err
	case "textDocument/didChange":
		var p protocol.DidChangeTextDocumentParams
		return nil, json.Unmarshal(*req.Params, &p)
	case "bare/ask": // never sent
		_, err := s.model.Chat.Completions.New(ctx, openai.ChatCompletionNewParams{})
		return s.store.PingContext(ctx), err
	}
	if req.Notif {
		return nil, nil
	}
	return nil, &jsonrpc2.Error{Code: jsonrpc2.CodeMethodNotFound, Message: req.Method}
}
