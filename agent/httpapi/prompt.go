package httpapi

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/permission"
	"github.com/opencode-lsp/opencode-lsp/tools"
)

// promptBody is a prompt. messageID and the parts' ids are not taken over: ids come from the session's log.
type promptBody struct {
	Model   *ModelName `json:"model,omitempty"`
	Agent   string     `json:"agent,omitempty"`
	NoReply bool       `json:"noReply,omitempty"`
	System  string     `json:"system,omitempty"`
	Variant string     `json:"variant,omitempty"`
	Format  *struct {
		Type string `json:"type"`
	} `json:"format,omitempty"`
	Tools map[string]bool `json:"tools,omitempty"`
	Parts []partInput     `json:"parts"`
}

// prompt makes a prompt of a body. What OpenCode would honour and we cannot is refused, so that nobody counts on it.
func (a *API) prompt(in promptBody) (agent.Prompt, error) {
	p := agent.Prompt{Agent: in.Agent, Variant: in.Variant, System: in.System, NoReply: in.NoReply, Literal: true}
	var err error
	if p.Switches, err = switches(in.Tools); err != nil {
		return p, err
	}
	switch {
	case in.Format != nil && in.Format.Type != "text":
		return p, badRequest("Payload", "format is not supported but for text; ask for the form in the prompt")
	case len(in.Parts) == 0:
		return p, badRequest("Payload", "parts is empty; give at least one")
	}
	if err := a.answering(in.Agent); err != nil {
		return p, err
	}
	if in.Model != nil {
		if p.Model, err = modelOf(*in.Model); err != nil {
			return p, err
		}
	}
	return p, a.attach(&p, in.Parts)
}

// switches are a prompt's tools as rules of its session: what is false is denied, what is true only an exception from that.
// OpenCode counts by the order in the JSON object; here what is named counts more than a pattern, and of two names for one
// permission the one that is false.
func switches(in map[string]bool) ([]agent.Limit, error) {
	if len(in) > maxLimits {
		return nil, badRequest("Payload", "tools has more than %d names; give fewer", maxLimits)
	}
	actions := map[string]string{}
	for name, on := range in {
		key := permission.KeyOf(name)
		switch {
		case name == "":
			return nil, badRequest("Payload", "tools has an empty name; name a tool, or * for all")
		case !on:
			actions[key] = "deny"
		case actions[key] == "":
			actions[key] = "allow"
		}
	}
	var out []agent.Limit
	for _, key := range slices.SortedFunc(maps.Keys(actions), patternsFirst) {
		out = append(out, agent.Limit{Permission: key, Pattern: "*", Action: actions[key]})
	}
	return out, nil
}

// patternsFirst puts patterns before names, and shorter ones before longer ones.
func patternsFirst(x, y string) int {
	named := func(s string) int {
		if strings.ContainsAny(s, "*?") {
			return 0
		}
		return 1
	}
	return cmp.Or(named(x)-named(y), len(x)-len(y), strings.Compare(x, y))
}

// start prompts the session that a request names.
func (a *API) start(c *call, p agent.Prompt) (s *agent.Session, turn string, err error) {
	if s, err = a.open(c); err != nil {
		return nil, "", err
	}
	turn, err = s.Prompt(p)
	return s, turn, err
}

func (a *API) promptAsync(c *call, in promptBody) (none, error) {
	p, err := a.prompt(in)
	if err == nil {
		_, _, err = a.start(c, p)
	}
	return none{}, err
}

func (a *API) promptWait(c *call, in promptBody) (*Message, error) {
	p, err := a.prompt(in)
	if err != nil {
		return nil, err
	}
	return a.wait(c, p)
}

// wait prompts and answers with the last message of the turn once it has ended. A client that leaves does not end it.
func (a *API) wait(c *call, p agent.Prompt) (*Message, error) {
	s, turn, err := a.start(c, p)
	if err != nil {
		return nil, err
	}
	if _, err := s.Wait(c.Context(), turn); err != nil {
		return nil, err
	}
	a.afterEvents(c)
	f, all, err := a.readFrom(c.Context(), s.ID(), func(f *fold) string { return f.first[turn] })
	if err != nil {
		return nil, err
	}
	if m := all.index[f.ended[turn]]; m != nil {
		return m, nil
	}
	return nil, conflict("the turn could not be written down; look at opencode-lsp's log")
}

// behind is how long after the events of a turn's end a waiting client hears of it.
const behind = 100 * time.Millisecond

// afterEvents lets those who follow hear of a turn's end first: `opencode run --attach` prints what the event stream brings
// and exits with the answer, whether it has printed all or not. OpenCode's own server is slow enough for that.
func (a *API) afterEvents(c *call) {
	if !a.hub.heard() {
		return
	}
	select {
	case <-time.After(behind):
	case <-c.Context().Done():
	}
}

type commandBody struct {
	Command   string      `json:"command"`
	Arguments string      `json:"arguments,omitempty"`
	Agent     string      `json:"agent,omitempty"`
	Model     string      `json:"model,omitempty"`
	Variant   string      `json:"variant,omitempty"`
	Parts     []partInput `json:"parts,omitempty"`
}

func (a *API) command(c *call, in commandBody) (*Message, error) {
	if !a.knows(in.Command) {
		return nil, badRequest("Payload", "there is no command %q; GET /command lists them", shown(in.Command))
	}
	p := agent.Prompt{Text: strings.TrimRight("/"+in.Command+" "+in.Arguments, " "), Agent: in.Agent, Variant: in.Variant}
	if err := a.answering(in.Agent); err != nil {
		return nil, err
	}
	if in.Model != "" {
		var err error
		if p.Model, err = modelOf(modelName(in.Model)); err != nil {
			return nil, err
		}
	}
	if slices.ContainsFunc(in.Parts, func(part partInput) bool { return part.Type != "file" }) {
		return nil, badRequest("Payload", "a command takes only files as parts; put text into arguments")
	}
	if err := a.attach(&p, in.Parts); err != nil {
		return nil, err
	}
	return a.wait(c, p)
}

func (a *API) knows(command string) bool {
	for _, c := range a.opt.Commands() {
		if c.Name == command {
			return true
		}
	}
	return false
}

type initBody struct {
	ModelID    string `json:"modelID,omitempty"`
	ProviderID string `json:"providerID,omitempty"`
}

func (a *API) sessionInit(c *call, in initBody) (bool, error) {
	body := commandBody{Command: "init"}
	if in.ModelID != "" {
		body.Model = in.ProviderID + "/" + in.ModelID
	}
	_, err := a.command(c, body)
	return err == nil, err
}

type shellBody struct {
	Command string     `json:"command"`
	Agent   string     `json:"agent,omitempty"`
	Model   *ModelName `json:"model,omitempty"`
}

// shellText is what the model reads above the output; OpenCode's words.
const shellText = "The following tool was executed by the user"

// shell runs a command for the user: a call of the tool bash, which passes the gate as the model's own do. The model reads it
// with the next prompt.
func (a *API) shell(c *call, in shellBody) (*Message, error) {
	if strings.TrimSpace(in.Command) == "" {
		return nil, badRequest("Payload", "command is empty; say what to run")
	}
	p, err := a.prompt(promptBody{Agent: in.Agent, Model: in.Model, NoReply: true, Parts: []partInput{{Type: "text", Text: shellText}}})
	if err != nil {
		return nil, err
	}
	arguments, err := json.Marshal(map[string]string{"command": in.Command})
	if err != nil {
		return nil, err
	}
	p.Action = "shell"
	p.Attached = []agent.Piece{{Text: "\n\n$ " + in.Command + "\n", Call: &tools.Call{Name: "bash", Arguments: string(arguments)}}}
	s, err := a.open(c)
	if err != nil {
		return nil, err
	}
	if s.Busy() != "" {
		return nil, agent.ErrBusy
	}
	return a.wait(c, p)
}
