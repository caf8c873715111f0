package httpapi_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/opencode-lsp/opencode-lsp/agent/httpapi"
)

// strange are the ids that a wrong client may send.
func strange() []string {
	return []string{
		"ses_0000000000000000000000000a", "msg_0000000000000000000000000a", "per_0000000000000000000000000a", "x", "ses_", "..%2f..%2fetc", "%00", "%E2%80%AE",
		"ses_" + strings.Repeat("a", 5000), "%27%3B%20DROP%20TABLE%20session",
	}
}

// filled puts an id into every place of a path.
func filled(path, id string) string {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(path, "{")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		b.WriteString(id)
		_, path, _ = strings.Cut(rest, "}")
	}
}

// refused checks an answer to bad input: no server error; of a refusal one sentence that tells nothing of the inside.
func refused(b *bench, what string, status int, answer string) {
	b.Helper()
	if status >= 500 {
		b.Errorf("%s = %d %s", what, status, answer)
	}
	if status < 400 {
		return
	}
	var body struct {
		Name, Message string
		Tag           string `json:"_tag"`
		Data          struct{ Message string }
	}
	if err := json.Unmarshal([]byte(answer), &body); err != nil {
		b.Errorf("%s = %d %s: %s", what, status, answer, err)
		return
	}
	message := body.Data.Message + body.Message
	if body.Name+body.Tag == "" || message == "" || len(message) > 700 || strings.Contains(message, "\n") {
		b.Errorf("%s = %d %s: not one sentence", what, status, answer)
	}
	for _, inside := range []string{b.dir, ".go:", "httpapi", "json:", "goroutine", "sql", "struct {", "Go value"} {
		if strings.Contains(answer, inside) {
			b.Errorf("%s = %d %s: it tells of %q", what, status, answer, inside)
		}
	}
}

// Every route of the table with ids that are not there, or are none.
func TestBadIDs(t *testing.T) {
	b := newBench(t, "")
	for _, r := range httpapi.Routes() {
		if !strings.Contains(r.Path, "{") {
			continue
		}
		for _, id := range strange() {
			path := filled(r.Path, id)
			body := any(nil)
			if r.Fields != nil {
				body = object{"title": "x", "reply": "once", "response": "once", "parts": []object{{"type": "text", "text": "x"}}, "command": "init", "answers": [][]string{{"x"}}}
			}
			status, answer := b.do(r.Method, path, body)
			if status < 400 {
				b.Errorf("%s %s = %d %s", r.Method, path, status, answer)
			}
			refused(b, r.Method+" "+path, status, answer)
		}
	}
}

// Every route with a body with each field of each wrong type, and with bodies that are no object or no JSON. What is of another
// type or too large does not pass the door.
func TestBadBodies(t *testing.T) {
	b := newBench(t, "")
	id := b.session()
	values := []string{"1", "-1e999", "true", `"x"`, "null", "[]", "{}", `[1]`, `[{}]`, `[[]]`, `[[1]]`, `[{"type":1}]`, `[{"type":"file","url":"file://h/x"}]`, `[{"type":"file","url":"data:"}]`, `{"a":1}`, `"\ud800"`, `"` + strings.Repeat("é", 3000) + `"`}
	whole := []string{"[]", "null", `"x"`, "1", "{", `{"a"`, "\xff", "{}}", strings.Repeat("[", 100_000), strings.Repeat(`{"a":`, 20_000)}
	for _, r := range httpapi.Routes() {
		if r.Fields == nil {
			continue
		}
		path := filled(r.Path, id)
		for _, body := range whole {
			status, answer := b.do(r.Method, path, body)
			if status < 400 {
				b.Errorf("%s %s with %.20q = %d %s", r.Method, path, body, status, answer)
			}
			refused(b, r.Method+" "+path+" "+body[:min(len(body), 20)], status, answer)
		}
		for _, field := range r.Fields {
			for _, v := range values {
				if r.ID == "session.shell" && field == "command" && v[0] == '"' {
					continue // nothing is wrong with it: it asks, and waits
				}
				body := `{"` + field + `":` + v + `}`
				status, answer := b.do(r.Method, path, body)
				refused(b, r.Method+" "+path+" "+body[:min(len(body), 60)], status, answer)
			}
		}
	}
	if status, answer := b.do("POST", "/session", `{"zzz":[1,{}],"title":"T"}`); status != 200 {
		t.Errorf("an unknown field = %d %s", status, answer)
	}
}

// Every route with parameters that are missing or wrong.
func TestBadQuery(t *testing.T) {
	b := newBench(t, "")
	id := b.session()
	for _, r := range httpapi.Routes() {
		path := filled(r.Path, id) + "?"
		for _, must := range r.Musts {
			path += must + "=x&"
			if status, answer := b.do(r.Method, filled(r.Path, id), nil); status != 400 || !strings.Contains(answer, must) {
				b.Errorf("%s without %s = %d %s", r.Path, must, status, answer)
			}
		}
		for _, name := range slices.Concat(r.Numbers, r.Booleans) {
			for _, v := range []string{"x", "-1", "1.5", "99999999999999999999", "%00", ""} {
				status, answer := b.do(r.Method, path+name+"="+v, nil)
				if status != 400 {
					b.Errorf("%s%s=%s = %d %s", path, name, v, status, answer)
				}
				refused(b, path+name+"="+v, status, answer)
			}
		}
		if status, answer := b.do(r.Method, path+"%zz=;", nil); status != 400 {
			b.Errorf("%s with a broken query = %d %s", r.Path, status, answer)
		}
	}
}

// Every route, and what is none, about another directory.
func TestOtherDirectory(t *testing.T) {
	b := newBench(t, "")
	id := b.session()
	paths := [][2]string{{"GET", "/nothing"}, {"GET", "/pty"}}
	for _, r := range httpapi.Routes() {
		paths = append(paths, [2]string{r.Method, filled(r.Path, id)})
	}
	for _, p := range paths {
		for _, dir := range []string{"/", "/etc", b.dir + "/..", "relative", b.dir + "x", "\x00"} {
			for _, query := range []string{"directory", "location[directory]"} {
				path := p[1] + "?" + url.Values{query: {dir}}.Encode()
				status, answer := b.do(p[0], path, nil)
				if status != 400 || !strings.Contains(answer, "another directory") {
					b.Errorf("%s %s = %d %s", p[0], path, status, answer)
				}
			}
			if status, answer := b.send(p[0], p[1], "", "X-Opencode-Directory", url.PathEscape(dir)); status != 400 {
				b.Errorf("%s %s for %q = %d %s", p[0], p[1], dir, status, answer)
			}
		}
	}
	for _, dir := range []string{b.dir, b.dir + "/", b.dir + "/sub/folder"} {
		if status, answer := b.do("GET", "/path?directory="+url.QueryEscape(dir), nil); status != 200 {
			t.Errorf("%s = %d %s", dir, status, answer)
		}
		if status, answer := b.send("POST", "/session", "", "X-Opencode-Directory", url.PathEscape(dir)); status != 200 {
			t.Errorf("%s = %d %s", dir, status, answer)
		}
	}
}

// What is not served is 404 or 405 in OpenCode's shape.
func TestUnknownRoutes(t *testing.T) {
	b := newBench(t, "")
	for _, p := range []string{"/", "/pty", "/tui/append-prompt", "/session/x/share", "/experimental/worktree", "/api/session", "/auth/openai", "/project/git/init", "/index.html"} {
		for _, method := range []string{"GET", "POST", "PUT"} {
			status, answer := b.do(method, p, nil)
			if status != 404 || !strings.Contains(answer, "NotFoundError") {
				t.Errorf("%s %s = %d %s", method, p, status, answer)
			}
		}
	}
	if status, answer := b.do("PATCH", "/config", object{}); status != 405 || !strings.Contains(answer, "BadRequest") {
		t.Errorf("PATCH /config = %d %s", status, answer)
	}
}

// Without remote approval every reply is refused and the question stays open.
func TestNoRemoteApproval(t *testing.T) {
	b := newBench(t, "call bash {\"command\":\"ls\"}\n")
	b.shut()
	b.open(false)
	id := b.session()
	l := b.listen("/event", "")
	b.do("POST", "/session/"+id+"/prompt_async", text("List."))
	asked := l.until("permission.asked")
	question := asked[len(asked)-1].Properties["id"].(string)
	for path, body := range map[string]object{
		"/permission/" + question + "/reply":               {"reply": "reject"},
		"/session/" + id + "/permissions/" + question:      {"response": "once"},
		"/question/que_0000000000000000000000000a/reply":   {"answers": [][]string{{"A"}}},
		"/question/que_0000000000000000000000000a/reject":  nil,
		"/permission/per_0000000000000000000000000a/reply": {"reply": "once"},
	} {
		if status, answer := b.do("POST", path, body); status != 403 || !strings.Contains(answer, "--remote-approval") {
			t.Errorf("POST %s = %d %s", path, status, answer)
		}
	}
	if open := want[[]httpapi.PermissionRequest](b, "GET", "/permission", nil); len(open) != 1 {
		t.Errorf("open questions = %v", open)
	}
	want[bool](b, "POST", "/session/"+id+"/abort", nil)
	l.until("session.idle")
	if open := want[[]httpapi.PermissionRequest](b, "GET", "/permission", nil); len(open) != 0 {
		t.Errorf("after the abort open questions = %v", open)
	}
}

// A request of any bytes gets an answer that is no server error, but for one that its client has left.
func FuzzHTTPRequest(f *testing.F) {
	for _, r := range httpapi.Routes() {
		f.Add(r.Method, filled(r.Path, "ses_0000000000000000000000000a"), "directory=%2F&limit=1", "", "application/json", `{"parts":[{"type":"text","text":"x"}],"reply":"once"}`)
	}
	f.Add("GET", "//session/../x", "a=%zz", "%2Fetc", "text/plain", "\x00")
	b := newBench(f, "")
	f.Fuzz(func(t *testing.T, method, path, query, directory, kind, body string) {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		req := (&http.Request{
			Method: method, URL: &url.URL{Path: path, RawQuery: query}, Host: "127.0.0.1", Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
		}).WithContext(ctx)
		req.Header.Set("X-Opencode-Directory", directory)
		req.Header.Set("Content-Type", kind)
		w := httptest.NewRecorder()
		b.api.ServeHTTP(w, req)
		if w.Code >= 500 && ctx.Err() == nil {
			t.Errorf("%q %q?%q %q = %d %s", method, path, query, body, w.Code, w.Body)
		}
	})
}
