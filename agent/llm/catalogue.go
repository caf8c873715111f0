package llm

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/opencode-lsp/opencode-lsp/agent"
)

// CatalogueDate is the day by which the catalogue that ships with this package was compared with the providers' published
// limits and prices, as models.dev collects them. What was not known then is left out of it.
const CatalogueDate = "2026-11-26"

//go:embed models.json
var shipped []byte

// Entry is what a catalogue knows of a model; zero fields are not known.
type Entry struct {
	// Info lacks Name's provider half until it is looked up by [Catalogue.Find].
	agent.ModelInfo
	// Title is the name for people.
	Title string
	// Reasoning says that the model thinks before it answers.
	Reasoning bool
}

// Catalogue is what is known of models, by provider. It is not changed once it is read.
type Catalogue struct {
	entries map[string]map[string]Entry
}

// maxEntries bounds a catalogue: a list of that many models is none.
const maxEntries = 50_000

// ReadCatalogue reads the form of models.dev, which is OpenCode's too: providers with their models. Models of other shapes
// are left out; a text without any is an error.
func ReadCatalogue(raw []byte) (*Catalogue, error) {
	var providers map[string]struct {
		Models map[string]json.RawMessage `json:"models"`
	}
	if err := json.Unmarshal(raw, &providers); err != nil {
		return nil, fmt.Errorf("read a catalogue of models: %w", err)
	}
	c := &Catalogue{entries: map[string]map[string]Entry{}}
	n := 0
	for provider, p := range providers {
		for id, raw := range p.Models {
			e, err := readEntry(raw)
			if err != nil {
				continue
			}
			if c.entries[provider] == nil {
				c.entries[provider] = map[string]Entry{}
			}
			e.Name = provider + "/" + id
			c.entries[provider][id] = e
			n++
		}
	}
	if n == 0 || n > maxEntries {
		return nil, errors.New("read a catalogue of models: it names no models")
	}
	return c, nil
}

// Shipped is the catalogue that ships with this package.
func Shipped() *Catalogue {
	c, err := ReadCatalogue(shipped)
	if err != nil {
		panic("llm: the embedded catalogue: " + err.Error())
	}
	return c
}

func readEntry(raw json.RawMessage) (Entry, error) {
	var m struct {
		Name      string `json:"name"`
		Reasoning bool   `json:"reasoning"`
		Limit     struct{ Context, Input, Output int64 }
		Cost      struct {
			Input, Output float64
			CacheRead     float64 `json:"cache_read"`
			CacheWrite    float64 `json:"cache_write"`
		}
		Modalities struct{ Input []string }
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		return Entry{}, err
	}
	e := Entry{Title: m.Name, Reasoning: m.Reasoning}
	e.Context, e.Output = max(m.Limit.Context, 0), max(m.Limit.Output, 0)
	if in := m.Limit.Input; in > 0 && in < e.Context { // what a request may hold is what counts here
		e.Context = in
	}
	e.Price = agent.Price(m.Cost)
	e.Images, e.PDFs = slices.Contains(m.Modalities.Input, "image"), slices.Contains(m.Modalities.Input, "pdf")
	return e, nil
}

// Find returns what is known of "provider/model".
func (c *Catalogue) Find(name string) (Entry, bool) {
	provider, id, _ := strings.Cut(name, "/")
	e, ok := c.entries[provider][id]
	return e, ok
}

// Models are the names of a provider's models, "provider/model", sorted.
func (c *Catalogue) Models(provider string) []string {
	var names []string
	for _, id := range slices.Sorted(maps.Keys(c.entries[provider])) {
		names = append(names, provider+"/"+id)
	}
	return names
}
