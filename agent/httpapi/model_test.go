package httpapi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"strings"
	"sync"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/agent/agenttest"
)

// model plays a script without a wire between: the real client would make the fuzz target's program a large one.
type model struct {
	mu       sync.Mutex
	steps    []agenttest.Step
	requests []json.RawMessage
	calls    int
}

// Requests are what the model was asked.
func (m *model) Requests() []json.RawMessage {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.requests
}

func (m *model) take(req agent.Request) (agenttest.Step, int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	data, err := json.Marshal(req)
	if err != nil {
		return agenttest.Step{}, 0, err
	}
	m.requests = append(m.requests, data)
	if len(req.Tools) == 0 {
		return agenttest.Step{Text: "Scripted summary"}, 0, nil
	}
	if len(m.steps) == 0 {
		return agenttest.Step{Text: "The script is used up."}, 0, nil
	}
	step := m.steps[0]
	m.steps = m.steps[1:]
	m.calls += len(step.Calls)
	return step, m.calls, nil
}

// Stream implements agent.Model.
func (m *model) Stream(ctx context.Context, req agent.Request) iter.Seq2[agent.Delta, error] {
	return func(yield func(agent.Delta, error) bool) {
		step, n, err := m.take(req)
		if err == nil && step.Status != 0 {
			err = &agent.ModelError{Message: step.Message, Status: step.Status}
		}
		if err != nil {
			yield(agent.Delta{}, err)
			return
		}
		for _, piece := range strings.SplitAfter(step.Think, " ") {
			if piece != "" && !yield(agent.Delta{Reasoning: piece}, nil) {
				return
			}
		}
		if step.Think != "" && !yield(agent.Delta{Thought: &agent.Reasoning{Text: step.Think}}, nil) {
			return
		}
		for _, piece := range strings.SplitAfter(step.Text, " ") {
			if piece != "" && !yield(agent.Delta{Text: piece}, nil) {
				return
			}
		}
		for i, c := range step.Calls {
			if !yield(agent.Delta{Call: &agent.CallDelta{Index: i, ID: fmt.Sprintf("call_%d", n+i), Name: c.Name, Arguments: c.Arguments}}, nil) {
				return
			}
		}
		if step.End == agenttest.Hang {
			<-ctx.Done()
			yield(agent.Delta{}, context.Cause(ctx))
			return
		}
		finish := "stop"
		if len(step.Calls) > 0 {
			finish = "tool_calls"
		}
		yield(agent.Delta{Usage: &agent.Usage{Input: 10, Output: 2}, Finish: finish}, nil)
	}
}
