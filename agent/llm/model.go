package llm

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"

	"github.com/opencode-lsp/opencode-lsp/agent"
)

// defaultTimeout is OpenCode's limit for a provider that stays silent; reasoning models are silent for minutes.
const defaultTimeout = 5 * time.Minute

// Config says which model to talk to and how. Provider and Model are required.
type Config struct {
	// Provider and Model are the two halves of "provider/model".
	Provider, Model string
	// BaseURL ends before /chat/completions; "" is the provider's own. Where a provider is not known it is required.
	BaseURL string
	// APIKey goes out as a bearer token. [Info.Key] finds it in the environment; nothing is read from there here.
	APIKey string
	// Headers are added to every request and may replace the authorization.
	Headers map[string]string
	// Timeout limits the wait for the first byte of a reply, Stall the silence after it. Zero means five minutes for
	// Timeout and the same as Timeout for Stall; negative means no limit.
	Timeout, Stall time.Duration
	// API is "chat", "responses", or "" for the first.
	API string
	// Options are fields of every request, in OpenCode's names or the provider's; [agent.Params] come over them.
	Options map[string]json.RawMessage
	// Images, PDFs and Reasoning say what the model is known to take and to do.
	Images, PDFs, Reasoning bool
	// MaxOutput is the limit of a reply in tokens, 0 for the provider's own.
	MaxOutput int
	// HTTPClient carries the requests; nil means a [NewHTTPClient]. Redirects are never followed.
	HTTPClient *http.Client
}

// The two protocols.
const (
	apiChat      = "chat"
	apiResponses = "responses"
)

// model is an agent.Model. It is safe for concurrent use.
type model struct {
	cfg     Config
	info    Info
	client  openai.Client
	enc     *encoder
	recall  *recall
	secrets secrets
	// noUsage is set once the server has refused to report usage in a stream.
	noUsage atomic.Bool
}

// New returns the model that cfg names. It opens no connection. Its errors are one sentence for the user.
func New(cfg Config) (agent.Model, error) {
	m, err := open(cfg)
	if err != nil {
		return nil, err // not m: a nil *model in an interface is not nil
	}
	return m, nil
}

func open(cfg Config) (*model, error) {
	info, known := Provider(cfg.Provider)
	if err := cfg.check(info, known); err != nil {
		return nil, err
	}
	cfg.BaseURL = cleanBaseURL(cmp.Or(cfg.BaseURL, info.BaseURL))
	base, err := url.Parse(cfg.BaseURL)
	if err != nil || (base.Scheme != "http" && base.Scheme != "https") || base.Host == "" {
		// The URL itself stays out of the text: it may hold a password.
		return nil, fmt.Errorf("provider.%s.options.baseURL is not an http or https URL: correct it", cfg.Provider)
	}
	cfg.Timeout = cmp.Or(cfg.Timeout, defaultTimeout)
	cfg.Stall = cmp.Or(cfg.Stall, cfg.Timeout)
	if cfg.HTTPClient == nil {
		cfg.HTTPClient = NewHTTPClient()
	}
	remember := newRecall()
	var p protocol = &chat{cfg, info.quirks, remember}
	if cfg.API == apiResponses {
		p = &responses{cfg}
	}
	return &model{
		cfg:     cfg,
		info:    info,
		client:  newClient(cfg, base),
		enc:     newEncoder(p),
		recall:  remember,
		secrets: findSecrets(cfg, base),
	}, nil
}

func (c *Config) check(info Info, known bool) error {
	switch {
	case c.Provider == "" || c.Model == "":
		return fmt.Errorf("no model is chosen: set \"model\" to \"provider/model\"")
	case c.API != "" && c.API != apiChat && c.API != apiResponses:
		return fmt.Errorf("provider.%s.options.api is %q: set it to \"chat\" or \"responses\"", c.Provider, c.API)
	case !known && c.BaseURL == "":
		return fmt.Errorf("provider %q is not known: set provider.%s.options.baseURL, or use one of %s",
			c.Provider, c.Provider, strings.Join(knownIDs(), ", "))
	case len(info.Keys) > 0 && c.APIKey == "" && c.BaseURL == "" && len(c.Headers) == 0:
		return fmt.Errorf("%s needs a key: set %s", info.Name, keyPlace(info))
	}
	return nil
}

func knownIDs() []string {
	var ids []string
	for _, p := range Providers() {
		ids = append(ids, p.ID)
	}
	return ids
}

// keyPlace says where a provider's key belongs.
func keyPlace(info Info) string {
	option := fmt.Sprintf("provider.%s.options.apiKey", info.ID)
	if len(info.Keys) == 0 {
		return option
	}
	return info.Keys[0] + " or " + option
}

// cleanBaseURL takes what people paste: with a final slash, or with the path of the one endpoint.
func cleanBaseURL(base string) string {
	base = strings.TrimRight(strings.TrimSpace(base), "/")
	return strings.TrimRight(strings.TrimSuffix(strings.TrimSuffix(base, "/chat/completions"), "/responses"), "/")
}

// newClient sets openai-go up. The struct is filled by hand because openai.NewClient takes OPENAI_BASE_URL, OPENAI_ORG_ID,
// OPENAI_CUSTOM_HEADERS and more from the environment, which would send one provider's settings to another.
func newClient(cfg Config, base *url.URL) openai.Client {
	query := base.Query()
	plain := *base
	plain.RawQuery = ""
	opts := []option.RequestOption{
		option.WithHTTPClient(strict(cfg.HTTPClient)),
		option.WithBaseURL(plain.String() + "/"),
		option.WithMaxRetries(0), // the session decides what is tried again
		option.WithMiddleware(limitErrors),
		option.WithHeader("Accept", "text/event-stream"),
		option.WithHeader("User-Agent", "opencode-lsp"),
	}
	for _, name := range []string{"X-Stainless-Retry-Count", "X-Stainless-Lang", "X-Stainless-Package-Version",
		"X-Stainless-OS", "X-Stainless-Arch", "X-Stainless-Runtime", "X-Stainless-Runtime-Version"} {
		opts = append(opts, option.WithHeaderDel(name))
	}
	for key, values := range query {
		for _, value := range values {
			opts = append(opts, option.WithQueryAdd(key, value))
		}
	}
	if cfg.APIKey != "" {
		opts = append(opts, option.WithAPIKey(cfg.APIKey))
	}
	for _, name := range slices.Sorted(maps.Keys(cfg.Headers)) {
		opts = append(opts, option.WithHeader(name, cfg.Headers[name]))
	}
	return openai.Client{Options: opts}
}
