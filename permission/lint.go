package permission

import (
	"fmt"
	"slices"
	"strings"
)

// Lint says what is surprising in a layer, one sentence each: rules that a later "*" makes dead, and rules that allow
// whatever the model cares to write.
func Lint(l Layer) []string {
	var out []string
	for i, r := range l.Rules {
		if n := dead(l.Rules[:i], r); n > 0 {
			out = append(out, fmt.Sprintf("%s: %q is written after %d other rules and makes them dead; write it first", r.Permission, r.Pattern, n))
		}
		if r.Action == Allow && arbitrary(r) {
			out = append(out, fmt.Sprintf("%s: %q allows arbitrary code; whoever writes the files that it runs decides what happens", r.Permission, r.Pattern))
		}
	}
	return out
}

// dead counts the earlier rules that never decide because r matches all that they match.
func dead(earlier []Rule, r Rule) int {
	if strings.Trim(r.Pattern, "*") != "" {
		return 0
	}
	n := 0
	for _, e := range earlier {
		if r.Permission == "*" && e.Permission != "*" || e.Permission == r.Permission && e.Pattern != r.Pattern {
			n++
		}
	}
	return n
}

// arbitrary reports whether an allow rule for bash lets its program run code that the rule does not show.
func arbitrary(r Rule) bool {
	if !Wildcard(r.Permission, "bash") || Literal(r.Pattern) {
		return false
	}
	words := strings.Fields(r.Pattern)
	if len(words) == 0 || strings.Trim(r.Pattern, "*") == "" {
		return true
	}
	name := words[0]
	if strings.ContainsAny(name, "*?") {
		return true
	}
	if subs, ok := runners()[name]; ok {
		return len(subs) == 0 || len(words) < 2 || words[1] == "*" || slices.Contains(subs, words[1])
	}
	return false
}

// runners are programs whose purpose is to run code from arguments or from the workspace, with the subcommands that do
// (none listed: all).
func runners() map[string][]string {
	return map[string][]string{
		"sh": nil, "bash": nil, "zsh": nil, "dash": nil, "ksh": nil, "fish": nil, "eval": nil, "source": nil, ".": nil,
		"env": nil, "xargs": nil, "sudo": nil, "doas": nil, "exec": nil, "command": nil, "nohup": nil, "timeout": nil,
		"python": nil, "python3": nil, "node": nil, "deno": nil, "bun": nil, "ruby": nil, "perl": nil, "php": nil, "lua": nil,
		"npx": nil, "bunx": nil, "uvx": nil, "make": nil, "just": nil, "ninja": nil, "ant": nil, "gradle": nil, "mvn": nil,
		"npm": {"run", "exec", "test", "start", "install", "ci", "i"}, "pnpm": {"run", "exec", "dlx", "test", "install"},
		"yarn": nil, "go": {"run", "test", "generate", "tool"}, "cargo": {"run", "test", "build", "bench"},
		"uv": {"run"}, "poetry": {"run"}, "docker": {"run", "exec", "compose"}, "ssh": nil,
	}
}
