package httpapi_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/opencode-lsp/opencode-lsp/agent/httpapi"
)

// However many prompts wait on a model that says nothing, there is place for the request that ends them.
func TestLongLeaveRoom(t *testing.T) {
	b := newBench(t, "!hang\n")
	const password = "correct horse battery staple"
	server, err := httpapi.Listen(t.Context(), httpapi.Listening{User: "opencode", Password: password, Hostname: "127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error)
	go func() { served <- server.Serve(ctx, b.api) }()
	defer func() { stop(); <-served }()
	id := b.session()
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	ask := func(method, path, body string, within time.Duration) (status int, retryAfter string) {
		ctx, cancel := context.WithTimeout(ctx, within)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, method, server.URL()+path, strings.NewReader(body))
		if err != nil {
			t.Error(err)
			return 0, ""
		}
		req.SetBasicAuth("opencode", password)
		req.Header.Set("Content-Type", "application/json")
		res, err := client.Do(req)
		if err != nil {
			return 0, err.Error()
		}
		res.Body.Close()
		return res.StatusCode, res.Header.Get("Retry-After")
	}

	const prompts, places = 64, 56
	answers := make(chan string, prompts)
	for range prompts {
		go func() {
			status, retry := ask("POST", "/session/"+id+"/message", `{"parts":[{"type":"text","text":"wait"}]}`, 20*time.Second)
			answers <- fmt.Sprint(status, " ", retry)
		}()
	}
	limit := time.After(5 * time.Second)
	for i := range prompts - places {
		select {
		case got := <-answers:
			if got != "503 5" {
				t.Errorf("a prompt beyond the places: %s", got)
			}
		case <-limit:
			t.Errorf("%d of %d prompts are answered, want %d at once", i, prompts, prompts-places)
			limit = nil
		}
		if limit == nil {
			break
		}
	}
	for path, method := range map[string]string{"/session/" + id + "/summarize": "POST", "/event": "GET"} {
		if status, why := ask(method, path, "", 5*time.Second); status != 503 {
			t.Errorf("%s = %d %s; it lasts, too", path, status, why)
		}
	}
	if status, why := ask("POST", "/session/"+id+"/abort", "{}", 5*time.Second); status != 200 {
		t.Fatalf("abort = %d %s", status, why)
	}
	for range places {
		if got := <-answers; got != "200 " {
			t.Errorf("a prompt that waited: %s", got)
		}
	}
}
