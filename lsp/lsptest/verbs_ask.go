package lsptest

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// askVerbs are what a user says to the agent, and what it asks back.
func askVerbs() map[string]verb {
	return map[string]verb{
		"action":     {"TITLE", "run the code action at the selection that begins with TITLE", false, (*player).action},
		"actions":    {"", "list the code actions at the selection", false, (*player).actions},
		"prompt":     {"[-new] TEXT", "send a prompt, with -new to a new session", false, (*player).prompt},
		"asked":      {"REGEXP", "fail unless a question is open that matches, and print it", true, (*player).asked},
		"noquestion": {"", "fail if a question is open", false, (*player).noQuestion},
		"answer": {"TITLE [WORDS]", "answer the question that asked found last, or the oldest; -null -empty -error -unknown -later are none", false,
			(*player).answer},
		"cancel": {"[TOKEN]", "cancel the newest running task, or that of TOKEN, by its progress", false,
			func(p *player, a []string) (string, error) { return "", p.editor.CancelTask(arg(a, 0)) }},
		"model": {"FILE", "give the model the steps in FILE of the script", false, (*player).model},
		"configure": {"JSON", "change the editor's settings", false, func(p *player, a []string) (string, error) {
			if !json.Valid([]byte(a[0])) {
				return "", errors.New("the settings are not JSON")
			}
			p.editor.Configure(under("opencode", a[0]))
			return "", nil
		}},
	}
}

// prompt runs opencode.prompt; with a selection, that is where the user stands.
func (p *player) prompt(args []string) (string, error) {
	params := map[string]any{"text": args[len(args)-1]}
	switch {
	case len(args) == 2 && args[0] != "-new":
		return "", fmt.Errorf("unknown option %s", args[0])
	case len(args) == 2:
		params["new"] = true
	}
	result, err := p.editor.Command(p.ctx, "opencode.prompt", params)
	return plainJSON(result, "  ") + "\n", err
}

// asks is how often a question is looked for: a real server that is silent for long is not settled yet.
const asks = 10

func (p *player) asked(args []string) (string, error) {
	pattern, err := regexp.Compile("(?m)" + args[0])
	if err != nil {
		return "", fmt.Errorf("read pattern: %w", err)
	}
	var open []Question
	for range asks {
		open = p.editor.OpenQuestions()
		for _, q := range open {
			if pattern.MatchString(q.String()) {
				p.question = q.Number
				return q.String(), nil
			}
		}
		p.Host.Settle()
	}
	if len(open) == 0 {
		return "", errors.New("no question is open")
	}
	return "", fmt.Errorf("no open question matches, there is\n%s", lines(open, Question.String))
}

func (p *player) noQuestion([]string) (string, error) {
	if open := p.editor.OpenQuestions(); len(open) > 0 {
		return "", fmt.Errorf("a question is open:\n%s", lines(open, Question.String))
	}
	return "", nil
}

// answer answers the question at hand.
func (p *player) answer(args []string) (string, error) {
	q, err := p.atHand()
	if err != nil {
		return "", err
	}
	if how, ok := strings.CutPrefix(args[0], "-"); ok {
		switch how := Dismissal(how); how {
		case Null, Empty, Failure, Unknown, Later:
			return "", p.editor.Dismiss(q, how)
		}
		return "", fmt.Errorf("unknown option %s", args[0])
	}
	return "", p.editor.AnswerWith(q, args[0], arg(args, 1))
}

// atHand is the question that asked found last while it has no answer, else the oldest open one.
func (p *player) atHand() (int, error) {
	all := p.editor.Questions()
	if p.question > 0 && all[p.question-1].Answered == "" {
		return p.question, nil
	}
	if open := p.editor.OpenQuestions(); len(open) > 0 {
		return open[0].Number, nil
	}
	return 0, errors.New("no question is open")
}

func (p *player) model(args []string) (string, error) {
	steps, ok := p.file(args[0])
	if !ok {
		return "", fmt.Errorf("the script has no file %s", args[0])
	}
	return "", p.Host.Model(steps)
}
