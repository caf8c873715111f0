package httpapi_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/agent/agenttest"
	"github.com/opencode-lsp/opencode-lsp/agent/httpapi"
	"github.com/opencode-lsp/opencode-lsp/permission"
	"github.com/opencode-lsp/opencode-lsp/tools"
	"github.com/opencode-lsp/opencode-lsp/workspace"
)

// bench is a workspace with a file, a scripted model, the built-in tools, and the API over a real
// connection.
type bench struct {
	testing.TB
	dir      string
	ws       *workspace.Workspace
	store    agent.Store
	model    *model
	sessions *agent.Sessions
	api      *httpapi.API
	http     *httptest.Server
	opt      httpapi.Options
}

func newBench(t testing.TB, script string) *bench {
	t.Helper()
	steps, err := agenttest.Parse(script)
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{TB: t, dir: t.TempDir(), store: &agenttest.MemoryStore{}, model: &model{steps: steps}}
	b.write("calc.go", "package calc\n\nfunc Add(a, b int) int { return a - b }\n")
	b.ws = workspace.New(b.dir)
	b.dir = b.ws.Roots()[0]
	b.open(true)
	return b
}

func (b *bench) write(name, text string) {
	b.Helper()
	if err := os.WriteFile(filepath.Join(b.dir, name), []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
}

// open starts another server on the same store.
func (b *bench) open(remote bool) {
	b.Helper()
	var api *httpapi.API
	grants := permission.NewGrants(nil)
	policy := permission.Policy{Layers: []permission.Layer{permission.Defaults()}}
	applier := workspace.Disk{Workspace: b.ws}
	sessions := agent.NewSessions(agent.Options{
		Directory: b.dir, Store: b.store,
		Model: func(string) (agent.Model, agent.ModelInfo, error) {
			return b.model, agent.ModelInfo{Name: "scripted/scripted", Context: 100_000}, nil
		},
		SmallModel: func() (agent.Model, agent.ModelInfo) { return nil, agent.ModelInfo{} },
		Reverter:   &tools.Reverter{Workspace: b.ws, Applier: applier},
		Equip: func(_ context.Context, s *agent.Session, _ agent.Profile, _ agent.ModelInfo) (agent.Equipment, error) {
			env := &tools.Env{Workspace: b.ws, Applier: applier, Spill: b.TempDir(), Environ: os.Environ(), Ask: s.AskUser}
			return agent.Equipment{Tools: tools.NewSet(tools.Builtin(env)...), System: "system", Gate: &permission.Gate{
				Policy: func() permission.Policy { return policy }, Grants: grants, Asker: s, Workspace: b.dir, Session: s.ID(),
			}}, nil
		},
		Opened: func(s *agent.Session) { api.Opened(s) },
	})
	b.opt = httpapi.Options{
		Version: "1.2.3", Sessions: sessions, Store: b.store, Workspace: b.ws, RemoteApproval: remote,
		Paths: httpapi.Paths{Home: "/home/u", State: "/home/u/state", Config: "/home/u/config"},
		Agent: func() string { return "build" }, Model: func() string { return "scripted/scripted" }, Agents: agentsOf,
		Answering: func(name string) error {
			if name != "build" && name != "plan" {
				return errors.New("there is no agent of that name; there are build, plan")
			}
			return nil
		},
		Commands: func() []httpapi.Command {
			return []httpapi.Command{{Name: "init", Template: "write AGENTS.md", Source: "command", Hints: []string{}}}
		},
		Skills:     func() []httpapi.Skill { return nil },
		Providers:  func(context.Context) []httpapi.Provider { return []httpapi.Provider{scripted()} },
		Config:     func() map[string]any { return map[string]any{"model": "scripted/scripted"} },
		MCP:        func() map[string]httpapi.MCPStatus { return map[string]httpapi.MCPStatus{} },
		LSP:        func() []httpapi.LSPStatus { return nil },
		Formatters: func() []httpapi.FormatterStatus { return nil },
		Deleted:    func(string) {},
		MayRead:    func(abs string) bool { return !strings.HasSuffix(abs, ".env") },
	}
	api = httpapi.New(b.opt)
	b.sessions, b.api, b.http = sessions, api, httptest.NewServer(api)
	server := b.http
	b.Cleanup(func() {
		api.Close()
		server.Close()
		sessions.Close()
	})
}

// shut ends the server as a restart does.
func (b *bench) shut() {
	b.api.Close()
	b.http.Close()
	b.sessions.Close()
}

func agentsOf() []agent.Profile {
	var list []agent.Profile
	for _, p := range agent.Presets() {
		list = append(list, p.Profile)
	}
	return list
}

func scripted() httpapi.Provider {
	return httpapi.Provider{
		ID: "scripted", Name: "Scripted", Source: "config", Env: []string{}, Options: map[string]any{}, Usable: true,
		Models: map[string]httpapi.Model{"scripted": {ID: "scripted", ProviderID: "scripted", Name: "Scripted", Status: "active"}},
	}
}

// do sends a request; a body that is no string is sent as JSON.
func (b *bench) do(method, path string, body any) (status int, answer string) {
	b.Helper()
	text, ok := body.(string)
	if !ok && body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			b.Fatal(err)
		}
		text = string(data)
	}
	return b.send(method, path, text, "Content-Type", "application/json")
}

// send sends a request with one header.
func (b *bench) send(method, path, body, name, value string) (status int, answer string) {
	b.Helper()
	req, err := http.NewRequestWithContext(b.Context(), method, b.http.URL+path, strings.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	req.Header.Set(name, value)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		b.Fatal(err)
	}
	return res.StatusCode, string(data)
}

// want sends a request that must succeed and decodes the answer.
func want[R any](b *bench, method, path string, body any) R {
	b.Helper()
	status, answer := b.do(method, path, body)
	if status != http.StatusOK {
		b.Fatalf("%s %s = %d %s", method, path, status, answer)
	}
	var r R
	if err := json.Unmarshal([]byte(answer), &r); err != nil {
		b.Fatalf("%s %s = %s: %s", method, path, answer, err)
	}
	return r
}

// session makes a session and returns its id.
func (b *bench) session() string {
	b.Helper()
	return want[httpapi.Session](b, "POST", "/session", nil).ID
}

type object = map[string]any

func text(words string) object { return object{"parts": []object{{"type": "text", "text": words}}} }

// wireEvent is an event as a client reads it.
type wireEvent struct {
	id         string // of the SSE line, "" for none
	Type       string
	Properties object
	Directory  string
	Payload    *wireEvent
}

// listener is a client of an event stream.
type listener struct {
	b    *bench
	last string
	in   chan wireEvent
	stop func()
}

// listen follows the events, after the last id where one is given.
func (b *bench) listen(path, last string) *listener {
	b.Helper()
	ctx, cancel := context.WithCancel(b.Context())
	req, err := http.NewRequestWithContext(ctx, "GET", b.http.URL+path, nil)
	if err != nil {
		b.Fatal(err)
	}
	if last != "" {
		req.Header.Set("Last-Event-ID", last)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	if res.StatusCode != http.StatusOK {
		b.Fatalf("GET %s = %d", path, res.StatusCode)
	}
	l := &listener{b: b, last: last, in: make(chan wireEvent, 10_000)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(l.in)
		defer res.Body.Close()
		readSSE(res.Body, l.in)
	}()
	l.stop = func() { cancel(); <-done }
	b.Cleanup(l.stop)
	return l
}

// readSSE reads events until the stream ends.
func readSSE(r io.Reader, out chan<- wireEvent) {
	lines := bufio.NewReader(r)
	var e wireEvent
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		line = bytes.TrimRight(line, "\n")
		switch {
		case bytes.HasPrefix(line, []byte("id: ")):
			e.id = string(line[4:])
		case bytes.HasPrefix(line, []byte("data: ")):
			if json.Unmarshal(line[6:], &e) != nil {
				return
			}
		case len(line) == 0:
			out <- e
			e = wireEvent{}
		}
	}
}

// until reads events up to the first of a kind and returns all of them.
func (l *listener) until(kind string) []wireEvent {
	l.b.Helper()
	var all []wireEvent
	limit := time.After(20 * time.Second)
	for {
		select {
		case e, ok := <-l.in:
			if !ok {
				l.b.Fatalf("the stream ended before %s; it had %s", kind, kinds(all))
			}
			if e.id != "" {
				l.last = e.id
			}
			all = append(all, e)
			if e.Type == kind || e.Payload != nil && e.Payload.Type == kind {
				return all
			}
		case <-limit:
			l.b.Fatalf("no %s came; there were %s", kind, kinds(all))
		}
	}
}

func kinds(events []wireEvent) string {
	var list []string
	for _, e := range events {
		list = append(list, e.Type)
	}
	return strings.Join(list, " ")
}
