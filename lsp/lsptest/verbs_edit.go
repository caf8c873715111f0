package lsptest

import (
	"fmt"
	"strings"
)

// editVerbs are what a user does to files.
func editVerbs() map[string]verb {
	return map[string]verb{
		"open":   {"PATH", "open a file in the editor", false, func(p *player, a []string) (string, error) { return "", p.editor.Open(a[0]) }},
		"save":   {"PATH", "write a buffer to disk", false, func(p *player, a []string) (string, error) { return "", p.editor.Save(a[0]) }},
		"close":  {"PATH", "close a buffer, unsaved text is lost", false, func(p *player, a []string) (string, error) { return "", p.editor.CloseFile(a[0]) }},
		"reload": {"PATH", "take the text on disk into the buffer", false, func(p *player, a []string) (string, error) { return "", p.editor.Reload(a[0]) }},
		"edit": {"PATH OLD NEW", "type NEW over the only OLD of a buffer; an empty OLD is its end", false,
			func(p *player, a []string) (string, error) {
				return "", p.editor.Replace(a[0], typed(a[1]), typed(a[2]))
			}},
		"touch":    {"PATH [FILE]", "change a file on disk to FILE of the script, later/PATH by default", false, (*player).touch},
		"select":   {"PATH [TEXT]", "set the selection to the only TEXT of a buffer, or the whole of it", false, (*player).selectText},
		"diagnose": {"PATH TEXT MESSAGE", "put another server's error on the only TEXT of a buffer", false, (*player).diagnose},
	}
}

func (p *player) touch(args []string) (string, error) {
	name := arg(args, 1)
	if name == "" {
		name = "later/" + args[0]
	}
	text, ok := p.file(name)
	if !ok {
		return "", fmt.Errorf("the script has no file %s", name)
	}
	return "", p.editor.Touch(args[0], text)
}

func (p *player) selectText(args []string) (string, error) {
	text, open := p.editor.Buffer(args[0])
	p.at = selection{args[0], 0, len(text)}
	if !open {
		return "", fmt.Errorf("%s is not open: open it first", args[0])
	}
	if len(args) == 1 {
		return "", nil
	}
	start, end, err := p.editor.Find(args[0], typed(args[1]))
	p.at.start, p.at.end = start, end
	return "", err
}

// diagnose adds a problem, for code actions and, where our plugin is announced, for the server at once.
func (p *player) diagnose(args []string) (string, error) {
	start, end, err := p.editor.Find(args[0], typed(args[1]))
	if err != nil {
		return "", err
	}
	p.problems[args[0]] = append(p.problems[args[0]], Problem{Start: start, End: end, Severity: 1, Source: "test", Message: args[2]})
	if p.options.Experimental.Events {
		return "", p.editor.ReportProblems(args[0], p.problems[args[0]]...)
	}
	return "", nil
}

// here are the code actions at the selection, with the problems that touch it.
func (p *player) here() ([]Action, error) {
	if p.at.path == "" {
		return nil, fmt.Errorf("nothing is selected: use select first")
	}
	var problems []Problem
	for _, d := range p.problems[p.at.path] {
		if d.Start <= p.at.end && p.at.start <= d.End {
			problems = append(problems, d)
		}
	}
	return p.editor.CodeActions(p.ctx, p.at.path, p.at.start, p.at.end, problems...)
}

// action runs the code action that begins with a title.
func (p *player) action(args []string) (string, error) {
	actions, err := p.here()
	if err != nil {
		return "", err
	}
	a, err := FindAction(actions, args[0])
	if err != nil {
		return "", err
	}
	result, err := p.editor.Run(p.ctx, a)
	return plainJSON(result, "  ") + "\n", err
}

// actions lists the code actions at the selection: title, then kind in brackets.
func (p *player) actions([]string) (string, error) {
	actions, err := p.here()
	return lines(actions, func(a Action) string { return strings.TrimSpace(fmt.Sprintf("%s [%s]", a.Title, a.Kind)) }), err
}
