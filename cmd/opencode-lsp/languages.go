package main

import (
	"cmp"
	"maps"
	"os/exec"
	"slices"

	"github.com/opencode-lsp/opencode-lsp/lsp/servers"
	"github.com/opencode-lsp/opencode-lsp/workspace"
	"github.com/opencode-lsp/opencode-lsp/workspace/config"
)

// newLanguages are the language servers of the workspace; there are none yet.
func (e *engine) newLanguages() *servers.Servers {
	return servers.New(servers.Options{
		Workspace: e.ws, Environ: func() []string { return e.program.environ(e.now()) }, Notify: e.notify,
	})
}

// configureLanguages sets the language servers that the settings turn on. Each starts with the first file for it.
func (e *engine) configureLanguages(cfg *config.Config) {
	if !e.program.bubble {
		e.languages.Configure(languageServers(cfg.LanguageServers))
	}
}

// languageServers are the servers that the settings turn on, sorted by name: known ones that are installed, and those whose
// commands the settings give. A known one that runs code of the project is used where the project's configuration, which the
// user trusts, turns servers on, and where the settings name it.
func languageServers(set config.Programs[config.LanguageServer]) []servers.Config {
	if !set.On {
		return nil
	}
	known := servers.Known()
	var out []servers.Config
	for _, k := range known {
		entry, named := set.Named[k.Name]
		_, err := exec.LookPath(k.Command[0])
		if entry.Disabled || len(entry.Command) == 0 && (err != nil || k.Own && !named && !set.Repository) {
			continue
		}
		out = append(out, withSettings(k.Config, entry))
	}
	for name, entry := range set.Named {
		isKnown := slices.ContainsFunc(known, func(k servers.KnownServer) bool { return k.Name == name })
		if !isKnown && !entry.Disabled && len(entry.Command) > 0 && len(entry.Extensions) > 0 {
			out = append(out, withSettings(servers.Config{Name: name}, entry))
		}
	}
	slices.SortFunc(out, func(a, b servers.Config) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// absentServers are the servers that the settings name and leave to be found, and that are not.
func absentServers(set config.Programs[config.LanguageServer]) []string {
	if !set.On {
		return nil
	}
	var out []string
	for _, k := range servers.Known() {
		entry, named := set.Named[k.Name]
		if _, err := exec.LookPath(k.Command[0]); named && !entry.Disabled && len(entry.Command) == 0 && err != nil {
			out = append(out, k.Name)
		}
	}
	return out
}

// withSettings is a server with what the settings say of it.
func withSettings(c servers.Config, entry config.LanguageServer) servers.Config {
	if len(entry.Command) > 0 {
		c.Command = entry.Command
	}
	if len(entry.Extensions) > 0 {
		c.Extensions = entry.Extensions
	}
	c.Environ, c.Initialization = environ(entry.Env), entry.Initialization
	return c
}

// examine has our language servers look at a file, where nobody else tells of its problems.
func (e *engine) examine(path string) bool {
	return !e.fed && !e.ws.Diagnostics().Has(workspace.FeedEditor) && e.languages.Examine(path)
}

// languageWarnings tell of servers that the settings name without what they need.
func languageWarnings(set config.Programs[config.LanguageServer]) []config.Warning {
	known := servers.Known()
	var out []config.Warning
	for _, name := range slices.Sorted(maps.Keys(set.Named)) {
		entry := set.Named[name]
		isKnown := slices.ContainsFunc(known, func(k servers.KnownServer) bool { return k.Name == name })
		if isKnown || entry.Disabled || len(entry.Command) > 0 && len(entry.Extensions) > 0 {
			continue
		}
		out = append(out, config.Warning{File: "settings", Key: "lsp." + name, Message: "this language server is not one of the known ones and needs a command and extensions; it is not run"})
	}
	return out
}
