package mcp

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/mark3labs/mcp-go/mcp"
	mcpserver "github.com/mark3labs/mcp-go/server"

	"github.com/opencode-lsp/opencode-lsp/tools/mcp/oauth"
)

// site is a remote server by hand.
type site struct {
	*httptest.Server
	mu      sync.Mutex
	tokens  []string // that came with calls
	accept  string   // the token it wants, "" for any
	session string
	header  string // what came in X-Mine
}

func newSite(t *testing.T) *site {
	s := &site{session: "one"}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens = append(s.tokens, strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
	s.header = r.Header.Get("X-Mine")
	var m fakeMessage
	json.NewDecoder(r.Body).Decode(&m)
	reply := func(result string) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Mcp-Session-Id", s.session)
		fmt.Fprintf(w, `{"jsonrpc":"2.0","id":%s,"result":%s}`, m.ID, result)
	}
	switch {
	case r.Method != http.MethodPost:
		w.WriteHeader(http.StatusMethodNotAllowed)
	case s.accept != "" && s.accept != s.tokens[len(s.tokens)-1]:
		w.Header().Set("WWW-Authenticate", `Bearer scope="files"`)
		w.WriteHeader(http.StatusUnauthorized)
	case r.Header.Get("Mcp-Session-Id") != "" && r.Header.Get("Mcp-Session-Id") != s.session:
		w.WriteHeader(http.StatusNotFound)
	case m.Method == "initialize":
		reply(`{"protocolVersion":"2025-06-18","capabilities":{"tools":{}},"serverInfo":{"name":"site","version":"1"}}`)
	case m.Method == "tools/list":
		reply(`{"tools":[{"name":"hi"},{"name":"admin"},{"name":"huge"},{"name":"event"},{"name":"flood"},{"name":"away"}]}`)
	case m.Method != "tools/call":
		w.WriteHeader(http.StatusAccepted)
	case m.Params.Name == "admin":
		w.Header().Set("WWW-Authenticate", `Bearer error="insufficient_scope", scope="admin"`)
		w.WriteHeader(http.StatusForbidden)
	case m.Params.Name == "away":
		http.Redirect(w, r, "http://elsewhere.invalid/", http.StatusTemporaryRedirect)
	case m.Params.Name == "huge":
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"jsonrpc":"2.0","id":%s,"result":{"content":[{"type":"text","text":"`, m.ID)
		endless(w, strings.Repeat("x", 1<<16))
	case m.Params.Name == "event":
		w.Header().Set("Content-Type", "text/event-stream")
		io.WriteString(w, "data: ")
		endless(w, strings.Repeat("x", 1<<16))
	case m.Params.Name == "flood":
		w.Header().Set("Content-Type", "text/event-stream")
		endless(w, "data: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{}}\n\n")
	default:
		reply(`{"content":[{"type":"text","text":"hello"}]}`)
	}
}

// endless writes until nobody reads any more.
func endless(w io.Writer, text string) {
	for {
		if _, err := io.WriteString(w, text); err != nil {
			return
		}
	}
}

func (s *site) config(timeout int) string {
	return fmt.Sprintf(`{"type":"remote","url":"%s/mcp","headers":{"X-Mine":"h"},"timeout":%d}`, s.URL, timeout)
}

// came is what the last request brought in X-Mine, and all tokens.
func (s *site) came() (header string, tokens []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.header, slices.Clone(s.tokens)
}

func TestRemote(t *testing.T) {
	for call, want := range map[string]string{
		"huge": errTooLong.Error(), "event": errTooLong.Error(), "away": "it redirects to another host", "flood": "did not answer within 2s",
		"admin": "it wants more rights for this: run `opencode-lsp mcp auth r`",
	} {
		t.Run(call, func(t *testing.T) {
			t.Parallel()
			site := newSite(t)
			timeout := 60_000
			if call == "flood" {
				timeout = 2000
			}
			d := serve(t, map[string]string{"r": site.config(timeout)})
			got := d.text("r_hi", `{}`)
			if header, _ := site.came(); got != "hello" || header != "h" {
				t.Errorf("hi: %q, header %q", got, header)
			}
			if _, err := d.call("r_"+call, `{}`); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%v", err)
			}
			if e, _ := (oauth.Store{Dir: d.opt.Tokens}).Load(site.URL + "/mcp"); (e.Challenge.Scope == "admin") != (call == "admin") {
				t.Errorf("kept %+v", e)
			}
			d.until("the next answer", d.says("r_hi", "hello"))
		})
	}
}

func TestForgotten(t *testing.T) {
	t.Parallel()
	site := newSite(t)
	d := serve(t, map[string]string{"r": site.config(60_000)})
	site.mu.Lock()
	site.session = "two" // as after a restart
	site.mu.Unlock()
	if _, err := d.call("r_hi", `{}`); err == nil || !strings.Contains(err.Error(), "it has forgotten this session") {
		t.Errorf("%v", err)
	}
	d.until("the new session", d.says("r_hi", "hello"))
}

// says calls a tool of a server that may not be back yet.
func (d *desk) says(name, want string) func() bool {
	return func() bool {
		got, err := d.tryCall(name)
		return err == nil && got == want
	}
}

func (d *desk) tryCall(name string) (string, error) {
	for _, t := range d.Tools(Session{Env: d.env()}) {
		if t.Name() == name {
			op, err := t.Prepare(d.Context(), json.RawMessage(`{}`))
			if err != nil {
				return "", err
			}
			r, err := op.Run(d.Context(), io.Discard)
			return r.Text, err
		}
	}
	return "", errEnded
}

func TestSignedIn(t *testing.T) {
	t.Parallel()
	site := newSite(t)
	site.accept = "access"
	d := serve(t, map[string]string{"r": site.config(60_000)})
	if s := d.Status()[0]; s.State != NeedsAuth || s.Reason != "it wants you to sign in: run `opencode-lsp mcp auth r`" {
		t.Fatalf("%+v", s)
	}
	// Another process signs in; the next turn finds it.
	store := oauth.Store{Dir: d.opt.Tokens}
	e, err := store.Load(site.URL + "/mcp")
	if err != nil || e.Challenge.Scope != "files" {
		t.Fatalf("%+v %v", e, err)
	}
	e.Token = oauth.Token{Access: "access"}
	if err := store.Save(e); err != nil {
		t.Fatal(err)
	}
	d.Ready(t.Context(), 0)
	d.until("the connection", func() bool { return d.Status()[0].State == Connected })
	got := d.text("r_hi", `{}`)
	if _, tokens := site.came(); got != "hello" || tokens[len(tokens)-1] != "access" {
		t.Errorf("%q, tokens %q", got, tokens)
	}
	site.mu.Lock()
	site.accept = "other" // the token is withdrawn, and there is none to renew it with
	site.mu.Unlock()
	if _, err := d.call("r_hi", `{}`); err == nil || !strings.Contains(err.Error(), "it wants you to sign in") {
		t.Errorf("%v", err)
	}
	d.until("the status", func() bool { return d.Status()[0].State == NeedsAuth })
	for name, want := range map[string]string{"x": `no MCP server is called "x"; the configuration has r`} {
		if err := d.SignIn(t.Context(), name, nil); err == nil || err.Error() != want {
			t.Errorf("%v", err)
		}
	}
}

// A server that speaks the older transport alone is found out.
func TestOlderTransport(t *testing.T) {
	t.Parallel()
	s := mcpserver.NewMCPServer("older", "1")
	s.AddTool(mcp.NewTool("hi"), func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		return mcp.NewToolResultText("hello"), nil
	})
	sse := httptest.NewServer(mcpserver.NewSSEServer(s))
	t.Cleanup(sse.Close)
	d := serve(t, map[string]string{"o": `{"url":"` + sse.URL + `/sse"}`})
	if got := d.text("o_hi", `{}`); got != "hello" {
		t.Errorf("%q", got)
	}
}

func TestSigns(t *testing.T) {
	for config, want := range map[string]bool{
		`{"url":"https://a/"}`: true, `{"url":"http://127.0.0.1:1/"}`: true, `{"url":"http://a/"}`: false, `{"url":"https://a/","oauth":false}`: false,
		`{"url":"https://a/","headers":{"authorization":"Bearer x"}}`: false, `{"url":"https://a/","oauth":{"scope":"x"}}`: true,
	} {
		c, err := readConfig(json.RawMessage(config))
		if got := signs(c); err != nil || got != want {
			t.Errorf("%s: %t %v", config, got, err)
		}
	}
}

// The stream of a server's own messages is given up where it keeps failing, and taken up where it works.
func TestListening(t *testing.T) {
	r := &remote{url: &url.URL{Scheme: "http", Host: "h"}}
	req := httptest.NewRequest(http.MethodGet, "http://h/", nil)
	codes := []int{}
	for _, code := range []int{500, 500, 500, 500, 200, 500, 500, 500, 500, 500} {
		codes = append(codes, r.listening(req, &http.Response{StatusCode: code}).StatusCode)
	}
	if want := []int{500, 500, 500, 500, 200, 500, 500, 500, 500, 405}; !slices.Equal(codes, want) {
		t.Errorf("%v", codes)
	}
}
