package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/opencode-lsp/opencode-lsp/agent/agenttest"
	"github.com/opencode-lsp/opencode-lsp/lsp/lsptest"
)

// acpClient is a client of the Agent Client Protocol as an editor has one: it answers what the agent asks and keeps what the
// agent says.
type acpClient struct {
	t     *testing.T
	pipe  io.ReadWriteCloser
	dir   string // the workspace
	home  string
	model *agenttest.Server
	mcp   *scriptedServer

	// answers take the place of the usual answers, by method. An error is answered as one.
	answers map[string]func(params json.RawMessage) (any, error)
	// buffers are the open files by path; saves says that a write goes to the disk too.
	buffers map[string]string
	saves   bool
	silent  bool // requests are not answered

	mu      sync.Mutex
	last    int
	waiting map[int]chan acpMessage
	updates []map[string]any
	asked   []acpMessage // what the agent has requested
	ended   chan error
	news    chan struct{} // holds one when there are updates that nobody has looked at
	reading chan struct{} // held while a message is read
}

// acpMessage is any message.
type acpMessage struct {
	ID     json.RawMessage `json:"id,omitempty"`
	Method string          `json:"method,omitempty"`
	Params json.RawMessage `json:"params,omitempty"`
	Result json.RawMessage `json:"result,omitempty"`
	Error  *acpError       `json:"error,omitempty"`
}

type acpError struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

func (e *acpError) Error() string { return fmt.Sprintf("%d %s", e.Code, e.Message) }

// inACP runs f in a bubble, with a workspace of the files, a model that plays the steps, and the whole program.
func inACP(t *testing.T, world map[string]string, steps string, f func(t *testing.T, c *acpClient)) {
	synctest.Test(t, func(t *testing.T) {
		script, err := agenttest.Parse(steps)
		if err != nil {
			t.Fatal(err)
		}
		c := newACPClient(t, t.TempDir(), t.TempDir())
		c.model = agenttest.New(script...)
		defer c.model.Close()
		for name, text := range world {
			writeFile(t, filepath.Join(c.dir, name), text)
		}
		c.connect()
		f(t, c)
		c.leave()
		if problems := c.model.Problems(); len(problems) > 0 {
			t.Errorf("requests that a strict provider refuses: %q", problems)
		}
	})
}

// connect starts the program.
func (c *acpClient) connect() {
	ours, theirs := net.Pipe()
	c.pipe = ours
	p := &program{
		getenv: environment(lsptest.World{Home: c.home}, agenttest.BaseURL, "chat"), stdin: theirs, stdout: theirs, stderr: io.Discard,
		http: &http.Client{Transport: routes{c.mcp, c.model.Client().Transport}}, web: site(), bubble: true,
	}
	p.dirs = findDirs(p.getenv)
	go func() { c.ended <- p.serveACP(context.Background()) }()
	go c.read(ours)
}

// leave ends the connection and waits for the program's end.
func (c *acpClient) leave() {
	c.pipe.Close()
	if err := <-c.ended; err != nil {
		c.t.Error(err)
	}
}

func newACPClient(t *testing.T, dir, home string) *acpClient {
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		t.Fatal(err)
	}
	return &acpClient{
		t: t, mcp: newScriptedServer(), dir: dir, home: home, saves: true, answers: map[string]func(json.RawMessage) (any, error){}, buffers: map[string]string{},
		waiting: map[int]chan acpMessage{}, ended: make(chan error, 1), news: make(chan struct{}, 1), reading: make(chan struct{}, 1),
	}
}

// pause makes the client read one more message at most, until resume.
func (c *acpClient) pause() (resume func()) {
	c.reading <- struct{}{}
	return func() { <-c.reading }
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func (c *acpClient) read(pipe io.Reader) {
	r := bufio.NewReader(pipe)
	for {
		c.reading <- struct{}{}
		<-c.reading
		line, err := r.ReadBytes('\n')
		if err != nil {
			return
		}
		var m acpMessage
		if err := json.Unmarshal(line, &m); err != nil {
			c.t.Errorf("no JSON: %q", line)
			return
		}
		switch {
		case m.Method == "":
			c.mu.Lock()
			var id int
			json.Unmarshal(m.ID, &id)
			w := c.waiting[id]
			c.mu.Unlock()
			if w == nil {
				c.t.Errorf("an answer to nothing: %s", line)
				return
			}
			w <- m
		case m.ID == nil:
			c.notified(m)
		default:
			c.mu.Lock()
			c.asked = append(c.asked, m)
			c.mu.Unlock()
			if !c.silent {
				go c.answer(m)
			}
		}
	}
}

func (c *acpClient) notified(m acpMessage) {
	var p struct{ Update map[string]any }
	if m.Method == "session/update" && json.Unmarshal(m.Params, &p) == nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.updates = append(c.updates, p.Update)
		select {
		case c.news <- struct{}{}:
		default:
		}
	}
}

// answer answers a request of the agent.
func (c *acpClient) answer(m acpMessage) {
	f := c.answers[m.Method]
	if f == nil {
		f = c.usual(m.Method)
	}
	result, err := f(m.Params)
	out := map[string]any{"jsonrpc": "2.0", "id": m.ID}
	if e, ok := err.(*acpError); ok {
		out["error"] = e
	} else if err != nil {
		out["error"] = acpError{-32603, err.Error()}
	} else {
		out["result"] = result
	}
	c.send(out)
}

type acpFileParams struct{ Path, Content string }

// usual is what an editor answers: files from buffers and disk, and no to questions.
func (c *acpClient) usual(method string) func(json.RawMessage) (any, error) {
	return func(params json.RawMessage) (any, error) {
		var p acpFileParams
		json.Unmarshal(params, &p)
		switch method {
		case "fs/read_text_file":
			c.mu.Lock()
			text, open := c.buffers[p.Path]
			c.mu.Unlock()
			if open {
				return map[string]string{"content": text}, nil
			}
			data, err := os.ReadFile(p.Path)
			if err != nil {
				return nil, &acpError{-32002, "no such file"}
			}
			return map[string]string{"content": string(data)}, nil
		case "fs/write_text_file":
			c.mu.Lock()
			if _, open := c.buffers[p.Path]; open || !c.saves {
				c.buffers[p.Path] = p.Content
			}
			c.mu.Unlock()
			if !c.saves {
				return map[string]any{}, nil
			}
			return map[string]any{}, os.WriteFile(p.Path, []byte(p.Content), 0o644)
		}
		return nil, &acpError{-32601, "unknown"}
	}
}

func (c *acpClient) send(m any) {
	data, err := json.Marshal(m)
	if err != nil {
		c.t.Error(err)
		return
	}
	c.sendLine(string(data))
}

func (c *acpClient) sendLine(line string) { c.pipe.Write([]byte(line + "\n")) }

func (c *acpClient) notify(method string, params any) {
	c.send(map[string]any{"jsonrpc": "2.0", "method": method, "params": params})
}

// begin sends a request and returns where its answer comes.
func (c *acpClient) begin(method string, params any) <-chan acpMessage {
	c.mu.Lock()
	c.last++
	id, w := c.last, make(chan acpMessage, 1)
	c.waiting[id] = w
	c.mu.Unlock()
	m := map[string]any{"jsonrpc": "2.0", "id": id, "method": method}
	if params != nil {
		m["params"] = params
	}
	c.send(m)
	return w
}

// call sends a request and returns its result.
func (c *acpClient) call(method string, params any) (map[string]any, error) {
	select {
	case m := <-c.begin(method, params):
		if m.Error != nil {
			return nil, m.Error
		}
		var result map[string]any
		json.Unmarshal(m.Result, &result)
		return result, nil
	case <-time.After(time.Hour):
		return nil, fmt.Errorf("no answer to %s", method)
	}
}

func (c *acpClient) must(method string, params any) map[string]any {
	c.t.Helper()
	result, err := c.call(method, params)
	if err != nil {
		c.t.Fatalf("%s: %v", method, err)
	}
	return result
}

// start initializes and makes a session, with these capabilities: of "read", "write", "terminal", "form", "notices".
func (c *acpClient) start(can ...string) (session string) {
	c.t.Helper()
	has := func(name string) bool { return strings.Contains(" "+strings.Join(can, " ")+" ", " "+name+" ") }
	caps := map[string]any{"fs": map[string]bool{"readTextFile": has("read"), "writeTextFile": has("write")}, "terminal": has("terminal")}
	if has("form") {
		caps["elicitation"] = map[string]any{"form": map[string]any{}}
	}
	if has("notices") {
		caps["session"] = map[string]any{"notices": map[string]any{}}
	}
	c.must("initialize", map[string]any{"protocolVersion": 1, "clientCapabilities": caps})
	return c.must("session/new", c.where())["sessionId"].(string)
}

func (c *acpClient) where() map[string]any {
	return map[string]any{"cwd": c.dir, "mcpServers": []any{}}
}

func acpText(session, text string) map[string]any {
	return map[string]any{"sessionId": session, "prompt": []any{map[string]any{"type": "text", "text": text}}}
}

// choose answers permission requests with these options, one after the other.
func (c *acpClient) choose(options ...string) {
	c.answers["session/request_permission"] = func(json.RawMessage) (any, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if len(options) == 0 {
			c.t.Error("one question too many")
			return nil, &acpError{-32603, "no"}
		}
		id := options[0]
		options = options[1:]
		return map[string]any{"outcome": map[string]any{"outcome": "selected", "optionId": id}}, nil
	}
}

// requests are the params of what the agent has requested by a method.
func (c *acpClient) requests(method string) (all []map[string]any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range c.asked {
		if m.Method == method {
			var p map[string]any
			json.Unmarshal(m.Params, &p)
			all = append(all, p)
		}
	}
	return all
}
