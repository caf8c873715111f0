package acp

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/permission"
)

// prompt begins a turn in the order of the messages, so that a cancel which follows it finds it, and answers when all of the
// turn was sent.
func (s *Server) prompt(p promptParams) (any, error) {
	one, err := s.find(p.SessionID)
	if err != nil {
		return nil, err
	}
	made, err := promptOf(one.files.dir(), p.Prompt)
	if err != nil {
		return nil, err
	}
	if run, ok := one.builtin(made); ok {
		return one.besides(run)
	}
	one.trust.Do(one.askTrust)
	made.Agent, made.Model = one.choices()
	turn, end, err := one.await(made)
	if err != nil {
		return nil, &Error{Code: codeInvalidRequest, Message: err.Error()}
	}
	return later(func(ctx context.Context) (any, error) {
		defer context.AfterFunc(ctx, func() { one.root.CancelTurn(turn) })()
		return one.stopped(<-end)
	}), nil
}

// choices are the agent and the model that the client has chosen since the last prompt; the session keeps them.
func (one *session) choices() (mode, model string) {
	one.mu.Lock()
	defer one.mu.Unlock()
	return one.mode, one.model
}

// stopped is the answer to a prompt. ACP has no stop reason for a turn that failed: that is an error.
func (one *session) stopped(end ending) (any, error) {
	reason := "end_turn"
	switch {
	case end.Status == agent.Cancelled:
		reason = "cancelled"
	case end.Status == agent.Failed:
		return nil, &Error{Code: codeInternal, Message: oneLine(end.Error)}
	case end.finish == "length":
		reason = "max_tokens"
	}
	spent := one.root.Info().Spent
	return map[string]any{"stopReason": reason, "usage": map[string]int64{
		"totalTokens": spent.Input + spent.Output, "inputTokens": spent.Input, "outputTokens": spent.Output,
		"thoughtTokens": spent.Reasoning, "cachedReadTokens": spent.Cached,
	}}, nil
}

// cancel ends what runs in a session. The prompt that started it is answered with the stop reason cancelled.
func (s *Server) cancel(p sessionParams) (any, error) {
	one, err := s.find(p.SessionID)
	if err != nil {
		return nil, err
	}
	one.root.Cancel()
	one.mu.Lock()
	defer one.mu.Unlock()
	if one.aside != nil {
		one.aside()
	}
	return nil, nil
}

// builtins are the slash commands of this front; one of the same name in the configuration counts before.
var builtins = map[string]struct {
	description string
	run         func(one *session, ctx context.Context) (string, error)
}{
	"compact": {"Shorten the conversation; a summary stands for its older part", (*session).compact},
	"undo":    {"Take back what the last turn changed; your own edits stay", (*session).undo},
	"redo":    {"Take the last undo back", (*session).redo},
}

// allCommands are the slash commands that there are, by name.
func (one *session) allCommands() []Command {
	list := one.agent.Commands()
	for name, b := range builtins {
		if !slices.ContainsFunc(list, func(c Command) bool { return c.Name == name }) {
			list = append(list, Command{Name: name, Description: b.description})
		}
	}
	slices.SortFunc(list, func(a, b Command) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// builtin finds the command of this front that a prompt is.
func (one *session) builtin(p agent.Prompt) (run func(context.Context) (string, error), ok bool) {
	name, ok := strings.CutPrefix(strings.TrimSpace(p.Text), "/")
	b, known := builtins[name]
	if !ok || !known || slices.ContainsFunc(one.agent.Commands(), func(c Command) bool { return c.Name == name }) {
		return nil, false
	}
	return func(ctx context.Context) (string, error) { return b.run(one, ctx) }, true
}

// besides runs a command of this front, which session/cancel ends, and shows what came of it.
func (one *session) besides(run func(context.Context) (string, error)) (any, error) {
	one.mu.Lock()
	defer one.mu.Unlock()
	if one.aside != nil || one.root.Busy() != "" {
		return nil, &Error{Code: codeInvalidRequest, Message: "the session is busy; cancel its turn first"}
	}
	aside, cancel := context.WithCancel(one.ctx)
	one.aside = cancel
	return later(func(ctx context.Context) (any, error) {
		defer context.AfterFunc(ctx, cancel)()
		text, err := run(aside)
		cancelled := aside.Err() != nil
		one.mu.Lock()
		one.aside = nil
		one.mu.Unlock()
		cancel()
		switch {
		case cancelled:
			return map[string]string{"stopReason": "cancelled"}, nil
		case err != nil:
			text = err.Error()
		}
		one.update(chunk{Update: "agent_message_chunk", Content: textBlock(permission.Visible(text))})
		return map[string]string{"stopReason": "end_turn"}, nil
	}), nil
}

func (one *session) compact(ctx context.Context) (string, error) {
	done, err := one.root.Compact(ctx)
	if err == nil && !done {
		return "There is nothing to shorten yet.", nil
	}
	return "The conversation is shortened; a summary stands for its older part.", err
}

func (one *session) undo(ctx context.Context) (string, error) {
	r, err := one.root.Undo(ctx, "")
	return one.reversed("Undone", r), err
}

func (one *session) redo(ctx context.Context) (string, error) {
	r, err := one.root.Redo(ctx)
	return one.reversed("Redone", r), err
}

// reversed says what an undo or a redo came to.
func (one *session) reversed(done string, r agent.Reversal) string {
	names := []string{}
	for _, f := range r.Files {
		names = append(names, one.files.name(f))
	}
	text := done + ": nothing."
	if len(names) > 0 {
		text = done + ": " + oneLine(strings.Join(names, ", ")) + "."
	}
	for _, k := range r.Kept {
		text += fmt.Sprintf("\n\nNot %s: %s: %s.", strings.ToLower(done), oneLine(one.files.name(k.Path)), oneLine(k.Why))
	}
	return text
}
