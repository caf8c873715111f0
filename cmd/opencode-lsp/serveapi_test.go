package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/opencode-lsp/opencode-lsp/agent/httpapi"
	"github.com/opencode-lsp/opencode-lsp/tools/mcp"
)

const secretCommands = `
-- home/.config/opencode/opencode.json --
{"command": {
	"env": {"template": "use {env:KEY} for $1", "description": "plain"},
	"file": {"template": "{file:TOP/home/note}"},
	"shell": {"template": "of !${BT}curl -u me:sk-typed x${BT}"},
	"about": {"template": "say hello", "description": "with {env:KEY}", "model": "{env:KEY}"},
	"plain": {"template": "do $ARGUMENTS"}
}}
-- home/note --
sk-filed
-- home/.config/opencode/command/md.md --
{env:KEY} is text in a Markdown file
`

// What {env:} and {file:} have brought into a command, and what it would run, is not for clients; its name is.
func TestShownCommands(t *testing.T) {
	e, _, _ := engineAt(t, strings.ReplaceAll(secretCommands, "${BT}", "`"), "repo", map[string]string{"KEY": "sk-named"}, nil)
	templates := map[string]string{"env": "", "file": "", "shell": "", "about": "say hello", "plain": "do $ARGUMENTS", "md": "{env:KEY} is text in a Markdown file"}
	list := map[string]httpapi.Command{}
	for _, c := range e.apiCommands() {
		list[c.Name] = c
	}
	set, _ := e.apiConfig()["command"].(map[string]any)
	for name, want := range templates {
		one, _ := set[name].(map[string]any)
		if c := list[name]; c.Name == "" || c.Template != want || one["template"] != want {
			t.Errorf("%s: %+v in the list, %v in the configuration, want the template %q", name, c, one, want)
		}
	}
	if c := list["env"]; c.Description != "plain" || len(c.Hints) != 1 {
		t.Errorf("what is plain of a command is %+v", c)
	}
	all, err := json.Marshal([]any{e.apiCommands(), e.apiConfig()})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(all), "sk-") || strings.Contains(string(all), "curl") {
		t.Errorf("they tell %s", all)
	}
	if c, err := e.commands()["env"].Fill("x"); err != nil || c[0].Text != "use sk-named for x" {
		t.Errorf("the command itself is %v, %v", c, err)
	}
}

// What a program wrote before it ended, and where a server is, is not for clients.
func TestWireMCP(t *testing.T) {
	all := wireMCP([]mcp.Status{
		{Name: "ended", State: mcp.Failed, Reason: "it ended; its last words: no such key: sk-123"},
		{Name: "asks", State: mcp.NeedsAuth, Reason: "sign in at https://x"}, {Name: "works", State: mcp.Connected}, {Name: "begins", State: mcp.Connecting},
	})
	for name, want := range map[string]string{"ended": "failed", "asks": "needs_auth", "works": "connected", "begins": "disabled"} {
		got := all[name]
		if got.Status != want || (got.Error != "") != (want == "failed") || strings.Contains(got.Error, "last words") {
			t.Errorf("%s is %+v", name, got)
		}
	}
}
