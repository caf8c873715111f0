package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/opencode-lsp/opencode-lsp/agent/agenttest"
	"github.com/opencode-lsp/opencode-lsp/lsp/lsptest"
)

var update = flag.Bool("update", false, "rewrite the goldens of the scripts")

// Every script runs the whole program, from the wire to the store, inside a bubble where waiting costs nothing.
func TestScripts(t *testing.T) {
	playScripts(t, "../../lsp/testdata/script/*.txtar", "chat")
}

// The same over the Responses API, for those scripts that show what depends on the protocol.
func TestScriptsResponses(t *testing.T) {
	for _, name := range []string{"fix", "reject_message", "cancel_stream", "queued_prompt", "task", "undo", "model_errors", "thinking"} {
		playScripts(t, "../../lsp/testdata/script/"+name+".txtar", "responses")
	}
}

// playScripts plays the scripts in bubbles.
func playScripts(t *testing.T, pattern, api string) {
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				host := &bubbleHost{model: agenttest.New(), api: api, server: newScriptedServer()}
				defer host.model.Close()
				var log strings.Builder
				script := lsptest.Script{File: file, Dir: t.TempDir(), Host: host, Update: *update, Scrub: scrub}
				if err := script.Play(t.Context(), &log); err != nil {
					t.Errorf("%v\n%s", err, log.String())
				}
				if err := host.Kill(); err != nil {
					t.Error(err)
				}
				if problems := host.model.Problems(); len(problems) > 0 {
					t.Errorf("requests that a strict provider refuses: %q", problems)
				}
			})
		})
	}
}

// scrub takes out of texts what differs from run to run.
func scrub(text string) string {
	text = regexp.MustCompile(`\*done, [\d.]+k? tokens\*`).ReplaceAllString(text, "*done*")
	text = regexp.MustCompile(`\b(ses|trn)_[0-9a-f]{12}[A-Z0-9]{14}`).ReplaceAllString(text, "${1}_ID")
	return regexp.MustCompile(`\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?)?Z?`).ReplaceAllString(text, "TIME")
}

// bubbleHost runs the server in this process over net.Pipe.
type bubbleHost struct {
	api    string // of the model: "chat" or "responses"
	model  *agenttest.Server
	server *scriptedServer // mcp.test; nil: nobody is there
	cancel context.CancelFunc
	ended  chan int
}

func (h *bubbleHost) Start(ctx context.Context, world lsptest.World) (io.ReadWriteCloser, error) {
	ours, theirs := net.Pipe()
	client := h.model.Client()
	if h.server != nil {
		client = &http.Client{Transport: routes{h.server, client.Transport}}
	}
	p := &program{getenv: environment(world, agenttest.BaseURL, h.api), stdin: theirs, stdout: theirs, stderr: io.Discard, http: client, web: site(), bubble: true}
	p.dirs = findDirs(p.getenv)
	ctx, h.cancel = context.WithCancel(ctx)
	h.ended = make(chan int, 1)
	go func() { h.ended <- p.serve(ctx) }()
	return ours, nil
}

// environment is the user's: a home of its own, and the scripted model configured as any provider is.
func environment(world lsptest.World, model, api string) func(string) string {
	content := map[string]any{
		"model":    "scripted/model",
		"provider": map[string]any{"scripted": map[string]any{"options": map[string]any{"baseURL": model, "apiKey": "no-secret", "api": cmp.Or(api, "chat")}}},
	}
	config, err := json.Marshal(content)
	if err != nil {
		panic(err)
	}
	vars := map[string]string{"HOME": world.Home, "OPENCODE_CONFIG_CONTENT": string(config), "OPENCODE_PERMISSION": world.Files["rules"]}
	return func(name string) string { return vars[name] }
}

func (h *bubbleHost) Model(steps string) error {
	script, err := agenttest.Parse(steps)
	h.model.Add(script...)
	return err
}

func (h *bubbleHost) Requests() []json.RawMessage { return h.model.Requests() }
func (h *bubbleHost) Settle()                     { synctest.Wait() }

func (h *bubbleHost) Stop() error {
	if h.ended == nil {
		return errors.New("no server runs")
	}
	code := <-h.ended
	h.ended = nil
	if code != 0 {
		return fmt.Errorf("the server ended with code %d", code)
	}
	return nil
}

// Kill cannot kill a goroutine: it ends the server as the loss of its editor does.
func (h *bubbleHost) Kill() error {
	if h.ended != nil {
		h.cancel()
		<-h.ended
		h.ended = nil
	}
	return nil
}
