package main

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/opencode-lsp/opencode-lsp/permission"
)

// resolved is what the files of lsp/testdata/mcp/everything.txtar come to, by OpenCode's documentation of agents, commands,
// rules, skills and permissions; where we differ, README says why.
const resolved = `
agents (built-in ones first)
  build primary
  plan primary
  explore subagent
  title primary hidden
  summary primary hidden
  compaction primary hidden
  helper all steps=9
  nested/deep primary model=scripted/deep temperature=0.7 top_p=0.9
  reviewer subagent
  terse primary
commands
  check: Checks
  extra: From a path
  hello: Greets (code action)
  init: Write or better AGENTS.md
  inspect: agent=reviewer
  pdf: Reads PDFs
  release: Makes a release
  review: Review a change; what is not committed, unless a commit or branch is named
  shared: Shared by agents
rules
  mine home/.config/opencode/AGENTS.md
  repository's root/AGENTS.md
  mine home/notes.md
  repository's root/docs/style.md
skills
  mine home/.agents/skills/shared
  mine home/.claude/skills/pdf
  repository's root/.opencode/skills/release
  repository's root/tools/skills/extra
permissions
  build bash "git status": allow
  build bash "git push": deny
  build bash "rm x": deny
  build bash "make": ask
  build edit "main.go": allow
  build edit "go.lock": deny
  build webfetch "https://example.com": deny
  build read "main.go": allow
  build read ".env": ask
  build external_directory "/etc/*": ask
  build task "explore": ask
  build skill "pdf": allow
  build skill "release": ask
  build docs_search "*": ask
  plan edit "main.go": deny
  plan bash "git status": allow
  plan bash "make": deny
  helper bash "git status": deny
  helper edit "main.go": allow
  reviewer edit "main.go": deny
  reviewer bash "git status": ask
`

// TestResolved reads the same files that the script everything.txtar shows in effect.
func TestResolved(t *testing.T) {
	script, err := os.ReadFile("../../lsp/testdata/mcp/everything.txtar")
	if err != nil {
		t.Fatal(err)
	}
	archive := txtar.Parse(script)
	archive.Comment = nil
	for i, f := range archive.Files {
		if !strings.HasPrefix(f.Name, "home/") {
			archive.Files[i].Name = "root/" + f.Name
		}
	}
	e, top, said := engineAt(t, string(txtar.Format(archive)), "root", nil, nil)
	if err := e.store.Trust(t.Context(), e.root(), e.now().Hash); err != nil {
		t.Fatal(err)
	}
	e.load(t.Context())
	got := "\n" + e.resolved(t, top)
	if got != resolved {
		t.Errorf("resolved:\n%s\nwant:\n%s", got, resolved)
	}
	if len(*said) > 0 {
		t.Errorf("said %q", *said)
	}
}

func (e *engine) resolved(t *testing.T, top string) string {
	var b strings.Builder
	whose := map[bool]string{true: "repository's", false: "mine"}
	b.WriteString("agents (built-in ones first)\n")
	for _, m := range e.team {
		fmt.Fprintf(&b, "  %s %s", m.Name, m.Mode)
		for name, value := range map[string]any{" hidden": m.Hidden, " model": m.Model, " steps": m.Steps} {
			if text := fmt.Sprint(value); text != "" && text != "0" && text != "false" {
				b.WriteString(strings.TrimSuffix(name+"="+text, "=true"))
			}
		}
		if p := m.Params; p.Temperature != nil && p.TopP != nil {
			fmt.Fprintf(&b, " temperature=%g top_p=%g", *p.Temperature, *p.TopP)
		}
		b.WriteString("\n")
	}
	b.WriteString("commands\n")
	all := e.commands()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		c := all[name]
		text := cmp.Or(c.Description, "agent="+c.Agent)
		if c.CodeAction {
			text += " (code action)"
		}
		fmt.Fprintf(&b, "  %s: %s\n", name, text)
	}
	b.WriteString("rules\n")
	for _, r := range e.rules(t.Context(), e.policy()) {
		fmt.Fprintf(&b, "  %s %s\n", whose[r.Repository], strings.TrimPrefix(r.Path, top+"/"))
	}
	b.WriteString("skills\n")
	var skills []string
	for _, s := range e.skills() {
		skills = append(skills, fmt.Sprintf("  %s %s\n", whose[s.Repository], strings.TrimSuffix(strings.TrimPrefix(s.File, top+"/"), "/SKILL.md")))
	}
	slices.Sort(skills)
	b.WriteString(strings.Join(skills, "") + "permissions\n")
	_, wanted, _ := strings.Cut(resolved, "permissions\n")
	for line := range strings.Lines(wanted) {
		var agent, kind, input string
		head, _, _ := strings.Cut(line, ": ")
		if _, err := fmt.Sscanf(head, "%s %s %q", &agent, &kind, &input); err != nil {
			t.Fatal(err)
		}
		items, err := e.items(kind, input)
		if err != nil {
			t.Fatal(err)
		}
		if kind == "external_directory" || kind == "task" || kind == "skill" || kind == "docs_search" {
			items = []permission.Item{{Permission: kind, Values: []string{input}}}
		}
		v, _ := e.policyOf(agent).JudgeAll(items)
		fmt.Fprintf(&b, "%s: %s\n", head, v.Action)
	}
	return b.String()
}
