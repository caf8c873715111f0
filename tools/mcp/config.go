package mcp

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/opencode-lsp/opencode-lsp/tools/mcp/oauth"
)

// How long things may take where the configuration says nothing: OpenCode's for connecting and listing, the TypeScript
// SDK's for a call.
const (
	connectTimeout = 30 * time.Second
	callTimeout    = time.Minute
)

// Config is how one server is reached, in OpenCode's shape.
type Config struct {
	// Type is "local" or "remote".
	Type string `json:"type"`
	// Command is the program of a local server with its arguments, Cwd its folder, Environment what it gets besides.
	Command     []string          `json:"command"`
	Cwd         string            `json:"cwd"`
	Environment map[string]string `json:"environment"`
	// URL is where a remote server is, Headers go with each request to it.
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers"`
	OAuth   OAuth             `json:"oauth"`
	// Enabled false keeps the server off; nil: on.
	Enabled *bool `json:"enabled"`
	// Timeout bounds a call, in milliseconds; 0: the default.
	Timeout int64 `json:"timeout"`
}

// OAuth is how to sign in. Off says not to.
type OAuth struct {
	Off          bool   `json:"-"`
	ClientID     string `json:"clientId"`
	ClientSecret string `json:"clientSecret"`
	Scope        string `json:"scope"`
	CallbackPort int    `json:"callbackPort"`
	RedirectURI  string `json:"redirectUri"`
}

// UnmarshalJSON reads an object, or false for not at all.
func (o *OAuth) UnmarshalJSON(data []byte) error {
	switch string(bytes.TrimSpace(data)) {
	case "false":
		o.Off = true
		return nil
	case "true", "null":
		return nil
	}
	type plain OAuth
	return json.Unmarshal(data, (*plain)(o))
}

// readConfig reads one server's setting. Its error is a sentence for the user.
func readConfig(raw json.RawMessage) (Config, error) {
	var c Config
	if err := json.Unmarshal(raw, &c); err != nil {
		return c, fmt.Errorf("its configuration cannot be read: %w", err)
	}
	if c.Type == "" && len(c.Command) > 0 {
		c.Type = "local"
	} else if c.Type == "" && c.URL != "" {
		c.Type = "remote"
	}
	if c.off() {
		return c, nil
	}
	return c, c.check()
}

func (c Config) check() error {
	switch {
	case c.Type == "local" && (len(c.Command) == 0 || c.Command[0] == ""):
		return errors.New(`it has no "command"; give the program with its arguments as a list`)
	case c.Type == "remote":
		return c.checkURL()
	case c.Type != "local":
		return errors.New(`it has neither "command" nor "url"; give one of them`)
	}
	return nil
}

// checkURL refuses addresses that are none, and those that would carry a key in plain text over a network.
func (c Config) checkURL() error {
	u, err := url.Parse(c.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return errors.New(`its "url" is no http or https address`)
	}
	if u.Scheme == "https" || oauth.Loopback(u.Hostname()) {
		return nil
	}
	for name := range c.Headers {
		if secretName(name) {
			return fmt.Errorf("the header %s would travel in plain text; use https", name)
		}
	}
	return nil
}

func (c Config) off() bool { return c.Enabled != nil && !*c.Enabled }

// patience bounds one call.
func (c Config) patience() time.Duration {
	if c.Timeout > 0 {
		return time.Duration(min(c.Timeout, int64(24*time.Hour/time.Millisecond))) * time.Millisecond
	}
	return callTimeout
}

// secretName reports whether a header or a field of that name holds what must stay secret.
func secretName(name string) bool {
	name = strings.NewReplacer("-", "", "_", "", " ", "").Replace(strings.ToLower(name))
	for _, word := range [...]string{"authorization", "cookie", "token", "secret", "password", "passwd", "passphrase", "apikey", "accesskey", "privatekey", "credential", "creditcard"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}
