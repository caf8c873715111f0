package agent

import (
	"cmp"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/opencode-lsp/opencode-lsp/permission"
	"github.com/opencode-lsp/opencode-lsp/tools"
)

//go:embed task.md
var taskText string

// taskArgs are OpenCode's parameters of the task tool.
type taskArgs struct {
	Description string `json:"description" jsonschema:"The task in three to five words."`
	Prompt      string `json:"prompt" jsonschema:"All that the agent must know: it sees nothing else."`
	Agent       string `json:"subagent_type" jsonschema:"The agent's name."`
	Task        string `json:"task_id,omitempty" jsonschema:"Go on with an earlier task of this session."`
}

// TaskTool lets the session's model hand work to another agent, which does it in a child session. agents are those that it
// may choose from, in the order of the tool's description; depth is how many sessions may stand below one another.
func (m *Sessions) TaskTool(s *Session, agents []Profile, depth int) tools.Tool {
	var list strings.Builder
	for _, p := range agents {
		fmt.Fprintf(&list, "\n- %s: %s", p.Name, cmp.Or(oneLine(p.Description), "no description"))
	}
	t := &taskTool{sessions: m, parent: s, agents: agents, depth: depth, below: m.below(s)}
	return tools.SideBySide(tools.Define("task", strings.TrimSpace(taskText)+list.String(), t.prepare))
}

type taskTool struct {
	sessions *Sessions
	parent   *Session
	agents   []Profile
	depth    int
	below    int // how deep the parent itself stands
}

func (t *taskTool) prepare(_ context.Context, a taskArgs) (tools.Op, error) {
	at := slices.IndexFunc(t.agents, func(p Profile) bool { return p.Name == a.Agent })
	switch {
	case at < 0:
		return nil, fmt.Errorf("task: there is no agent %q to call; the agents are %s", a.Agent, names(t.agents))
	case strings.TrimSpace(a.Prompt) == "":
		return nil, errors.New("task: prompt is empty; say all that the agent must know")
	case t.below >= t.depth:
		return nil, fmt.Errorf("task: this agent was itself called by another one and may call none (subagent_depth is %d); do the work yourself", t.depth)
	}
	return &taskOp{t, a}, nil
}

func names(agents []Profile) string {
	var list []string
	for _, p := range agents {
		list = append(list, p.Name)
	}
	return cmp.Or(strings.Join(list, ", "), "none")
}

// taskOp is one task.
type taskOp struct {
	*taskTool
	args taskArgs
}

func (o *taskOp) Access() permission.Access {
	return permission.Access{
		Tool: "task", Subject: o.args.Agent + ": " + oneLine(o.args.Description),
		Items:   []permission.Item{{Permission: "task", Values: []string{o.args.Agent}, Always: o.args.Agent}},
		Preview: permission.Preview{Kind: "text", Text: o.args.Prompt},
		Notes:   []string{"What it does is asked about as if this session did it."},
	}
}

// Run gives the task to a child session and waits for the end of its turn. What the child changed counts as changed by
// this call, so that one undo takes back the whole.
func (o *taskOp) Run(ctx context.Context, w io.Writer) (tools.Result, error) {
	child, err := o.child(ctx)
	if err != nil {
		return tools.Result{}, err
	}
	turn, err := child.Prompt(Prompt{Text: o.args.Prompt, Literal: true, Agent: o.args.Agent})
	if err != nil {
		return tools.Result{}, err
	}
	stop := context.AfterFunc(ctx, func() { child.Cancel() })
	defer stop()
	result, err := o.follow(child, turn, w)
	o.rest(child)
	return result, err
}

// rest leaves a child that has done its task to the store. While the parent is being closed that is not for us to do.
func (o *taskOp) rest(child *Session) {
	leave, err := o.sessions.enter(o.parent.ctx)
	if err != nil {
		return
	}
	defer leave()
	if child.Busy() == "" {
		o.sessions.retire(child.id)
	}
}

// child is the session that does the work: with the parent's model, unless its agent has one of its own.
func (o *taskOp) child(ctx context.Context) (*Session, error) {
	if o.args.Task != "" {
		return o.resume(ctx)
	}
	start := Start{Title: o.args.Description, Agent: o.args.Agent, Parent: o.parent.id}
	if i := slices.IndexFunc(o.agents, func(p Profile) bool { return p.Name == o.args.Agent }); o.agents[i].Model == "" {
		start.Model = o.parent.turn.info.Name
	}
	return o.sessions.New(ctx, start)
}

// resume is an earlier task of the same parent and agent.
func (o *taskOp) resume(ctx context.Context) (*Session, error) {
	info, err := o.sessions.Info(ctx, o.args.Task)
	if err != nil || info.Parent != o.parent.id {
		return nil, fmt.Errorf("task: this session has no task %q; leave task_id out to start a new one", o.args.Task)
	}
	if info.Agent != o.args.Agent {
		return nil, fmt.Errorf("task: %s is a task of the agent %q; call that one", info.ID, info.Agent)
	}
	return o.sessions.Open(ctx, info.ID)
}

// follow tells what the child does until its turn has ended, whatever ends it: a cancelled child writes its end first.
func (o *taskOp) follow(child *Session, turn string, w io.Writer) (tools.Result, error) {
	result := tools.Result{Title: o.args.Agent + ": " + oneLine(o.args.Description)}
	for e := range child.Events(context.Background(), child.Replayed()) {
		if e.Turn != turn {
			continue
		}
		switch e.Type {
		case CallStarted:
			fmt.Fprintf(w, "%s: %s\n", o.args.Agent, e.Call.Name)
		case CallDone:
			result.Changes = append(result.Changes, e.Result.Changes...)
		case TurnEnded:
			result.Files = e.End.Files
			return o.ended(child, *e.End, result)
		}
	}
	return result, ErrClosed
}

// ended words the outcome for the parent's model. A rejection in the child is one of the parent, too: the user's no ends
// the turn.
func (o *taskOp) ended(child *Session, end TurnEnd, result tools.Result) (tools.Result, error) {
	switch end.Status {
	case Done:
		result.Text = cmp.Or(strings.TrimSpace(end.Text), "The agent gave no answer.")
	case Rejected:
		result.Text = "The user rejected something that this task wanted to do; it ended there."
		return result, &permission.RejectedError{}
	case Cancelled:
		result.Text, result.Error = "The user cancelled this task.", true
	default:
		result.Text, result.Error = "The task failed: "+end.Error+".", true
	}
	result.Text += "\n\ntask_id: " + child.id
	return result, nil
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
