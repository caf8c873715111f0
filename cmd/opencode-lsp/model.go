package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/agent/llm"
	"github.com/opencode-lsp/opencode-lsp/workspace/config"
)

// errNoModel is what every entry point says where no model is set and no local server runs.
var errNoModel = errors.New(`no model is set: put "model": "provider/model" into opencode.json and the provider's key into its variable (OPENAI_API_KEY, ANTHROPIC_API_KEY …), or start a local server such as ollama`)

// foundFor is how long the answer of local servers counts.
const foundFor = time.Minute

// model makes the model of a turn: the session's, the one picked in the editor, the configured one, or the first that a
// local server has.
func (e *engine) model(name string) (agent.Model, agent.ModelInfo, error) {
	if name == "" {
		name = e.modelName()
	}
	if name == "" {
		local := e.localModels(context.Background())
		if len(local) == 0 {
			return nil, agent.ModelInfo{}, errNoModel
		}
		name = local[0]
	}
	m, err := e.named(name)
	return m, e.about(name).ModelInfo, err
}

// about is what is known of a model: what the configuration says of it, else the catalogue.
func (e *engine) about(name string) llm.Entry {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.known(name)
}

// known is about with mu held.
func (e *engine) known(name string) llm.Entry {
	provider, id, _ := strings.Cut(name, "/")
	set := e.config.Providers[provider].Models[id]
	entry, _ := e.catalogue().Find(name)
	entry.Name = name
	entry.Title = cmp.Or(set.Name, entry.Title)
	entry.Context = cmp.Or(set.Limit.Context, entry.Context)
	entry.Output = cmp.Or(set.Limit.Output, entry.Output)
	if set.Cost != (config.Cost{}) {
		entry.Price = agent.Price(set.Cost)
	}
	if set.Modalities.Input != nil {
		entry.Images = slices.Contains(set.Modalities.Input, "image")
		entry.PDFs = slices.Contains(set.Modalities.Input, "pdf")
	}
	entry.Reasoning = entry.Reasoning || set.Reasoning
	return entry
}

// maxOutput bounds a reply in tokens where the model allows more; OpenCode's bound.
const maxOutput = 32_000

// modelName is the model in use, "" where none is set.
func (e *engine) modelName() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.chosen != "" {
		return e.chosen
	}
	return e.config.Model
}

// setModel makes a model the default of this process.
func (e *engine) setModel(name string) error {
	if err := e.usable(name); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.chosen = name
	return nil
}

// usable is an error where no model can be made of the name.
func (e *engine) usable(name string) error {
	_, err := e.named(name)
	return err
}

// smallModel is the model for titles and summaries, nil where small_model is not set.
func (e *engine) smallModel() (agent.Model, agent.ModelInfo) {
	name := e.now().SmallModel
	if name == "" {
		return nil, agent.ModelInfo{}
	}
	m, err := e.named(name)
	if err != nil {
		logger().Warningf("small_model: %s", err)
		return nil, agent.ModelInfo{}
	}
	return m, e.about(name).ModelInfo
}

// named returns the model of that name; it is made once for a configuration.
func (e *engine) named(name string) (agent.Model, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if m := e.models[name]; m != nil {
		return m, nil
	}
	provider, id, ok := strings.Cut(name, "/")
	if !ok || provider == "" || id == "" {
		return nil, fmt.Errorf(`model %q is not of the form "provider/model"`, name)
	}
	m, err := llm.New(e.llmConfig(provider, id))
	if err == nil {
		e.models[name] = m
	}
	return m, err
}

// llmConfig is called with mu held.
func (e *engine) llmConfig(provider, id string) llm.Config {
	set := e.config.Providers[provider]
	known := e.known(provider + "/" + id)
	c := llm.Config{
		Provider: provider, Model: id, BaseURL: set.Options.BaseURL, APIKey: string(set.Options.APIKey),
		Timeout: time.Duration(set.Options.Timeout), API: set.Options.API,
		MaxOutput: int(min(known.Output, maxOutput)), Options: set.Models[id].Options,
		Images: known.Images, PDFs: known.PDFs, Reasoning: known.Reasoning,
		HTTPClient: e.http, Headers: map[string]string{},
	}
	for name, value := range set.Options.Headers {
		c.Headers[name] = string(value)
	}
	if info, ok := llm.Provider(provider); ok && c.APIKey == "" {
		c.APIKey, _ = info.Key(e.program.getenv)
	}
	return c
}

// localModels asks the local servers which models they have, "provider/model".
func (e *engine) localModels(ctx context.Context) []string {
	e.mu.Lock()
	found, fresh := e.found, time.Since(e.foundAt) < foundFor
	e.mu.Unlock()
	if !fresh {
		found = llm.Discover(ctx, e.http)
		e.mu.Lock()
		e.found, e.foundAt = found, time.Now()
		e.mu.Unlock()
	}
	var names []string
	for _, f := range found {
		for _, m := range f.Models {
			names = append(names, f.ID+"/"+m)
		}
	}
	return names
}

// modelChoices are the models that a user may pick from: configured ones and those of local servers.
func (e *engine) modelChoices(ctx context.Context) []string {
	cfg := e.now()
	var names []string
	for provider, set := range cfg.Providers {
		for id := range set.Models {
			names = append(names, provider+"/"+id)
		}
	}
	for _, name := range []string{cfg.Model, cfg.SmallModel} {
		if name != "" {
			names = append(names, name)
		}
	}
	names = sortedUnique(append(names, e.localModels(ctx)...))
	for _, p := range llm.Providers() {
		if _, variable := p.Key(e.program.getenv); variable != "" || cfg.Providers[p.ID].Options.APIKey != "" {
			e.mu.Lock()
			names = append(names, e.catalogue().Models(p.ID)...)
			e.mu.Unlock()
		}
	}
	return unique(names)
}

// unique drops what came before, the order kept.
func unique(names []string) []string {
	var out []string
	for _, name := range names {
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}
