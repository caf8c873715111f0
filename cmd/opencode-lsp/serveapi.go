package main

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/agent/httpapi"
	"github.com/opencode-lsp/opencode-lsp/agent/llm"
	"github.com/opencode-lsp/opencode-lsp/tools/mcp"
)

// api makes OpenCode's API over the engine's sessions. From then on it is told of each session that is opened. The caller
// closes it, before the sessions.
func (e *engine) api(sessions *agent.Sessions, remoteApproval bool) *httpapi.API {
	d := e.program.dirs
	a := httpapi.New(httpapi.Options{
		Version: version(), Sessions: sessions, Store: e.store, Workspace: e.ws, RemoteApproval: remoteApproval,
		Paths: httpapi.Paths{Home: d.home, State: d.state, Config: d.config},
		Agent: e.agentName, Model: e.modelName, Agents: e.profiles, Answering: e.answering, Commands: e.apiCommands, Skills: e.apiSkills,
		Providers: e.apiProviders, Config: e.apiConfig, MCP: e.apiMCP, LSP: e.apiLSP, Formatters: e.apiFormatters,
		MayRead: func(abs string) bool { return e.mayRead(e.policy(), abs) }, Text: e.contents.Load,
		Deleted: func(session string) {
			if err := e.program.removeTranscript(session); err != nil {
				logger().Warningf("transcript: %s", err)
			}
		},
	})
	e.served.Store(a)
	for _, s := range sessions.Running() { // opened meanwhile
		a.Opened(s)
	}
	return a
}

// opened tells the API, where there is one, of a session that is opened.
func (e *engine) opened(also func(*agent.Session)) func(*agent.Session) {
	return func(s *agent.Session) {
		if also != nil {
			also(s)
		}
		if a := e.served.Load(); a != nil {
			a.Opened(s)
		}
	}
}

// profiles are all agents of the configuration.
func (e *engine) profiles() []agent.Profile {
	e.mu.Lock()
	defer e.mu.Unlock()
	var list []agent.Profile
	for _, m := range e.team {
		list = append(list, m.Profile)
	}
	return list
}

func (e *engine) apiCommands() []httpapi.Command {
	all := e.commands()
	skills := map[string]bool{}
	for _, s := range e.now().Skills {
		skills[s.Name] = true
	}
	var list []httpapi.Command
	for _, name := range slices.Sorted(maps.Keys(all)) {
		c := all[name].Shown()
		w := httpapi.Command{
			Name: name, Description: c.Description, Agent: c.Agent, Model: c.Model, Source: "command", Template: c.Template, Subtask: c.Subtask,
			Hints: hints(all[name].Template),
		}
		switch {
		case all[name].make == nil:
		case skills[name]:
			w.Source = "skill"
		default:
			w.Source = "mcp"
		}
		list = append(list, w)
	}
	return list
}

// hints are the placeholders of a template, which clients show behind the command.
func hints(template string) []string {
	list := []string{}
	for _, h := range []string{"$1", "$2", "$3", "$4", "$5", "$6", "$7", "$8", "$9", "$ARGUMENTS"} {
		if strings.Contains(template, h) {
			list = append(list, h)
		}
	}
	return list
}

// maxSkillText bounds what is shown of a skill.
const maxSkillText = 1 << 20

func (e *engine) apiSkills() []httpapi.Skill {
	var list []httpapi.Skill
	for _, s := range e.skillsFor(e.policy()) {
		w := httpapi.Skill{Name: s.Name, Description: s.Description, Location: s.File}
		if !s.Repository {
			if text, err := os.ReadFile(s.File); err == nil && len(text) <= maxSkillText {
				w.Content = string(text)
			}
		}
		list = append(list, w)
	}
	return list
}

// apiProviders are the providers that can be used, and those that the configuration names, with their models.
func (e *engine) apiProviders(ctx context.Context) []httpapi.Provider {
	cfg := e.now()
	usable := e.modelChoices(ctx)
	names := slices.Clone(usable)
	if m := e.modelName(); m != "" {
		names = append(names, m)
	}
	found := map[string]*httpapi.Provider{}
	for _, name := range unique(names) {
		provider, id, _ := strings.Cut(name, "/")
		p := found[provider]
		if p == nil {
			p = e.apiProvider(provider)
			found[provider] = p
		}
		p.Usable = p.Usable || slices.Contains(usable, name)
		p.Models[id] = apiModel(provider, id, e.about(name))
	}
	var list []httpapi.Provider
	for _, id := range slices.Sorted(maps.Keys(found)) {
		p := found[id]
		if _, set := cfg.Providers[id]; set {
			p.Source = "config"
		}
		list = append(list, *p)
	}
	return list
}

func (e *engine) apiProvider(id string) *httpapi.Provider {
	p := &httpapi.Provider{ID: id, Name: cmp.Or(e.now().Providers[id].Name, id), Source: "env", Env: []string{}, Options: map[string]any{}, Models: map[string]httpapi.Model{}}
	if info, ok := llm.Provider(id); ok {
		p.Name, p.Env = cmp.Or(e.now().Providers[id].Name, info.Name), append([]string{}, info.Keys...)
	}
	return p
}

func apiModel(provider, id string, k llm.Entry) httpapi.Model {
	return httpapi.Model{
		ID: id, ProviderID: provider, API: httpapi.ModelAPI{ID: id, NPM: "@ai-sdk/openai-compatible"}, Name: cmp.Or(k.Title, id),
		Capabilities: httpapi.Capabilities{
			Temperature: true, Reasoning: k.Reasoning, Attachment: k.Images || k.PDFs, Toolcall: true,
			Input: httpapi.Modalities{Text: true, Image: k.Images, PDF: k.PDFs}, Output: httpapi.Modalities{Text: true},
		},
		Cost: httpapi.ModelCost{
			Input: k.Price.Input, Output: k.Price.Output, Cache: httpapi.CacheCost{Read: k.Price.CacheRead, Write: k.Price.CacheWrite},
		},
		Limit: httpapi.ModelLimit{Context: k.Context, Output: k.Output}, Status: "active", Options: map[string]any{}, Headers: map[string]string{},
	}
}

// apiConfig is what clients may know of the configuration: names, descriptions and kinds, and the templates of commands as far
// as [config.Command.Shown] has them. Keys, addresses and commands to run are left out.
func (e *engine) apiConfig() map[string]any {
	cfg := e.now()
	commands := map[string]any{}
	for name, c := range cfg.Command {
		c = c.Shown()
		commands[name] = map[string]any{"template": c.Template, "description": c.Description}
	}
	agents := map[string]any{}
	for _, p := range e.profiles() {
		agents[p.Name] = map[string]any{"description": p.Description, "mode": p.Mode}
	}
	providers := map[string]any{}
	for id, p := range cfg.Providers {
		models := map[string]any{}
		for name, m := range p.Models {
			models[name] = map[string]any{"name": cmp.Or(m.Name, name)}
		}
		providers[id] = map[string]any{"name": cmp.Or(p.Name, id), "models": models}
	}
	all := map[string]any{
		"$schema": "https://opencode.ai/config.json", "command": commands, "agent": agents, "mode": map[string]any{}, "provider": providers,
		"plugin": []string{}, "mcp": mcpKinds(cfg.MCP), "share": "disabled", "autoupdate": false, "username": "user", "default_agent": e.agentName(),
	}
	for key, value := range map[string]string{"model": e.modelName(), "small_model": cfg.SmallModel} {
		if value != "" {
			all[key] = value
		}
	}
	return all
}

// mcpKinds says of each MCP server no more than where it runs and whether it shall.
func mcpKinds(servers map[string]json.RawMessage) map[string]any {
	kinds := map[string]any{}
	for name, raw := range servers {
		var set struct {
			Type    string `json:"type"`
			Enabled *bool  `json:"enabled"`
		}
		if json.Unmarshal(raw, &set) == nil {
			kinds[name] = map[string]any{"type": set.Type, "enabled": set.Enabled == nil || *set.Enabled}
		}
	}
	return kinds
}

func (e *engine) apiMCP() map[string]httpapi.MCPStatus { return wireMCP(e.mcp().Status()) }

// wireMCP says that a server failed, but not why: that may hold its command, its address, and what it wrote before it ended,
// keys among it.
func wireMCP(list []mcp.Status) map[string]httpapi.MCPStatus {
	all := map[string]httpapi.MCPStatus{}
	for _, s := range list {
		w := httpapi.MCPStatus{Status: string(s.State)}
		switch s.State {
		case mcp.Failed:
			w.Error = "it does not work; `opencode-lsp mcp list` says why"
		case mcp.Connecting: // OpenCode has no word for it
			w.Status = "disabled"
		}
		all[s.Name] = w
	}
	return all
}

func (e *engine) apiLSP() []httpapi.LSPStatus {
	var list []httpapi.LSPStatus
	for _, s := range e.languages.Status() {
		w := httpapi.LSPStatus{ID: s.Name, Name: s.Name, Root: e.root(), Status: "connected"}
		if s.Reason != "" {
			w.Status = "error"
		}
		list = append(list, w)
	}
	return list
}

func (e *engine) apiFormatters() []httpapi.FormatterStatus {
	set := e.now().Formatters
	var list []httpapi.FormatterStatus
	for _, f := range knownFormatters() {
		entry, named := set.Named[f.name]
		if named || set.On {
			list = append(list, httpapi.FormatterStatus{Name: f.name, Extensions: strings.Fields(f.extensions), Enabled: set.On && !entry.Disabled})
		}
	}
	return list
}
