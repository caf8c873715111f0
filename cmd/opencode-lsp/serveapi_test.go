package main

import (
	"strings"
	"testing"

	"github.com/opencode-lsp/opencode-lsp/tools/mcp"
)

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
