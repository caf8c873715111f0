//go:build unix

package main

import (
	"encoding/json"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/opencode-lsp/opencode-lsp/agent/agenttest"
)

// acpProcess is the real binary as an ACP client has it.
type acpProcess struct {
	io.Reader
	io.WriteCloser
	cmd  *exec.Cmd
	read chan struct{} // closed when all it said is read
}

func (c *acpClient) startProcess(h *home) *acpProcess {
	cmd := h.command(c.dir, "acp")
	in, err := cmd.StdinPipe()
	if err != nil {
		c.t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		c.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	p := &acpProcess{out, in, cmd, make(chan struct{})}
	c.pipe = p
	go func() {
		defer close(p.read)
		c.read(p)
	}()
	return p
}

// scriptedHome is a home whose model has these steps.
func scriptedHome(t *testing.T, script string) *home {
	t.Helper()
	steps, err := agenttest.Parse(script)
	if err != nil {
		t.Fatal(err)
	}
	model := agenttest.New(steps...)
	t.Cleanup(model.Close)
	h := newHome(t)
	h.model = model.URL()
	return h
}

// kill -9 in a command: the next process has the conversation, with the command marked as broken off, and goes on.
func TestACPKilled(t *testing.T) {
	t.Parallel()
	h := scriptedHome(t, "\ncall bash {\"command\":\"echo started; sleep 5\"}\n\nOn we go.\n")
	c := newACPClient(t, t.TempDir(), h.dir)
	first := c.startProcess(h)
	session := c.start()
	c.choose("once")
	c.begin("session/prompt", acpText(session, "run it"))
	for seen := ""; !strings.Contains(seen, "in_progress"); seen += c.soFar() {
		<-c.news
	}
	first.cmd.Process.Kill()
	<-first.read
	first.cmd.Wait()
	c.soFar() // what else it said of the command

	second := c.startProcess(h)
	c.must("initialize", map[string]any{"protocolVersion": 1})
	at := c.where()
	at["sessionId"] = session
	c.must("session/load", at)
	if end := c.must("session/prompt", acpText(session, "and?")); end["stopReason"] != "end_turn" {
		t.Errorf("afterwards: %v", end)
	}
	want := `
user_message run it
tool_call call_2_1 pending execute ` + "`echo started; sleep 5`" + `
tool_call_update call_2_1 in_progress
tool_call_update call_2_1 failed
agent_message On we go.
`
	if got := c.soFar(); got != want {
		t.Errorf("the client sees:%s\nwant:%s", got, want)
	}
	second.Close()
	if err := second.cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// kill -9 while a terminal is about to run a command: the next process removes the script; that of a process that lives stays.
func TestACPKilledScripts(t *testing.T) {
	t.Parallel()
	h := scriptedHome(t, strings.Repeat("\ncall bash {\"command\":\"true\"}\n", 2))
	over := make(chan struct{})
	defer close(over)
	start := func() *acpProcess {
		c := newACPClient(t, t.TempDir(), h.dir)
		asked := make(chan struct{})
		c.answers["terminal/create"] = func(json.RawMessage) (any, error) {
			close(asked)
			<-over
			return nil, &acpError{-32603, "no"}
		}
		c.choose("once")
		p := c.startProcess(h)
		c.begin("session/prompt", acpText(c.start("terminal"), "run it"))
		<-asked
		return p
	}
	c := newACPClient(t, t.TempDir(), h.dir)
	dead := start()
	left, err := c.scripts()
	living := start()
	both, err2 := c.scripts()
	if len(left) != 1 || len(both) != 2 || err != nil || err2 != nil {
		t.Fatalf("scripts: %q, then %q, %v %v", left, both, err, err2)
	}
	dead.cmd.Process.Kill()
	dead.cmd.Wait()

	next := c.startProcess(h)
	c.must("initialize", map[string]any{"protocolVersion": 1})
	stay := slices.DeleteFunc(both, func(path string) bool { return path == left[0] })
	if now, err := c.scripts(); !slices.Equal(now, stay) || err != nil {
		t.Errorf("scripts: %q, want %q, %v", now, stay, err)
	}
	for _, p := range []*acpProcess{living, next} {
		p.Close()
		if err := p.cmd.Wait(); err != nil {
			t.Error(err)
		}
	}
	if folders, err := filepath.Glob(filepath.Join(h.dir, ".local/share/opencode-lsp/commands/*")); len(folders) > 0 || err != nil {
		t.Errorf("in the end: %q, %v", folders, err)
	}
}
