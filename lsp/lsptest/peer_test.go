package lsptest

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/sourcegraph/jsonrpc2"
)

// peer is a server that does as the test says. Its mirror of the documents shares no code with the editor.
type peer struct {
	conn     *jsonrpc2.Conn
	encoding Encoding
	command  func(name string, arg json.RawMessage) (any, error)

	mu       sync.Mutex
	docs     map[string]string
	versions map[string]int32
	received []string
}

// peerCapabilities is what the peers announce: incremental changes and saves.
const peerCapabilities = `{"textDocumentSync": {"openClose": true, "change": 2, "save": {"includeText": false}},
	"executeCommandProvider": {"commands": ["opencode.prompt", "opencode.action", "opencode.session.open", "echo", "hang", "hold"]},
	"codeActionProvider": true, "positionEncoding": "ENCODING"}`

func startPeer(rwc io.ReadWriteCloser, enc Encoding) *peer {
	p := &peer{encoding: enc, docs: map[string]string{}, versions: map[string]int32{},
		command: func(_ string, arg json.RawMessage) (any, error) { return arg, nil }}
	stream := jsonrpc2.NewBufferedStream(rwc, jsonrpc2.VSCodeObjectCodec{})
	p.conn = jsonrpc2.NewConn(context.Background(), stream, p)
	return p
}

// dial connects an editor and a peer over net.Pipe. It must run in a bubble.
func dial(t *testing.T, opt Options, enc Encoding) (*Editor, *peer) {
	t.Helper()
	if opt.Root == "" {
		opt.Root = t.TempDir()
	}
	ours, theirs := net.Pipe()
	p := startPeer(theirs, enc)
	e := Dial(t.Context(), ours, opt)
	t.Cleanup(func() {
		e.Close()
		<-p.conn.DisconnectNotify()
	})
	if err := e.Initialize(t.Context()); err != nil {
		t.Fatal(err)
	}
	return e, p
}

// Handle implements jsonrpc2.Handler: notifications in order, requests beside.
func (p *peer) Handle(ctx context.Context, conn *jsonrpc2.Conn, req *jsonrpc2.Request) {
	params := json.RawMessage("null")
	if req.Params != nil {
		params = *req.Params
	}
	if req.Notif {
		p.notified(req.Method, params)
		return
	}
	go func() {
		result, err := p.requested(ctx, req.Method, params)
		if err != nil {
			_ = conn.ReplyWithError(ctx, req.ID, &jsonrpc2.Error{Code: jsonrpc2.CodeInternalError, Message: err.Error()})
		} else {
			_ = conn.Reply(ctx, req.ID, result)
		}
	}()
}

func (p *peer) requested(ctx context.Context, method string, params json.RawMessage) (any, error) {
	var c struct {
		Command   string            `json:"command"`
		Arguments []json.RawMessage `json:"arguments"`
	}
	switch method {
	case "initialize":
		return map[string]any{"capabilities": json.RawMessage(strings.Replace(peerCapabilities, "ENCODING", string(p.encoding), 1))}, nil
	case "textDocument/codeAction":
		return p.actions(params)
	case "shutdown":
		return nil, nil
	case "workspace/executeCommand":
		if err := json.Unmarshal(params, &c); err != nil {
			return nil, err
		}
		if c.Command == "hang" {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		return p.command(c.Command, slices.Concat(c.Arguments, []json.RawMessage{json.RawMessage("null")})[0])
	}
	return nil, errors.New("unknown method " + method)
}

// actions offers one fix for each diagnostic and a bare command, and without diagnostics one that no editor should run.
func (p *peer) actions(params json.RawMessage) (any, error) {
	var c struct {
		Context struct {
			Diagnostics []struct{ Message string } `json:"diagnostics"`
		} `json:"context"`
	}
	if err := json.Unmarshal(params, &c); err != nil {
		return nil, err
	}
	all := []any{}
	for _, d := range c.Context.Diagnostics {
		title := "OpenCode: Fix: " + d.Message
		all = append(all, map[string]any{"title": title, "kind": "quickfix", "command": map[string]any{
			"title": title, "command": "opencode.action", "arguments": []any{map[string]string{"action": "fix"}}}})
	}
	if len(all) == 0 {
		all = append(all, map[string]any{"title": "OpenCode: Unlisted", "command": map[string]any{"title": "x", "command": "unlisted"}})
	}
	return append(all, map[string]any{"title": "OpenCode: Explain", "command": "echo", "arguments": []any{"explain"}}), nil
}

// notified mirrors the documents.
func (p *peer) notified(method string, params json.RawMessage) {
	var n struct {
		TextDocument struct {
			URI     string `json:"uri"`
			Version int32  `json:"version"`
			Text    string `json:"text"`
		} `json:"textDocument"`
		ContentChanges []struct {
			Range *struct {
				Start, End struct{ Line, Character int }
			}
			Text string
		} `json:"contentChanges"`
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.received = append(p.received, method)
	if method == "exit" {
		p.conn.Close()
	}
	if json.Unmarshal(params, &n) != nil {
		return
	}
	uri := n.TextDocument.URI
	switch method {
	case "textDocument/didOpen":
		p.docs[uri], p.versions[uri] = n.TextDocument.Text, n.TextDocument.Version
	case "textDocument/didClose":
		delete(p.docs, uri)
	case "textDocument/didChange":
		p.versions[uri] = n.TextDocument.Version
		for _, c := range n.ContentChanges {
			if c.Range == nil {
				p.docs[uri] = c.Text
				continue
			}
			text := p.docs[uri]
			start := naiveOffset(text, c.Range.Start.Line, c.Range.Start.Character, p.encoding)
			end := naiveOffset(text, c.Range.End.Line, c.Range.End.Character, p.encoding)
			p.docs[uri] = text[:start] + c.Text + text[end:]
		}
	}
}

// naiveOffset walks over the text rune by rune.
func naiveOffset(text string, line, character int, enc Encoding) int {
	i := 0
	for line > 0 {
		switch {
		case strings.HasPrefix(text[i:], "\r\n"):
			i, line = i+2, line-1
		case text[i] == '\n' || text[i] == '\r':
			i, line = i+1, line-1
		default:
			i++
		}
	}
	for character > 0 {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch enc {
		case UTF8:
			character -= size
		case UTF16:
			character -= len(utf16.Encode([]rune{r}))
		default:
			character--
		}
		i += size
	}
	return i
}

// text is the peer's idea of a document and its version.
func (p *peer) text(uri string) (string, int32) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.docs[uri], p.versions[uri]
}

// call sends a request to the editor; the answer is kept until asked for.
func (p *peer) call(t *testing.T, method, params string) func() (string, error) {
	t.Helper()
	waiter, err := p.conn.DispatchCall(t.Context(), method, json.RawMessage(params))
	if err != nil {
		t.Fatal(err)
	}
	return func() (string, error) {
		var result json.RawMessage
		err := waiter.Wait(t.Context(), &result)
		return string(result), err
	}
}

func (p *peer) notify(t *testing.T, method, params string) {
	t.Helper()
	if err := p.conn.Notify(t.Context(), method, json.RawMessage(params)); err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
}

// tryDial is the error of the handshake.
func tryDial(t *testing.T, opt Options, enc Encoding) error {
	t.Helper()
	ours, theirs := net.Pipe()
	p := startPeer(theirs, enc)
	e := Dial(t.Context(), ours, opt)
	defer func() {
		e.Close()
		<-p.conn.DisconnectNotify()
	}()
	return e.Initialize(t.Context())
}
