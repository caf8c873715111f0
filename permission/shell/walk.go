// Package shell reads a bash command and says what it would touch: every simple command anywhere in it, every file that
// a redirect writes or reads, every name outside the workspace. What it cannot read it says so of; nothing in the syntax
// tree falls through in silence.
//
// Parser and bash disagree in known places (line continuations behind comments, quotes inside expansions, extended
// patterns, time and coproc), so a gate on bytes stands before the parser and a closed list of nodes behind it.
package shell

import (
	"fmt"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/opencode-lsp/opencode-lsp/permission"
)

// Items are what running src in the folder p.Cwd would touch. There is always at least one; where src cannot be read,
// or runs what it does not show, one of them is AlwaysAsk and says why. Callers refuse what [Valid] refuses.
func Items(src string, p permission.Place) []permission.Item {
	w := &walker{place: p, state: &state{assigned: map[string]bool{}}}
	start := p.Cwd
	if start == "" && len(p.Roots) > 0 {
		start = p.Roots[0]
	}
	if start != "" {
		w.cwds = []string{start}
	}
	if err := Valid(src); err != nil {
		w.unreadable(src, err.Error())
		return w.items
	}
	if why := doubt(src); why != "" {
		w.unreadable(src, why)
		if strings.Contains(why, "nested") {
			return w.items
		}
	}
	for _, name := range [...]string{"HOME", "PWD"} {
		w.assigned[name] = strings.Count(src, name) > strings.Count(src, "$"+name)+strings.Count(src, "${"+name)
	}
	if w.code(src); len(w.items) == 0 {
		w.unreadable(src, "it holds no command")
	}
	return w.items
}

// walker judges one text. Those for code within code share their state.
type walker struct {
	*state
	src     string // what positions count in
	place   permission.Place
	cwds    []string // where relative names may start; none: not known
	ambient finding  // what holds for every command here
	depth   int
}

// state is shared by all walkers of one command.
type state struct {
	items    []permission.Item
	assigned map[string]bool // variables that something sets
	moves    int             // changes of folder seen
}

// finding is a reason for judging a command more strictly than by its rule.
type finding struct {
	strict permission.Strictness
	why    string
	named  []string // what a pattern must spell to permit it all the same; none: no pattern can
}

// unnamed is a finding that only a bare "*" overrides.
func unnamed(why string) finding { return finding{strict: permission.ByBareRule, why: why} }

// opaque is a finding that nothing overrides.
func opaque(why string) finding { return finding{strict: permission.AlwaysAsk, why: why} }

// add joins two findings: the stricter counts, and a pattern must spell both.
func (f *finding) add(o finding) {
	switch {
	case o.strict == permission.ByRule:
	case f.strict == permission.ByRule || o.strict > f.strict:
		*f = o
	case o.strict == f.strict && (len(f.named) == 0 || len(o.named) == 0):
		f.named = nil
	case o.strict == f.strict:
		f.named = append(slices.Clone(f.named), o.named...)
	}
}

func (w *walker) add(items ...permission.Item) {
	for _, it := range items {
		same := func(o permission.Item) bool {
			return o.Permission == it.Permission && o.Strictness == it.Strictness && slices.Equal(o.Values, it.Values) &&
				slices.Equal(o.Aliases, it.Aliases) && slices.Equal(o.Named, it.Named)
		}
		if n := len(w.items); !slices.ContainsFunc(w.items[max(0, n-16):], same) {
			w.items = append(w.items, it)
		}
	}
}

// unreadable adds an item that always asks.
func (w *walker) unreadable(text, why string) {
	w.add(permission.Item{
		Permission: "bash", Values: []string{strings.TrimSpace(text)}, Strictness: permission.AlwaysAsk, Why: why,
		Fold: w.place.FoldCase,
	})
}

// source is the text of a node as it was written.
func (w *walker) source(n syntax.Node) string {
	from, to := int(n.Pos().Offset()), int(n.End().Offset())
	if from > to || to > len(w.src) {
		return ""
	}
	return w.src[from:to]
}

// code parses a text and judges all of it, also what stands before a mistake.
func (w *walker) code(src string) {
	if w.depth++; w.depth > maxDepth {
		w.unreadable(src, "it is nested too deeply to be read")
		return
	}
	inner := &walker{state: w.state, src: src, place: w.place, cwds: w.cwds, ambient: w.ambient, depth: w.depth}
	w.depth--
	list, err := parse(src)
	inner.stmts(list)
	w.cwds = inner.cwds
	switch {
	case err != nil:
		w.unreadable(src, "bash and we may read it differently: "+err.Error())
		w.guesses(src)
	case len(list) == 0:
		w.unreadable(src, "it holds no command")
	}
}

// parse gives the statements of a text, those before a mistake included. The parser is known to panic on some broken
// texts and to go on after an error; both are errors here.
func parse(src string) (list []*syntax.Stmt, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the parser gave up: %v", r)
		}
	}()
	for s, e := range syntax.NewParser(syntax.Variant(syntax.LangBash)).StmtsSeq(strings.NewReader(src)) {
		if e != nil {
			err = e
			continue
		}
		list = append(list, s)
	}
	return list, err
}

// stmts judges statements one after the other.
func (w *walker) stmts(list []*syntax.Stmt) {
	for _, s := range list {
		w.stmt(s)
	}
}

// stmt judges a statement that may fail: what comes next starts where it went or where it came from.
func (w *walker) stmt(s *syntax.Stmt) {
	before := w.cwds
	w.succeed(s)
	w.cwds = either(before, w.cwds)
}

// succeed judges a statement and leaves the folder of its success.
func (w *walker) succeed(s *syntax.Stmt) {
	deeper := 1
	if _, list := s.Cmd.(*syntax.BinaryCmd); list {
		deeper = 0 // a long line is no deep one: all of it meets the deny rules
	}
	w.depth += deeper
	defer func(ambient finding) { w.ambient = ambient; w.depth -= deeper }(w.ambient)
	if w.depth > maxDepth {
		w.unreadable(w.source(s), "it is nested too deeply to be read")
		return
	}
	switch {
	case s.Coprocess || s.Disown:
		w.ambient.add(opaque("it runs beside the rest in a way that bash does not have"))
	case s.Background:
		w.ambient.add(unnamed("it goes on in the background"))
	}
	for _, r := range s.Redirs {
		w.redirect(r)
	}
	w.command(s.Cmd)
}

// either is where a command may start that comes after one which may have failed. Unknown stays unknown.
func either(a, b []string) []string {
	if len(a) == 0 || len(b) == 0 {
		return nil
	}
	out := slices.Clone(a)
	for _, dir := range b {
		if !slices.Contains(out, dir) {
			out = append(out, dir)
		}
	}
	if len(out) > 8 {
		return nil
	}
	return out
}

// scoped runs f and forgets where it changed folder to.
func (w *walker) scoped(f func()) {
	cwds := w.cwds
	f()
	w.cwds = cwds
}

// substitution judges commands whose output becomes part of another.
func (w *walker) substitution(list []*syntax.Stmt) {
	w.scoped(func() { w.stmts(list) })
}

// command is the closed list of what can be read. What is not in it asks.
func (w *walker) command(c syntax.Command) {
	switch n := c.(type) {
	case nil:
	case *syntax.CallExpr:
		w.simple(n)
	case *syntax.BinaryCmd:
		w.binary(n)
	case *syntax.Block:
		w.stmts(n.Stmts)
	case *syntax.Subshell:
		w.substitution(n.Stmts)
	case *syntax.IfClause:
		w.ifClause(n)
	case *syntax.WhileClause:
		w.loop(func() { w.stmts(n.Cond); w.stmts(n.Do) })
	case *syntax.ForClause:
		w.forClause(n)
	case *syntax.CaseClause:
		w.caseClause(n)
	case *syntax.FuncDecl:
		w.function(n)
	case *syntax.TimeClause:
		w.time(n)
	case *syntax.TestClause, *syntax.ArithmCmd, *syntax.LetClause, *syntax.DeclClause:
		w.evaluated(n)
	case *syntax.CoprocClause:
		w.unreadable(w.source(n), "shells read coproc differently")
		w.scoped(func() { w.stmt(n.Stmt) })
	default:
		w.unreadable(w.source(n), "it holds a command that cannot be read")
	}
}

// item is a shell command under its names.
func (w *walker) item(values, aliases []string, f finding) permission.Item {
	return permission.Item{
		Permission: "bash", Values: values, Aliases: aliases, Strictness: f.strict, Why: f.why, Named: f.named,
		Fold: w.place.FoldCase,
	}
}
