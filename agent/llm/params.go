package llm

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/tools"
)

// The options that OpenCode names in its own way; all others go to the provider under their own name.
const (
	optEffort    = "reasoningEffort"
	optSummary   = "reasoningSummary"
	optVerbosity = "textVerbosity"
)

// options are the model's options with those of the agent over them. An agent's variant is an effort, unless one is named.
func (c *Config) options(p agent.Params) map[string]any {
	all := map[string]any{}
	if p.Variant != "" {
		all[optEffort] = p.Variant
	}
	for _, set := range []map[string]json.RawMessage{c.Options, p.Options} {
		for name, value := range set {
			if !slices.Contains(owned(), name) {
				all[name] = value
			}
		}
	}
	return all
}

// owned are the fields that options may not replace: what is asked, and how the answer comes.
func owned() []string {
	return []string{"model", "stream", "messages", "input", "instructions", "tools", "store", "include", "stream_options",
		"max_tokens", "max_completion_tokens", "max_output_tokens", "prompt_cache_key", "temperature", "top_p"}
}

func sampling(p agent.Params) map[string]any {
	fields := map[string]any{}
	if p.Temperature != nil {
		fields["temperature"] = *p.Temperature
	}
	if p.TopP != nil {
		fields["top_p"] = *p.TopP
	}
	return fields
}

// refusals are the names of fields that a server does not take. It is safe for concurrent use.
type refusals struct {
	mu    sync.Mutex
	names map[string]bool
}

func (r *refusals) has(name string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.names[name]
}

// learn finds in a refusal a field that was sent and reports whether there was a new one.
func (r *refusals) learn(w words, sent map[string]any) bool {
	if !w.match(`unsupported|not.supported|does not support|unknown|unrecognized|unexpected|extra (inputs|fields)|not allowed|invalid|deprecated`) {
		return false
	}
	for _, name := range slices.Sorted(maps.Keys(sent)) {
		word := regexp.MustCompile(`(^|[^a-z_])` + regexp.QuoteMeta(strings.ToLower(name)) + `($|[^a-z_])`)
		if r.has(name) || !word.MatchString(w.all) {
			continue
		}
		r.mu.Lock()
		r.names = maps.Clone(r.names)
		if r.names == nil {
			r.names = map[string]bool{}
		}
		r.names[name] = true
		r.mu.Unlock()
		return true
	}
	return false
}

func isPDF(f tools.Attachment) bool { return f.MIME == "application/pdf" }

func dataURL(f tools.Attachment) string {
	return "data:" + f.MIME + ";base64," + base64.StdEncoding.EncodeToString(f.Data)
}

// taken are the files that the model takes; the text names the others.
func (c *Config) taken(text string, files []tools.Attachment) (string, []tools.Attachment) {
	var yes []tools.Attachment
	for _, f := range files {
		if isPDF(f) && c.PDFs || strings.HasPrefix(f.MIME, "image/") && c.Images {
			yes = append(yes, f)
			continue
		}
		text += fmt.Sprintf("\n[%s (%s) is left out: this model is not known to take such files]", f.Name, f.MIME)
	}
	return text, yes
}
