package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/workspace/config"
)

// Bounds of instructions that lie at an address; the time is OpenCode's.
const (
	fetchWithin  = 5 * time.Second
	maxAddresses = 20
)

// fetched are the instructions of addresses that were fetched in this process.
type fetched struct {
	mu   sync.Mutex
	text map[string]string
}

func (f *fetched) get(address string) (string, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	text, ok := f.text[address]
	return text, ok
}

func (f *fetched) put(address, text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.text == nil {
		f.text = map[string]string{}
	}
	f.text[address] = text
}

// fetchRules gets the instructions that lie at addresses, side by side, each once in this process. One that cannot be had
// is left out, and that is said.
func (e *engine) fetchRules(ctx context.Context, list []config.Instruction) []agent.Rules {
	list = list[:min(len(list), maxAddresses)]
	ctx, cancel := context.WithTimeout(ctx, fetchWithin)
	defer cancel()
	texts := make([]string, len(list))
	var work sync.WaitGroup
	for i, in := range list {
		work.Go(func() {
			var err error
			if texts[i], err = e.fetchOnce(ctx, in.At); err != nil {
				e.notify(fmt.Sprintf("OpenCode: the instructions %s are left out: %s", in.At, err))
			}
		})
	}
	work.Wait()
	var rules []agent.Rules
	for i, in := range list {
		if texts[i] != "" {
			rules = append(rules, agent.Rules{Path: in.At, Text: texts[i], Repository: in.Repository})
		}
	}
	return rules
}

func (e *engine) fetchOnce(ctx context.Context, address string) (string, error) {
	if text, ok := e.fetched.get(address); ok {
		return text, nil
	}
	text, err := e.fetch(ctx, address)
	if err == nil {
		e.fetched.put(address, text)
	}
	return text, err
}

func (e *engine) fetch(ctx context.Context, address string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return "", err
	}
	resp, err := e.http.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("the server answers %s", resp.Status)
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxRules))
	return string(text), err
}
