package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/permission"
)

// failure is an error in OpenCode's shape: {name, data: {message}}, or {_tag, …, message} where tag is set.
type failure struct {
	status  int
	name    string
	message string // one sentence for the client's user
	kind    string // of a bad request: "Payload", "Query", "Params", "Headers"
	tag     string
	extra   map[string]string // beside the tag
	// retryAfter is when to come again, in seconds; 0 where that does not help.
	retryAfter int
}

func (f *failure) Error() string { return f.message }

// MarshalJSON writes the error as OpenCode does.
func (f *failure) MarshalJSON() ([]byte, error) {
	if f.tag != "" {
		body := map[string]string{"_tag": f.tag, "message": f.message}
		for k, v := range f.extra {
			body[k] = v
		}
		return json.Marshal(body)
	}
	data := map[string]string{"message": f.message}
	if f.kind != "" {
		data["kind"] = f.kind
	}
	return json.Marshal(map[string]any{"name": f.name, "data": data})
}

func badRequest(kind, format string, args ...any) *failure {
	return &failure{status: http.StatusBadRequest, name: "BadRequest", kind: kind, message: fmt.Sprintf(format, args...)}
}

func notFound(what, id string) *failure {
	return &failure{status: http.StatusNotFound, name: "NotFoundError", message: what + " not found: " + shown(id)}
}

func forbidden(format string, args ...any) *failure {
	return &failure{status: http.StatusForbidden, name: "Forbidden", message: fmt.Sprintf(format, args...)}
}

func conflict(message string) *failure {
	return &failure{status: http.StatusConflict, name: "Conflict", message: message}
}

// overloaded says that there is no place just now.
func overloaded(message string) *failure {
	return &failure{status: http.StatusServiceUnavailable, name: "ServiceUnavailable", message: message, retryAfter: 5}
}

// shown is a client's word as it may stand in an answer: short, and with nothing invisible.
func shown(text string) string {
	if len(text) > 100 {
		text = strings.ToValidUTF8(text[:100], "") + "…"
	}
	return permission.Visible(text)
}

// sentence is a text of ours for people, with nothing invisible and not too long.
func sentence(text string) string {
	if len(text) > 500 {
		text = strings.ToValidUTF8(text[:500], "") + "…"
	}
	return permission.Visible(text)
}

// explain makes any error one for the client. What is not meant for it goes to the log.
func explain(err error, session string) *failure {
	if f, ok := errors.AsType[*failure](err); ok {
		return f
	}
	switch {
	case errors.Is(err, agent.ErrNotFound):
		return notFound("Session", session)
	case errors.Is(err, agent.ErrBusy):
		message := agent.ErrBusy.Error()
		if other, ok := errors.AsType[*agent.OtherTakerError](err); ok {
			message = other.Error()
		}
		return &failure{
			status: http.StatusConflict, tag: "SessionBusyError", message: message, extra: map[string]string{"sessionID": shown(session)},
		}
	case errors.Is(err, agent.ErrInUse):
		return conflict(agent.ErrInUse.Error() + "; close it there, or fork it")
	case errors.Is(err, agent.ErrClosed), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return &failure{status: http.StatusServiceUnavailable, name: "ServiceUnavailable", message: "the session was closed; open it again"}
	}
	logger().Errorf("request: %s", err)
	return &failure{status: http.StatusInternalServerError, name: "UnknownError", message: "something went wrong in opencode-lsp; its log says what"}
}

// fail answers with an error.
func fail(w http.ResponseWriter, f *failure) {
	if f.retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(f.retryAfter))
	}
	answer(w, f.status, f)
}

// answer writes a value as JSON.
func answer(w http.ResponseWriter, status int, value any) {
	data, err := json.Marshal(value)
	if err != nil {
		logger().Errorf("answer: %s", err)
		status, data = http.StatusInternalServerError, []byte(`{"name":"UnknownError","data":{"message":"the answer could not be written"}}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(data)
}
