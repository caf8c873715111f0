package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/agent/llm"
	"github.com/opencode-lsp/opencode-lsp/permission"
)

const (
	// catalogueURL is where OpenCode's catalogue is published.
	catalogueURL = "https://models.dev/api.json"
	// maxCatalogue bounds it in bytes, catalogueTimeout the wait for it.
	maxCatalogue     = 32 << 20
	catalogueTimeout = time.Minute
)

// catalogue is what is known of models: the user's file (OPENCODE_MODELS_PATH), the one that was fetched last, or the one that
// ships with the program. It is called with mu held.
func (e *engine) catalogue() *llm.Catalogue {
	if e.knowledge == nil {
		e.knowledge = e.readCatalogue()
	}
	return e.knowledge
}

func (e *engine) readCatalogue() *llm.Catalogue {
	for _, path := range []string{e.program.getenv("OPENCODE_MODELS_PATH"), e.program.dirs.models()} {
		if path == "" {
			continue
		}
		raw, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) && path == e.program.dirs.models() {
			continue
		}
		var c *llm.Catalogue
		if err == nil {
			c, err = llm.ReadCatalogue(raw)
		}
		if err == nil {
			return c
		}
		logger().Warningf("models: %s: %s", path, err)
	}
	return llm.Shipped()
}

func (p *program) modelsCommand() *cobra.Command {
	var format string
	var refresh bool
	cmd := &cobra.Command{
		Use: "models [PROVIDER]", Short: "List the models that are known and those that can be used", Args: cobra.MaximumNArgs(1),
		RunE: action(func(cmd *cobra.Command, args []string) error {
			if format != "text" && format != "json" {
				return usageError("--format %q is not one of text, json", format)
			}
			e, err := p.engineHere(func(string) {})
			if err != nil {
				return err
			}
			defer e.close()
			e.load(cmd.Context())
			if refresh {
				if err := e.refreshCatalogue(cmd.Context()); err != nil {
					return err
				}
			}
			rows := e.modelRows(cmd.Context(), args)
			if len(rows) == 0 && len(args) > 0 && format == "text" {
				return fmt.Errorf("no model of %q is known; `opencode-lsp models` lists them all", args[0])
			}
			return p.listModels(rows, format)
		})}
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	cmd.Flags().BoolVar(&refresh, "refresh", false, "fetch limits and prices from "+catalogueURL+" (OPENCODE_MODELS_URL) first")
	return cmd
}

// refreshCatalogue fetches the catalogue and keeps it in the data folder, once it has been read.
func (e *engine) refreshCatalogue(ctx context.Context) error {
	url := e.program.getenv("OPENCODE_MODELS_URL")
	if url == "" {
		url = catalogueURL
	}
	ctx, cancel := context.WithTimeout(ctx, catalogueTimeout)
	defer cancel()
	raw, err := fetchCatalogue(ctx, e.http, url)
	if err != nil {
		return fmt.Errorf("the models could not be fetched from %s (%w); the list is as it was", permission.Visible(url), err)
	}
	c, err := llm.ReadCatalogue(raw)
	if err != nil {
		return fmt.Errorf("what %s sends is no catalogue of models (%w); the list is as it was", permission.Visible(url), err)
	}
	if err := writeWhole(e.program.dirs.models(), raw); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.knowledge, e.models = c, map[string]agent.Model{}
	return nil
}

func fetchCatalogue(ctx context.Context, client *http.Client, url string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	res, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("HTTP %d", res.StatusCode)
	}
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxCatalogue+1))
	if err == nil && len(raw) > maxCatalogue {
		err = errors.New("it is too large")
	}
	return raw, err
}

// writeWhole writes a file of the data folder whole or not at all.
func writeWhole(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".models-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// modelRow is one model of the list.
type modelRow struct {
	Name    string  `json:"model"`
	Title   string  `json:"name,omitempty"`
	Usable  bool    `json:"usable"`
	Context int64   `json:"context,omitempty"`
	Output  int64   `json:"output,omitempty"`
	Input   float64 `json:"inputPrice,omitempty"`
	Price   float64 `json:"outputPrice,omitempty"`
}

// modelRows are the models that can be used, then the others that are known, of one provider where args names it.
func (e *engine) modelRows(ctx context.Context, args []string) []modelRow {
	usable := e.modelChoices(ctx)
	names := slices.Clone(usable)
	for _, p := range llm.Providers() {
		e.mu.Lock()
		names = append(names, e.catalogue().Models(p.ID)...)
		e.mu.Unlock()
	}
	rows := []modelRow{}
	for _, name := range unique(names) {
		if provider, _, _ := strings.Cut(name, "/"); len(args) > 0 && provider != args[0] {
			continue
		}
		k := e.about(name)
		rows = append(rows, modelRow{name, k.Title, slices.Contains(usable, name), k.Context, k.Output, k.Price.Input, k.Price.Output})
	}
	return rows
}

func (p *program) listModels(rows []modelRow, format string) error {
	if format == "json" {
		return json.NewEncoder(p.stdout).Encode(rows)
	}
	w := tabwriter.NewWriter(p.stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "\tMODEL\tCONTEXT\tOUTPUT\t$/M IN\t$/M OUT")
	for _, r := range rows {
		mark := " "
		if r.Usable {
			mark = "*"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", mark, permission.Visible(r.Name), known(r.Context), known(r.Output), known(r.Input), known(r.Price))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "* can be used now; the others need their provider's key. Limits count tokens; prices are US dollars a million tokens, as known on %s or at the last --refresh.\n", llm.CatalogueDate)
	return nil
}

// known is a number, or a dash for 0.
func known[N int64 | float64](n N) string {
	if n == 0 {
		return "–"
	}
	return fmt.Sprint(n)
}
