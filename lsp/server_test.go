package lsp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sourcegraph/jsonrpc2"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/agent/agenttest"
)

// Whatever the editor owes an answer to, exit does not wait for it.
func TestExitWaitsForNoAnswer(t *testing.T) {
	for _, method := range []string{"window/showMessageRequest", "opencode/permission", "opencode/saveDocuments", "window/workDoneProgress/create", "workspace/configuration"} {
		t.Run(method, func(t *testing.T) {
			bubble(t, func(t *testing.T, p *peer) {
				p.answers[method] = func(json.RawMessage) any { return errSilent }
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
	remotes, err := findWithin(t, dir, p.root)
	if err != nil {
		t.Fatal(err)
	}
	defer remotes.Close()
	var status map[string]any
	if err := remotes[0].Command(t.Context(), "opencode.status", struct{}{}, &status); err != nil || status["roots"] == nil {
		t.Errorf("status over the socket: %v, %v", status, err)
	}
	p.leave()
	if _, err := Find(t.Context(), dir, p.root, 0); !errors.Is(err, ErrNoServer) {
		t.Errorf("after the end: %v", err)
	}
}

// findWithin tries until the server listens, which it does beside initialized.
func findWithin(t *testing.T, dir, root string) (Remotes, error) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for {
		r, err := Find(t.Context(), dir, root, 0)
		if err == nil || ctx.Err() != nil {
			return r, err
		}
		<-look.C
	}
}

// An end without shutdown, or the loss of the editor in the middle of a question, is told by the code.
func TestLossOfEditor(t *testing.T) {
	bubble(t, func(t *testing.T, p *peer) {
		p.asks(errSilent)
		p.rpc.Close()
		if code := <-p.code; code != 1 {
			t.Errorf("code %d", code)
		}
		list, err := p.store.List(t.Context(), "")
		if err != nil || len(list) != 1 {
			t.Fatalf("sessions = %v, %v", list, err)
		}
		events, err := agenttest.Events(t.Context(), p.store, list[0].ID)
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
				p.asks(answer)
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
		turn := p.asks(errSilent)
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
