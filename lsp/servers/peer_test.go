package servers

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/sourcegraph/jsonrpc2"
)

// The test binary is also the language server of its tests: with this variable set it speaks LSP, in the manner that the
// variable's value names.
const mannerVariable = "LSP_TEST_MANNER"

func TestMain(m *testing.M) {
	if manner := os.Getenv(mannerVariable); manner != "" {
		act(manner)
		return
	}
	os.Exit(m.Run())
}

// fake is a server that finds fault with every BAD in a text.
type fake struct {
	manner string
	rpc    *jsonrpc2.Conn
	texts  map[string]string
}

type stdio struct{}

func (stdio) Read(p []byte) (int, error)  { return os.Stdin.Read(p) }
func (stdio) Write(p []byte) (int, error) { return os.Stdout.Write(p) }
func (stdio) Close() error                { return os.Stdin.Close() }

func act(manner string) {
	switch manner {
	case "garbage":
		fmt.Println("I am no language server")
		return
	case "parent": // with a child that would outlive it
		child := exec.Command("sleep", "600")
		if err := child.Start(); err != nil {
			panic(err)
		}
		if err := os.WriteFile(os.Getenv("LSP_TEST_PID"), fmt.Append(nil, child.Process.Pid), 0o600); err != nil {
			panic(err)
		}
	}
	f := &fake{manner: manner, texts: map[string]string{}}
	ready := make(chan struct{})
	f.rpc = jsonrpc2.NewConn(context.Background(), jsonrpc2.NewBufferedStream(stdio{}, jsonrpc2.VSCodeObjectCodec{}), handler(func(ctx context.Context, r *jsonrpc2.Request) {
		<-ready
		f.handle(ctx, r)
	}))
	close(ready)
	<-f.rpc.DisconnectNotify()
}

func (f *fake) handle(ctx context.Context, r *jsonrpc2.Request) {
	var p struct {
		TextDocument struct {
			URI, Text string
			Version   int32
		}
		ContentChanges []struct{ Text string }
	}
	if r.Params != nil {
		if err := json.Unmarshal(*r.Params, &p); err != nil {
			panic(err)
		}
	}
	uri := p.TextDocument.URI
	switch r.Method {
	case "initialize":
		f.initialize(ctx, r)
	case "textDocument/didOpen":
		f.take(ctx, uri, p.TextDocument.Text, p.TextDocument.Version)
	case "textDocument/didChange":
		f.take(ctx, uri, p.ContentChanges[0].Text, p.TextDocument.Version)
	case "textDocument/didClose":
		delete(f.texts, uri)
	case "textDocument/diagnostic":
		f.reply(ctx, r, map[string]any{"kind": "full", "items": f.faults(uri)})
	case "shutdown":
		f.reply(ctx, r, nil)
	case "exit":
		os.Exit(0)
	}
}

func (f *fake) initialize(ctx context.Context, r *jsonrpc2.Request) {
	switch f.manner {
	case "silent":
		return
	case "deaf":
		f.reply(ctx, r, map[string]any{"capabilities": map[string]any{}})
		<-time.After(time.Hour)
	}
	capabilities := map[string]any{"textDocumentSync": 1}
	if f.manner == "pull" {
		capabilities["diagnosticProvider"] = map[string]any{}
	}
	f.reply(ctx, r, map[string]any{"capabilities": capabilities})
}

func (f *fake) reply(ctx context.Context, r *jsonrpc2.Request, result any) {
	if err := f.rpc.Reply(ctx, r.ID, result); err != nil {
		panic(err)
	}
}

func (f *fake) take(ctx context.Context, uri, text string, version int32) {
	f.texts[uri] = text
	if strings.Contains(text, "CRASH") {
		fmt.Fprintln(os.Stderr, "out of order")
		os.Exit(3)
	}
	if f.manner == "pull" {
		return
	}
	params := map[string]any{"uri": uri, "version": version, "diagnostics": f.faults(uri)}
	if f.manner == "late" && version > 1 { // once more of the text before
		params["version"] = version - 1
	}
	if err := f.rpc.Notify(ctx, "textDocument/publishDiagnostics", params); err != nil {
		panic(err)
	}
}

// faults are the BADs of a document, with how many documents are open.
func (f *fake) faults(uri string) []any {
	list := []any{}
	for n, line := range strings.Split(f.texts[uri], "\n") {
		i := strings.Index(line, "BAD")
		if i < 0 {
			continue
		}
		at := map[string]int{"line": n, "character": len(utf16.Encode([]rune(line[:i])))}
		list = append(list, map[string]any{"range": map[string]any{"start": at, "end": at}, "severity": 1, "message": fmt.Sprintf("bad, %d open", len(f.texts))})
	}
	return list
}
