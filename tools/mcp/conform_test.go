package mcp

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/opencode-lsp/opencode-lsp/tools"
)

// The public conformance suite starts its client with the address of a test server as the last argument, and these set.
const (
	conformScenario = "MCP_CONFORMANCE_SCENARIO"
	conformContext  = "MCP_CONFORMANCE_CONTEXT"
	// conformDocument is the client metadata document that the suite's auth/basic-cimd expects.
	conformDocument = "https://conformance-test.local/client-metadata.json"
	// conformTries bounds signing in again for more rights, as a user would.
	conformTries = 3
)

// conform is the client that the conformance suite drives: a user who signs in when told to, answers questions with the
// defaults, and calls every tool once. It gives the exit code.
func conform(address string) int {
	ctx, cancel := context.WithTimeout(context.Background(), 25*time.Second)
	defer cancel()
	dir, err := os.MkdirTemp("", "conform-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	s := New(Options{
		Version: "test", Roots: func() []string { return []string{dir} }, Environ: os.Environ, Tokens: dir, Asks: true,
		Notify: func(text string) { fmt.Fprintln(os.Stderr, text) },
	})
	defer s.Close()
	s.Configure(map[string]json.RawMessage{"c": conformConfig(address)})
	s.Ready(ctx, 20*time.Second)
	if err := conformCalls(ctx, s, dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// conformConfig is the configuration of a user who has what the scenario gives them.
func conformConfig(address string) json.RawMessage {
	var given struct {
		ID     string `json:"client_id"`
		Secret string `json:"client_secret"`
	}
	json.Unmarshal([]byte(os.Getenv(conformContext)), &given)
	raw, _ := json.Marshal(map[string]any{
		"type": "remote", "url": address, "oauth": map[string]any{"clientId": cmp.Or(given.ID, conformDocument), "clientSecret": given.Secret},
	})
	return raw
}

func conformCalls(ctx context.Context, s *Servers, dir string) error {
	var last error
	for range conformTries {
		if now := s.Status()[0]; now.State == NeedsAuth {
			if last = s.SignIn(ctx, "c", browse); last != nil {
				continue
			}
		} else if now.State != Connected {
			return errors.New(now.Reason)
		}
		if last = conformRound(ctx, s, dir); last == nil {
			return nil
		}
		if _, auth := errors.AsType[*authError](last); !auth {
			return last
		}
		if err := s.SignIn(ctx, "c", browse); err != nil {
			return err
		}
	}
	return last
}

// conformRound calls every tool.
func conformRound(ctx context.Context, s *Servers, dir string) error {
	asker := Asker{Elicit: func(context.Context, Form) (map[string]any, bool, error) { return nil, true, nil }}
	for _, t := range s.Tools(Session{Env: &tools.Env{Spill: dir}, Asker: asker}) {
		args := `{}`
		if t.Name() == "c_add_numbers" {
			args = `{"a":5,"b":3}`
		}
		op, err := t.Prepare(ctx, json.RawMessage(args))
		if err != nil {
			return err
		}
		r, err := op.Run(ctx, io.Discard)
		if err != nil {
			return err
		}
		fmt.Println(t.Name(), r.Text)
	}
	return nil
}

// browse is the user's browser, at an authorization server that asks nothing.
func browse(address string) {
	go func() {
		if r, err := http.Get(address); err == nil {
			r.Body.Close()
		}
	}()
}
