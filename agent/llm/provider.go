package llm

import (
	"slices"
	"strings"
)

// Info is what is known about a provider before anything is configured.
type Info struct {
	// ID is the part of a model name before the slash; Name is for people.
	ID, Name string
	// BaseURL is the OpenAI-compatible endpoint.
	BaseURL string
	// Keys are the environment variables that usually hold the key, the preferred one first; none: no key is needed.
	Keys []string
	// Start is how to start a server on this machine, "" for providers elsewhere.
	Start string

	quirks quirks
}

// quirks are where a provider differs from what most servers take.
type quirks struct {
	completionTokens bool // the output limit is max_completion_tokens; max_tokens is refused for newer models
	cacheKey         bool // takes prompt_cache_key; strict servers refuse unknown fields
	padding          bool // pads every chunk unless told not to
	shortIDs         bool // tool call ids are exactly nine letters or digits
	reasoning        bool // wants the reasoning of a reply that called tools back
	signatures       bool // wants the signature of every tool call back
}

// Local says that the provider is a server on this machine, which needs no key.
func (p Info) Local() bool { return p.Start != "" }

// Key returns the key that the environment holds and the variable that it came from, or "" and "".
func (p Info) Key(getenv func(string) string) (key, variable string) {
	for _, name := range p.Keys {
		if key := strings.TrimSpace(getenv(name)); key != "" {
			return key, name
		}
	}
	return "", ""
}

// Providers are the known providers, those with keys first.
func Providers() []Info {
	return []Info{
		{ID: "openai", Name: "OpenAI", BaseURL: "https://api.openai.com/v1",
			Keys: []string{"OPENAI_API_KEY"}, quirks: quirks{completionTokens: true, cacheKey: true, padding: true}},
		{ID: "anthropic", Name: "Anthropic", BaseURL: "https://api.anthropic.com/v1",
			Keys: []string{"ANTHROPIC_API_KEY"}},
		{ID: "google", Name: "Google", BaseURL: "https://generativelanguage.googleapis.com/v1beta/openai",
			Keys:   []string{"GOOGLE_GENERATIVE_AI_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY"},
			quirks: quirks{signatures: true}},
		{ID: "openrouter", Name: "OpenRouter", BaseURL: "https://openrouter.ai/api/v1",
			Keys: []string{"OPENROUTER_API_KEY"}},
		{ID: "groq", Name: "Groq", BaseURL: "https://api.groq.com/openai/v1",
			Keys: []string{"GROQ_API_KEY"}},
		{ID: "mistral", Name: "Mistral", BaseURL: "https://api.mistral.ai/v1",
			Keys: []string{"MISTRAL_API_KEY"}, quirks: quirks{shortIDs: true}},
		{ID: "deepseek", Name: "DeepSeek", BaseURL: "https://api.deepseek.com/v1",
			Keys: []string{"DEEPSEEK_API_KEY"}, quirks: quirks{reasoning: true}},
		{ID: "xai", Name: "xAI", BaseURL: "https://api.x.ai/v1",
			Keys: []string{"XAI_API_KEY"}},
		{ID: "ollama", Name: "Ollama", BaseURL: "http://127.0.0.1:11434/v1", Start: "ollama serve"},
		{ID: "lmstudio", Name: "LM Studio", BaseURL: "http://127.0.0.1:1234/v1", Start: "lms server start"},
		{ID: "llamacpp", Name: "llama.cpp", BaseURL: "http://127.0.0.1:8080/v1", Start: "llama-server --jinja -m MODEL"},
	}
}

// Provider returns what is known about id.
func Provider(id string) (Info, bool) {
	all := Providers()
	i := slices.IndexFunc(all, func(p Info) bool { return p.ID == id })
	if i < 0 {
		return Info{ID: id, Name: id}, false
	}
	return all[i], true
}
