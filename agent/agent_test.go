package agent_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/agent/agenttest"
	"github.com/opencode-lsp/opencode-lsp/permission"
	"github.com/opencode-lsp/opencode-lsp/tools"
)

// reply is one answer of the scripted model.
type reply struct {
	text  string
	calls []tools.Call
	err   error // after the text
	hang  bool  // after the text, until the context ends
}

// script is a model that plays replies in order and keeps what it was asked.
type script struct {
	mu       sync.Mutex
	replies  []reply
	requests []agent.Request
	// limit, if set, is the most that a request may take, in tokens of four bytes of JSON; refused counts those above.
	limit, refused int
	// perToken, if set, lets it count that many tokens where the rule of thumb has one.
	perToken float64
	// summary answers requests without tools; nil: a few words.
	summary func(agent.Request) reply
}

func (m *script) take(req agent.Request) reply {
	m.mu.Lock()
	defer m.mu.Unlock()
	req.Messages = slices.Clone(req.Messages)
	m.requests = append(m.requests, req)
	if size, _ := json.Marshal(req); m.limit > 0 && len(size)/4 > m.limit {
		m.refused++
		return reply{err: &agent.ModelError{Message: "too long", Overflow: true}}
	}
	if len(req.Tools) == 0 && m.summary != nil {
		return m.summary(req)
	}
	if len(m.replies) == 0 {
		return reply{text: "nothing left to say"}
	}
	r := m.replies[0]
	m.replies = m.replies[1:]
	return r
}

func (m *script) Stream(ctx context.Context, req agent.Request) iter.Seq2[agent.Delta, error] {
	return func(yield func(agent.Delta, error) bool) {
		r := m.take(req)
		for _, piece := range strings.SplitAfter(r.text, " ") {
			if !yield(agent.Delta{Text: piece}, nil) {
				return
			}
		}
		if r.hang {
			<-ctx.Done()
			r.err = ctx.Err()
		}
		if r.err != nil {
			yield(agent.Delta{}, r.err)
			return
		}
		for i, c := range r.calls {
			if !yield(agent.Delta{Call: &agent.CallDelta{Index: i, ID: c.ID, Name: c.Name, Arguments: c.Arguments}}, nil) {
				return
			}
		}
		if size, _ := json.Marshal(req); m.perToken > 0 {
			yield(agent.Delta{Usage: &agent.Usage{Input: int64(float64(len(size)) / 4 * m.perToken)}}, nil)
		}
	}
}

// asked are the messages of the last request.
func (m *script) asked() []agent.Message {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.requests) == 0 {
		return nil
	}
	return m.requests[len(m.requests)-1].Messages
}

// faultyStore fails appends while fail says so.
type faultyStore struct {
	agenttest.MemoryStore
	mu   sync.Mutex
	fail func(agent.Event) bool
}

var errDiskFull = errors.New("the disk is full")

func (s *faultyStore) set(fail func(agent.Event) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = fail
}

func (s *faultyStore) Append(ctx context.Context, id string, events ...agent.Event) error {
	s.mu.Lock()
	fail := s.fail
	s.mu.Unlock()
	if fail != nil && slices.ContainsFunc(events, fail) {
		return errDiskFull
	}
	return s.MemoryStore.Append(ctx, id, events...)
}

// bench is a workspace of sessions with tools that say what happened to them.
type bench struct {
	*testing.T
	store    *faultyStore
	model    *script
	small    agent.Model
	sessions *agent.Sessions
	rules    []permission.Rule
	settle   func(context.Context, *agent.Session)
	maxSteps int
	info     agent.ModelInfo
	shorten  agent.Compaction
	agents   []agent.Profile // that the task tool may call; none: there is no task tool
	reverter agent.Reverter
	expand   func(context.Context, agent.Prompt) (agent.Expansion, error)
	profiles map[string]agent.Profile
	run      func(ctx context.Context, w io.Writer, word string) (tools.Result, error) // of the tool "do"
}

type doArgs struct {
	Word string `json:"word"`
}

func newBench(t *testing.T, replies ...reply) *bench {
	b := &bench{T: t, store: &faultyStore{}, model: &script{replies: replies}, shorten: agent.Compaction{Auto: true}}
	b.info.Name = "scripted/model"
	b.run = func(_ context.Context, w io.Writer, word string) (tools.Result, error) {
		fmt.Fprintf(w, "doing %s\n", word)
		return tools.Result{Text: "did " + word}, nil
	}
	b.open()
	return b
}

// open starts another process on the same store.
func (b *bench) open() {
	b.sessions = agent.NewSessions(agent.Options{
		Directory: "/ws", Store: b.store,
		Model: func(string) (agent.Model, agent.ModelInfo, error) {
			return b.model, b.info, nil
		},
		SmallModel: func() (agent.Model, agent.ModelInfo) { return b.small, agent.ModelInfo{Name: "scripted/small"} },
		Compaction: func() agent.Compaction { return b.shorten },
		Equip: func(_ context.Context, s *agent.Session, _ agent.Profile, _ agent.ModelInfo) (agent.Equipment, error) {
			return agent.Equipment{Tools: b.tools(s), System: "system", Gate: &permission.Gate{
				Policy: func() permission.Policy { return permission.Policy{Layers: []permission.Layer{{Rules: b.rules}}} },
				Asker:  s, Workspace: "/ws", Session: s.ID(),
			}}, nil
		},
		Settle: b.settle, MaxSteps: b.maxSteps, Reverter: reverterOf{b}, Expand: b.expand,
		Profile: func(name string) (agent.Profile, error) {
			p := b.profiles[name]
			p.Name = name
			return p, nil
		},
	})
}

// reverterOf is the reverter that the bench has by the time it is asked.
type reverterOf struct{ *bench }

func (r reverterOf) Revert(ctx context.Context, path string, groups [][]tools.Applied) ([]tools.Applied, error) {
	return r.reverter.Revert(ctx, path, groups)
}

func (b *bench) tools(s *agent.Session) *tools.Set {
	set := []tools.Tool{tools.Define("do", "does a word", func(_ context.Context, a doArgs) (tools.Op, error) {
		if a.Word == "bad" {
			return nil, errors.New("a bad word; choose another")
		}
		if a.Word == "panic early" {
			panic(a.Word)
		}
		access := permission.Access{Tool: "do", Subject: a.Word, Items: []permission.Item{{Permission: "do", Values: []string{a.Word}}}}
		return tools.NewOp(access, func(ctx context.Context, w io.Writer) (tools.Result, error) { return b.run(ctx, w, a.Word) }), nil
	})}
	if len(b.agents) > 0 {
		set = append(set, b.sessions.TaskTool(s, b.agents, 1))
	}
	return tools.NewSet(set...)
}

// allow permits everything.
func (b *bench) allow() *bench {
	b.rules = []permission.Rule{{Permission: "*", Pattern: "*", Action: permission.Allow}}
	return b
}

func (b *bench) session() *agent.Session {
	b.Helper()
	s, err := b.sessions.Current(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	return s
}

func (b *bench) prompt(s *agent.Session, text string) string {
	b.Helper()
	turn, err := s.Prompt(agent.Prompt{Text: text})
	if err != nil {
		b.Fatal(err)
	}
	return turn
}

// ended prompts and returns how the turn ended.
func (b *bench) ended(s *agent.Session, text string) agent.TurnEnd {
	b.Helper()
	return b.end(s, b.prompt(s, text))
}

func (b *bench) end(s *agent.Session, turn string) agent.TurnEnd {
	b.Helper()
	end, err := s.Wait(b.Context(), turn)
	if err != nil {
		b.Fatal(err)
	}
	return end
}

// question waits for the only open question.
func (b *bench) question() agent.Question {
	b.Helper()
	synctest.Wait()
	open := b.sessions.Pending()
	if len(open) != 1 {
		b.Fatalf("%d questions are open, want 1", len(open))
	}
	return open[0]
}

// check closes the sessions and checks what must hold of every transcript, however it came about.
func (b *bench) check() {
	b.Helper()
	b.sessions.Close()
	list, err := b.store.List(b.Context(), "")
	if err != nil {
		b.Fatal(err)
	}
	for _, info := range list {
		events, err := agenttest.Events(b.Context(), b.store, info.ID)
		if err != nil {
			b.Fatal(err)
		}
		checkTranscript(b.T, events)
	}
}

// checkTranscript: Seq counts from 1 without holes; every call of a message has exactly one result, before the next
// message; questions are answered once; turns end once, and within them everything happens.
func checkTranscript(t *testing.T, events []agent.Event) {
	t.Helper()
	var calls, questions []string
	turn := ""
	for i, e := range events {
		if e.Seq != int64(i+1) {
			t.Errorf("event %d has Seq %d", i+1, e.Seq)
		}
		switch e.Type {
		case agent.TurnStarted:
			if turn != "" || len(calls)+len(questions) > 0 {
				t.Errorf("turn %s starts while turn %q, calls %v, questions %v are open", e.Turn, turn, calls, questions)
			}
			turn = e.Turn
		case agent.TurnEnded:
			if e.Turn != turn || len(calls)+len(questions) > 0 {
				t.Errorf("turn %s ends; open are turn %q, calls %v, questions %v", e.Turn, turn, calls, questions)
			}
			turn = ""
		case agent.MessageDone:
			if len(calls) > 0 {
				t.Errorf("a message while calls %v have no result", calls)
			}
			for _, c := range e.Message.Calls {
				calls = append(calls, c.ID)
			}
		case agent.CallStarted:
			if strings.HasPrefix(e.Call.ID, "prompt_") { // a prompt's own
				calls = append(calls, e.Call.ID)
			}
		case agent.CallDone:
			if len(calls) == 0 && strings.HasPrefix(e.Result.Call, "prompt_") && e.Result.Error {
				continue // refused before it began
			}
			if len(calls) == 0 || calls[0] != e.Result.Call {
				t.Errorf("result of %s; open are %v", e.Result.Call, calls)
				continue
			}
			calls = calls[1:]
		case agent.Asked:
			questions = append(questions, e.Question.ID)
		case agent.Answered:
			if !slices.Contains(questions, e.Answer.ID) {
				t.Errorf("answer to %s; open are %v", e.Answer.ID, questions)
			}
			questions = slices.DeleteFunc(questions, func(id string) bool { return id == e.Answer.ID })
		}
	}
	if turn != "" || len(calls)+len(questions) > 0 {
		t.Errorf("at the end are open: turn %q, calls %v, questions %v", turn, calls, questions)
	}
}

func do(word string) tools.Call {
	return tools.Call{Name: "do", Arguments: fmt.Sprintf(`{"word":%q}`, word)}
}

// events are the stored events of a session.
func (b *bench) events(id string) []agent.Event {
	b.Helper()
	events, err := agenttest.Events(b.Context(), b.store, id)
	if err != nil {
		b.Fatal(err)
	}
	return events
}

// results are the texts of all results of a session.
func (b *bench) results(id string) []string {
	b.Helper()
	var texts []string
	for _, e := range b.events(id) {
		if e.Type == agent.CallDone {
			texts = append(texts, e.Result.Text)
		}
	}
	return texts
}
