package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/agent/agenttest"
	"github.com/opencode-lsp/opencode-lsp/lsp/lsptest"
	"github.com/opencode-lsp/opencode-lsp/workspace"
)

// maxFirstRequest bounds what a session costs before a word is said, in bytes of system text and tool schemas.
const maxFirstRequest = 16 << 10

// talk has a session of a fresh workspace answer prompts, and returns the requests that the model got.
func talk(t *testing.T, model, steps string, prompts ...agent.Prompt) []json.RawMessage {
	t.Helper()
	server := agenttest.New()
	defer server.Close()
	script, err := agenttest.Parse(steps)
	if err != nil {
		t.Fatal(err)
	}
	server.Add(script...)
	content := environment(lsptest.World{}, agenttest.BaseURL, "chat")("OPENCODE_CONFIG_CONTENT")
	files := "-- ws/main.go --\npackage main\n-- home/.claude/skills/x/SKILL.md --\n---\nname: x\ndescription: Does x\n---\nX.\n"
	e, _, _ := engineAt(t, files, "ws", map[string]string{"OPENCODE_CONFIG_CONTENT": content}, server.Client().Transport)
	if err := e.setModel("scripted/" + model); err != nil {
		t.Fatal(err)
	}
	sessions := e.sessions(agent.Options{}, workspace.Disk{Workspace: e.ws}, nil)
	defer sessions.Close()
	s, err := sessions.New(t.Context(), agent.Start{Title: "x"})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range prompts {
		turn, err := s.Prompt(p)
		if err != nil {
			t.Fatal(err)
		}
		if end, err := s.Wait(t.Context(), turn); err != nil || end.Status != agent.Done {
			t.Fatalf("%+v, %v", end, err)
		}
	}
	return server.Requests()
}

func TestFirstRequest(t *testing.T) {
	for model, edit := range map[string]string{"model": "edit write", "gpt-5": "apply_patch"} {
		var head struct {
			Messages []json.RawMessage
			Tools    json.RawMessage
		}
		request := talk(t, model, "Hello.", agent.Prompt{Text: "hello"})[0]
		if err := json.Unmarshal(request, &head); err != nil {
			t.Fatal(err)
		}
		size := len(head.Messages[0]) + len(head.Tools)
		if !bytes.Contains(head.Messages[0], []byte("# Skills")) || !bytes.Contains(head.Messages[0], []byte("Today: ")) {
			t.Errorf("%s: the first message is %s", model, head.Messages[0])
		}
		t.Logf("%s: system text %d bytes, tools %d bytes", model, len(head.Messages[0]), len(head.Tools))
		if size > maxFirstRequest {
			t.Errorf("%s: the first request has %d bytes, at most %d are meant", model, size, maxFirstRequest)
		}
		for name := range strings.FieldsSeq("bash glob grep list question read skill task todowrite webfetch " + edit) {
			if !bytes.Contains(head.Tools, []byte(`"name":"`+name+`"`)) {
				t.Errorf("%s: the tool %s is not offered", model, name)
			}
		}
	}
}

// TestStablePrefix has each request of a session begin with the bytes of the one before, so that providers' caches hit: over
// tool calls, prompts and turns of another agent that has the same tools.
func TestStablePrefix(t *testing.T) {
	requests := talk(t, "model", "call read {\"filePath\": \"main.go\"}\n\nRead.\n\nAgain.\n\nDone.", agent.Prompt{Text: "read"}, agent.Prompt{Text: "see @main.go"}, agent.Prompt{Text: "/init"})
	if len(requests) < 4 {
		t.Fatalf("%d requests", len(requests))
	}
	open := func(request json.RawMessage) []byte { // up to the end of its messages
		head, ok := bytes.CutSuffix(request, []byte(`],"stream_options":{"include_usage":true}}`))
		if !ok {
			t.Fatalf("the messages do not stand last: …%s", request[max(0, len(request)-300):])
		}
		return head
	}
	for i := range requests[1:] {
		if !bytes.HasPrefix(requests[i+1], open(requests[i])) {
			t.Errorf("request %d does not begin as the one before:\n%.400s\n%.400s", i+2, requests[i], requests[i+1])
		}
	}
}
