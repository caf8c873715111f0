package acp

import (
	"bufio"
	"context"
	"encoding/json"
	"iter"
	"net"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/agent/agenttest"
	"github.com/opencode-lsp/opencode-lsp/tools"
)

// silent is a model that says nothing until it is cancelled.
type silent struct{}

func (silent) Stream(ctx context.Context, _ agent.Request) iter.Seq2[agent.Delta, error] {
	return func(yield func(agent.Delta, error) bool) {
		<-ctx.Done()
		yield(agent.Delta{}, ctx.Err())
	}
}

// dismissing is a client that answers everything with the outcome cancelled, and sends on what it was told.
func dismissing(theirs net.Conn, told chan<- message) {
	in := bufio.NewReader(theirs)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			close(told)
			return
		}
		var m message
		if json.Unmarshal(line, &m) == nil && m.ID != nil {
			theirs.Write([]byte(`{"jsonrpc":"2.0","id":` + string(m.ID) + `,"result":{"outcome":{"outcome":"cancelled"}}}` + "\n"))
		}
		told <- m
	}
}

// bubble runs f with a session of the front whose client dismisses all questions.
func bubble(t *testing.T, f func(t *testing.T, one *session, told <-chan message)) {
	synctest.Test(t, func(t *testing.T) {
		sessions := agent.NewSessions(agent.Options{
			Store:      &agenttest.MemoryStore{},
			Model:      func(string) (agent.Model, agent.ModelInfo, error) { return silent{}, agent.ModelInfo{}, nil },
			SmallModel: func() (agent.Model, agent.ModelInfo) { return nil, agent.ModelInfo{} },
			Equip: func(context.Context, *agent.Session, agent.Profile, agent.ModelInfo) (agent.Equipment, error) {
				return agent.Equipment{Tools: tools.NewSet()}, nil
			},
		})
		defer sessions.Close()
		root, err := sessions.New(t.Context(), agent.Start{})
		if err != nil {
			t.Fatal(err)
		}
		ours, theirs := net.Pipe()
		told := make(chan message, 16)
		c := newConn(ours)
		defer c.finish()
		defer theirs.Close()
		go c.read(t.Context(), nil)
		go dismissing(theirs, told)
		f(t, &session{server: &Server{conn: c}, ctx: t.Context(), root: root, files: &files{}}, told)
	})
}

// The outcome cancelled ends the turn that has asked, and no other.
func TestDismissed(t *testing.T) {
	bubble(t, func(t *testing.T, one *session, _ <-chan message) {
		turn, err := one.root.Prompt(agent.Prompt{Text: "x"})
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		a := newAsker(one)
		q := agent.OpenQuestion{ID: "1", Tool: "bash", Call: "c", Kind: agent.KindPermission}
		a.permission(t.Context(), one.root, "an earlier turn", q)
		synctest.Wait()
		if one.root.Busy() != turn {
			t.Error("the question of an earlier turn cancelled this one")
		}
		a.permission(t.Context(), one.root, turn, q)
		synctest.Wait()
		if one.root.Busy() != "" {
			t.Error("the turn goes on")
		}
	})
}

// Another description of a command is news, as another name is; the same ones again are not.
func TestCommandsChange(t *testing.T) {
	bubble(t, func(t *testing.T, one *session, told <-chan message) {
		list := []Command{{Name: "a", Description: "one"}}
		one.agent = &Agent{Commands: func() []Command { return list }}
		expect := func(part string) {
			t.Helper()
			one.commands()
			synctest.Wait()
			select {
			case m := <-told:
				if part == "" || !strings.Contains(string(m.Params), part) {
					t.Errorf("the client is told %s, want %q", m.Params, part)
				}
			default:
				if part != "" {
					t.Errorf("the client is not told of %q", part)
				}
			}
		}
		expect(`"description":"one"`)
		expect("")
		list = []Command{{Name: "a", Description: "two"}}
		expect(`"description":"two"`)
		list = []Command{{Name: "b", Description: "two"}}
		expect(`"name":"b"`)
		expect("")
	})
}
