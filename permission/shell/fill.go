package shell

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// Part is a piece of a command template: text, or the place of arguments.
type Part struct {
	Text string
	// Arguments stand in the place of Text where Place is set: one word each, none for no word.
	Place     bool
	Arguments []string
}

// Fill puts arguments into the places of a command so that each is read as exactly the text that it is: quoted outside of
// quotes, escaped between quotes. A place where that cannot be done is an error: within $((…)), ${…}, a here-document, a
// comment.
func Fill(parts []Part) (string, error) {
	marked, marks := mark(parts)
	if len(marks) == 0 {
		return marked, nil
	}
	list, err := parse(marked)
	if err != nil {
		return "", fmt.Errorf("the command cannot be read (%w), so nothing can be put into it", err)
	}
	quoting := map[string]func([]string) string{}
	for _, s := range list {
		findPlaces(s, marks, quoting)
	}
	var pairs []string
	for name, arguments := range marks {
		quote := quoting[name]
		if quote == nil {
			return "", errors.New("an argument stands where it cannot be quoted safely; put the place into a word or between quotes")
		}
		pairs = append(pairs, name, quote(arguments))
	}
	filled := strings.NewReplacer(pairs...).Replace(marked)
	after, err := parse(filled)
	if err != nil || !maps.Equal(shape(list), shape(after)) {
		return "", errors.New("an argument would change what the command does; it was not put in")
	}
	return filled, nil
}

// mark puts a name of its own, which reads as a plain word and occurs nowhere else, into each place.
func mark(parts []Part) (marked string, marks map[string][]string) {
	all := ""
	for _, p := range parts {
		all += p.Text
	}
	stem := "OPENCODEARGUMENT"
	for strings.Contains(all, stem) {
		stem += "X"
	}
	marks = map[string][]string{}
	var b strings.Builder
	for _, p := range parts {
		if !p.Place {
			b.WriteString(p.Text)
			continue
		}
		name := fmt.Sprintf("%sN%dN", stem, len(marks))
		marks[name] = p.Arguments
		b.WriteString(name)
	}
	return b.String(), marks
}

// findPlaces notes for each mark how its arguments are quoted there. The way down to a mark may lead through words and
// double quotes only, or begin anew in a command substitution.
func findPlaces(root syntax.Node, marks map[string][]string, quoting map[string]func([]string) string) {
	var way []syntax.Node
	syntax.Walk(root, func(n syntax.Node) bool {
		if n == nil {
			way = way[:len(way)-1]
			return true
		}
		var text string
		var quote func([]string) string
		switch n := n.(type) {
		case *syntax.Lit:
			text, quote = n.Value, wayQuoting(way)
		case *syntax.SglQuoted:
			text = n.Value
			if !n.Dollar && wayQuoting(append(way, n)) != nil {
				quote = func(a []string) string { return strings.ReplaceAll(strings.Join(a, " "), "'", `'\''`) }
			}
		}
		for name := range marks {
			if quote != nil && strings.Contains(text, name) {
				quoting[name] = quote
			}
		}
		way = append(way, n)
		return true
	})
}

// wayQuoting is how a text is quoted at the end of a way from the root; nil where it cannot be.
func wayQuoting(way []syntax.Node) func([]string) string {
	quote := (func([]string) string)(nil)
	for i, n := range way {
		switch n := n.(type) {
		case *syntax.Word:
			if quote = bare; i > 0 && isIndex(way[i-1], n) {
				return nil
			}
		case *syntax.DblQuoted:
			quote = between
		case *syntax.CmdSubst, *syntax.ProcSubst:
			quote = nil
		case *syntax.Redirect:
			if n.Op == syntax.Hdoc || n.Op == syntax.DashHdoc {
				return nil
			}
		// An expression is read again, whatever quotes stand in it.
		case *syntax.ParamExp, *syntax.ArithmExp, *syntax.ArithmCmd, *syntax.LetClause, *syntax.BinaryArithm, *syntax.UnaryArithm, *syntax.TestClause, *syntax.ExtGlob:
			return nil
		}
	}
	switch way[len(way)-1].(type) {
	case *syntax.Word, *syntax.DblQuoted, *syntax.SglQuoted:
		return quote
	}
	return nil // a name: of a variable, a function
}

// isIndex says whether a word is the index of an array, which bash evaluates.
func isIndex(parent syntax.Node, w *syntax.Word) bool {
	switch parent := parent.(type) {
	case *syntax.Assign:
		return parent.Index == syntax.ArithmExpr(w)
	case *syntax.ArrayElem:
		return parent.Index == syntax.ArithmExpr(w)
	}
	return false
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_./:@%+,-]+$`)

// bare quotes words that stand outside of quotes.
func bare(arguments []string) string {
	words := make([]string, len(arguments))
	for i, a := range arguments {
		words[i] = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		if plainWord.MatchString(a) && !syntax.IsKeyword(a) {
			words[i] = a
		}
	}
	return strings.Join(words, " ")
}

// between escapes a text that stands between double quotes.
func between(arguments []string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "$", `\$`, "`", "\\`").Replace(strings.Join(arguments, " "))
}

// shape counts what a command is made of, but for words and their texts. Arguments that are quoted do not change it.
func shape(list []*syntax.Stmt) map[reflect.Type]int {
	count := map[reflect.Type]int{}
	for _, s := range list {
		syntax.Walk(s, func(n syntax.Node) bool {
			switch n.(type) {
			case nil, *syntax.Word, *syntax.Lit, *syntax.SglQuoted:
			default:
				count[reflect.TypeOf(n)]++
			}
			return true
		})
	}
	return count
}
