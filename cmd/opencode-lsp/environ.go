package main

import (
	"encoding/json"
	"os"
	"slices"
	"strings"

	"github.com/opencode-lsp/opencode-lsp/agent/llm"
	"github.com/opencode-lsp/opencode-lsp/permission"
	"github.com/opencode-lsp/opencode-lsp/tools/mcp"
	"github.com/opencode-lsp/opencode-lsp/workspace/config"
)

// minSecret is the length in bytes from which a configured key is looked for in other variables.
const minSecret = 8

// childEnviron is the environment of the commands that the agent runs: without the variables that hold the agent's own
// keys, by the name that a provider's usually has and by the value that is configured, and without what `environment.drop`
// names. What `environment.pass` names stays whatever it holds. Both may use "*" and "?". More secrets of the program's are
// looked for by value, too.
func childEnviron(environ []string, cfg *config.Config, more ...string) []string {
	secrets := longEnough(append(configuredSecrets(cfg), more...))
	return slices.DeleteFunc(slices.Clone(environ), func(kv string) bool {
		name, value, _ := strings.Cut(kv, "=")
		named := func(pattern string) bool { return permission.Wildcard(pattern, name) }
		switch {
		case slices.ContainsFunc(cfg.Environment.Pass, named):
			return false
		case ownVariable(name) || slices.ContainsFunc(cfg.Environment.Drop, named):
			return true
		}
		return slices.ContainsFunc(secrets, func(secret string) bool { return strings.Contains(value, secret) })
	})
}

// longEnough leaves out what would be found everywhere.
func longEnough(secrets []string) []string {
	return slices.DeleteFunc(secrets, func(s string) bool { return len(s) < minSecret })
}

// environ is the environment of what the program runs.
func (p *program) environ(cfg *config.Config) []string {
	return childEnviron(os.Environ(), cfg, p.password)
}

// ownVariable reports whether a variable is one that holds a secret of the agent's.
func ownVariable(name string) bool {
	if strings.EqualFold(name, passwordVariable) || strings.EqualFold(name, "OPENCODE_CONFIG_CONTENT") {
		return true
	}
	return slices.ContainsFunc(llm.Providers(), func(p llm.Info) bool {
		return slices.ContainsFunc(p.Keys, func(key string) bool { return strings.EqualFold(name, key) })
	})
}

// configuredSecrets are the keys and header values of all providers and MCP servers, wherever they came from.
func configuredSecrets(cfg *config.Config) []string {
	var found []string
	header := func(value string) {
		_, credential, _ := strings.Cut(value, " ") // after "Bearer" or "Basic"
		found = append(found, value, credential)
	}
	for _, p := range cfg.Providers {
		found = append(found, string(p.Options.APIKey))
		for _, value := range p.Options.Headers {
			header(string(value))
		}
	}
	for _, raw := range cfg.MCP {
		var server mcp.Config
		if json.Unmarshal(raw, &server) != nil {
			continue // the servers say what is wrong with it
		}
		found = append(found, server.OAuth.ClientSecret)
		for _, value := range server.Headers {
			header(value)
		}
	}
	return found
}
