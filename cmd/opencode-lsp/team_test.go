package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/permission"
	"github.com/opencode-lsp/opencode-lsp/permission/shell"
	"github.com/opencode-lsp/opencode-lsp/workspace/config"
)

// sampleTeam is the agents of a configuration in which the user's rules for everybody are these.
func sampleTeam(cfg *config.Config, rules ...permission.Rule) team {
	return newTeam(cfg, []permission.Layer{permission.Defaults(), {Name: "user config", Rules: rules}}, "/home/u")
}

// What each built-in agent may do, whatever is set for everybody. plan and explore are read-only, which OpenCode's are not.
func TestBuiltinAgents(t *testing.T) {
	allow := permission.Rule{Permission: "*", Pattern: "*", Action: permission.Allow}
	teams := map[string]team{
		"default":  sampleTeam(&config.Config{}),
		"allow":    sampleTeam(&config.Config{}, allow),
		"deny log": sampleTeam(&config.Config{}, allow, permission.Rule{Permission: "bash", Pattern: "git log *", Action: permission.Deny}),
		"plan may": sampleTeam(&config.Config{Agent: map[string]config.Agent{"plan": {Permission: []permission.Layer{
			{Name: "user config", Rules: []permission.Rule{{Permission: "bash", Pattern: "go test *", Action: permission.Allow}}},
			{Name: "workspace config", NarrowOnly: true, Rules: []permission.Rule{{Permission: "edit", Pattern: "*", Action: permission.Allow}}},
		}}}}),
	}
	for _, tc := range []struct{ rules, agent, permission, value, want string }{
		{"default", "build", "bash", "ls", "ask"},
		{"default", "build", "edit", "a.go", "ask"},
		{"allow", "build", "bash", "touch x", "allow"},
		{"default", "plan", "bash", "ls", "allow"},
		{"default", "plan", "bash", "find . -delete", "deny"},
		{"default", "plan", "bash", "touch x", "deny"},
		{"default", "plan", "bash", "ls > x", "deny"},
		{"default", "plan", "bash", "eval $x", "deny"},
		{"default", "plan", "edit", "a.go", "deny"},
		{"default", "plan", "webfetch", "https://example.com", "ask"},
		{"default", "plan", "task", "explore", "ask"},
		{"default", "plan", "task", "general", "deny"},
		{"default", "plan", "db_query", "*", "ask"},
		{"allow", "plan", "bash", "touch x", "deny"},
		{"allow", "plan", "bash", "ls", "allow"},
		{"allow", "plan", "edit", "a.go", "deny"},
		{"allow", "plan", "read", "a.go", "allow"},
		{"allow", "plan", "db_query", "*", "ask"},
		{"allow", "plan", "task", "explore", "allow"},
		{"deny log", "plan", "bash", "git log", "deny"},
		{"deny log", "plan", "bash", "git status", "allow"},
		{"plan may", "plan", "bash", "go test ./...", "allow"},
		{"plan may", "plan", "bash", "go run .", "deny"},
		{"plan may", "plan", "edit", "a.go", "deny"},
		{"default", "general", "todowrite", "*", "deny"},
		{"allow", "general", "bash", "touch x", "allow"},
		{"allow", "general", "todowrite", "*", "deny"},
		{"default", "explore", "bash", "grep -r x .", "allow"},
		{"allow", "explore", "bash", "touch x", "deny"},
		{"allow", "explore", "edit", "a.go", "deny"},
		{"allow", "explore", "task", "general", "deny"},
		{"allow", "explore", "db_query", "*", "deny"},
		{"default", "explore", "read", "a.go", "allow"},
		{"default", "explore", "read", ".env", "ask"},
		{"allow", "title", "read", "a.go", "deny"},
		{"allow", "compaction", "bash", "ls", "deny"},
	} {
		m, err := teams[tc.rules].find(tc.agent)
		if err != nil {
			t.Fatal(err)
		}
		items := []permission.Item{{Permission: tc.permission, Values: []string{tc.value}}}
		if tc.permission == "bash" {
			items = shell.Items(tc.value, permission.Place{Roots: []string{"/ws"}, Home: "/home/u"})
		}
		if v, _ := m.policy.JudgeAll(items); v.Action.String() != tc.want {
			t.Errorf("%s under %q: %s %s is %s (%s), want %s", tc.agent, tc.rules, tc.permission, tc.value, v.Action, v.Reason, tc.want)
		}
	}
}

func TestTeam(t *testing.T) {
	hidden := true
	cfg := &config.Config{DefaultAgent: "helper", DefaultAgentAt: config.Warning{File: "opencode.json", Line: 3, Key: "default_agent"}, Agent: map[string]config.Agent{
		"build":   {Prompt: "Build.", Steps: 7, Mode: "all"},
		"general": {Disable: true},
		"helper":  {Mode: "subagent", Model: "a/b", Description: "Helps\n  \u202eall", Temperature: new(0.2)},
		"mine":    {RepositoryPrompt: "Theirs.", RepositoryFile: "/ws/mine.md", Description: "Ignore all", Theirs: true},
		"shy":     {Hidden: &hidden},
	}}
	team := sampleTeam(cfg)
	var all []string
	for _, m := range team {
		all = append(all, m.Name+" "+string(m.Mode))
	}
	want := []string{"build all", "plan primary", "explore subagent", "title primary", "summary primary", "compaction primary", "helper subagent", "mine all", "shy all"}
	if !slices.Equal(all, want) {
		t.Errorf("agents %q", all)
	}
	if got := team.names(); !slices.Equal(got, []string{"build", "plan", "mine"}) {
		t.Errorf("choices %q", got)
	}
	if got := team.warnings(cfg); len(got) != 1 || !strings.HasPrefix(got[0].String(), "opencode.json:3: default_agent: helper is a subagent") || !strings.HasSuffix(got[0].String(), "build answers instead") {
		t.Errorf("warnings %v", got)
	}
	if _, err := team.find("nosuch"); err == nil || err.Error() != `there is no agent "nosuch"; there are build, plan, explore, helper, mine` {
		t.Errorf("unknown: %v", err)
	}
	if m, err := team.find("build"); err != nil || m.Prompt != "Build." || m.Steps != 7 {
		t.Errorf("build: %+v, %v", m.Profile, err)
	}
	if m, err := team.find("helper"); err != nil || m.Model != "a/b" || m.Description != "Helps ‹U+202E›all" || *m.Params.Temperature != 0.2 {
		t.Errorf("helper: %+v, %v", m.Profile, err)
	}
	if m, err := team.find("mine"); err != nil || m.Prompt != "" || len(m.Rules) != 1 || !m.Rules[0].Repository || m.Description != `in the repository's words: "Ignore all"` {
		t.Errorf("mine: %+v, %v", m.Profile, err)
	}
	for _, tc := range []struct {
		wishes []string
		want   string
	}{{nil, "build"}, {[]string{"plan"}, "plan"}, {[]string{"", "mine"}, "mine"}, {[]string{"nosuch", "helper"}, "build"}} {
		if got := team.first(tc.wishes...); got != tc.want {
			t.Errorf("first of %q is %q", tc.wishes, got)
		}
	}
	cfg.Agent["build"] = config.Agent{Disable: true}
	if got := sampleTeam(cfg).first(); got != "plan" {
		t.Errorf("without build %q answers", got)
	}
	if !agent.ReadOnly(team[team.index("plan")].policy) || agent.ReadOnly(team[0].policy) {
		t.Error("who is read-only")
	}
}
