package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"

	"github.com/mark3labs/mcp-go/mcp"
)

// Asker is who a server's own questions go to while a call of the session runs. Both functions run on the goroutine that
// runs the call; nil ones answer no.
type Asker struct {
	// Elicit puts a form to the user; it reports false where they decline. What it leaves out gets its default.
	Elicit func(ctx context.Context, f Form) (values map[string]any, ok bool, err error)
	// Sample has the user's model answer, after asking the user.
	Sample func(ctx context.Context, s Sample) (Sampled, error)
}

// Sample is what a server wants the model to answer. All of it is the server's words.
type Sample struct {
	Server, System string
	Messages       []Said
	MaxTokens      int
}

// Said is one message: Role is "user" or "assistant".
type Said struct{ Role, Text string }

// Sampled is the model's answer.
type Sampled struct{ Text, Model string }

// roots tells servers the workspace's folders, and nothing else.
type roots func() []string

// ListRoots implements mcp-go's RootsHandler.
func (r roots) ListRoots(context.Context, mcp.ListRootsRequest) (*mcp.ListRootsResult, error) {
	result := &mcp.ListRootsResult{}
	for _, root := range r() {
		u := url.URL{Scheme: "file", Path: filepath.ToSlash(root)}
		result.Roots = append(result.Roots, mcp.Root{URI: u.String(), Name: filepath.Base(root)})
	}
	return result, nil
}

// errNoCall says that a server asks out of turn.
var errNoCall = errors.New("no call of this client is running; questions are answered during calls only")

// elicitation answers a server that asks the user.
type elicitation struct{ *connection }

// Elicit implements mcp-go's ElicitationHandler. A form that cannot be shown honestly is declined.
func (e elicitation) Elicit(ctx context.Context, r mcp.ElicitationRequest) (*mcp.ElicitationResult, error) {
	answer := func(action mcp.ElicitationResponseAction, content any) (*mcp.ElicitationResult, error) {
		return &mcp.ElicitationResult{ElicitationResponse: mcp.ElicitationResponse{Action: action, Content: content}}, nil
	}
	if r.Params.Mode == mcp.ElicitationModeURL {
		return nil, errors.New("only forms are supported")
	}
	form, err := readForm(r.Params)
	if err != nil {
		logger().Noticef("%s: its question is declined: %s", e.name, err)
		return answer(mcp.ElicitationResponseActionDecline, nil)
	}
	form.Server = e.name
	var values map[string]any
	var ok bool
	asked := e.ask(ctx, func(ctx context.Context, a Asker) {
		if a.Elicit != nil {
			values, ok, err = a.Elicit(ctx, form)
		}
	})
	switch {
	case !asked, err != nil:
		return answer(mcp.ElicitationResponseActionCancel, nil)
	case !ok:
		return answer(mcp.ElicitationResponseActionDecline, nil)
	}
	if values, err = form.fill(values); err != nil {
		logger().Noticef("%s: its question is declined: %s", e.name, err)
		return answer(mcp.ElicitationResponseActionDecline, nil)
	}
	return answer(mcp.ElicitationResponseActionAccept, values)
}

// sampling answers a server that wants the user's model.
type sampling struct{ *connection }

// CreateMessage implements mcp-go's SamplingHandler.
func (s sampling) CreateMessage(ctx context.Context, r mcp.CreateMessageRequest) (*mcp.CreateMessageResult, error) {
	want := Sample{Server: s.name, System: r.SystemPrompt, MaxTokens: r.MaxTokens}
	for _, m := range r.Messages {
		text, err := sampleText(m.Content)
		if err != nil {
			return nil, err
		}
		want.Messages = append(want.Messages, Said{string(m.Role), text})
	}
	var got Sampled
	err := errors.New("this client answers no such questions")
	if !s.ask(ctx, func(ctx context.Context, a Asker) {
		if a.Sample != nil {
			got, err = a.Sample(ctx, want)
		}
	}) {
		return nil, errNoCall
	}
	if err != nil {
		return nil, err
	}
	return &mcp.CreateMessageResult{
		SamplingMessage: mcp.SamplingMessage{Role: mcp.RoleAssistant, Content: mcp.NewTextContent(got.Text)}, Model: got.Model, StopReason: "endTurn",
	}, nil
}

// sampleText is the text of a message; nothing else can be passed on.
func sampleText(content any) (string, error) {
	raw, err := json.Marshal(content)
	if err != nil {
		return "", err
	}
	var one block
	if json.Unmarshal(raw, &one) == nil && one.Type == "text" {
		return one.Text, nil
	}
	return "", fmt.Errorf("only text can be passed to the model")
}
