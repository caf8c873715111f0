package llm

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// discoverLimit is how long a server on loopback may take to list its models.
const discoverLimit = 300 * time.Millisecond

// maxList bounds a list of models in bytes.
const maxList = 1 << 20

// Found is a model server that runs on this machine.
type Found struct {
	Info
	// Models are the ids of its models, sorted, without those that only embed.
	Models []string
}

// Discover asks the local servers of [Providers], in parallel and for at most 300 ms, which models they have, and returns
// those that have any in the order of the table. Nothing but a list of models is asked for. A nil client means
// [NewHTTPClient].
func Discover(ctx context.Context, client *http.Client) []Found {
	if client == nil {
		client = NewHTTPClient()
		defer client.CloseIdleConnections()
	}
	local := slices.DeleteFunc(Providers(), func(p Info) bool { return !p.Local() })
	found := make([]Found, len(local))
	ctx, cancel := context.WithTimeout(ctx, discoverLimit)
	defer cancel()
	var wg sync.WaitGroup
	for i, p := range local {
		wg.Go(func() {
			if models, err := listModels(ctx, client, p.BaseURL); err == nil {
				found[i] = Found{Info: p, Models: models}
			}
		})
	}
	wg.Wait()
	return slices.DeleteFunc(found, func(f Found) bool { return len(f.Models) == 0 })
}

// listModels asks one server. Most servers on these ports are none of ours, so any surprise is an error.
func listModels(ctx context.Context, client *http.Client, base string) ([]string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/models", nil)
	if err != nil {
		return nil, fmt.Errorf("list models at %s: %w", base, err)
	}
	res, err := strict(client).Do(req)
	if err != nil {
		return nil, fmt.Errorf("list models at %s: %w", base, err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("list models at %s: HTTP %d", base, res.StatusCode)
	}
	return readList(res.Body)
}

func readList(body io.Reader) ([]string, error) {
	var list struct {
		Data []struct {
			ID string `json:"id"`
		} `json:"data"`
	}
	if err := json.NewDecoder(io.LimitReader(body, maxList)).Decode(&list); err != nil {
		return nil, fmt.Errorf("read a list of models: %w", err)
	}
	var ids []string
	for _, m := range list.Data {
		if m.ID != "" && !strings.Contains(strings.ToLower(m.ID), "embed") {
			ids = append(ids, m.ID)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

// Models lists the models of the provider that cfg names, sorted, without those that only embed; cfg.Model is not looked
// at. It shows, without spending a token, whether address and key are right: its errors are those of [agent.Model].Stream.
func Models(ctx context.Context, cfg Config) ([]string, error) {
	cfg.Model = "any"
	m, err := open(cfg)
	if err != nil {
		return nil, err
	}
	m.cfg.Model = "" // errors then speak of no model
	watchedCtx, w, stop := newWatch(ctx, m.cfg.Timeout, m.cfg.Stall)
	defer stop()
	w.start()
	ids, err := m.list(watchedCtx)
	return ids, m.explain(ctx, watchedCtx, err)
}

func (m *model) list(ctx context.Context) ([]string, error) {
	var res *http.Response
	err := m.client.Get(ctx, "models", nil, &res)
	if res == nil {
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		raw, _ := io.ReadAll(io.LimitReader(res.Body, maxRefusal)) // openai-go has it in memory
		return nil, m.statusError(res, readWords(raw))
	}
	if strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") {
		return nil, m.notAModel()
	}
	return readList(res.Body)
}
