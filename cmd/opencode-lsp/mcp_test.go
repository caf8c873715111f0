package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// Scripts with a remote MCP server, mcp.test, that lives in the bubble.
func TestScriptsMCP(t *testing.T) {
	playScripts(t, "../../lsp/testdata/mcp/*.txtar", "chat")
}

// routes sends the requests to mcp.test to a handler in this process and all others on.
type routes struct {
	server http.Handler
	next   http.RoundTripper
}

func (r routes) RoundTrip(req *http.Request) (*http.Response, error) {
	if r.server == nil || req.URL.Host != "mcp.test" {
		return r.next.RoundTrip(req)
	}
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	body, w := io.Pipe()
	answer := &pipedAnswer{PipeWriter: w, header: http.Header{}, ready: make(chan int, 1)}
	go func() {
		r.server.ServeHTTP(answer, req)
		answer.WriteHeader(http.StatusOK)
		w.Close()
	}()
	select {
	case code := <-answer.ready:
		return &http.Response{StatusCode: code, Header: answer.header, Body: body, Request: req, ProtoMajor: 1, ProtoMinor: 1}, nil
	case <-req.Context().Done():
		body.CloseWithError(req.Context().Err())
		return nil, req.Context().Err()
	}
}

// pipedAnswer is a response that is read while it is written.
type pipedAnswer struct {
	*io.PipeWriter
	header http.Header
	once   sync.Once
	ready  chan int
}

func (a *pipedAnswer) Header() http.Header { return a.header }

func (a *pipedAnswer) WriteHeader(code int) { a.once.Do(func() { a.ready <- code }) }

func (a *pipedAnswer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.PipeWriter.Write(p)
}

// scriptedServer is an MCP server over streamable HTTP: search answers at once, ask puts a form to the user, sample asks the
// model, secret wants a sign-in.
type scriptedServer struct {
	answers chan string
	starts  atomic.Int32
}

func newScriptedServer() *scriptedServer { return &scriptedServer{answers: make(chan string, 1)} }

func (s *scriptedServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	var m struct {
		ID     json.RawMessage
		Method string
		Params struct {
			Name      string
			Arguments map[string]any
		}
		Result, Error json.RawMessage
	}
	if err := json.NewDecoder(r.Body).Decode(&m); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	reply := func(result string) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"jsonrpc":"2.0","id":%s,"result":%s}`, m.ID, result)
	}
	switch m.Method {
	case "initialize":
		s.starts.Add(1)
		reply(`{"protocolVersion":"2025-11-25","capabilities":{"tools":{},"prompts":{}},"serverInfo":{"name":"docs","version":"1"},"instructions":"Search before you answer."}`)
	case "tools/list":
		reply(`{"tools":[{"name":"search","description":"Searches the documents.","inputSchema":{"type":"object","properties":{"q":{"type":"string"}},"required":["q"]},
			"annotations":{"readOnlyHint":true}},{"name":"ask"},{"name":"sample"},{"name":"secret"}]}`)
	case "prompts/list":
		reply(`{"prompts":[{"name":"find","description":"Finds","arguments":[{"name":"what","required":true},{"name":"where"}]}]}`)
	case "prompts/get":
		reply(fmt.Sprintf(`{"messages":[{"role":"user","content":{"type":"text","text":"Find %v\nin %v"}}]}`, m.Params.Arguments["what"], m.Params.Arguments["where"]))
	case "tools/call":
		switch m.Params.Name {
		case "secret":
			w.WriteHeader(http.StatusUnauthorized)
		case "search":
			reply(fmt.Sprintf(`{"content":[{"type":"text","text":"found %v"}]}`, m.Params.Arguments["q"]))
		default:
			s.stream(r.Context(), w, m.ID, map[string]string{
				"ask": `"method":"elicitation/create","params":{"message":"Which branch?","requestedSchema":{"type":"object","properties":{
					"branch":{"type":"string","enum":["main","next"]}}}}`,
				"sample": `"method":"sampling/createMessage","params":{"messages":[{"role":"user","content":{"type":"text","text":"Name a color"}}],"maxTokens":9}`,
			}[m.Params.Name])
		}
	case "":
		s.answers <- string(m.Result) + string(m.Error)
		w.WriteHeader(http.StatusAccepted)
	default:
		w.WriteHeader(http.StatusAccepted)
	}
}

// stream asks in the answer to a call, and ends it with what came back.
func (s *scriptedServer) stream(ctx context.Context, w http.ResponseWriter, call json.RawMessage, request string) {
	w.Header().Set("Content-Type", "text/event-stream")
	if _, err := fmt.Fprintf(w, "data: {\"jsonrpc\":\"2.0\",\"id\":\"q\",%s}\n\n", strings.ReplaceAll(request, "\n", " ")); errors.Is(err, io.ErrClosedPipe) {
		return
	}
	var answer []byte
	select {
	case got := <-s.answers:
		answer, _ = json.Marshal(got)
	case <-ctx.Done():
		return
	}
	fmt.Fprintf(w, "data: {\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":{\"content\":[{\"type\":\"text\",\"text\":%s}]}}\n\n", call, answer)
}
