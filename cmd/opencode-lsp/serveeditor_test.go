package main

import (
	"net"
	"strings"
	"testing"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/lsp"
	"github.com/opencode-lsp/opencode-lsp/workspace"
)

// Where the listeners fail under way, the next opencode.serve opens new ones instead of naming an address where nobody listens.
func TestServeEditorAgain(t *testing.T) {
	e, _, _ := engineAt(t, "", "repo", nil, nil)
	e.program.password = "correct horse battery staple"
	sessions := e.sessions(agent.Options{}, workspace.Disk{Workspace: e.ws}, nil)
	t.Cleanup(sessions.Close)
	s := newEditorServer(t.Context(), e, sessions)
	t.Cleanup(s.close)
	serve := func(args lsp.ServeArgs) lsp.Serving {
		t.Helper()
		at, err := s.serve(t.Context(), args)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	fail := func() {
		s.now.server.Close()
		<-s.now.done
	}
	first := serve(lsp.ServeArgs{})
	if again := serve(lsp.ServeArgs{}); again != first || first.URL == "" {
		t.Fatalf("it is at %v, then %v", first, again)
	}
	fail()
	_, addr, _ := strings.Cut(serve(lsp.ServeArgs{}).URL, "://")
	if c, err := net.Dial("tcp", addr); err != nil {
		t.Errorf("after the failure nobody listens where it says: %v", err)
	} else {
		c.Close()
	}
	fail()
	if none := serve(lsp.ServeArgs{Stop: true}); none.URL != "" {
		t.Errorf("stopped after a failure it is at %v", none)
	}
}
