package acp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/permission"
)

// question puts a question of the model: as a form where the client shows forms, else its options as those of a permission
// request. Its answer permits nothing; where none comes the model is told that nobody answered.
func (a *asker) question(ctx context.Context, s *agent.Session, q agent.OpenQuestion) {
	reply, err := a.answerTo(ctx, s, q)
	switch {
	case ctx.Err() != nil:
		return
	case errors.Is(err, errDismissed):
		reply = agent.Nobody
	case err != nil:
		logger().Warningf("question #%s: not answered: %s", q.ID, err)
		reply = agent.Nobody
	}
	if !a.answer(s, q, permission.Answer{Reply: reply}) {
		// Own words that are the name of a consent, such as "always", are no reply; as the user's message they permit nothing.
		a.answer(s, q, permission.Answer{Reply: permission.Reject, Message: string(reply)})
	}
}

func (a *asker) answerTo(ctx context.Context, s *agent.Session, q agent.OpenQuestion) (permission.Reply, error) {
	if a.one.server.client.Elicitation.Form != nil {
		return a.form(ctx, q)
	}
	if len(q.Choices) == 0 {
		return "", errors.New("the client shows no forms, and the question has no options")
	}
	offers := append([]offer{{permission.Reject, permissionOption{ID: "reject", Name: "Do not answer", Kind: "reject_once"}}}, choicesOf(q)...)
	about := a.call(s, q)
	reply, err := a.request(ctx, about, offers)
	a.close(about, err == nil && reply != permission.Reject)
	return reply, err
}

// The fields of the form.
const (
	answerField = "answer"
	ownField    = "own_words"
)

// elicited is the answer to a form.
type elicited struct {
	Action  string                     `json:"action"`
	Content map[string]json.RawMessage `json:"content"`
}

// form asks by elicitation/create.
func (a *asker) form(ctx context.Context, q agent.OpenQuestion) (permission.Reply, error) {
	params := map[string]any{"mode": "form", "sessionId": a.one.id, "message": permission.Visible(q.Subject), "requestedSchema": formOf(q)}
	got, err := call[elicited](ctx, a.one.server.conn, "elicitation/create", params)
	switch {
	case err != nil:
		return "", err
	case got.Action == "decline":
		return permission.Reject, nil
	case got.Action != "accept":
		return "", errDismissed
	}
	return chosen(q, got.Content)
}

// formOf is the schema of the form: a choice where there are options, and a line for own words where they may be the answer.
func formOf(q agent.OpenQuestion) map[string]any {
	var options []map[string]string
	for _, c := range q.Choices {
		options = append(options, map[string]string{"const": string(c.Reply), "title": clip(oneLine(c.Title))})
	}
	fields := map[string]any{}
	switch {
	case len(options) > 0 && q.Multiple:
		fields[answerField] = map[string]any{"type": "array", "title": "Answer", "items": map[string]any{"anyOf": options}}
	case len(options) > 0:
		fields[answerField] = map[string]any{"type": "string", "title": "Answer", "oneOf": options}
	}
	schema := map[string]any{"type": "object", "properties": fields}
	if q.Custom {
		fields[ownField] = map[string]any{"type": "string", "title": "In your own words"}
	} else {
		schema["required"] = []string{answerField}
	}
	return schema
}

// chosen reads a filled form: own words count before what was chosen.
func chosen(q agent.OpenQuestion, content map[string]json.RawMessage) (permission.Reply, error) {
	var own, one string
	var several []string
	if raw := content[ownField]; q.Custom && raw != nil && json.Unmarshal(raw, &own) == nil && strings.TrimSpace(own) != "" {
		return permission.Reply(own), nil
	}
	if json.Unmarshal(content[answerField], &one) == nil && one != "" {
		several = []string{one}
	} else if !q.Multiple || json.Unmarshal(content[answerField], &several) != nil || len(several) == 0 {
		return "", errors.New("the form holds no answer")
	}
	for _, id := range several {
		if !slices.ContainsFunc(q.Choices, func(c agent.Choice) bool { return string(c.Reply) == id }) {
			return "", fmt.Errorf("the form holds %s, which was not offered", quoted(id))
		}
	}
	return permission.Reply(strings.Join(several, ",")), nil
}

// askTrust begins to ask about what the workspace's own configuration would do, once the user has sent a prompt: a client
// shows nothing of a session before.
func (one *session) askTrust() {
	one.server.work.Go(func() { one.agent.Trust(one.ctx, one.asks.trust) })
}

// trust asks whether what the lines name may be used; anything but a yes is none.
func (a *asker) trust(ctx context.Context, lines []string) bool {
	const yes = permission.Always
	b := fenced("The configuration in this folder would:\n- " + strings.Join(lines, "\n- "))
	about := toolCall{ID: "trust", Title: "Trust the configuration in this folder?", Kind: "other", Status: "pending", Content: []toolContent{b}}
	offers := []offer{
		{permission.Reject, permissionOption{ID: "reject", Name: "Not now", Kind: "reject_once"}},
		{yes, permissionOption{ID: "trust", Name: "Trust this workspace", Kind: "allow_always"}},
	}
	answer := make(chan bool, 1)
	a.push(&asked{put: func(ctx context.Context) {
		reply, err := a.request(ctx, about, offers)
		trusted := err == nil && reply == yes
		a.close(about, trusted)
		answer <- trusted
	}})
	select {
	case ok := <-answer:
		return ok
	case <-ctx.Done():
		return false
	}
}
