package lsp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sourcegraph/jsonrpc2"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/agent/agenttest"
	"github.com/opencode-lsp/opencode-lsp/permission"
	"github.com/opencode-lsp/opencode-lsp/tools"
	"github.com/opencode-lsp/opencode-lsp/workspace"
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

// silent, as an answer, is none until the request is cancelled.
var silent = errors.New("no answer")

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
	p.rpc = jsonrpc2.NewConn(context.Background(), jsonrpc2.NewBufferedStream(ours, jsonrpc2.VSCodeObjectCodec{}), jsonrpc2.AsyncHandler(jsonrpc2.HandlerWithError(p.handle)), jsonrpc2.SetLogger(rpcLog{}))
	p.call("initialize", json.RawMessage(`{"rootUri":"`+uriOf(p.root)+`","capabilities":`+capabilities+`}`), nil)
	p.notify("initialized", struct{}{})
	synctest.Wait()
}

// agent builds the agent as the program does, with a model that says what replies says.
func (p *peer) agent(_ context.Context, e Editor) (*Agent, error) {
	p.build = e
	sessions := agent.NewSessions(agent.Options{
		Directory: p.root, Store: p.store, Opened: e.Opened, Settle: e.Settle,
		Model:      func(string) (agent.Model, string, error) { return p, "test/model", nil },
		SmallModel: func() agent.Model { return nil },
		Gate:       func(s *agent.Session) *permission.Gate { return &permission.Gate{Asker: s, Session: s.ID()} },
		System:     func() string { return "" },
		Tools: func(*agent.Session) *tools.Set {
			return tools.NewSet(tools.Define("do", "does", func(context.Context, struct{}) (tools.Op, error) {
				return tools.NewOp(permission.Access{Tool: "do", Subject: "it", Items: []permission.Item{{Permission: "do", Values: []string{"it"}}}},
					func(context.Context, io.Writer) (tools.Result, error) { return tools.Result{Text: "did"}, nil }), nil
			}))
		},
	})
	return &Agent{
		Sessions: sessions, Close: sessions.Close, Model: func() string { return "" }, Models: func(context.Context) []string { return nil },
		Settings: func() Settings { return Settings{Save: p.save} }, Configure: func(json.RawMessage) {}, SetModel: func(string) {},
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

// leave ends the server by shutdown and exit, which must not take longer than the contract says.
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

// Whatever the editor owes an answer to, exit does not wait for it.
func TestExitWaitsForNoAnswer(t *testing.T) {
	for _, method := range []string{"window/showMessageRequest", "opencode/permission", "opencode/saveDocuments", "window/workDoneProgress/create", "workspace/configuration"} {
		t.Run(method, func(t *testing.T) {
			bubble(t, func(t *testing.T, p *peer) {
				p.answers[method] = func(json.RawMessage) any { return silent }
				p.replies = calling()
				own := fmt.Sprintf(`{"permission":%t,"save":true}`, method == "opencode/permission")
				p.start(`{"window":{"showMessage":{},"workDoneProgress":true},"workspace":{"applyEdit":true,"configuration":true},"experimental":{"opencode":`+own+`}}`, Options{})
				p.notify("workspace/didChangeConfiguration", json.RawMessage(`{"settings":null}`))
				p.command("opencode.prompt", `{"text":"go"}`, nil)
				synctest.Wait()
				p.leave()
			})
		})
	}
}

// A client that connects to the socket and says nothing does not keep the editor's server alive.
func TestExitWithIdleSocketClient(t *testing.T) {
	p := newPeer(t)
	dir, err := os.MkdirTemp("", "s")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	ours, theirs := net.Pipe()
	go func() {
		p.code <- Serve(context.Background(), theirs, Options{Build: p.agent, SocketDir: dir, Transcripts: dir})
	}()
	p.rpc = jsonrpc2.NewConn(t.Context(), jsonrpc2.NewBufferedStream(ours, jsonrpc2.VSCodeObjectCodec{}), jsonrpc2.HandlerWithError(p.handle), jsonrpc2.SetLogger(rpcLog{}))
	p.call("initialize", json.RawMessage(`{"rootUri":"`+uriOf(p.root)+`"}`), nil)
	p.notify("initialized", struct{}{})
	p.command("opencode.status", `{}`, nil)
	remote, err := findWithin(t, dir, p.root)
	if err != nil {
		t.Fatal(err)
	}
	defer remote.Close()
	var status map[string]any
	if err := remote.Command(t.Context(), "opencode.status", struct{}{}, &status); err != nil || status["roots"] == nil {
		t.Errorf("status over the socket: %v, %v", status, err)
	}
	p.leave()
	if _, err := Find(t.Context(), dir, p.root, 0); !errors.Is(err, ErrNoServer) {
		t.Errorf("after the end: %v", err)
	}
}

// findWithin tries until the server listens, which it does beside initialized.
func findWithin(t *testing.T, dir, root string) (*Remote, error) {
	for {
		r, err := Find(t.Context(), dir, root, 0)
		if err == nil || t.Context().Err() != nil {
			return r, err
		}
	}
}

// An end without shutdown, or the loss of the editor in the middle of a question, is told by the code.
func TestLossOfEditor(t *testing.T) {
	bubble(t, func(t *testing.T, p *peer) {
		p.answers["window/showMessageRequest"] = func(json.RawMessage) any { return silent }
		p.replies = calling()
		p.start(plain, Options{})
		p.command("opencode.prompt", `{"text":"go"}`, nil)
		synctest.Wait()
		p.rpc.Close()
		if code := <-p.code; code != 1 {
			t.Errorf("code %d", code)
		}
		list, err := p.store.List(t.Context(), "")
		if err != nil || len(list) != 1 {
			t.Fatalf("sessions = %v, %v", list, err)
		}
		events, err := p.store.Load(t.Context(), list[0].ID)
		if err != nil || events[len(events)-1].Type != agent.TurnEnded {
			t.Errorf("the turn has no end: %v", err)
		}
	})
}

// Null, an empty object, an error's shape, a title that was not offered: none of them is consent.
func TestNoAnswerIsNoConsent(t *testing.T) {
	for name, answer := range map[string]any{
		"null": nil, "empty": map[string]any{}, "unknown title": map[string]string{"title": "Allow"}, "text": "Allow once", "list": []string{"Allow once"}, "number": 1,
		"other case": map[string]string{"title": "allow once"}, "blank": map[string]string{"title": "Allow once "},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, p *peer) {
				p.answers["window/showMessageRequest"] = func(json.RawMessage) any { return answer }
				p.replies = calling()
				p.start(plain, Options{})
				p.command("opencode.prompt", `{"text":"go"}`, nil)
				synctest.Wait()
				var open []pendingQuestion
				p.command("opencode.permission.list", `{}`, &open)
				if len(open) != 1 {
					t.Errorf("open questions = %v", open)
				}
				var r replied
				p.command("opencode.permission.reply", `{"reply":"reject"}`, &r)
				if !r.OK {
					t.Errorf("reply: %+v", r)
				}
				p.command("opencode.permission.reply", `{"id":1,"reply":"once"}`, &r)
				if r.OK || !strings.Contains(r.Reason, "already settled by command") {
					t.Errorf("late reply: %+v", r)
				}
				p.leave()
			})
		})
	}
}

// A progress that the client is slow to create still ends; one that it refuses is never spoken of.
func TestProgressEnds(t *testing.T) {
	kinds := func(p *peer) []string {
		var all []string
		for _, m := range p.sent("$/progress") {
			var v struct{ Value progressValue }
			if err := json.Unmarshal([]byte(m), &v); err != nil {
				p.Fatal(err)
			}
			all = append(all, v.Value.Kind)
		}
		return all
	}
	bubble(t, func(t *testing.T, p *peer) {
		p.answers["window/workDoneProgress/create"] = func(json.RawMessage) any { time.Sleep(time.Second); return nil }
		p.start(withBar, Options{})
		p.command("opencode.prompt", `{"text":"go","wait":true}`, nil)
		time.Sleep(time.Minute)
		if got := kinds(p); !slices.Equal(got, []string{"begin", "end"}) {
			t.Errorf("created late: %v", got)
		}
		p.leave()
	})
}

// Many lines of output make at most ten reports a second, the last of them the latest line.
func TestProgressRate(t *testing.T) {
	bubble(t, func(t *testing.T, p *peer) {
		p.start(withBar, Options{})
		s := &Server{conn: &conn{ctx: t.Context(), rpc: p.rpc}}
		f := progress{server: s, token: "opencode/x", begun: true}
		sent := 0
		for i := range 1000 {
			f.report(strings.Repeat("x", i%97) + "line")
			select {
			case <-f.due:
				f.due = nil
				f.last = time.Now()
				sent++
			case <-time.After(time.Millisecond):
			}
		}
		if sent > 11 {
			t.Errorf("%d reports in a second", sent)
		}
		p.leave()
	})
}

// The transcript of a session goes with it.
func TestDeleteRemovesTranscript(t *testing.T) {
	bubble(t, func(t *testing.T, p *peer) {
		p.answers["window/showMessageRequest"] = func(json.RawMessage) any { return silent }
		p.replies = calling()
		p.start(plain, Options{})
		var turn started
		p.command("opencode.prompt", `{"text":"go"}`, &turn)
		synctest.Wait()
		path := filepath.Join(p.root, "transcripts", turn.Session+".md")
		if text := p.read(path); !strings.Contains(text, "**Question #1** do: it") {
			t.Errorf("transcript:\n%s", text)
		}
		p.command("opencode.session.delete", `{"session":"`+turn.Session+`"}`, nil)
		synctest.Wait()
		if _, err := os.Stat(path); !os.IsNotExist(err) {
			t.Errorf("the transcript is still there: %v", err)
		}
		p.leave()
	})
}

// edit is a change of an open file by the server's applier.
func (p *peer) edit(ctx context.Context, path, text string) error {
	p.Helper()
	file, err := p.build.Workspace.Read(path)
	if err != nil {
		p.Fatal(err)
	}
	return p.build.Applier.Apply(ctx, workspace.NewChange(file, text))
}

// changes answers workspace/applyEdit by a didChange to text first.
func (p *peer) changes(path, text string, answer any) {
	p.answers["workspace/applyEdit"] = func(json.RawMessage) any {
		p.notify("textDocument/didChange", json.RawMessage(`{"textDocument":{"uri":"`+uriOf(path)+`","version":2},"contentChanges":[{"text":`+quoted(text)+`}]}`))
		return answer
	}
}

func TestApply(t *testing.T) {
	applied := map[string]bool{"applied": true}
	tests := map[string]struct {
		shows  string // by didChange, "" for none
		answer any
		ok     bool
		want   error
	}{
		"landed":                      {"new\ntail\n", applied, true, nil},
		"landed, answered no":         {"new\ntail\n", map[string]any{"applied": false, "failureReason": "version"}, true, nil},
		"landed, never answered":      {"new\ntail\n", silent, true, nil},
		"landed, user typed below":    {"new\ntail typed\n", applied, true, nil},
		"user typed, edit not landed": {"old\ntail typed\n", applied, false, workspace.ErrStale},
		"refused":                     {"", map[string]any{"applied": false}, false, errRefused},
		"lied":                        {"", applied, false, errUnconfirmed},
		"never answered":              {"", silent, false, nil},
		"null":                        {"", nil, false, errRefused},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, p *peer) {
				path := p.write("f.txt", "old\ntail\n")
				p.start(plain, Options{})
				p.open(path, "old\ntail\n")
				if test.shows != "" {
					p.changes(path, test.shows, test.answer)
				} else {
					p.answers["workspace/applyEdit"] = func(json.RawMessage) any { return test.answer }
				}
				err := p.edit(t.Context(), path, "new\ntail\n")
				if (err == nil) != test.ok || test.want != nil && !errors.Is(err, test.want) {
					t.Errorf("err = %v", err)
				}
				p.leave()
			})
		})
	}
}

// An edit that is in the buffer when the turn is cancelled counts: undo must know of it.
func TestApplyCancelled(t *testing.T) {
	bubble(t, func(t *testing.T, p *peer) {
		path := p.write("f.txt", "old\n")
		p.start(plain, Options{})
		p.open(path, "old\n")
		ctx, cancel := context.WithCancel(t.Context())
		p.answers["workspace/applyEdit"] = func(json.RawMessage) any {
			cancel()
			return map[string]bool{"applied": true}
		}
		if err := p.edit(ctx, path, "new\n"); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled without an edit: %v", err)
		}
		ctx, cancel = context.WithCancel(t.Context())
		cancel()
		if err := p.edit(ctx, path, "new\n"); err == nil {
			t.Error("an edit was made after the cancel")
		}
		p.leave()
	})
}

// A new file whose edit is cancelled or refused leaves no empty file behind.
func TestCreateTakenBack(t *testing.T) {
	for name, answer := range map[string]any{"refused": map[string]bool{"applied": false}, "cancelled": silent} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, p *peer) {
				p.start(plain, Options{})
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				p.answers["workspace/applyEdit"] = func(json.RawMessage) any { return answer }
				path := filepath.Join(p.root, "new.txt")
				if err := p.edit(ctx, path, "text\n"); err == nil {
					t.Error("no error")
				}
				if _, err := os.Stat(path); !os.IsNotExist(err) {
					t.Errorf("the file is there: %v", err)
				}
				p.leave()
			})
		})
	}
}

// The editor knows its buffer by the name under which it opened it.
func TestEditThroughSymlink(t *testing.T) {
	bubble(t, func(t *testing.T, p *peer) {
		p.write("real.txt", "old\n")
		link := filepath.Join(p.root, "link.txt")
		if err := os.Symlink("real.txt", link); err != nil {
			t.Fatal(err)
		}
		p.start(plain, Options{})
		p.open(link, "old\n")
		p.changes(link, "new\n", map[string]bool{"applied": true})
		if err := p.edit(t.Context(), link, "new\n"); err != nil {
			t.Error(err)
		}
		if got := p.sent("workspace/applyEdit"); len(got) != 1 || !strings.Contains(got[0], uriOf(link)) {
			t.Errorf("applyEdit %v does not name %s", got, uriOf(link))
		}
		p.leave()
	})
}

// Writing the buffers: only over what the agent's edit was made on, a byte order mark is kept, and what was saved
// meanwhile is no conflict.
func TestWriteBuffers(t *testing.T) {
	tests := map[string]struct {
		disk, buffer string // before the edit
		meanwhile    string // what the disk holds then, "" for unchanged
		want         string
		ok           bool
	}{
		"plain":             {"old\n", "old\n", "", "new\n", true},
		"byte order mark":   {bom + "old\n", "old\n", "", bom + "new\n", true},
		"line ends":         {"old\r\n", "old\r\n", "", "new\n", true},
		"saved meanwhile":   {"old\n", "old\n", "new\n", "new\n", true},
		"written meanwhile": {"old\n", "old\n", "theirs\n", "theirs\n", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, p *peer) {
				path := p.write("f.txt", test.disk)
				p.start(plain, Options{})
				p.open(path, test.buffer)
				p.changes(path, "new\n", map[string]bool{"applied": true})
				if err := p.edit(t.Context(), path, "new\n"); err != nil {
					t.Fatal(err)
				}
				if test.meanwhile != "" {
					p.write("f.txt", test.meanwhile)
				}
				p.save = "write"
				err := p.build.Barrier(t.Context(), nil)
				if got := p.read(path); got != test.want || (err == nil) != test.ok {
					t.Errorf("the disk holds %q, err %v", got, err)
				}
				p.leave()
			})
		})
	}
}

// A refused edit does not make the user's own unsaved text ours to save.
func TestRefusedEditIsNotOurs(t *testing.T) {
	bubble(t, func(t *testing.T, p *peer) {
		path := p.write("f.txt", "disk\n")
		p.start(plain, Options{})
		p.open(path, "the user's\n")
		p.answers["workspace/applyEdit"] = func(json.RawMessage) any { return map[string]bool{"applied": false} }
		if err := p.edit(t.Context(), path, "new\n"); !errors.Is(err, errRefused) {
			t.Errorf("err = %v", err)
		}
		p.save = "write"
		if err := p.build.Barrier(t.Context(), nil); err != nil {
			t.Error(err)
		}
		if got := p.read(path); got != "disk\n" {
			t.Errorf("the disk holds %q", got)
		}
		p.leave()
	})
}

// A plugin that says it has saved is not believed; the disk says.
func TestLyingPlugin(t *testing.T) {
	bubble(t, func(t *testing.T, p *peer) {
		path := p.write("f.txt", "old\n")
		p.start(`{"workspace":{"applyEdit":true},"experimental":{"opencode":{"save":true}}}`, Options{})
		p.answers["opencode/saveDocuments"] = func(json.RawMessage) any { return map[string]any{"saved": []string{uriOf(path)}} }
		p.open(path, "old\n")
		p.changes(path, "new\n", map[string]bool{"applied": true})
		if err := p.edit(t.Context(), path, "new\n"); err != nil {
			t.Fatal(err)
		}
		p.save = "write"
		if err := p.build.Barrier(t.Context(), nil); err != nil {
			t.Error(err)
		}
		if got := p.read(path); got != "new\n" || len(p.sent("opencode/saveDocuments")) != 1 {
			t.Errorf("the disk holds %q", got)
		}
		p.leave()
	})
}
