//go:build unix

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/opencode-lsp/opencode-lsp/agent/agenttest"
)

// session makes a session and returns its id.
func (s *served) session() string {
	s.t.Helper()
	var made struct{ ID string }
	if err := json.Unmarshal([]byte(s.ask(200, "POST", "/session", "{}")), &made); err != nil || made.ID == "" {
		s.t.Fatalf("no session: %v", err)
	}
	return made.ID
}

// script gives the model its steps.
func (s *served) script(steps string) {
	s.t.Helper()
	script, err := agenttest.Parse(steps)
	if err != nil {
		s.t.Fatal(err)
	}
	s.model.Add(script...)
}

// prompt starts a turn.
func (s *served) prompt(session, text string) {
	s.t.Helper()
	s.ask(204, "POST", "/session/"+session+"/prompt_async", fmt.Sprintf(`{"parts":[{"type":"text","text":%q}]}`, text))
}

// until reads a stream up to an event of a type, which it returns.
func until(t *testing.T, in *bufio.Reader, kind string) string {
	t.Helper()
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			t.Fatalf("the stream ends before %s: %v", kind, err)
		}
		if data, ok := strings.CutPrefix(line, "data: "); ok && strings.Contains(data, `"type":"`+kind+`"`) {
			return data
		}
	}
}

// questions are the ids of the open permission questions.
func (s *served) questions() []string {
	s.t.Helper()
	var list []struct{ ID string }
	if err := json.Unmarshal([]byte(s.ask(200, "GET", "/permission", "")), &list); err != nil {
		s.t.Fatal(err)
	}
	var ids []string
	for _, q := range list {
		ids = append(ids, q.ID)
	}
	return ids
}

func (s *served) exists(name string) bool {
	_, err := os.Stat(filepath.Join(s.root, name))
	return err == nil
}

// head sends a request and reads no more than the status of its answer, 0 for none: it may be a stream.
func (s *served) head(request string) int {
	c := s.dial()
	defer c.Close()
	c.SetDeadline(time.Now().Add(2 * time.Second))
	io.WriteString(c, request)
	c.(interface{ CloseWrite() error }).CloseWrite()
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return 0
	}
	res.Body.Close()
	return res.StatusCode
}

// routes are the paths of the API's table, with something in the place of their parameters.
func (s *served) routes() []string {
	s.t.Helper()
	source, err := os.ReadFile("../../agent/httpapi/routes.go")
	if err != nil {
		s.t.Fatal(err)
	}
	var paths []string
	for _, m := range regexp.MustCompile(`"(/[^" ]*)", "[a-z_.]+", "`).FindAllSubmatch(source, -1) {
		paths = append(paths, regexp.MustCompile(`{\w+}`).ReplaceAllString(string(m[1]), "x"))
	}
	slices.Sort(paths)
	if paths = slices.Compact(paths); len(paths) < 30 || !slices.Contains(paths, health) || !slices.Contains(paths, "/event") {
		s.t.Fatalf("the table of routes is not understood: %q", paths)
	}
	return paths
}

// ask sends one request by net/http and wants a status; the answer's text is returned.
func (s *served) ask(want int, method, path, body string) string {
	s.t.Helper()
	text, status := s.try(method, path, body)
	if status != want {
		s.t.Errorf("%s %s: %d, want %d: %s", method, path, status, want, text)
	}
	return text
}

func (s *served) try(method, path, body string) (string, int) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.SetBasicAuth(s.user, s.pass)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := s.client.Do(req)
	if err != nil {
		return err.Error(), 0
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return err.Error(), 0
	}
	return string(text), res.StatusCode
}

// stream asks for a stream of events and returns its connection once it has begun.
func (s *served) stream(path string, headers ...string) (*bufio.Reader, net.Conn) {
	s.t.Helper()
	c := s.dial()
	io.WriteString(c, s.request("GET", path, "", append([]string{"Accept: text/event-stream"}, headers...)...))
	in := bufio.NewReader(c)
	res, err := http.ReadResponse(in, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	if res.StatusCode != http.StatusOK {
		s.t.Fatalf("%s: %s", path, res.Status)
	}
	return bufio.NewReader(res.Body), c
}
