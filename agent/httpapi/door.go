package httpapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/tliron/commonlog"
)

// door stands before the API: it lets a request through only from who knows the password and comes from where he may. All of
// it happens before routing, for every method and path alike, so that who is refused learns nothing of what is behind.
//
// The order is fixed: password (401, 429), host (400, 421), origin (403), target (400, 404), type (415) and size (413) of the
// body. Who does not know the password sees nothing but the first.
type door struct {
	scheme   string   // of our own origin: "http" or "https"
	hosts    []string // the names by which clients reach us, with port, exact
	anyLocal bool     // listening on every address: the one that a connection came to is a name, too
	known    atomic.Pointer[identity]
	failures failures
}

func newDoor(scheme string, hosts []string, anyLocal bool, who identity) *door {
	d := &door{scheme: scheme, hosts: hosts, anyLocal: anyLocal}
	d.known.Store(&who)
	return d
}

// wrap puts the door before a handler.
func (d *door) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sealed := &sealed{ResponseWriter: w}
		defer survive(sealed, r)
		if no := d.check(w, r); no != nil {
			no.answer(sealed, r)
			return
		}
		next.ServeHTTP(sealed, r)
		sealed.begin()
	})
}

// check returns why a request is refused, nil where it may pass. w is needed to bound the body.
func (d *door) check(w http.ResponseWriter, r *http.Request) *refusal {
	if no := d.authenticate(r); no != nil {
		return no
	}
	prove(r.Context())
	for _, rule := range []func(*http.Request) *refusal{d.checkHost, d.checkOrigin, checkTarget, checkType} {
		if no := rule(r); no != nil {
			return no
		}
	}
	return readBody(w, r)
}

// refusal is an answer to who is not let through: a status and one sentence that tells nothing but what he sent himself.
type refusal struct {
	status     int
	name, text string
	retryAfter time.Duration
}

// lingering bounds how long the rest of a refused request is waited for.
const lingering = time.Second

// answer writes the refusal in the API's shape for errors. A request with a body costs its connection: its sender may never
// come to the end of it.
func (no *refusal) answer(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	if r.ContentLength != 0 {
		h.Set("Connection", "close")
		setReadDeadline(w, time.Now().Add(lingering))
	}
	switch no.status {
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", `Basic realm="opencode", charset="UTF-8"`)
	case http.StatusTooManyRequests:
		h.Set("Retry-After", fmt.Sprint(int(no.retryAfter/time.Second)+1))
		h.Set("Connection", "close")
	}
	h.Set("Content-Type", "application/json")
	w.WriteHeader(no.status)
	var body struct {
		Name string `json:"name"`
		Data struct {
			Message string `json:"message"`
		} `json:"data"`
	}
	body.Name, body.Data.Message = no.name, no.text
	if err := json.NewEncoder(w).Encode(body); err != nil {
		logger().Debugf("answer: %s", err)
	}
}

// survive turns a panic of the API into an answer that says nothing of it; the log has it all.
func survive(w *sealed, r *http.Request) {
	fault := recover()
	if fault == nil || fault == http.ErrAbortHandler {
		return
	}
	logger().Errorf("panic in %s %s: %v\n%s", r.Method, r.URL.Path, fault, debug.Stack())
	if w.begun {
		panic(http.ErrAbortHandler) // ends the connection: half an answer must not look like a whole one
	}
	no := refusal{status: http.StatusInternalServerError, name: "UnknownError", text: "something went wrong here; the log says what"}
	no.answer(w, r)
}

// connKey finds the connection of a request in its context, where net/http's ConnContext puts it.
type connKey struct{}

// prove marks the connection of a request as one whose client knows the password.
func prove(ctx context.Context) {
	if c, ok := ctx.Value(connKey{}).(*conn); ok {
		c.room.prove(c)
	}
}

func logger() commonlog.Logger { return commonlog.GetLogger("opencode.http") }
