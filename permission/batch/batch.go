// Package batch answers what would happen to single operations under given rules, one JSON line each. It is the library
// half of `opencode-lsp permission check --batch` and judges with the same code as the tools do.
package batch

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"path"
	"strings"

	"github.com/opencode-lsp/opencode-lsp/permission"
	"github.com/opencode-lsp/opencode-lsp/permission/shell"
)

// Result is the answer to one line. Action is allow, ask, deny, or error for what is refused before any rule is heard.
type Result struct {
	ID     string `json:"id"`
	Action string `json:"action"`
	Reason string `json:"reason"`
}

// query is one line; its fields are those of permission-cases.jsonl.
type query struct {
	ID    string     `json:"id"`
	Kind  string     `json:"kind"`
	Rules []ruleLine `json:"rules"`
	Input string     `json:"input"`
	B64   string     `json:"input_b64"`
	Ctx   setting    `json:"ctx"`
}

type ruleLine struct {
	Permission string `json:"permission"`
	Pattern    string `json:"pattern"`
	Action     string `json:"action"`
}

// setting is where the operation happens. Trusted is read and changes nothing: a workspace's rules only ever narrow.
type setting struct {
	Root            string            `json:"root"`
	Home            string            `json:"home"`
	Cwd             string            `json:"cwd"`
	Tool            string            `json:"tool"`
	OS              string            `json:"os"`
	Shell           string            `json:"shell"`
	CaseInsensitive bool              `json:"case_insensitive"`
	Symlinks        map[string]string `json:"symlinks"`
	DNS             names             `json:"dns"`
	Redirects       hops              `json:"redirects"`
	Content         string            `json:"content"`
	SwapAfterAsk    string            `json:"swap_after_ask"`
	Size            int64             `json:"size"`
	Files           map[string]any    `json:"files"`
	Trusted         bool              `json:"trusted"`
	WorkspaceRules  []ruleLine        `json:"workspace_rules"`
	SessionApproved []ruleLine        `json:"session_approved"`
}

// Check answers one line. A line that cannot be read is answered with the action error, too.
func Check(line []byte) Result {
	var q query
	if err := json.Unmarshal(line, &q); err != nil {
		return Result{ID: q.ID, Action: "error", Reason: fmt.Sprintf("the line is not as permission-cases.jsonl has them: %v", err)}
	}
	if q.B64 != "" {
		raw, err := base64.StdEncoding.DecodeString(q.B64)
		if err != nil {
			return Result{ID: q.ID, Action: "error", Reason: fmt.Sprintf("input_b64: %v", err)}
		}
		q.Input = string(raw)
	}
	items, err := q.items()
	if err != nil {
		return Result{ID: q.ID, Action: "error", Reason: err.Error()}
	}
	v, err := q.judge(items)
	if err != nil {
		return Result{ID: q.ID, Action: "error", Reason: err.Error()}
	}
	if err := q.atUse(); err != nil && v.Action != permission.Deny {
		return Result{ID: q.ID, Action: "error", Reason: err.Error()}
	}
	return Result{ID: q.ID, Action: v.Action.String(), Reason: v.Reason}
}

// items are what the operation would touch.
func (q query) items() ([]permission.Item, error) {
	switch q.Kind {
	case "bash":
		return q.command()
	case "path":
		return q.paths(), nil
	case "web":
		return q.address()
	default:
		return nil, fmt.Errorf("kind")
	}
}

func (q query) command() ([]permission.Item, error) {
	if err := shell.Valid(q.Input); err != nil {
		return nil, err
	}
	items := shell.Items(q.Input, q.place())
	if s := q.Ctx.Shell; s != "" && s != "bash" && s != "sh" {
		items = append(items, permission.Item{
			Permission: "bash", Values: []string{q.Input}, Strictness: permission.AlwaysAsk,
			Why: "commands for " + s + " cannot be read",
		})
	}
	return items, nil
}

func (q query) place() permission.Place {
	p := permission.Place{Roots: []string{or(q.Ctx.Root, "/ws")}, Home: or(q.Ctx.Home, "/home/u"), Cwd: q.Ctx.Cwd}
	p.FoldCase = q.Ctx.CaseInsensitive || q.Ctx.OS == "darwin" || q.Ctx.OS == "windows"
	if len(q.Ctx.Symlinks) > 0 {
		p.Resolve = q.resolve
	}
	if len(q.Ctx.Files) > 0 {
		p.Match = q.match
	}
	return p
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// resolve follows the links of the line's context as the kernel would follow real ones: component by component.
func (q query) resolve(abs string) string {
	if !path.IsAbs(abs) {
		return abs // of Windows
	}
	done, rest := "/", abs
	for links := 0; rest != ""; {
		var name string
		name, rest, _ = strings.Cut(strings.TrimLeft(rest, "/"), "/")
		next := path.Join(done, name)
		to, link := q.Ctx.Symlinks[next]
		if !link {
			done = next
			continue
		}
		if links++; links > maxLinks {
			return "/" // a ring of links leads nowhere that is known
		}
		if path.IsAbs(to) {
			done = "/"
		}
		rest = to + "/" + rest
	}
	return done
}

// maxLinks is how many links one name leads through.
const maxLinks = 40

// paths are the files that a tool's path, pattern or patch names.
func (q query) paths() []permission.Item {
	p := q.place()
	switch q.Ctx.Tool {
	case "apply_patch":
		return q.patched(p)
	case "read", "list", "glob", "grep":
		return permission.FileItems("read", q.home(q.Input), p)
	default:
		items := permission.FileItems("edit", q.home(q.Input), p)
		if why := permission.Fetches(q.Input, q.Ctx.Content); why != "" {
			items[0].Strictness, items[0].Why, items[0].Always = permission.AlwaysAsk, why, ""
		}
		return items
	}
}

// home expands the tilde as the tools do.
func (q query) home(name string) string {
	if rest, ok := strings.CutPrefix(name, "~/"); ok || name == "~" {
		return or(q.Ctx.Home, "/home/u") + "/" + rest
	}
	return name
}

// judge hears the line's rules, its workspace's and its session's answers.
func (q query) judge(items []permission.Item) (permission.Verdict, error) {
	user, err := rules(q.Rules)
	if err != nil {
		return permission.Verdict{}, err
	}
	narrow, err := rules(q.Ctx.WorkspaceRules)
	if err != nil {
		return permission.Verdict{}, err
	}
	policy := permission.Policy{Home: or(q.Ctx.Home, "/home/u"), Layers: []permission.Layer{
		{Name: "rules", Rules: user}, {Name: "workspace rules", Rules: narrow, NarrowOnly: true},
	}}
	strictest, asks := policy.JudgeAll(items)
	if strictest.Action != permission.Ask {
		return strictest, nil
	}
	for _, a := range q.Ctx.SessionApproved {
		g := permission.Grant{Permission: a.Permission, Pattern: a.Pattern}
		asks = g.Settle(asks)
	}
	if len(asks) == 0 {
		return permission.Verdict{Action: permission.Allow, Reason: "it was answered before"}, nil
	}
	return asks[0], nil
}

func rules(lines []ruleLine) ([]permission.Rule, error) {
	out := make([]permission.Rule, 0, len(lines))
	for _, l := range lines {
		a, err := permission.ParseAction(l.Action)
		if err != nil {
			return nil, fmt.Errorf("rule %s %q: %w", l.Permission, l.Pattern, err)
		}
		out = append(out, permission.Rule{Permission: l.Permission, Pattern: l.Pattern, Action: a})
	}
	return out, nil
}
