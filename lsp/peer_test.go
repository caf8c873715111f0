package lsp

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sourcegraph/jsonrpc2"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/agent/agenttest"
	"github.com/opencode-lsp/opencode-lsp/permission"
	"github.com/opencode-lsp/opencode-lsp/tools"
)

// peer is an editor by hand: it keeps what it is sent, and answers requests as told, else with null.
type peer struct {
	*testing.T
	rpc     *jsonrpc2.Conn
	code    chan int
	build   Editor
	store   *agenttest.MemoryStore
	root    string
	save    string
	replies func() []agent.Delta

	mu      sync.Mutex
	got     []message
	answers map[string]func(params json.RawMessage) any
}

type message struct {
	method string
	params json.RawMessage
}

// errSilent, as an answer, is none until the request is cancelled.
var errSilent = errors.New("no answer")

func newPeer(t *testing.T) *peer {
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return &peer{T: t, code: make(chan int, 1), store: &agenttest.MemoryStore{}, root: root, answers: map[string]func(json.RawMessage) any{}}
}

// start connects a server and goes through the handshake.
func (p *peer) start(capabilities string, opt Options) {
	p.Helper()
	ours, theirs := net.Pipe()
	opt.Build = p.agent
	opt.Transcripts = filepath.Join(p.root, "transcripts")
	go func() { p.code <- Serve(context.Background(), theirs, opt) }()
	p.rpc = jsonrpc2.NewConn(context.Background(), jsonrpc2.NewBufferedStream(ours, jsonrpc2.VSCodeObjectCodec{}), inOrder{jsonrpc2.HandlerWithError(p.handle)}, jsonrpc2.SetLogger(rpcLog{}))
	p.call("initialize", json.RawMessage(`{"rootUri":"`+uriOf(p.root)+`","capabilities":`+capabilities+`}`), nil)
	p.notify("initialized", struct{}{})
	synctest.Wait()
}

// inOrder handles notifications as they come, as editors do, and requests beside the reader.
type inOrder struct{ jsonrpc2.Handler }

func (h inOrder) Handle(ctx context.Context, c *jsonrpc2.Conn, req *jsonrpc2.Request) {
	if req.Notif {
		h.Handler.Handle(ctx, c, req)
		return
	}
	go h.Handler.Handle(ctx, c, req)
}

// agent builds the agent as the program does, with a model that says what replies says.
func (p *peer) agent(_ context.Context, e Editor) (*Agent, error) {
	p.build = e
	sessions := agent.NewSessions(agent.Options{
		Directory: p.root, Store: p.store, Opened: e.Opened, Settle: e.Settle,
		Model: func(string) (agent.Model, agent.ModelInfo, error) {
			return p, agent.ModelInfo{Name: "test/model"}, nil
		},
		SmallModel: func() (agent.Model, agent.ModelInfo) { return nil, agent.ModelInfo{} },
		Equip: func(_ context.Context, s *agent.Session, _ agent.Profile, _ agent.ModelInfo) (agent.Equipment, error) {
			set := tools.NewSet(tools.Define("do", "does", func(context.Context, struct{}) (tools.Op, error) {
				return tools.NewOp(permission.Access{Tool: "do", Subject: "it", Items: []permission.Item{{Permission: "do", Values: []string{"it"}}}},
					func(context.Context, io.Writer) (tools.Result, error) { return tools.Result{Text: "did"}, nil }), nil
			}))
			return agent.Equipment{Tools: set, Gate: &permission.Gate{Asker: s, Session: s.ID()}}, nil
		},
	})
	return &Agent{
		Agents: func() []string { return []string{"build"} }, Agent: func() string { return "build" },
		Commands: func() []Command { return []Command{{Name: "own", CodeAction: true}} },
		Sessions: sessions, Close: sessions.Close, Model: func() string { return "" }, Models: func(context.Context) []string { return nil },
		Settings: func() Settings { return Settings{Save: p.save} }, Configure: func(json.RawMessage) {}, SetModel: func(string) error { return nil }, Usable: func(string) error { return nil },
	}, nil
}

// Stream makes the peer the agent's model, too.
func (p *peer) Stream(context.Context, agent.Request) iter.Seq2[agent.Delta, error] {
	return func(yield func(agent.Delta, error) bool) {
		if p.replies == nil {
			yield(agent.Delta{Text: "hello"}, nil)
			return
		}
		for _, d := range p.replies() {
			if !yield(d, nil) {
				return
			}
		}
	}
}

// calling replies with one call first, and is done then.
func calling() func() []agent.Delta {
	n := 0
	return func() []agent.Delta {
		if n++; n > 1 {
			return []agent.Delta{{Text: "done"}}
		}
		return []agent.Delta{{Call: &agent.CallDelta{ID: "c", Name: "do", Arguments: "{}"}}}
	}
}

func (p *peer) handle(ctx context.Context, _ *jsonrpc2.Conn, req *jsonrpc2.Request) (any, error) {
	p.mu.Lock()
	var params json.RawMessage
	if req.Params != nil {
		params = *req.Params
	}
	p.got = append(p.got, message{req.Method, params})
	answer := p.answers[req.Method]
	p.mu.Unlock()
	if answer == nil {
		return nil, nil
	}
	switch result := answer(params).(type) {
	case error:
		<-p.rpc.DisconnectNotify()
		return nil, result
	default:
		return result, nil
	}
}

func (p *peer) call(method string, params, result any) {
	p.Helper()
	if err := p.rpc.Call(p.Context(), method, params, result); err != nil {
		p.Errorf("%s: %v", method, err)
	}
}

func (p *peer) notify(method string, params any) {
	p.Helper()
	if err := p.rpc.Notify(p.Context(), method, params); err != nil {
		p.Errorf("%s: %v", method, err)
	}
}

func (p *peer) command(name, arg string, result any) {
	p.Helper()
	p.call("workspace/executeCommand", executeCommandParams{name, []json.RawMessage{json.RawMessage(arg)}}, result)
}

// sent are the params of what the server sent by a method.
func (p *peer) sent(method string) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []string
	for _, m := range p.got {
		if m.method == method {
			all = append(all, string(m.params))
		}
	}
	return all
}

func (p *peer) open(path, text string) {
	p.Helper()
	p.notify("textDocument/didOpen", json.RawMessage(`{"textDocument":{"uri":"`+uriOf(path)+`","version":1,"text":`+quoted(text)+`}}`))
	synctest.Wait()
}

func quoted(text string) string {
	data, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return string(data)
}

// write makes a file below the root.
func (p *peer) write(name, text string) string {
	p.Helper()
	path := filepath.Join(p.root, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		p.Fatal(err)
	}
	return path
}

func (p *peer) read(path string) string {
	p.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		p.Fatal(err)
	}
	return string(data)
}

// asks starts a turn that asks, for an editor that gives the answer to the prompt, and waits until it hangs on that.
func (p *peer) asks(answer any) (turn started) {
	p.Helper()
	p.answers["window/showMessageRequest"] = func(json.RawMessage) any { return answer }
	p.replies = calling()
	p.start(plain, Options{})
	p.command("opencode.prompt", `{"text":"go"}`, &turn)
	synctest.Wait()
	return turn
}

// leave ends the server by shutdown and exit, which must not take longer than 5 s.
func (p *peer) leave() {
	p.Helper()
	p.call("shutdown", nil, nil)
	p.notify("exit", nil)
	began := time.Now()
	code := <-p.code
	if took := time.Since(began); code != 0 || took > 5*time.Second {
		p.Errorf("code %d after %s", code, took)
	}
	p.rpc.Close()
}

const (
	plain   = `{"window":{"showMessage":{}},"workspace":{"applyEdit":true}}`
	withBar = `{"window":{"showMessage":{},"workDoneProgress":true}}`
)

func bubble(t *testing.T, f func(t *testing.T, p *peer)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { f(t, newPeer(t)) })
}
