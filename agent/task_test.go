package agent_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/tools"
)

func task(args string) tools.Call { return tools.Call{Name: "task", Arguments: args} }

const lookup = `{"description":"look it up","prompt":"Where is it?","subagent_type":"finder"`

// taskBench is a bench whose agents may call the agent finder.
func taskBench(t *testing.T, replies ...reply) *bench {
	b := newBench(t, replies...).allow()
	b.agents = []agent.Profile{{Name: "finder", Mode: agent.Subagent, Description: "finds\nthings"}}
	b.open()
	return b
}

func TestTask(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := taskBench(t,
			reply{calls: []tools.Call{task(lookup + "}")}},
			reply{text: "Here it is."},
			reply{text: "Found."})
		s := b.session()
		if end := b.ended(s, "go"); end.Text != "Found." {
			t.Fatalf("end = %+v", end)
		}
		children, err := b.sessions.Children(t.Context(), s.ID())
		if err != nil || len(children) != 1 || children[0].Agent != "finder" || children[0].Title != "look it up" {
			t.Fatalf("children = %+v, %v", children, err)
		}
		if got, want := b.results(s.ID()), "Here it is.\n\ntask_id: "+children[0].ID; len(got) != 1 || got[0] != want {
			t.Errorf("results = %q, want %q", got, want)
		}
		if list, _ := b.sessions.List(t.Context()); len(list) != 1 || list[0].ID != s.ID() {
			t.Errorf("the list shows %+v", list)
		}
		// The child sees its prompt alone, and goes on where it is called again.
		b.model.replies = []reply{
			{calls: []tools.Call{task(lookup + `,"task_id":"` + children[0].ID + `"}`)}}, {text: "Still here."}, {text: "Good."},
		}
		b.ended(s, "again")
		child := b.model.requests[4].Messages
		if len(child) != 3 || child[0].Text != "Where is it?" || child[1].Text != "Here it is." {
			t.Errorf("the child read %+v", child)
		}
		if _, err := b.sessions.Delete(t.Context(), s.ID()); err != nil {
			t.Fatal(err)
		}
		if left, _ := b.store.List(t.Context(), ""); len(left) > 0 {
			t.Errorf("left over: %+v", left)
		}
		b.check()
	})
}

func TestTaskRefused(t *testing.T) {
	for name, c := range map[string]struct{ args, want string }{
		"unknown agent": {`{"description":"x","prompt":"y","subagent_type":"nobody"}`, `no agent "nobody" to call; the agents are finder`},
		"no prompt":     {`{"description":"x","prompt":" ","subagent_type":"finder"}`, "prompt is empty"},
		"unknown task":  {lookup + `,"task_id":"ses_1"}`, `no task "ses_1"; leave task_id out`},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				b := taskBench(t, reply{calls: []tools.Call{task(c.args)}}, reply{text: "Well."})
				s := b.session()
				b.ended(s, "go")
				if got := b.results(s.ID()); len(got) != 1 || !strings.Contains(got[0], c.want) {
					t.Errorf("results = %q, want %q", got, c.want)
				}
				b.check()
			})
		})
	}
}

// An agent that was called calls no other one beyond the depth, and a task of another session is none of this one's.
func TestTaskBounds(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := taskBench(t,
			reply{calls: []tools.Call{task(lookup + "}")}}, reply{calls: []tools.Call{task(lookup + "}")}}, reply{text: "I did it."}, reply{text: "Done."})
		s := b.session()
		b.ended(s, "go")
		children, err := b.sessions.Children(t.Context(), s.ID())
		if err != nil || len(children) != 1 {
			t.Fatalf("children = %+v, %v", children, err)
		}
		if got := b.results(children[0].ID); len(got) != 1 || !strings.Contains(got[0], "subagent_depth is 1") {
			t.Errorf("the child's results = %q", got)
		}
		other, err := b.sessions.New(t.Context(), agent.Start{})
		if err != nil {
			t.Fatal(err)
		}
		b.model.replies = []reply{{calls: []tools.Call{task(lookup + fmt.Sprintf(`,"task_id":%q}`, children[0].ID))}}, {text: "Well."}}
		b.ended(other, "steal")
		if got := b.results(other.ID()); len(got) != 1 || !strings.Contains(got[0], "has no task") {
			t.Errorf("results = %q", got)
		}
		b.check()
	})
}

// A failed child is a failed call; the parent's turn goes on.
func TestTaskFails(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := taskBench(t, reply{calls: []tools.Call{task(lookup + "}")}}, reply{err: &agent.ModelError{Message: "no such model"}}, reply{text: "I see."})
		s := b.session()
		if end := b.ended(s, "go"); end.Status != agent.Done {
			t.Fatalf("end = %+v", end)
		}
		if got := b.results(s.ID()); len(got) != 1 || !strings.HasPrefix(got[0], "The task failed: no such model.") {
			t.Errorf("results = %q", got)
		}
		b.check()
	})
}

// A store that fails while tasks run loses no goroutine and no result.
func TestTaskStoreFails(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := taskBench(t, reply{calls: []tools.Call{task(lookup + "}"), task(lookup + "}")}}, reply{text: "one"}, reply{text: "two"}, reply{text: "Done."})
		s := b.session()
		var once atomic.Bool
		b.store.set(func(e agent.Event) bool {
			return e.Type == agent.CallDone && e.SessionID == s.ID() && once.CompareAndSwap(false, true)
		})
		if end := b.ended(s, "go"); end.Status != agent.Failed {
			t.Errorf("end = %+v", end)
		}
		b.check()
	})
}
