//go:build unix

package main

import (
	"io"
	"os/exec"
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

// kill -9 in a command: the next process has the conversation, with the command marked as broken off, and goes on.
func TestACPKilled(t *testing.T) {
	t.Parallel()
	steps, err := agenttest.Parse("\ncall bash {\"command\":\"echo started; sleep 5\"}\n\nOn we go.\n")
	if err != nil {
		t.Fatal(err)
	}
	model := agenttest.New(steps...)
	t.Cleanup(model.Close)
	h := newHome(t)
	h.model = model.URL()
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
