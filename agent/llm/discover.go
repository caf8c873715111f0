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
	var list struct {
		Data []struct {
			ID string `json:"id"`
		} `json:"data"`
	}
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("list models at %s: HTTP %d", base, res.StatusCode)
	}
	if err := json.NewDecoder(io.LimitReader(res.Body, maxList)).Decode(&list); err != nil {
		return nil, fmt.Errorf("list models at %s: %w", base, err)
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
