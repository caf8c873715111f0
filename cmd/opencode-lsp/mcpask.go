package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/permission"
	"github.com/opencode-lsp/opencode-lsp/tools"
	"github.com/opencode-lsp/opencode-lsp/tools/mcp"
)

// serverAsker puts what MCP servers ask during a session's calls to its user and its model.
type serverAsker struct {
	engine  *engine
	session *agent.Session
}

// elicit asks a form field by field; one declined field declines the form.
func (a *serverAsker) elicit(ctx context.Context, f mcp.Form) (map[string]any, bool, error) {
	values := map[string]any{}
	if len(f.Fields) == 0 {
		_, ok, err := a.ask(ctx, f, tools.Question{Question: "do you agree?", Options: []tools.Option{{Label: confirm}}, Custom: new(bool)})
		return values, ok, err
	}
	for i, field := range f.Fields {
		value, ok, err := a.field(ctx, f, field, i)
		if err != nil || !ok {
			return nil, false, err
		}
		if value != nil {
			values[field.Name] = value
		}
	}
	return values, true, nil
}

// The answers that a server's question has besides its own.
const (
	confirm  = "Confirm"
	decline  = "Decline"
	leaveOut = "Leave out"
)

// field asks for one value; nil leaves it to the default.
func (a *serverAsker) field(ctx context.Context, f mcp.Form, field mcp.Field, i int) (value any, ok bool, err error) {
	q := tools.Question{
		Question: strings.TrimSpace(fmt.Sprintf("%s (%d of %d) %s", field.Title, i+1, len(f.Fields), field.Description)),
		Options:  fieldOptions(field), Multiple: field.Type == "array",
	}
	answer, ok, err := a.ask(ctx, f, q)
	if err != nil || !ok || answer == leaveOut {
		return nil, ok, err
	}
	value, err = readValue(field, answer)
	return value, err == nil, err
}

// shownOptions is how many options a prompt has buttons for; to decline is always one of them.
const shownOptions = 3

// maxChoices bounds the options of one question.
const maxChoices = 8

// fieldOptions are the answers that a field offers, the default first; own words are welcome too.
func fieldOptions(field mcp.Field) (options []tools.Option) {
	switch {
	case field.Type == "boolean":
		options = []tools.Option{{Label: "Yes"}, {Label: "No"}}
	case len(field.Options) <= maxChoices:
		for _, o := range field.Options {
			options = append(options, tools.Option{Label: o.Title})
		}
	}
	if field.Default != nil && field.Type != "array" {
		label := fmt.Sprint(field.Default)
		if yes, ok := field.Default.(bool); ok {
			label = map[bool]string{true: "Yes", false: "No"}[yes]
		}
		for _, o := range field.Options {
			if o.Value == label {
				label = o.Title
			}
		}
		options = slices.DeleteFunc(options, func(o tools.Option) bool { return o.Label == label })
		options = slices.Insert(options, 0, tools.Option{Label: label, Description: "unless you say otherwise"})
	}
	if !field.Required {
		options = append(options, tools.Option{Label: leaveOut})
	}
	return options
}

// readValue reads an answer as a value of the field.
func readValue(field mcp.Field, text string) (any, error) {
	text = strings.TrimSpace(text)
	switch field.Type {
	case "number", "integer":
		return strconv.ParseFloat(text, 64)
	case "boolean":
		switch strings.ToLower(text) {
		case "yes":
			return true, nil
		case "no":
			return false, nil
		}
		return strconv.ParseBool(strings.ToLower(text))
	case "array":
		var list []any
		for part := range strings.SplitSeq(text, ",") {
			list = append(list, optionValue(field, part))
		}
		return list, nil
	}
	if len(field.Options) > 0 {
		return optionValue(field, text), nil
	}
	return text, nil
}

// optionValue is the value of the option that a text names.
func optionValue(field mcp.Field, text string) string {
	text = strings.TrimSpace(text)
	for _, o := range field.Options {
		if strings.EqualFold(text, o.Title) || text == o.Value {
			return o.Value
		}
	}
	return text
}

// ask puts one question in the server's name. Declining it is no rejection of the call: the server is told.
func (a *serverAsker) ask(ctx context.Context, f mcp.Form, q tools.Question) (answer string, ok bool, err error) {
	q.From, q.Header = "mcp", "The server says: "+f.Message
	q.Question = f.Server + " wants to know: " + q.Question
	q.Options = slices.Insert(q.Options, min(shownOptions-1, len(q.Options)), tools.Option{Label: decline})
	answer, err = a.session.AskUser(ctx, q)
	if _, rejected := errors.AsType[*permission.RejectedError](err); rejected {
		return "", false, nil
	}
	return answer, err == nil && answer != "" && answer != decline, err
}

// maxSampled bounds a model's answer to a server, in bytes.
const maxSampled = 64 << 10

// sample has the session's model answer a server, once the user has seen what is sent. Nothing of the conversation goes with it.
func (a *serverAsker) sample(ctx context.Context, s mcp.Sample) (mcp.Sampled, error) {
	answer, err := a.session.Ask(ctx, permission.Question{Access: permission.Access{
		Tool: "mcp", Subject: fmt.Sprintf("%s asks your model, at your cost, and reads the answer", s.Server),
		Notes:   []string{"It does not see this conversation. What it asks stands under Show details."},
		Preview: permission.Preview{Kind: "command", Text: sampleText(s)},
	}})
	if err != nil {
		return mcp.Sampled{}, err
	}
	if answer.Reply != permission.Once {
		return mcp.Sampled{}, errors.New("the user declined")
	}
	model, info, err := a.engine.model(a.session.Info().Model)
	if err != nil {
		return mcp.Sampled{}, err
	}
	text, err := complete(ctx, model, sampleRequest(s))
	return mcp.Sampled{Text: text, Model: info.Name}, err
}

func sampleRequest(s mcp.Sample) agent.Request {
	request := agent.Request{System: s.System}
	for _, m := range s.Messages {
		role := agent.User
		if m.Role == "assistant" {
			role = agent.Assistant
		}
		request.Messages = append(request.Messages, agent.Message{Role: role, Text: m.Text})
	}
	return request
}

// complete is the text of a reply, whose rest is not waited for beyond maxSampled.
func complete(ctx context.Context, model agent.Model, request agent.Request) (string, error) {
	var text strings.Builder
	for delta, err := range model.Stream(ctx, request) {
		if err != nil {
			return "", err
		}
		if text.WriteString(delta.Text); text.Len() > maxSampled {
			break
		}
	}
	return text.String(), nil
}

func sampleText(s mcp.Sample) string {
	text := ""
	if s.System != "" {
		text = "system: " + s.System + "\n"
	}
	for _, m := range s.Messages {
		text += m.Role + ": " + m.Text + "\n"
	}
	return text
}
