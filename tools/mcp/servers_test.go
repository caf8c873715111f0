package mcp

import (
	"context"
	"encoding/json"
	"io"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/opencode-lsp/opencode-lsp/tools"
)

func TestTools(t *testing.T) {
	t.Parallel()
	d := serve(t, map[string]string{"my server": "plain"})
	add := d.tool("my_server_add", Asker{})
	if want := "Adds two numbers."; add.Description() != want {
		t.Errorf("description %q", add.Description())
	}
	if want := `{"type":"object","properties":{"b":{"type":"number"},"a":{"type":"number"}},"required":["a","b"]}`; string(add.Schema()) != want {
		t.Errorf("schema %s", add.Schema())
	}
	if got := d.text("my_server_add", `{"a":2,"b":3}`); got != "5" {
		t.Errorf("add gives %q", got)
	}
	op, err := add.Prepare(t.Context(), json.RawMessage(`{"a":9, "a":2, "b":3}`))
	if err != nil {
		t.Fatal(err)
	}
	a := op.Access()
	if a.Subject != "add of the MCP server my server" || len(a.Items) != 1 || a.Items[0].Permission != "my_server_add" || a.Items[0].Values[0] != "*" ||
		a.Items[0].Always != "*" || !slices.Equal(a.Notes, []string{"a: 2", "b: 3"}) || a.Preview.Text != "{\n  \"a\": 2,\n  \"b\": 3\n}" {
		t.Errorf("access %+v", a)
	}
	for _, bad := range []string{`[]`, `null`, `{"a":"x","b":1}`, `{"a":1}`} {
		if _, err := add.Prepare(t.Context(), json.RawMessage(bad)); err == nil {
			t.Errorf("%s is accepted", bad)
		}
	}
	if s := d.Status(); s[0].State != Connected || s[0].Prompts != 1 || !s[0].Resources || s[0].Server != "fake 1" {
		t.Errorf("status %+v", s)
	}
	if i := d.Instructions(); len(i) != 1 || i[0].Text != "Use add for sums.‹U+202E›" {
		t.Errorf("instructions %+v", i)
	}
}

func TestResults(t *testing.T) {
	t.Parallel()
	d := serve(t, map[string]string{"s": "plain"})
	if got := d.text("s_image", `{}`); got != "(image, image/png, 6 bytes: not shown)\n(content of the unknown type \"hologram\")\ninside\n(resource Y: doc://y)\n(a piece of the answer cannot be read)" {
		t.Errorf("image: %q", got)
	}
	if r, err := d.call("s_fail", `{}`); err != nil || !r.Error || r.Text != "no such file" {
		t.Errorf("fail: %+v %v", r, err)
	}
	if got := d.text("s_structured", `{}`); got != `{"sum":5}` {
		t.Errorf("structured: %q", got)
	}
	if _, err := d.call("s_error", `{}`); err == nil || err.Error() != `MCP server s: the server answers "disk ‹U+001B›[31mfull" (-32000)` {
		t.Errorf("error: %v", err)
	}
	if _, err := d.call("s_wrong", `{}`); err == nil || !strings.Contains(err.Error(), "its answer to tools/call is none") {
		t.Errorf("wrong: %v", err)
	}
	r, err := d.call("s_lines", `{}`)
	if err != nil || r.Full == "" || !strings.Contains(r.Text, "use read with offset") || len(r.Text) > 60_000 {
		t.Errorf("lines: %d bytes, full %q, %v", len(r.Text), r.Full, err)
	}
	if got := d.text("s_environ", `{}`); !strings.Contains(got, "PASSED=1") || strings.Contains(got, "HOME=") {
		t.Errorf("environ: %q", got)
	}
}

func TestProgress(t *testing.T) {
	t.Parallel()
	d := serve(t, map[string]string{"s": fakeConfig(t, "plain", `,"timeout":1500`)})
	var shown strings.Builder
	r, err := d.callWith(t.Context(), Asker{}, "s_slow", `{}`, &shown)
	if err != nil || r.Text != "done" || !strings.Contains(shown.String(), "8 of 8") {
		t.Errorf("slow: %+v %v, shown %q", r, err, shown.String())
	}
	if _, err := d.call("s_hang", `{}`); err == nil || !strings.Contains(err.Error(), "did not answer within 1.5s") {
		t.Errorf("hang: %v", err)
	}
	if got := d.text("s_add", `{"a":1,"b":1}`); got != "2" {
		t.Errorf("after a hang: %q", got)
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	d := serve(t, map[string]string{"s": "plain"})
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	start := time.Now()
	_, err := d.callWith(ctx, Asker{}, "s_hang", `{}`, io.Discard)
	if err == nil || ctx.Err() == nil || time.Since(start) > 10*time.Second {
		t.Errorf("cancel: %v after %s", err, time.Since(start))
	}
}

// Each fault costs one clear line, and nothing else.
func TestFaults(t *testing.T) {
	tests := []struct{ mode, state, want string }{
		{"exits", "failed", `it ended; its last words: cannot find my settings`},
		{"noise", "failed", `floods its standard output with text that is no MCP message`},
		{"endless", "failed", `sent a message of more than 16 MiB`},
		{"notifications", "failed", `it floods: more than 100000 messages that nobody asked for`},
		{"version", "failed", `speaks protocol version "1999-01-01", which is not known here`},
		{"types", "failed", `its answer to the handshake is none`},
		{"list", "failed", `its answer to tools/list holds no list of tools`},
		{"banner", "connected", ``},
		{`{"type":"local","command":["/nowhere/at/all"]}`, "failed", `its command /nowhere/at/all cannot be run: there is no such program; install it or mend the server's "command"`},
		{`{"command":["no-such-program-x1"]}`, "failed", `its command no-such-program-x1 cannot be run: there is no such program`},
		{`{"command":[]}`, "failed", `it has neither "command" nor "url"`},
		{`{"type":"local"}`, "failed", `it has no "command"`},
		{`{"type":"remote","url":"ftp://x"}`, "failed", `its "url" is no http or https address`},
		{`{"url":"http://mcp.example/","headers":{"Authorization":"Bearer x"}}`, "failed", `the header Authorization would travel in plain text; use https`},
		{`{"command":"npx"}`, "failed", `its configuration cannot be read`},
		{`{"command":["x"],"enabled":false}`, "disabled", ``},
	}
	for _, test := range tests {
		t.Run(test.mode, func(t *testing.T) {
			t.Parallel()
			d := serve(t, map[string]string{"bad": test.mode, "good": "plain"})
			if s := d.Status()[0]; string(s.State) != test.state || !strings.Contains(s.Reason, test.want) {
				t.Errorf("status %+v", s)
			}
			if test.want != "" { // said after it is noted
				d.until("its line", func() bool { return d.words() != "" })
			}
			if got := strings.Count(d.words(), "MCP server bad"); got != min(len(test.want), 1) {
				t.Errorf("said %q", d.words())
			}
			if got := d.text("good_add", `{"a":1,"b":1}`); got != "2" {
				t.Errorf("the other server: %q", got)
			}
		})
	}
}

func TestLists(t *testing.T) {
	t.Parallel()
	d := serve(t, map[string]string{"many": "many", "circle": "circle", "pages": "pages", "lies": "lies"})
	notes := map[string]string{}
	for _, s := range d.Status() {
		if s.State != Connected {
			t.Errorf("%+v", s)
		}
		notes[s.Name] = strings.Join(s.Notes, "\n")
	}
	for name, want := range map[string]string{
		"many": "it lists more than 128 tools; the others are left out", "circle": "its list of tools goes round in circles; the first 2 are used",
		"pages": "it lists more than 0 tools",
		"lies": "its tool 1 of 9 has no proper name or description and is left out\nits tool array is left out: its schema describes no object\n" +
			"it lists the tool ok twice; the first is used\nits tool 6 of 9 has no proper name or description and is left out\nits tool fat is left out: its schema has",
	} {
		if !strings.HasPrefix(notes[name], want) {
			t.Errorf("%s: %s", name, notes[name])
		}
	}
	total := 0
	for _, tool := range d.Tools(Session{Env: &tools.Env{}}) {
		if !regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`).MatchString(tool.Name()) {
			t.Errorf("name %q", tool.Name())
		}
		if text := tool.Description() + string(tool.Schema()); len(text) > maxDescription+maxSchema || strings.ContainsAny(text, "\u202e\u200b\x07") || strings.Contains(text, `\u20`) {
			t.Errorf("%s: %d bytes, hidden characters", tool.Name(), len(text))
		}
		total++
	}
	if total != 128+2+4+2 { // lies keeps ok, a_b_c, wide, deep; and the two resource tools
		t.Errorf("%d tools", total)
	}
}

func TestHuge(t *testing.T) {
	for _, name := range []string{"huge", "flood", "crash"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := serve(t, map[string]string{"s": "plain"})
			_, err := d.call("s_"+name, `{}`)
			want := map[string]string{
				"huge": "a message of more than 16 MiB", "flood": "it floods: more than", "crash": "it ended; its last words: panic: out of cheese",
			}[name]
			if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "it is started again") {
				t.Fatalf("%v", err)
			}
			d.until("it is back", func() bool {
				d.Ready(t.Context(), time.Second)
				c, _ := d.all()[0].connected()
				return c != nil && c.alive(t.Context()) == nil
			})
			if got := d.text("s_add", `{"a":1,"b":1}`); got != "2" {
				t.Errorf("after the restart: %q", got)
			}
		})
	}
}

func TestAsks(t *testing.T) {
	t.Parallel()
	d := serve(t, map[string]string{"s": "plain"})
	var form Form
	asker := Asker{
		Elicit: func(_ context.Context, f Form) (map[string]any, bool, error) {
			form = f
			return map[string]any{"force": true, "kind": "b"}, true, nil
		},
		Sample: func(_ context.Context, s Sample) (Sampled, error) {
			return Sampled{Text: s.System + "/" + s.Messages[0].Role + "/" + s.Messages[0].Text, Model: "m"}, nil
		},
	}
	for call, want := range map[string]string{
		"ask":    `{"action":"accept","content":{"branch":"main","force":true,"kind":"b","n":3}}`,
		"sample": `{"role":"assistant","content":{"type":"text","text":"Be brief/user/Name a color"},"model":"m","stopReason":"endTurn"}`,
		"secret": `{"action":"decline"}`,
		"roots":  `{"roots":[{"uri":"file://` + d.dir + `","name":"` + filepath.Base(d.dir) + `"}]}`,
	} {
		r, err := d.callWith(t.Context(), asker, "s_"+call, `{}`, io.Discard)
		if err != nil || r.Text != want {
			t.Errorf("%s: %q %v", call, r.Text, err)
		}
	}
	if form.Server != "s" || form.Message != "Which branch?" || len(form.Fields) != 4 || form.Fields[2].Options[1] != (Option{"b", "Beta"}) || !form.Fields[1].Required {
		t.Errorf("form %+v", form)
	}
	if got := d.text("s_ask", `{}`); got != `{"action":"decline"}` {
		t.Errorf("nobody to ask: %q", got)
	}
	if got := d.text("s_sample", `{}`); !strings.HasPrefix(got, "error") {
		t.Errorf("no model: %q", got)
	}
}

func TestChanged(t *testing.T) {
	t.Parallel()
	d := serve(t, map[string]string{"s": "plain"})
	before := d.Status()[0].Tools
	d.text("s_change", `{}`)
	d.until("the new list", func() bool { return d.Status()[0].Tools != before })
	d.tool("s_fresh", Asker{})
	for _, want := range []string{"0", "1", "1"} {
		d.Ready(t.Context(), time.Second)
		if got := d.text("s_folders", `{}`); got != want {
			t.Errorf("the roots changed %s times, want %s", got, want)
		}
		d.mu.Lock()
		d.dir = "/elsewhere"
		d.mu.Unlock()
	}
	d.configure(map[string]string{"other": "plain"})
	if s := d.Status(); len(s) != 1 || s[0].Name != "other" {
		t.Errorf("status %+v", s)
	}
}

func TestCollisions(t *testing.T) {
	t.Parallel()
	d := serve(t, map[string]string{"a": "plain", "a b": "plain", "a_b": "plain"})
	taken := d.Tools(Session{Env: &tools.Env{}, Taken: []string{"a_add"}})
	seen := map[string]bool{}
	for _, tool := range taken {
		if seen[tool.Name()] || tool.Name() == "a_add" {
			t.Errorf("%s twice", tool.Name())
		}
		seen[tool.Name()] = true
	}
	d.Tools(Session{Env: &tools.Env{}, Taken: []string{"a_add"}})
	if n := strings.Count(d.words(), "a tool of opencode-lsp"); n != 1 {
		t.Errorf("said %d times: %s", n, d.words())
	}
	if !strings.Contains(d.words(), "the tool add of the MCP server a_b is left out: its name is that of a tool of the MCP server a b") {
		t.Errorf("said %s", d.words())
	}
}

func TestResourcesAndPrompts(t *testing.T) {
	t.Parallel()
	d := serve(t, map[string]string{"s": "plain"})
	op, err := d.tool("read_mcp_resource", Asker{}).Prepare(t.Context(), json.RawMessage(`{"server":"s","uri":"doc://a"}`))
	if err != nil {
		t.Fatal(err)
	}
	if it := op.Access().Items[0]; it.Permission != "read" || it.Values[0] != "mcp:s:doc://a" || it.Always != "mcp:s:*" {
		t.Errorf("item %+v", it)
	}
	if got := d.text("read_mcp_resource", `{"server":"s","uri":"doc://a"}`); got != "text of it\n(doc://b, image/png, 3 bytes: not shown)" {
		t.Errorf("read: %q", got)
	}
	if got := d.text("list_mcp_resources", `{}`); got != "# s\ndoc://a  A  text/plain  first\n" {
		t.Errorf("list: %q", got)
	}
	p := d.Prompts()
	if len(p) != 1 || p[0].Command != "s:review" || len(p[0].Arguments) != 2 {
		t.Fatalf("prompts %+v", p)
	}
	if got, err := d.Prompt(t.Context(), p[0], map[string]string{"path": "a.go"}); err != nil || got != "Review a.go" {
		t.Errorf("prompt: %q %v", got, err)
	}
	if _, err := d.Prompt(t.Context(), p[0], nil); err == nil || err.Error() != "/s:review needs path, depth (optional)" {
		t.Errorf("prompt: %v", err)
	}
}
