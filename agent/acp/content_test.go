package acp

import (
	"encoding/base64"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/opencode-lsp/opencode-lsp/tools"
)

func TestPromptOf(t *testing.T) {
	str := func(s string) *string { return &s }
	gif := base64.StdEncoding.EncodeToString([]byte("GIF89a rest"))
	tests := []struct {
		blocks              []block
		text, below, failed string
		files               int
	}{
		{blocks: []block{textBlock("/init now")}, text: "/init now"},
		{blocks: []block{textBlock("see"), {Type: "resource_link", URI: "file:///ws/a/b.go"}, textBlock(" please")}, text: "see @a/b.go please"},
		{blocks: []block{{Type: "resource_link", URI: "file:///ws/a%20b.go#L3"}}, text: `"/ws/a b.go" (line 3)`},
		{blocks: []block{{Type: "resource_link", URI: "file:///etc/passwd#L3:9"}}, text: "@/etc/passwd (lines 3 to 9)"},
		{blocks: []block{{Type: "resource_link", URI: "file:///ws/x@y"}}, text: `"/ws/x@y"`},
		{blocks: []block{{Type: "resource_link", URI: "file://host/ws/x", Name: "n"}}, text: "n (file://host/ws/x)"},
		{blocks: []block{{Type: "resource_link", URI: "zed:///thread/1", Name: "a\nthread\u202e"}}, text: "a thread‹U+202E› (zed:///thread/1)"},
		{blocks: []block{textBlock("x"), {Type: "resource", Resource: &resource{URI: "file:///ws/c.go#L1:2", Text: str("@secret")}}},
			text: `x "c.go" lines 1 to 2`, below: "\n\n<file path=\"c.go lines 1 to 2\">\n@secret\n</file>"},
		{blocks: []block{{Type: "image", Data: gif, MIME: "image/gif"}}, text: "See what is attached.", files: 1},
		{blocks: []block{{Type: "resource", Resource: &resource{URI: "x:p.gif", Blob: str(gif), MIME: "image/gif"}}}, text: `"x:p.gif"`, files: 1},
		{blocks: []block{{Type: "resource", Resource: &resource{URI: "x:p.zip", Blob: str(gif), MIME: "application/zip"}}}, failed: "mimeType"},
		{blocks: []block{textBlock(" \n")}, failed: "prompt is empty"},
	}
	for _, test := range tests {
		p, err := promptOf(filepath.FromSlash("/ws"), test.blocks)
		if test.failed != "" {
			if err == nil || !strings.Contains(err.Error(), test.failed) {
				t.Errorf("%v: %v, want %q", test.blocks, err, test.failed)
			}
			continue
		}
		if err != nil || p.Text != test.text || p.Context != test.below || len(p.Files) != test.files {
			t.Errorf("%v: %v %q %q, %d files", test.blocks, err, p.Text, p.Context, len(p.Files))
		}
	}
	p, err := promptOf("/ws", []block{{Type: "resource", Resource: &resource{URI: "x:y", Text: str(strings.Repeat("é", maxEmbedded))}}})
	if err != nil || len(p.Context) > maxEmbedded+200 || !strings.Contains(p.Context, "more bytes") {
		t.Errorf("a long one: %v, %d bytes", err, len(p.Context))
	}
}

func TestAsOnDisk(t *testing.T) {
	for _, test := range []struct {
		text, disk, want string
		form             lineForm
	}{
		{"a\nb\n", "a\nb\n", "a\nb\n", lineForm{}},
		{"a\nb\n", "a\r\nb\r\n", "a\r\nb\r\n", lineForm{lf: true}},
		{"a\nc\n", "a\r\nb\r\n", "a\r\nc\r\n", lineForm{lf: true}},
		{"a\nb\nc", "a\r\nb\nc", "a\r\nb\nc", lineForm{lf: true}}, // mixed, unchanged
		{"a\nx\nc", "a\r\nb\nc", "a\nx\nc", lineForm{lf: true}},   // mixed, changed: the client saves it so
		{"a\r\nc\r\n", "a\r\nb\r\n", "a\r\nc\r\n", lineForm{}},
		{"a\n", mark + "b\r\n", mark + "a\r\n", lineForm{lf: true, noMark: true}},
		{mark + "a\n", mark + "b\n", mark + "a\n", lineForm{}},
		{"new\n", "", "new\n", lineForm{}},
	} {
		if got, form := asOnDisk(test.text, test.disk); got != test.want || form != test.form {
			t.Errorf("%q over %q: %q %v, want %q %v", test.text, test.disk, got, form, test.want, test.form)
		}
	}
}

func TestDescribe(t *testing.T) {
	for _, test := range []struct{ name, args, kind, title, place string }{
		{"read", `{"filePath":"a/b.go","offset":7}`, "read", "read a/b.go", "/ws/a/b.go"},
		{"edit", `{"filePath":"/x/c.go"}`, "edit", "edit /x/c.go", "/x/c.go"},
		{"grep", `{"pattern":"x.*","path":"src"}`, "search", "grep x.*", "/ws/src"},
		{"bash", "{\"command\":\"echo `a`\\n\\u202ex\"}", "execute", "`echo 'a' ‹U+202E›x`", ""},
		{"webfetch", `{"url":"https://go.dev"}`, "fetch", "webfetch https://go.dev", ""},
		{"task", `{"description":"look"}`, "think", "task look", ""},
		{"github_merge", `{"path":"x"}`, "other", "github_merge x", ""},
		{"read", `nonsense`, "read", "read", ""},
	} {
		got := describe(tools.Call{ID: "1", Name: test.name, Arguments: test.args}, filepath.FromSlash("/ws"))
		place := ""
		if len(got.Locations) > 0 {
			place = filepath.ToSlash(got.Locations[0].Path)
		}
		if got.Kind != test.kind || got.Title != test.title || place != test.place {
			t.Errorf("%s %s: %+v", test.name, test.args, got)
		}
	}
	if got := clip(strings.Repeat("é", 300)); len(got) > maxTitle || !strings.Contains(got, " … ") {
		t.Errorf("clip: %d bytes", len(got))
	}
}

func TestWithheld(t *testing.T) {
	got := withheld([]string{"A=1", "KEY=x", "BASH_FUNC_f%%=() { :; }", "PATH=/bin"}, []string{"A=1", "PATH=/bin"})
	if want := []string{"BASH_ENV", "ENV", "KEY", "PROMPT_COMMAND"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got := privileged([]string{"/bin/bash", "--noprofile", "--norc", "-c", "--norc"}); !slices.Equal(got, []string{"/bin/bash", "--noprofile", "--norc", "-p", "-c", "--norc"}) {
		t.Errorf("%q", got)
	}
}

func TestMCPSettings(t *testing.T) {
	got, err := mcpSettings([]mcpServer{
		{Name: "local", Command: "/bin/x", Args: []string{"-a"}, Env: []pair{{"K", "v"}}},
		{Type: "sse", Name: "remote", URL: "https://x", Headers: []pair{{"H", "v"}}},
	})
	want := `{"mcp":{"local":{"command":["/bin/x","-a"],"environment":{"K":"v"},"type":"local"},"remote":{"headers":{"H":"v"},"type":"remote","url":"https://x"}}}`
	if err != nil || string(got) != want {
		t.Errorf("%s %v", got, err)
	}
	if got, err := mcpSettings(nil); got != nil || err != nil {
		t.Errorf("%s %v", got, err)
	}
}
