package lsp

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"

	"github.com/sourcegraph/jsonrpc2"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/permission"
)

// pendingQuestion is one entry of opencode.permission.list.
type pendingQuestion struct {
	ID         string   `json:"id"`
	Session    string   `json:"session"`
	Permission string   `json:"permission"`
	Patterns   []string `json:"patterns"`
	Subject    string   `json:"subject"`
}

func (s *Server) permissionList(_ context.Context, a *Agent, _ struct{}) (any, error) {
	return pendingQuestions(a), nil
}

func pendingQuestions(a *Agent) []pendingQuestion {
	list := []pendingQuestion{}
	for _, q := range a.Sessions.Pending() {
		list = append(list, pendingQuestion{q.ID, q.Session, q.Permission, q.Patterns, q.Subject})
	}
	return list
}

// questionID is an id that may come as a number: that is how the prompt shows it.
type questionID string

// UnmarshalJSON takes 12, "12" and "#12".
func (q *questionID) UnmarshalJSON(data []byte) error {
	if n, err := strconv.Atoi(string(data)); err == nil {
		*q = questionID(strconv.Itoa(n))
		return nil
	}
	var text string
	if json.Unmarshal(data, &text) != nil {
		return errors.New("id is neither a number nor a string")
	}
	if len(text) > 0 && text[0] == '#' {
		text = text[1:]
	}
	*q = questionID(text)
	return nil
}

// replyArgs are the arguments of opencode.permission.reply.
type replyArgs struct {
	ID      questionID       `json:"id,omitempty"`
	Reply   permission.Reply `json:"reply"`
	Message string           `json:"message,omitempty"`
	// Via names the channel for the log: "command" where it is left out.
	Via string `json:"via,omitempty"`
}

// replied is the answer of opencode.permission.reply.
type replied struct {
	OK     bool   `json:"ok"`
	Reason string `json:"reason,omitempty"`
}

func (s *Server) permissionReply(_ context.Context, a *Agent, args replyArgs) (any, error) {
	open := a.Sessions.Pending()
	if err := args.check(open); err != nil {
		return nil, err
	}
	if args.ID == "" {
		switch len(open) {
		case 0:
			return replied{Reason: "no question is open"}, nil
		case 1:
		default:
			return replied{Reason: strconv.Itoa(len(open)) + " questions are open; name one by its id"}, nil
		}
		args.ID = questionID(open[0].ID)
	}
	if args.Via == "" {
		args.Via = "command"
	}
	if err := a.Sessions.Answer(string(args.ID), permission.Answer{Reply: args.Reply, Message: args.Message}, args.Via); err != nil {
		return replied{Reason: err.Error()}, nil
	}
	return replied{OK: true}, nil
}

// check refuses words that are no answer to what is open; only a question of the model takes others.
func (r replyArgs) check(open []agent.Question) error {
	switch r.Reply {
	case permission.Once, permission.Always, permission.Reject, agent.Skip:
		return nil
	}
	takes, known := false, false
	for _, q := range open {
		mine := r.ID == "" || q.ID == string(r.ID)
		known, takes = known || mine, takes || mine && q.Kind == agent.KindQuestion
	}
	if r.Reply != "" && (takes || !known && r.ID != "") { // one that is not open any more is told so
		return nil
	}
	return rpcError(jsonrpc2.CodeInvalidParams, "reply %q is not one of once, always, reject", r.Reply)
}
