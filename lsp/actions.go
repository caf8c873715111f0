package lsp

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	protocol "github.com/tliron/glsp/protocol_3_16"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/workspace"
)

// action is one entry of the code action menu.
type action struct {
	id, title, kind string
	// ask is what the model is asked to do with the range.
	ask string
}

// actions are offered for every range; fix and todo only where there is something to fix or do. Never source.fixAll or
// source.organizeImports: editors run those on save.
var actions = []action{
	{"explain", "OpenCode: Explain", "refactor.opencode.explain", "Explain what this code does, how, and why it is done so. Do not change any file."},
	{"refactor", "OpenCode: Refactor", "refactor.rewrite.opencode", "Refactor this code: make it simpler and clearer without changing what it does. Keep its interface."},
	{"document", "OpenCode: Document", "refactor.opencode.document", "Write documentation comments for this code in the style of the project. Change nothing else."},
	{"tests", "OpenCode: Write tests", "refactor.opencode.tests", "Write tests for this code beside the project's other tests, in their style, and run them."},
	{"review", "OpenCode: Review", "refactor.opencode.review", "Review this code: bugs, unclear names, missing cases. Be specific and brief. Do not change any file."},
}

var (
	fixAction  = action{"fix", "OpenCode: Fix: ", "quickfix", "Fix these problems at their cause, with the smallest change that is right."}
	todoAction = action{"todo", "OpenCode: Implement TODO", "refactor.opencode.todo", "Implement what the TODO in this range asks for, and remove the comment once it is done."}
	todoMark   = regexp.MustCompile(`\b(TODO|FIXME)\b`)
)

// commandKind is the kind of the user's own commands; each has one below it.
const commandKind = "refactor.opencode.command"

// commandActions are the commands whose front matter wants to be a code action. Their id is what a prompt would say.
func (s *Server) commandActions() []action {
	a := s.agent.now()
	if a == nil || a.Commands == nil {
		return nil
	}
	var list []action
	for _, c := range a.Commands() {
		if c.CodeAction {
			list = append(list, action{
				"/" + c.Name, "OpenCode: /" + fit(oneLine(c.Name), maxLine), commandKind + "." + strings.ReplaceAll(c.Name, "/", "."), "/" + c.Name,
			})
		}
	}
	return list
}

// allActions are all that opencode.action takes.
func (s *Server) allActions() []action {
	return append(append(slices.Clone(actions), fixAction, todoAction), s.commandActions()...)
}

// actionNames are the ids of all actions.
func (s *Server) actionNames() []string {
	var names []string
	for _, a := range s.allActions() {
		names = append(names, a.id)
	}
	return names
}

// actionOf finds an action by the id in a command's arguments.
func (s *Server) actionOf(id string) (action, bool) {
	all := s.allActions()
	i := slices.IndexFunc(all, func(a action) bool { return a.id == id })
	if i < 0 {
		return action{}, false
	}
	return all[i], true
}

func actionKinds() []string {
	kinds := []string{fixAction.kind, commandKind}
	for _, a := range append(slices.Clone(actions), todoAction) {
		kinds = append(kinds, a.kind)
	}
	return kinds
}

// menuWait bounds how long a menu waits for the agent that is still being made: the user's own commands stand in the first
// menu, too, and it comes in any case.
const menuWait = 300 * time.Millisecond

// codeActions answers from memory alone: the menu must not wait for anything that runs. Open questions stand first.
func (s *Server) codeActions(ctx context.Context, p codeActionParams) (any, error) {
	starting, cancel := context.WithTimeout(ctx, menuWait)
	defer cancel()
	_, _ = s.agent.wait(starting) // what can be offered without it is offered
	list := s.questionActions(p.Context.Diagnostics)
	if path, err := pathOf(p.TextDocument.URI); err == nil {
		s.shown(path, p)
		list = append(list, s.rangeActions(path, p)...)
	}
	return slices.DeleteFunc(list, func(a codeAction) bool { return !wanted(a.Kind, p.Context.Only) }), nil
}

// wanted reports whether a kind is one of those asked for or below one of them.
func wanted(kind string, only []string) bool {
	return len(only) == 0 || slices.ContainsFunc(only, func(o string) bool {
		return o == "" || kind == o || strings.HasPrefix(kind, o+".")
	})
}

// questionActions answer the open questions from any place in any file, for editors without prompts and after a prompt was
// dismissed. None is preferred: editors run preferred fixes at a key press (VS Code's Auto Fix), and that is no consent. They
// carry the problems of the place, as if they were fixes of them: Helix and VS Code put what fixes something above the rest.
func (s *Server) questionActions(problems []diagnostic) []codeAction {
	list := []codeAction{}
	a := s.agent.now()
	if a == nil {
		return list
	}
	for _, q := range a.Sessions.Pending() {
		for _, c := range q.Choices {
			list = append(list, codeAction{
				Title: actionTitle(c, q.OpenQuestion), Kind: "quickfix", Diagnostics: problems,
				Command: protocol.Command{Title: c.Title, Command: "opencode.permission.reply", Arguments: []any{
					replyArgs{ID: questionID(q.ID), Reply: c.Reply, Via: "code action"},
				}},
			})
		}
	}
	return list
}

// actionTitle is an answer as a code action, with what is asked shortened as in the prompt.
func actionTitle(c agent.Choice, q agent.OpenQuestion) string {
	head := "OpenCode: " + title(c) + ": "
	what, _ := subject(q, max(minPart, maxLine-breadth(head)))
	return fit(head+what, maxLine)
}

func (s *Server) rangeActions(path string, p codeActionParams) []codeAction {
	var list []codeAction
	add := func(a action, title string, diagnostics []diagnostic) {
		list = append(list, codeAction{Title: title, Kind: a.kind, Diagnostics: diagnostics, Command: protocol.Command{
			Title: title, Command: "opencode.action",
			Arguments: []any{actionArgs{Action: a.id, URI: p.TextDocument.URI, Range: &p.Range, Diagnostics: diagnostics}},
		}})
	}
	for _, d := range p.Context.Diagnostics {
		add(fixAction, fixAction.title+fit(oneLine(d.Message), maxLine), []diagnostic{d})
	}
	for _, a := range actions {
		add(a, a.title, nil)
	}
	if s.hasTODO(path, p.Range) {
		add(todoAction, todoAction.title, nil)
	}
	for _, a := range s.commandActions() {
		add(a, a.title, nil)
	}
	return list
}

// hasTODO looks at the lines of the range in the open buffer.
func (s *Server) hasTODO(path string, r span) bool {
	found := false
	s.ws.View(path, func(b *workspace.Buffer, _ int32) {
		for n := max(r.Start.Line, 0); n <= r.End.Line && n < int64(b.Lines()) && !found; n++ {
			line, _ := b.Line(int(n))
			found = todoMark.Match(line)
		}
	})
	return found
}

// maxSnippet bounds the lines of code that a prompt quotes; the model reads the rest with its tools.
const maxSnippet = 200

// actionPrompt is what the model is asked when an action is taken.
func (s *Server) actionPrompt(ctx context.Context, a action, args actionArgs) (agent.Prompt, error) {
	if args.URI == "" {
		return agent.Prompt{}, errors.New(`uri is missing: pass {"uri": "file:///…"}, the file that the action is about`)
	}
	where, err := s.place(ctx, args.URI, args.Range)
	if err != nil {
		return agent.Prompt{}, err
	}
	if strings.HasPrefix(a.id, "/") {
		text := strings.TrimSpace(a.ask + " " + args.Text)
		return agent.Prompt{Text: text, Context: "\n" + where, Shown: text + " – " + s.placeName(args.URI, args.Range), Action: a.id}, nil
	}
	var b strings.Builder
	b.WriteString(a.ask + "\n")
	if args.Text != "" {
		b.WriteString("\nThe user adds: " + args.Text + "\n")
	}
	b.WriteString(where)
	shown := strings.TrimSuffix(strings.TrimPrefix(a.title, "OpenCode: "), ": ")
	for _, d := range args.Diagnostics {
		fmt.Fprintf(&b, "\nProblem at line %d: %s", d.Range.Start.Line+1, d.Message)
		if d.Source != "" {
			fmt.Fprintf(&b, " (%s)", d.Source)
		}
		shown = "Fix: " + d.Message
	}
	return agent.Prompt{Text: b.String(), Literal: true, Shown: shown + " – " + s.placeName(args.URI, args.Range), Action: a.id}, nil
}

// placeName is a range as people write it: main.go:3-7.
func (s *Server) placeName(uri string, r *span) string {
	path, err := pathOf(uri)
	if err != nil {
		return uri
	}
	name := s.relative(path)
	switch {
	case r == nil:
		return name
	case r.End.Line > r.Start.Line:
		return fmt.Sprintf("%s:%d-%d", name, r.Start.Line+1, r.End.Line+1)
	}
	return fmt.Sprintf("%s:%d", name, r.Start.Line+1)
}

// place quotes the lines of a range from the buffer, else from the disk, for the model.
func (s *Server) place(ctx context.Context, uri string, r *span) (string, error) {
	path, err := pathOf(uri)
	if err != nil {
		return "", err
	}
	if r == nil {
		return "\nFile: " + s.placeName(uri, nil) + "\n", nil
	}
	file, err := s.ws.Read(ctx, path)
	if err != nil {
		return "", err
	}
	b := workspace.NewBuffer(file.Text)
	first := min(max(r.Start.Line, 0), int64(b.Lines()-1))
	end := min(max(r.End.Line, first), int64(b.Lines()-1))
	name := s.placeName(uri, &span{Start: position{Line: first}, End: position{Line: end}})
	last := min(end, first+maxSnippet-1)
	var quoted strings.Builder
	for n := first; n <= last; n++ {
		line, _ := b.Line(int(n))
		quoted.Write(line)
		quoted.WriteByte('\n')
	}
	return fmt.Sprintf("\nPlace: %s\n```\n%s```\n", name, quoted.String()), nil
}
