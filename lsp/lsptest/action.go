package lsptest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	protocol "github.com/tliron/glsp/protocol_3_16"
)

// Problem is a diagnostic of some other server, in bytes of the buffer.
type Problem struct {
	Start, End int
	Severity   int // 1 error … 4 hint; 0 means 1
	Source     string
	Message    string
}

// Command is what a code action runs.
type Command struct {
	Title     string            `json:"title"`
	Command   string            `json:"command"`
	Arguments []json.RawMessage `json:"arguments"`
}

// Action is a code action, or a bare command.
type Action struct {
	Title       string
	Kind        string
	IsPreferred bool
	Disabled    bool
	Command     *Command
	Edit        json.RawMessage
	Raw         json.RawMessage // as it came
}

// CodeActions asks for the actions at the bytes [start, end) of a buffer, with the problems that lie there. It leaves out
// those that Zed would: whose command is not among the server's.
func (e *Editor) CodeActions(ctx context.Context, path string, start, end int, problems ...Problem) ([]Action, error) {
	e.mu.Lock()
	d, err := e.document(path)
	if err != nil {
		e.mu.Unlock()
		return nil, err
	}
	params := map[string]any{
		"textDocument": map[string]string{"uri": e.URI(path)},
		"range":        e.rangeOf(d.text, start, end),
		"context":      map[string]any{"diagnostics": e.diagnostics(d.text, problems), "triggerKind": 1},
	}
	e.mu.Unlock()
	var raw []json.RawMessage
	if err := e.Start(protocol.MethodTextDocumentCodeAction, params).Wait(ctx, &raw); err != nil {
		return nil, err
	}
	actions := make([]Action, 0, len(raw))
	for _, item := range raw {
		a, err := readAction(item)
		if err != nil {
			return nil, err
		}
		if e.listed(a) {
			actions = append(actions, a)
		}
	}
	return actions, nil
}

// readAction reads a member of the answer: with a string as command it is a bare Command.
func readAction(raw json.RawMessage) (Action, error) {
	var a struct {
		Title       string          `json:"title"`
		Kind        string          `json:"kind"`
		IsPreferred bool            `json:"isPreferred"`
		Disabled    json.RawMessage `json:"disabled"`
		Command     json.RawMessage `json:"command"`
		Edit        json.RawMessage `json:"edit"`
	}
	if err := json.Unmarshal(raw, &a); err != nil {
		return Action{}, fmt.Errorf("read code action: %w", err)
	}
	action := Action{a.Title, a.Kind, a.IsPreferred, a.Disabled != nil, nil, a.Edit, raw}
	var c Command
	switch {
	case a.Command == nil:
		return action, nil
	case a.Command[0] == '"':
		return action, readInto(raw, &c, &action.Command)
	}
	return action, readInto(a.Command, &c, &action.Command)
}

func readInto(raw json.RawMessage, c *Command, to **Command) error {
	*to = c
	if err := json.Unmarshal(raw, c); err != nil {
		return fmt.Errorf("read the command of a code action: %w", err)
	}
	return nil
}

// listed reports whether every editor would show the action.
func (e *Editor) listed(a Action) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case a.Disabled:
		e.complainLocked("code action %q is disabled: Helix removes it, Zed shows it as any other", a.Title)
	case a.Command == nil && a.Edit == nil:
		e.complainLocked("code action %q has neither command nor edit", a.Title)
	case a.Command != nil && !slices.Contains(e.server.commands, a.Command.Command):
		e.complainLocked("code action %q runs %s, which is not in executeCommandProvider", a.Title, a.Command.Command)
		return false
	}
	return true
}

func (e *Editor) rangeOf(text string, start, end int) protocol.Range {
	return protocol.Range{Start: e.server.encoding.position(text, start), End: e.server.encoding.position(text, end)}
}

// diagnostics are problems as LSP has them.
func (e *Editor) diagnostics(text string, problems []Problem) []map[string]any {
	all := make([]map[string]any, 0, len(problems))
	for _, p := range problems {
		all = append(all, map[string]any{"range": e.rangeOf(text, p.Start, p.End), "severity": max(p.Severity, 1),
			"source": p.Source, "message": p.Message})
	}
	return all
}

// ReportProblems tells the server of another server's diagnostics (opencode/diagnostics), as our plugins do.
func (e *Editor) ReportProblems(path string, problems ...Problem) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	d, err := e.document(path)
	if err != nil {
		return err
	}
	e.flush()
	e.Notify("opencode/diagnostics", map[string]any{"uri": e.URI(path), "diagnostics": e.diagnostics(d.text, problems)})
	return nil
}

// Run runs an action as editors do: its edit first, then its command.
func (e *Editor) Run(ctx context.Context, a Action) (json.RawMessage, error) {
	if a.Edit != nil {
		var edit workspaceEdit
		if err := json.Unmarshal(a.Edit, &edit); err != nil {
			return nil, fmt.Errorf("read the edit of %q: %w", a.Title, err)
		}
		if _, err := e.applyAll(edit.documents()); err != nil {
			return nil, err
		}
	}
	if a.Command == nil {
		return nil, nil
	}
	args := make([]any, 0, len(a.Command.Arguments))
	for _, arg := range a.Command.Arguments {
		args = append(args, arg)
	}
	return e.Command(ctx, a.Command.Command, args...)
}

// Command runs a server's command (workspace/executeCommand) and waits for its result.
func (e *Editor) Command(ctx context.Context, name string, args ...any) (json.RawMessage, error) {
	var result json.RawMessage
	return result, e.StartCommand(name, args...).Wait(ctx, &result)
}

// StartCommand runs a command without waiting.
func (e *Editor) StartCommand(name string, args ...any) *Call {
	if args == nil {
		args = []any{}
	}
	return e.Start(protocol.MethodWorkspaceExecuteCommand, map[string]any{"command": name, "arguments": args})
}

// FindAction is the action whose title is or begins with want; the "OpenCode: " before it may be left out.
func FindAction(actions []Action, want string) (Action, error) {
	titles := make([]string, 0, len(actions))
	for _, a := range actions {
		titles = append(titles, strings.TrimPrefix(a.Title, "OpenCode: "))
	}
	i, err := choose(titles, strings.TrimPrefix(want, "OpenCode: "))
	if err != nil {
		return Action{}, err
	}
	return actions[i], nil
}
