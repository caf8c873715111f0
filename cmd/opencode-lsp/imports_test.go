package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/opencode-lsp/opencode-lsp"

// layers is which of our packages a package may import, tests aside: the arrows of the design point down. A package that
// is missing here is an error, so that a new one gets its place.
var layers = map[string]string{
	"permission":       "", // judges descriptions of operations; knows neither files nor tools
	"permission/shell": "permission",
	"permission/batch": "permission permission/shell",
	"workspace":        "", // the user's files; consent is not its matter
	"workspace/config": "permission permission/shell",
	"tools":            "permission permission/shell workspace",
	"tools/peer":       "permission tools", // programs that serve us on stdio
	"tools/mcp":        "permission tools tools/mcp/oauth tools/peer",
	"tools/mcp/oauth":  "", // speaks to authorization servers alone
	"agent":            "permission tools",
	"agent/llm":        "agent tools",
	"agent/store":      "agent permission",
	"agent/agenttest":  "agent tools",
	"agent/httpapi":    "agent permission tools workspace",
	"agent/acp":        "agent permission tools workspace",
	"lsp":              "agent permission tools workspace",          // knows no model and no store
	"lsp/servers":      "lsp permission tools tools/peer workspace", // the client of other language servers
	"lsp/lsptest":      "",                                          // speaks the protocol alone, so that it tests the wire
	"editors":          "",
	// Tests with real clients and in real editors, behind build tags.
	"agent/httpapi/clienttest":   "",
	"editors/editorstest":        "agent/agenttest",
	"editors/editorstest/vscode": "agent/agenttest editors/editorstest",
}

// owners is the only packages that import a third-party module, with the reason.
var owners = map[string]struct{ packages, why string }{
	"github.com/tliron/glsp":                       {"lsp lsp/lsptest", "its protocol types; its server runs handlers on the read loop"},
	"github.com/sourcegraph/jsonrpc2":              {"lsp lsp/servers lsp/lsptest", "glsp's transport; connections that speak LSP are the front's"},
	"github.com/openai/openai-go":                  {"agent/llm", "the wire to models; agent knows only its Model"},
	"github.com/mark3labs/mcp-go":                  {"tools/mcp", "an MCP tool is a tools.Tool to everyone else"},
	"github.com/fsnotify/fsnotify":                 {"workspace", "watching is the workspace's"},
	"modernc.org/sqlite":                           {"agent/store", "a store is an agent.Store to everyone else"},
	"github.com/spf13/cobra":                       {"cmd/opencode-lsp", "flags and subcommands"},
	"mvdan.cc/sh":                                  {"permission/shell", "what a command does is a permission question"},
	"rsc.io/script":                                {"lsp/lsptest", "scripts"},
	"github.com/google/jsonschema-go":              {"tools tools/mcp agent/httpapi", "parameters of tools, shapes of the HTTP API"},
	"github.com/aymanbagabas/go-udiff":             {"workspace lsp/lsptest", "diffs"},
	"github.com/bmatcuk/doublestar":                {"workspace cmd/opencode-lsp", "glob patterns, of files and of instructions"},
	"github.com/charlievieth/fastwalk":             {"workspace", "walking"},
	"github.com/tidwall/jsonc":                     {"workspace/config", "comments in configuration"},
	"github.com/rivo/uniseg":                       {"lsp", "columns of prompts"},
	"github.com/tliron/go-kutil":                   {"cmd/opencode-lsp", "where commonlog writes"},
	"github.com/tliron/commonlog":                  {"", "the logger everywhere"},
	"github.com/JohannesKaufmann/html-to-markdown": {"tools", "web pages as Markdown"},
	"golang.org/x/net":                             {"tools", "reading web pages: the parser and the character sets that html-to-markdown builds on"},
	"golang.org/x/text":                            {"tools", "letters and their accents as one character or two"},
	"golang.org/x/term":                            {"cmd/opencode-lsp", "whether a person is there to be asked"},
	"golang.org/x/sys":                             {"agent/store tools workspace", "locks, process groups, when a file was made"},
	"golang.org/x/tools":                           {"lsp/lsptest", "scripts"},
}

// pkg is what the go command says of a package.
type pkg struct {
	ImportPath string
	Imports    []string
}

func ourPackages(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", module+"/...")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var all []pkg
	for d := json.NewDecoder(out); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if len(all) < 10 {
		t.Fatalf("go list found %d packages only", len(all))
	}
	return all
}

// The import lists alone tell a reader each package's and each library's place.
func TestImports(t *testing.T) {
	for _, p := range ourPackages(t) {
		name := strings.TrimPrefix(p.ImportPath, module+"/")
		if strings.HasPrefix(name, "cmd/") {
			name = "cmd/opencode-lsp"
		}
		allowed, known := layers[name]
		if !known && name != "cmd/opencode-lsp" {
			t.Errorf("%s has no place in the layers: add it to the table and the design", name)
			continue
		}
		for _, path := range p.Imports {
			if fault := judge(name, strings.Fields(allowed), path); fault != "" {
				t.Error(fault)
			}
		}
	}
}

// judge says what is wrong with an import, "" for nothing.
func judge(name string, allowed []string, path string) string {
	if own, ok := strings.CutPrefix(path, module+"/"); ok {
		if name != "cmd/opencode-lsp" && !slices.Contains(allowed, own) {
			return name + " imports " + own + ": it may import " + strings.Join(allowed, ", ") + " of ours"
		}
		return ""
	}
	first, _, _ := strings.Cut(path, "/")
	if !strings.Contains(first, ".") {
		return "" // standard library
	}
	for prefix, owner := range owners {
		if path == prefix || strings.HasPrefix(path, prefix+"/") {
			if owner.packages != "" && !slices.Contains(strings.Fields(owner.packages), name) {
				return name + " imports " + path + ", which belongs to " + owner.packages + ": " + owner.why
			}
			return ""
		}
	}
	return name + " imports " + path + ", which has no owner: add it to the table with the reason"
}

func TestJudge(t *testing.T) {
	tests := []struct {
		name, allowed, path string
		ok                  bool
	}{
		{"agent", "tools", "fmt", true},
		{"agent", "tools", module + "/tools", true},
		{"agent", "tools", module + "/lsp", false},
		{"agent", "", "github.com/tliron/glsp/protocol_3_16", false},
		{"lsp", "", "github.com/tliron/glsp/protocol_3_16", true},
		{"lsp", "", "github.com/sourcegraph/jsonrpc2", true},
		{"workspace", "", "github.com/sourcegraph/jsonrpc2", false},
		{"tools", "", "example.com/unknown", false},
		{"agent", "", "github.com/tliron/commonlog", true},
	}
	for _, test := range tests {
		if fault := judge(test.name, strings.Fields(test.allowed), test.path); (fault == "") != test.ok {
			t.Errorf("%s imports %s: %q", test.name, test.path, fault)
		}
	}
}
