package main

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"os"
	"slices"
	"strings"
	"testing"
)

// The one gate, read off the code: what changes the world is done by tools behind Op.Run alone, one place calls Op.Run, and
// the gate stands in front of it.
func TestGate(t *testing.T) {
	s, err := loadSources()
	if err != nil {
		t.Fatal(err)
	}
	g := &gateCheck{T: t, sources: s}
	g.code = s.bodies(g.behind)
	t.Run("one place runs", g.onePlace)
	t.Run("nothing before the gate", g.before)
	t.Run("who may at all", g.who)
	t.Run("who applies changes", g.appliers)
}

type gateCheck struct {
	*testing.T
	*sources
	code map[any]*body
}

// behind says which arguments of a call are run behind the gate: the second of tools.NewOp.
func (g *gateCheck) behind(call *ast.CallExpr) []ast.Expr {
	id := callee(call)
	if id == nil || g.info.Uses[id] != g.object("tools", "NewOp") || len(call.Args) != 2 {
		return nil
	}
	return call.Args[1:]
}

// onePlace: Op.Run is called in Session.perform, and a failed Check returns there before it.
func (g *gateCheck) onePlace(t *testing.T) {
	run := g.object("tools", "Op.Run").(*types.Func)
	runs := append(g.implementations(run), run)
	if callers, want := g.callers(runs), []string{"(*" + module + "/agent.Session).perform"}; !slices.Equal(callers, want) {
		t.Fatalf("Op.Run is called in %q, want %q alone", callers, want)
	}
	call := g.code[g.object("agent", "Session.perform")]
	at := func(fn types.Object) token.Pos {
		i := slices.IndexFunc(call.uses, func(u use) bool { return u.fn == fn })
		if i < 0 {
			t.Fatalf("Session.perform does not call %s", fn.Name())
		}
		return call.uses[i].pos
	}
	if guard := g.guard(at(g.object("permission", "Gate.Check"))); guard == nil || guard.End() > at(run) {
		t.Error("Session.perform does not return where Gate.Check fails before it runs the operation")
	}
}

// guard is the statement `if err := …Check(…); err != nil { return … }` around pos, at the top of its function.
func (g *gateCheck) guard(pos token.Pos) ast.Stmt {
	for _, f := range g.sources.code[module+"/agent"] {
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Body == nil || pos < fn.Pos() || pos > fn.End() {
				continue
			}
			for _, stmt := range fn.Body.List {
				cond, ok := stmt.(*ast.IfStmt)
				if !ok || cond.Init == nil || pos < cond.Init.Pos() || pos > cond.Init.End() {
					continue
				}
				binary, ok := cond.Cond.(*ast.BinaryExpr)
				_, returns := cond.Body.List[len(cond.Body.List)-1].(*ast.ReturnStmt)
				if ok && binary.Op == token.NEQ && returns {
					return cond
				}
			}
		}
	}
	return nil
}

// callers are the functions that mention one of those.
func (g *gateCheck) callers(of []*types.Func) []string {
	var out []string
	for _, b := range g.code {
		if slices.ContainsFunc(b.uses, func(u use) bool { return slices.Contains(of, u.fn) }) {
			out = append(out, b.name)
		}
	}
	return sortedUnique(out)
}

// hooks are the function fields that code before the gate may call, and why they have no effect.
var hooks = map[string]string{
	"MayRead":    "asks the rules, which is what they are for",
	"Resolve":    "follows symlinks",
	"Skills":     "lists what the configuration found",
	"Match":      "lists the files that a pattern names",
	"Formatters": "says which formatters are configured for a file",
	"prepare":    "the function given to tools.Define, which is looked at by itself",
	"follow":     "follows symlinks",
	"look":       "asks an editor that speaks ACP for the text of a buffer",
	"find":       "one of the matchers of edit, which are looked at where they are listed",
}

// asked is the one function that changes something only when its argument says so: it makes folders on the way to a file.
// Code before the gate must say no, in so many words.
const asked, maker = "workspace.openFolder", "workspace.enter"

// before: whatever Prepare and Access reach, in any tool, changes nothing.
func (g *gateCheck) before(t *testing.T) {
	todo := append(g.implementations(g.object("tools", "Tool.Prepare").(*types.Func)), g.implementations(g.object("tools", "Op.Access").(*types.Func))...)
	for _, b := range g.code {
		for _, u := range b.uses {
			if u.fn == g.object("tools", "Define") && u.call != nil {
				todo = append(todo, g.named(u.call.Args[2])...)
			}
		}
	}
	if len(todo) < 10 {
		t.Fatalf("only %d functions prepare calls; the test does not see the tools", len(todo))
	}
	from := map[*types.Func]string{}
	for _, fn := range todo {
		from[fn] = fn.FullName()
	}
	for len(todo) > 0 {
		fn := todo[0]
		todo = todo[1:]
		b := g.code[fn]
		if b == nil {
			continue
		}
		for _, u := range b.uses {
			if why := g.effect(u); why != "" && b.name != module+"/"+maker {
				t.Errorf("%s reaches %s without the gate, at %s", from[fn], why, g.place(u.pos))
			}
			if u.field != nil && hooks[u.field.Name()] == "" {
				t.Errorf("%s calls the function in %s, which is not known, at %s", from[fn], u.field.Name(), g.place(u.pos))
			}
			if u.fn == nil {
				continue
			}
			if u.fn.FullName() == module+"/"+asked && !g.refuses(u.call) {
				t.Errorf("%s may make folders without the gate, at %s", from[fn], g.place(u.pos))
			}
			for _, next := range g.implementations(u.fn) {
				if _, seen := from[next]; !seen {
					from[next] = from[fn] + " → " + next.Name()
					todo = append(todo, next)
				}
			}
		}
	}
}

// refuses reports whether the call's last argument is false.
func (g *gateCheck) refuses(call *ast.CallExpr) bool {
	if call == nil {
		return false
	}
	v := g.info.Types[call.Args[len(call.Args)-1]].Value
	return v != nil && v.Kind() == constant.Bool && !constant.BoolVal(v)
}

// named are the functions that an expression names.
func (g *gateCheck) named(e ast.Expr) []*types.Func {
	var out []*types.Func
	ast.Inspect(e, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			if fn, ok := g.info.Uses[id].(*types.Func); ok {
				out = append(out, fn.Origin())
			}
		}
		return true
	})
	return out
}

// effect names what a use changes outside the process, "" for nothing.
func (g *gateCheck) effect(u use) string {
	if u.fn == nil || u.fn.Pkg() == nil {
		return ""
	}
	name := u.fn.FullName()
	if u.fn == g.object("workspace", "Applier.Apply") || u.fn == g.object("workspace", "Disk.Apply") || u.fn == g.object("workspace", "Land") {
		return name
	}
	family := family(u.fn)
	if family == "files" && strings.HasSuffix(name, "OpenFile") && u.call != nil && g.readsOnly(u.call) {
		return ""
	}
	if family != "" {
		return name
	}
	return ""
}

// readsOnly reports whether the flags of an OpenFile are known and only read.
func (g *gateCheck) readsOnly(call *ast.CallExpr) bool {
	v := g.info.Types[call.Args[1]].Value
	if v == nil {
		return false
	}
	flags, exact := constant.Int64Val(v)
	return exact && flags&int64(os.O_WRONLY|os.O_RDWR|os.O_CREATE|os.O_TRUNC|os.O_APPEND) == 0
}

// family sorts what other packages offer: "files", "processes", "network", "" for what has no effect.
func family(fn *types.Func) string {
	name := fn.Name()
	has := func(names string) bool { return slices.Contains(strings.Fields(names), name) }
	switch fn.Pkg().Path() {
	case "os":
		switch {
		case has("StartProcess Kill Signal"):
			return "processes"
		case has(`WriteFile Rename Remove RemoveAll Mkdir MkdirAll MkdirTemp CreateTemp OpenFile Create Chmod Chown Lchown Chtimes Symlink Link
			Truncate CopyFS Setenv Unsetenv Clearenv Chdir`):
			return "files"
		}
	case "os/exec":
		if !has("LookPath Error Unwrap String Environ ExitCode") {
			return "processes"
		}
	case "syscall", "golang.org/x/sys/unix", "golang.org/x/sys/windows":
		if !has("Error Is Signal String Signaled ExitStatus Exited Temporary Timeout ClockGettime Nanoseconds Statx Unix") {
			return "processes"
		}
	case "net":
		if strings.HasPrefix(name, "Dial") || strings.HasPrefix(name, "Listen") || strings.HasPrefix(name, "Lookup") {
			return "network"
		}
	case "net/http":
		if has("Get Post PostForm Head Do RoundTrip Serve ServeTLS ListenAndServe ListenAndServeTLS") && fn.Signature().Recv() == nil || has("Do RoundTrip Serve") {
			return "network"
		}
	case module + "/tools/peer":
		if has("Start") {
			return "processes"
		}
	case "database/sql":
		if has("Open OpenDB") {
			return "files"
		}
	}
	if strings.HasPrefix(fn.Pkg().Path(), "github.com/mark3labs/mcp-go") && has("Start Initialize SendRequest SendNotification CallTool") {
		return "network"
	}
	if strings.HasPrefix(fn.Pkg().Path(), "github.com/openai/openai-go") && strings.HasPrefix(name, "New") {
		return "network"
	}
	return ""
}

// entitled are the packages that touch the world at all, with what and why. Only tools does so for a model.
var entitled = map[string]map[string]string{
	"tools": {"files": "keeps whole outputs where results are cut, copies for formatters, from Run", "processes": "runs the commands of the bash tool and formatters, from Run",
		"network": "webfetch, from Run"},
	"workspace":       {"files": "Disk applies changes to files; Contents keeps copies in the data folder"},
	"lsp":             {"files": "transcripts and its socket", "network": "its own unix socket", "processes": "asks whether the editor's process lives"},
	"lsp/servers":     {"processes": "runs the language servers that the user has turned on"},
	"lsp/lsptest":     {"files": "the scripted editor saves its buffers; not part of the server"},
	"agent/agenttest": {"network": "the scripted model listens on loopback; not part of the server"},
	"agent/acp":       {"files": "writes what a terminal of the editor is to run into the data folder, from Run, and removes it"},
	"agent/llm":       {"network": "talks to the model that the user chose"},
	"agent/httpapi":   {"network": "listens where the user asked `serve` to"},
	"agent/store":     {"files": "keeps sessions in the data folder", "processes": "locks files there"},
	"tools/peer":      {"processes": "starts what its two callers are entitled to"},
	"tools/mcp":       {"processes": "starts the servers that the user configured and trusts", "network": "reaches them"},
	"tools/mcp/oauth": {"network": "the user's own command signs in: the authorization server, a callback on loopback", "files": "keeps tokens in the data folder"},
	"cmd/opencode-lsp": {"files": "the log, the demo's folder, a server's password", "network": "how webfetch looks up and connects; instructions at addresses that the user named or trusts",
		"processes": "the demo starts this program as an editor does and runs its test; `mcp auth` opens the browser"},
}

// who: a package outside the table touches nothing, and the table has no line too many.
func (g *gateCheck) who(t *testing.T) {
	found := map[string]bool{}
	for _, b := range g.code {
		pkg := strings.TrimPrefix(b.pkg, module+"/")
		for _, u := range b.uses {
			if g.effect(u) == "" {
				continue
			}
			kind := family(u.fn)
			if kind == "" { // one of workspace's, which has a table of its own
				continue
			}
			found[pkg+" "+kind] = true
			if entitled[pkg][kind] == "" {
				t.Errorf("%s uses %s at %s; add it to the table with its reason, or leave it to a tool", pkg, u.fn.FullName(), g.place(u.pos))
			}
		}
	}
	for pkg, kinds := range entitled {
		for kind := range kinds {
			if !found[pkg+" "+kind] {
				t.Errorf("the table entitles %s to %s, which it does not use", pkg, kind)
			}
		}
	}
}

// applying are the functions that carry changes to files, and on whose word.
var applying = map[string]string{
	"(*tools.kit).land":          "behind the gate",
	"(*tools.kit).takeBack":      "the same: what land made before a change that failed",
	"(*tools.kit).take":          "the same: what the configured formatters make of an edit",
	"workspace.Land":             "what land calls",
	"(workspace.Disk).move":      "the two halves of a move, which Apply was given",
	"(*lsp.applier).disk":        "the applier itself, which land hands its change to",
	"(*agent/acp.files).onDisk":  "the applier itself, which land hands its change to",
	"(*agent/acp.files).saveOne": "the save barrier, after the user's answer or setting",
	"(*tools.Reverter).apply":    "the user's own commands undo and redo",
	"(*lsp.Server).remove":       "a file that an edit made and the editor refused",
	"(*lsp.Server).writeBuffer":  "the save barrier, after the user's answer or setting",
}

// appliers: nobody else applies changes.
func (g *gateCheck) appliers(t *testing.T) {
	var callers []string
	for _, b := range g.code {
		for _, u := range b.uses {
			if g.effect(u) != "" && family(u.fn) == "" {
				callers = append(callers, strings.ReplaceAll(strings.TrimSuffix(b.name, " (run)"), module+"/", ""))
			}
		}
	}
	for _, name := range sortedUnique(callers) {
		if applying[name] == "" {
			t.Errorf("%s applies changes to files; nobody was asked", name)
		}
	}
	for name := range applying {
		if !slices.Contains(callers, name) {
			t.Errorf("the table names %s, which applies nothing", name)
		}
	}
}
