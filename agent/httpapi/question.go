package httpapi

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/permission"
)

// byHTTP names this front as the one that answered.
const byHTTP = "http"

func (a *API) permissionList(*call, none) ([]*PermissionRequest, error) {
	list := []*PermissionRequest{}
	for _, q := range a.questions() {
		if q.permission != nil {
			list = append(list, q.permission)
		}
	}
	return list, nil
}

func (a *API) questionList(*call, none) ([]*QuestionRequest, error) {
	list := []*QuestionRequest{}
	for _, q := range a.questions() {
		if q.question != nil {
			list = append(list, q.question)
		}
	}
	return list, nil
}

type permissionBody struct {
	Reply   string `json:"reply"`
	Message string `json:"message,omitempty"`
}

func (a *API) permissionReply(c *call, in permissionBody) (bool, error) {
	return a.permit(c.PathValue("requestID"), "", permission.Answer{Reply: permission.Reply(in.Reply), Message: in.Message})
}

// oldPermissionBody is what the first generation of OpenCode's clients sends.
type oldPermissionBody struct {
	Response string `json:"response"`
}

func (a *API) oldPermissionReply(c *call, in oldPermissionBody) (bool, error) {
	info, err := a.info(c)
	if err != nil {
		return false, err
	}
	return a.permit(c.PathValue("permissionID"), info.ID, permission.Answer{Reply: permission.Reply(in.Response)})
}

// permit answers a permission question, of that session where one is named.
func (a *API) permit(id, session string, answer permission.Answer) (bool, error) {
	switch answer.Reply {
	case permission.Once, permission.Always, permission.Reject:
	default:
		return false, badRequest("Payload", "reply is %q; give once, always or reject", shown(string(answer.Reply)))
	}
	if err := a.mayAnswer(); err != nil {
		return false, err
	}
	for _, q := range a.questions() {
		if q.id == id && q.permission != nil && (session == "" || q.permission.SessionID == session) {
			return a.settle(q, answer)
		}
	}
	return false, gone("Permission", id)
}

// mayAnswer refuses all answers where the server was not started with remote approval.
func (a *API) mayAnswer() error {
	if a.opt.RemoteApproval {
		return nil
	}
	return forbidden("this server takes no answers over HTTP; answer in the editor or with `opencode-lsp answer`, or start it with --remote-approval")
}

func (a *API) settle(q openQuestion, answer permission.Answer) (bool, error) {
	err := a.opt.Sessions.Answer(q.own, answer, byHTTP)
	if _, late := errors.AsType[*agent.LateError](err); late {
		kind := "Permission"
		if q.question != nil {
			kind = "Question"
		}
		return false, gone(kind, q.id)
	}
	if err != nil {
		return false, badRequest("Payload", "%s", sentence(err.Error()))
	}
	return true, nil
}

// gone says that a question is settled or was never asked.
func gone(kind, id string) *failure {
	return &failure{
		status: http.StatusNotFound, tag: kind + "NotFoundError", message: kind + " request not found: " + shown(id), extra: map[string]string{"requestID": shown(id)},
	}
}

type questionBody struct {
	Answers [][]string `json:"answers"`
}

func (a *API) questionReply(c *call, in questionBody) (bool, error) {
	if len(in.Answers) != 1 || len(in.Answers[0]) == 0 {
		return false, badRequest("Payload", "answers is not one list of labels; give one for the one question")
	}
	return a.tell(c.PathValue("requestID"), func(q *QuestionRequest) permission.Reply { return q.Questions[0].reply(in.Answers[0]) })
}

// reply is labels, or words of the user's own, as the session reads them. A label may hold a comma; its choice does not.
func (q QuestionInfo) reply(answers []string) permission.Reply {
	words := make([]string, len(answers))
	for i, a := range answers {
		words[i] = a
		if n := slices.IndexFunc(q.Options, func(o QuestionOption) bool { return o.Label == a }); n >= 0 {
			words[i] = fmt.Sprintf("choice:%d", n+1)
		}
	}
	return permission.Reply(strings.Join(words, ", "))
}

func (a *API) questionReject(c *call, _ none) (bool, error) {
	return a.tell(c.PathValue("requestID"), func(*QuestionRequest) permission.Reply { return permission.Reject })
}

// tell answers a question of the model.
func (a *API) tell(id string, reply func(*QuestionRequest) permission.Reply) (bool, error) {
	if err := a.mayAnswer(); err != nil {
		return false, err
	}
	for _, q := range a.questions() {
		if q.id == id && q.question != nil {
			return a.settle(q, permission.Answer{Reply: reply(q.question)})
		}
	}
	return false, gone("Question", id)
}
