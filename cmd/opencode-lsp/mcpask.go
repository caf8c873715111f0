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
		answer, err := a.put(ctx, f, "Confirm", []string{}, []string{"Confirm"})
		return values, err == nil && answer.Reply != permission.Reject, err
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

// field asks for one value; nil leaves it to the default.
func (a *serverAsker) field(ctx context.Context, f mcp.Form, field mcp.Field, i int) (value any, ok bool, err error) {
	notes := []string{fmt.Sprintf("%d of %d: %s", i+1, len(f.Fields), strings.TrimSpace(field.Title+". "+field.Description))}
	titles, choices := fieldChoices(field)
	if len(choices) == 0 {
		notes = append(notes, "Answer in words with `opencode-lsp answer "+"once --message TEXT`, or in the window of your editor's plugin.")
	}
	answer, err := a.put(ctx, f, field.Title, notes, titles)
	switch {
	case err != nil || answer.Reply == permission.Reject:
		return nil, false, err
	case answer.Message != "":
		value, err = readValue(field, answer.Message)
		return value, err == nil, err
	}
	n := 0
	if answer.Reply != permission.Once {
		n, _ = strconv.Atoi(strings.TrimPrefix(string(answer.Reply), choicePrefix))
	}
	if n < len(choices) {
		return choices[n], true, nil
	}
	return nil, !field.Required || field.Default != nil, nil
}

// maxChoices bounds the buttons of one question.
const maxChoices = 8

const choicePrefix = "choice-"

// fieldChoices are the values that a field offers with their titles, the default first; without any a text is wanted, and
// the title says what comes of none.
func fieldChoices(field mcp.Field) (titles []string, values []any) {
	switch {
	case field.Type == "boolean":
		titles, values = []string{"Yes", "No"}, []any{true, false}
	case field.Type == "string" && len(field.Options) > 0 && len(field.Options) <= maxChoices:
		for _, o := range field.Options {
			titles, values = append(titles, o.Title), append(values, o.Value)
		}
	case field.Default != nil:
		return []string{fmt.Sprintf("Send %v", field.Default)}, nil
	case field.Required:
		return []string{"Send (with your words)"}, nil
	default:
		return []string{"Leave out"}, nil
	}
	if at := slices.Index(values, field.Default); at > 0 {
		titles = slices.Insert(slices.Delete(titles, at, at+1), 0, titles[at])
		values = slices.Insert(slices.Delete(values, at, at+1), 0, values[at])
	}
	return titles, values
}

// readValue reads what the user typed as a value of the field.
func readValue(field mcp.Field, text string) (any, error) {
	switch field.Type {
	case "number", "integer":
		n, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
		return n, err
	case "boolean":
		return strconv.ParseBool(strings.ToLower(strings.TrimSpace(text)))
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

// put asks one question in the server's name.
func (a *serverAsker) put(ctx context.Context, f mcp.Form, what string, notes, titles []string) (permission.Answer, error) {
	q := agent.OpenQuestion{
		Kind: "question", Tool: "mcp", Subject: fmt.Sprintf("%s wants to know: %s", f.Server, what), Permission: "question", Patterns: []string{},
		Notes: append([]string{"The server says: " + f.Message}, notes...),
	}
	for i, t := range titles {
		reply := permission.Reply(choicePrefix + strconv.Itoa(i))
		if i == 0 {
			reply = permission.Once
		}
		q.Choices = append(q.Choices, agent.Choice{Reply: reply, Title: t})
	}
	q.Choices = append(q.Choices, agent.Choice{Reply: permission.Reject, Title: "Decline"})
	return a.session.AskUser(ctx, q)
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
	request := agent.Request{System: s.System}
	for _, m := range s.Messages {
		role := agent.User
		if m.Role == "assistant" {
			role = agent.Assistant
		}
		request.Messages = append(request.Messages, agent.Message{Role: role, Text: m.Text})
	}
	var text strings.Builder
	for delta, err := range model.Stream(ctx, request) {
		if err != nil {
			return mcp.Sampled{}, err
		}
		if text.WriteString(delta.Text); text.Len() > maxSampled {
			break
		}
	}
	return mcp.Sampled{Text: text.String(), Model: info.Name}, nil
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
