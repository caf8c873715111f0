package httpapi

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/opencode-lsp/opencode-lsp/agent"
)

func (a *API) health(*call, none) (Health, error) { return Health{true, a.opt.Version}, nil }

func (a *API) path(*call, none) (PathInfo, error) {
	p := a.opt.Paths
	return PathInfo{p.Home, p.State, p.Config, a.directory, a.directory}, nil
}

// projectOf is the workspace as OpenCode calls it. Its id is made from the path.
func projectOf(directory string) Project {
	sum := sha256.Sum256([]byte(directory))
	p := Project{ID: hex.EncodeToString(sum[:20]), Worktree: directory, Sandboxes: []string{}}
	if _, err := os.Stat(filepath.Join(directory, ".git")); err == nil {
		p.VCS = "git"
	}
	if info, err := os.Stat(directory); err == nil {
		p.Time = ProjectTime{millis(info.ModTime()), millis(info.ModTime())}
	}
	return p
}

func (a *API) projectCurrent(*call, none) (Project, error) { return a.project, nil }

func (a *API) projectList(*call, none) ([]Project, error) { return []Project{a.project}, nil }

func (a *API) projectDirectories(c *call, _ none) ([]ProjectDirectory, error) {
	if id := c.PathValue("projectID"); id != a.project.ID {
		return nil, notFound("Project", id)
	}
	return []ProjectDirectory{{a.directory}}, nil
}

func (a *API) config(*call, none) (map[string]any, error) { return a.opt.Config(), nil }

// providers are those that can be used, and the default model of each.
func (a *API) providers(ctx context.Context) (all []Provider, first map[string]string) {
	all, first = a.opt.Providers(ctx), map[string]string{}
	chosen := modelName(a.opt.Model())
	for _, p := range all {
		names := slices.Sorted(maps.Keys(p.Models))
		if len(names) > 0 {
			first[p.ID] = names[0]
		}
		if p.ID == chosen.ProviderID && chosen.ModelID != "" {
			first[p.ID] = chosen.ModelID
		}
	}
	return all, first
}

func (a *API) configProviders(c *call, _ none) (ConfigProviders, error) {
	all, first := a.providers(c.Context())
	usable := slices.DeleteFunc(all, func(p Provider) bool { return !p.Usable })
	return ConfigProviders{append([]Provider{}, usable...), first}, nil
}

func (a *API) providerList(c *call, _ none) (ProviderList, error) {
	all, first := a.providers(c.Context())
	list := ProviderList{All: append([]Provider{}, all...), Default: first, Connected: []string{}}
	for _, p := range all {
		if p.Usable {
			list.Connected = append(list.Connected, p.ID)
		}
	}
	return list, nil
}

func (a *API) agents(*call, none) ([]Agent, error) {
	native := map[string]bool{}
	for _, p := range agent.Presets() {
		native[p.Name] = true
	}
	list := []Agent{}
	for _, p := range a.opt.Agents() {
		w := Agent{
			Name: p.Name, Description: p.Description, Mode: string(p.Mode), Native: native[p.Name], Hidden: p.Hidden, Temperature: p.Params.Temperature,
			TopP: p.Params.TopP, Steps: p.Steps, Permission: []Rule{}, Options: map[string]any{},
		}
		if p.Model != "" {
			m := modelName(p.Model)
			w.Model = &m
		}
		list = append(list, w)
	}
	// Clients take the first agent as the default one.
	slices.SortStableFunc(list, func(x, y Agent) int { return strings.Compare(a.rank(x), a.rank(y)) })
	return list, nil
}

func (a *API) rank(w Agent) string {
	if w.Name == a.opt.Agent() {
		return "0"
	}
	return "1"
}

func (a *API) commands(*call, none) ([]Command, error) {
	return append([]Command{}, a.opt.Commands()...), nil
}

func (a *API) skills(*call, none) ([]Skill, error) { return append([]Skill{}, a.opt.Skills()...), nil }

func (a *API) mcp(*call, none) (map[string]MCPStatus, error) { return a.opt.MCP(), nil }

func (a *API) lsp(*call, none) ([]LSPStatus, error) {
	return append([]LSPStatus{}, a.opt.LSP()...), nil
}

func (a *API) formatters(*call, none) ([]FormatterStatus, error) {
	return append([]FormatterStatus{}, a.opt.Formatters()...), nil
}
