package shell

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

func (w *walker) binary(n *syntax.BinaryCmd) {
	switch n.Op {
	case syntax.AndStmt:
		// The right side runs only where the left one succeeded, so it starts where that went.
		w.chained(n.X)
		w.chained(n.Y)
	case syntax.OrStmt:
		w.stmt(n.X)
		w.stmt(n.Y)
	case syntax.Pipe, syntax.PipeAll:
		w.scoped(func() { w.stmt(n.X) })
		w.scoped(func() { w.stmt(n.Y) })
	default:
		w.unreadable(w.source(n), "it joins commands in a way that cannot be read")
	}
}

// chained judges one side of an && list.
func (w *walker) chained(s *syntax.Stmt) {
	inner, isList := s.Cmd.(*syntax.BinaryCmd)
	_, isCall := s.Cmd.(*syntax.CallExpr)
	if s.Negated || s.Background || !isCall && !(isList && inner.Op == syntax.AndStmt) {
		w.stmt(s)
		return
	}
	w.succeed(s)
}

func (w *walker) ifClause(n *syntax.IfClause) {
	for ; n != nil; n = n.Else {
		w.stmts(n.Cond)
		w.stmts(n.Then)
	}
}

// loop judges a body that may run again: one that changes folder leaves every later folder unknown.
func (w *walker) loop(body func()) {
	before := w.cwds
	body()
	if !slices.Equal(before, w.cwds) {
		w.cwds = nil
		body()
	}
}

func (w *walker) forClause(n *syntax.ForClause) {
	iter, ok := n.Loop.(*syntax.WordIter)
	if !ok || n.Select || n.Braces {
		w.unreadable(w.source(n.Loop), "it holds a kind of loop that cannot be read")
		w.inside(n.Loop)
	} else {
		w.assigned[iter.Name.Value] = true
		if strings.Trim(iter.Name.Value, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
			w.ambient.add(unnamed("a variable that it sets may change what runs"))
		}
		for _, item := range iter.Items {
			w.read(item)
		}
	}
	w.loop(func() { w.stmts(n.Do) })
}

func (w *walker) caseClause(n *syntax.CaseClause) {
	if word := w.read(n.Word); !word.known() {
		w.ambient.add(unnamed("a case decides by what is not known before it runs"))
	}
	for _, item := range n.Items {
		for _, p := range item.Patterns {
			w.read(p)
		}
		w.stmts(item.Stmts)
	}
}

// function judges a body, which may run from any folder and under the name of another program.
func (w *walker) function(n *syntax.FuncDecl) {
	name := ""
	if n.Name != nil {
		name = n.Name.Value
	}
	f := unnamed("a function may stand in for another command")
	w.ambient.add(f)
	w.add(w.item([]string{name + "()"}, nil, f))
	before, moves := w.cwds, w.moves
	w.cwds = nil
	w.stmt(n.Body)
	if w.moves == moves {
		w.cwds = before
	}
}

// time is transparent as long as bash cannot take the next word for an option of it.
func (w *walker) time(n *syntax.TimeClause) {
	if n.PosixFormat {
		w.ambient.add(unnamed("shells read the options of time differently"))
	}
	if n.Stmt == nil {
		w.add(w.item([]string{"time"}, nil, w.ambient))
		return
	}
	if call, ok := n.Stmt.Cmd.(*syntax.CallExpr); ok && len(call.Args) > 0 && strings.HasPrefix(w.source(call.Args[0]), "-") {
		w.unreadable(w.source(n), "shells read the options of time differently")
		for i := range call.Args[1:] { // what bash runs starts at one of the later words
			w.simple(&syntax.CallExpr{Args: call.Args[i+1:]})
		}
	}
	w.stmt(n.Stmt)
}

// evaluated are commands whose words bash evaluates once more: [[ ]], (( )), let, declare, export, local.
func (w *walker) evaluated(n syntax.Command) {
	if d, ok := n.(*syntax.DeclClause); ok {
		for _, a := range d.Args {
			if a.Name != nil {
				w.assigned[a.Name.Value] = true
			}
		}
	}
	f := unnamed("bash evaluates its words once more")
	f.add(w.ambient)
	text := strings.Join(strings.Fields(w.source(n)), " ")
	w.add(w.item([]string{text}, nil, f))
	w.inside(n)
}
