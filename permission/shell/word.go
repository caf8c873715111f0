package shell

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// word is one word of a command as bash would hand it on, as far as that is known before it runs.
type word struct {
	text    string // without its quotes; what is not known stands as it was written
	raw     string // as it was written
	dynamic string // why text is not the whole truth, "" where it is
	glob    bool   // holds unquoted *, ? or [: bash puts file names in its place
	lead    bool   // starts with one, so that a file name may become an option
	literal bool   // one piece without quotes or escapes
	message bool   // wholly one "$(…)": allowed as the text of a commit
}

// static makes a word of known text.
func static(text string) word { return word{text: text, raw: text, literal: true} }

// known reports whether bash hands on exactly text.
func (w word) known() bool { return w.dynamic == "" && !w.glob }

// flag reports whether the word is, or may become, an option.
func (w word) flag() bool { return len(w.text) > 1 && w.text[0] == '-' }

// canonical is the word as rules see it: quoted where it holds anything that a shell would not take for itself.
func (w word) canonical() string {
	if w.dynamic != "" || w.literal || w.glob {
		return w.raw
	}
	if w.text != "" && !strings.ContainsFunc(w.text, special) {
		return w.text
	}
	return "'" + strings.ReplaceAll(w.text, "'", `'\''`) + "'"
}

func special(r rune) bool { return r <= ' ' || strings.ContainsRune("|&;<>()$`\\\"'*?[]#~%!{}", r) }

// read turns a parsed word into what is known of it, and judges whatever runs inside it.
func (w *walker) read(n *syntax.Word) word {
	if n == nil {
		return word{dynamic: "a word is missing"}
	}
	out := word{raw: w.source(n), literal: len(n.Parts) == 1}
	r := reader{walker: w, word: &out}
	for i, part := range n.Parts {
		r.part(part, i == 0)
	}
	out.text = r.text.String()
	if len(n.Parts) == 1 {
		out.message = wholeSubst(n.Parts[0])
	}
	return out
}

// wholeSubst reports whether a part is a double-quoted string of nothing but one $( ).
func wholeSubst(part syntax.WordPart) bool {
	q, ok := part.(*syntax.DblQuoted)
	if !ok || q.Dollar || len(q.Parts) != 1 {
		return false
	}
	c, ok := q.Parts[0].(*syntax.CmdSubst)
	return ok && !c.Backquotes && !c.TempFile && !c.ReplyVar
}

// reader collects the text of one word.
type reader struct {
	*walker
	*word
	text strings.Builder
	open bool // an unquoted brace stands before
}

// unknown keeps the text as written and says why it is not known.
func (r *reader) unknown(n syntax.Node, why string) {
	r.text.WriteString(r.source(n))
	r.dynamic, r.literal = why, false
}

func (r *reader) part(part syntax.WordPart, first bool) {
	switch n := part.(type) {
	case *syntax.Lit:
		r.bare(n, first)
	case *syntax.SglQuoted:
		r.literal = false
		if n.Dollar {
			r.unknown(n, "it holds an escaped string ($'…')")
			return
		}
		r.text.WriteString(n.Value)
	case *syntax.DblQuoted:
		r.literal = false
		if n.Dollar {
			r.dynamic = "it holds a translated string"
		}
		for _, p := range n.Parts {
			r.quoted(p)
		}
	default:
		r.expansion(part)
	}
}

// quoted reads a part between double quotes.
func (r *reader) quoted(part syntax.WordPart) {
	lit, ok := part.(*syntax.Lit)
	if !ok {
		r.expansion(part)
		return
	}
	r.text.WriteString(unescape(lit.Value, "$`\"\\\n"))
}

// bare reads an unquoted literal: escapes, globs, braces and a leading tilde.
func (r *reader) bare(n *syntax.Lit, first bool) {
	v := n.Value
	if strings.ContainsRune(v, '\\') {
		r.literal = false
	}
	r.braces(v)
	if at := globAt(v); at >= 0 && !(v == "[" && r.literal) { // a lone bracket is the command of that name
		r.glob = true
		r.lead = r.lead || first && at == 0
	}
	if first && strings.HasPrefix(v, "~") {
		v = r.tilde(v)
	}
	r.text.WriteString(unescape(v, ""))
}

// braces looks for a brace and, anywhere behind it outside quotes, what makes it expand into several words.
func (r *reader) braces(v string) {
	i := strings.IndexByte(v, '{')
	if r.open {
		i = 0
	}
	if i < 0 {
		return
	}
	if r.open = true; strings.Contains(v[i:], ",") || strings.Contains(v[i:], "..") || i == 0 && v[0] != '{' && strings.Contains(v, ".") {
		r.dynamic = "braces expand into several words"
	}
}

// tilde expands the user's own home; another's is not known.
func (r *reader) tilde(v string) string {
	r.literal = false
	if v != "~" && !strings.HasPrefix(v, "~/") || r.place.Home == "" {
		r.dynamic = "it names another user's folder"
		return v
	}
	return r.place.Home + v[1:]
}

// globAt is the place of the first unescaped glob character, -1 for none.
func globAt(v string) int {
	for i := 0; i < len(v); i++ {
		switch v[i] {
		case '\\':
			i++
		case '*', '?', '[':
			return i
		}
	}
	return -1
}

// unescape drops the backslash before the characters of only, before any where only is empty.
func unescape(v, only string) string {
	if !strings.ContainsRune(v, '\\') {
		return v
	}
	var b strings.Builder
	for i := 0; i < len(v); i++ {
		if v[i] == '\\' && i+1 < len(v) && (only == "" || strings.IndexByte(only, v[i+1]) >= 0) {
			i++
			if v[i] == '\n' {
				continue
			}
		}
		b.WriteByte(v[i])
	}
	return b.String()
}

// expansion reads what bash puts other text in the place of. Only $HOME and $PWD are known; commands inside are judged.
func (r *reader) expansion(part syntax.WordPart) {
	switch n := part.(type) {
	case *syntax.ParamExp:
		if v, ok := r.variable(n); ok {
			r.literal = false
			r.text.WriteString(v)
			return
		}
		r.inside(n)
		r.unknown(n, "it holds a variable")
	case *syntax.CmdSubst:
		r.substitution(n.Stmts)
		r.unknown(n, "it holds another command's output")
		if n.TempFile || n.ReplyVar {
			r.unreadable(r.source(n), "it holds a form of substitution that bash does not have")
		}
	case *syntax.ProcSubst:
		r.substitution(n.Stmts)
		r.unknown(n, "it holds another command's output as a file")
	case *syntax.ArithmExp:
		r.inside(n)
		r.unknown(n, "it holds arithmetic")
	case *syntax.ExtGlob:
		r.inside(n)
		r.unknown(n, "it holds an extended pattern")
	default:
		r.inside(part)
		r.unreadable(r.source(part), "it holds something that cannot be read")
		r.unknown(part, "it holds something that cannot be read")
	}
}

// variable gives the value of $HOME and $PWD where it is known and splits into no further words.
func (r *reader) variable(n *syntax.ParamExp) (string, bool) {
	v := ""
	switch r.source(n) {
	case "$HOME", "${HOME}":
		v = r.place.Home
	case "$PWD", "${PWD}":
		if len(r.cwds) == 1 {
			v = r.cwds[0]
		}
	}
	return v, v != "" && !r.assigned[n.Param.Value] && !strings.ContainsFunc(v, special)
}

// inside judges every command that runs somewhere within a node whose own meaning is not known.
func (w *walker) inside(n syntax.Node) {
	syntax.Walk(n, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.CmdSubst:
			w.substitution(n.Stmts)
			return false
		case *syntax.ProcSubst:
			w.substitution(n.Stmts)
			return false
		}
		return true
	})
}
