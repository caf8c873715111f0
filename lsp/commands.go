package lsp

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sourcegraph/jsonrpc2"

	"github.com/opencode-lsp/opencode-lsp/agent"
)

// command runs one entry of workspace/executeCommand with its argument object.
type command func(ctx context.Context, s *Server, a *Agent, arg json.RawMessage) (any, error)

// takes wraps a typed command. A bare string in the place of the object means {"text": …}: Helix and Zed make that easy.
func takes[A any](f func(*Server, context.Context, *Agent, A) (any, error)) command {
	return func(ctx context.Context, s *Server, a *Agent, arg json.RawMessage) (any, error) {
		var args A
		if len(arg) > 0 && arg[0] == '"' {
			arg = slices.Concat([]byte(`{"text":`), arg, []byte("}"))
		}
		if len(arg) > 0 {
			if err := json.Unmarshal(arg, &args); err != nil {
				return nil, rpcError(jsonrpc2.CodeInvalidParams, "invalid argument: %s", misfit(err))
			}
		}
		return f(s, ctx, a, args)
	}
}

// commands is what the server offers; its keys are announced at initialize.
func commands() map[string]command {
	return map[string]command{
		"opencode.prompt":           takes((*Server).prompt),
		"opencode.action":           takes((*Server).action),
		"opencode.cancel":           takes((*Server).cancelTurn),
		"opencode.session.new":      takes((*Server).sessionNew),
		"opencode.session.list":     takes((*Server).sessionList),
		"opencode.session.open":     takes((*Server).sessionOpen),
		"opencode.session.delete":   takes((*Server).sessionDelete),
		"opencode.session.undo":     takes((*Server).sessionUndo),
		"opencode.session.compact":  takes((*Server).sessionCompact),
		"opencode.session.fork":     takes((*Server).sessionFork),
		"opencode.session.rename":   takes((*Server).sessionRename),
		"opencode.session.redo":     takes((*Server).sessionRedo),
		"opencode.permission.list":  takes((*Server).permissionList),
		"opencode.permission.reply": takes((*Server).permissionReply),
		"opencode.model.select":     takes((*Server).modelSelect),
		"opencode.agent.select":     takes((*Server).agentSelect),
		"opencode.status":           takes((*Server).status),
		"opencode.serve":            takes((*Server).serve),
	}
}

func commandNames() []string { return slices.Sorted(maps.Keys(commands())) }

// executeCommand finds the command and runs it with its first argument.
func (s *Server) executeCommand(ctx context.Context, p executeCommandParams) (any, error) {
	run, ok := commands()[p.Command]
	if !ok {
		return nil, rpcError(jsonrpc2.CodeInvalidParams, "command %q is not known", p.Command)
	}
	a, err := s.ready(ctx)
	if err != nil {
		return nil, err
	}
	var arg json.RawMessage
	if len(p.Arguments) > 0 && !bytes.Equal(p.Arguments[0], []byte("null")) {
		arg = p.Arguments[0]
	}
	return run(ctx, s, a, arg)
}

// promptArgs are the arguments of opencode.prompt.
type promptArgs struct {
	Text    string   `json:"text"`
	Session string   `json:"session"`
	New     bool     `json:"new"`
	Agent   string   `json:"agent"`
	Model   string   `json:"model"`
	URI     string   `json:"uri"`
	Range   *span    `json:"range"`
	Files   []string `json:"files"`
	File    string   `json:"file"`
	Lines   []int64  `json:"lines"`
	Wait    bool     `json:"wait"`
}

// actionArgs are the arguments of opencode.action.
type actionArgs struct {
	Action      string       `json:"action"`
	URI         string       `json:"uri"`
	Range       *span        `json:"range"`
	Diagnostics []diagnostic `json:"diagnostics,omitempty"`
	Text        string       `json:"text,omitempty"`
	File        string       `json:"file,omitempty"`
	Lines       []int64      `json:"lines,omitempty"`
	Wait        bool         `json:"wait,omitempty"`
}

// spot is where a command was given. An editor that knows paths and line numbers only (Helix's expansions) names a path
// (absolute, or below the first root) and lines counted from 1 in the place of uri and range.
func (s *Server) spot(uri string, r *span, file string, lines []int64) (string, *span) {
	if uri == "" && file != "" {
		if !filepath.IsAbs(file) {
			file = filepath.Join(s.ws.Roots()[0], file)
		}
		uri = uriOf(file)
	}
	if r == nil && len(lines) > 0 {
		first, last := slices.Min(lines), slices.Max(lines)
		r = &span{Start: position{Line: first - 1}, End: position{Line: last - 1}}
	}
	return uri, r
}

// started is the answer of prompt and action at once; ended the one with wait.
type started struct {
	Session string `json:"session"`
	Turn    string `json:"turn"`
}

type ended struct {
	started
	agent.TurnEnd
}

func (s *Server) prompt(ctx context.Context, a *Agent, args promptArgs) (any, error) {
	if strings.TrimSpace(args.Text) == "" {
		return nil, rpcError(jsonrpc2.CodeInvalidParams, `text is missing: pass {"text": "what to do"}`)
	}
	if err := a.mayTake(args.Agent, ""); err != nil {
		return nil, rpcError(jsonrpc2.CodeInvalidParams, "%s", err)
	}
	session, err := s.session(ctx, a, args)
	if err != nil {
		return nil, err
	}
	args.URI, args.Range = s.spot(args.URI, args.Range, args.File, args.Lines)
	p := agent.Prompt{Text: args.Text, Agent: cmp.Or(args.Agent, s.selected.agent()), Model: args.Model}
	if p.Model == "" && session.Busy() == "" { // a prompt that joins a turn goes to the model that runs
		p.Model = s.selected.model()
	}
	if args.URI != "" {
		where, err := s.place(ctx, args.URI, args.Range)
		if err != nil {
			return nil, rpcError(jsonrpc2.CodeInvalidParams, "%s", err)
		}
		p.Context, p.Shown = "\n"+where, args.Text+" – "+s.placeName(args.URI, args.Range)
	}
	for _, f := range args.Files {
		p.Context += "\nSee also: " + f
	}
	return s.begin(ctx, session, p, args.Wait)
}

// session is the one that a prompt goes to: named, new, or the current one.
func (s *Server) session(ctx context.Context, a *Agent, args promptArgs) (*agent.Session, error) {
	switch {
	case args.Session != "":
		return a.Sessions.Open(ctx, args.Session)
	case args.New:
		return a.Sessions.New(ctx, agent.Start{})
	}
	return a.Sessions.Current(ctx)
}

// begin prompts and, where asked to, waits for the end of the turn.
func (s *Server) begin(ctx context.Context, session *agent.Session, p agent.Prompt, wait bool) (any, error) {
	turn, err := session.Prompt(p)
	if err != nil {
		return nil, err
	}
	answer := started{session.ID(), turn}
	if !wait {
		return answer, nil
	}
	end, err := session.Wait(ctx, turn)
	if err != nil {
		return nil, err
	}
	return ended{answer, end}, nil
}

func (s *Server) action(ctx context.Context, a *Agent, args actionArgs) (any, error) {
	act, ok := s.actionOf(args.Action)
	if !ok {
		return nil, rpcError(jsonrpc2.CodeInvalidParams, "there is no action %q; there are %s", args.Action, strings.Join(s.actionNames(), ", "))
	}
	args.URI, args.Range = s.spot(args.URI, args.Range, args.File, args.Lines)
	p, err := s.actionPrompt(ctx, act, args)
	if err != nil {
		return nil, rpcError(jsonrpc2.CodeInvalidParams, "%s", err)
	}
	session, err := a.Sessions.New(ctx, agent.Start{})
	if err != nil {
		return nil, err
	}
	return s.begin(ctx, session, p, args.Wait)
}

func (s *Server) status(ctx context.Context, a *Agent, _ struct{}) (any, error) {
	status := statuses(a)
	sessions := []listed{}
	for _, session := range a.Sessions.Running() {
		sessions = append(sessions, row(session.Info(), status))
	}
	slices.SortFunc(sessions, func(a, b listed) int { return cmp.Compare(a.ID, b.ID) })
	unsaved := []string{}
	for _, path := range s.edits.unsaved(s.ws) {
		unsaved = append(unsaved, uriOf(s.ws.OpenName(path)))
	}
	return map[string]any{
		"version": s.opt.Version, "model": s.modelInUse(a), "agent": s.agentInUse(a), "agents": a.Agents(), "sessions": sessions,
		"commands": a.commandNames(), "pending": pendingQuestions(a), "unsaved": unsaved, "roots": s.ws.Roots(),
	}, nil
}
