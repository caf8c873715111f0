package shell

import (
	"slices"
	"strings"
)

// kind says what an option, or an operand, means to us.
type kind byte

const (
	plain   kind = 0
	runs    kind = '!' // runs a program, re-targets configuration, or reaches what the rule does not show
	writes  kind = 'w' // its value is a file that is written
	reads   kind = 'r' // its value is a file that is read
	folder  kind = 'd' // its value is the folder to work in
	pattern kind = 'p' // its value is a pattern, so that no operand is
	listed  kind = 'q' // its value is a file of patterns
	script  kind = 's' // its value is a script, so that no operand is
	code    kind = 'c' // its value is a shell command
	inPlace kind = '+' // the files that are read are written too
	linker  kind = 'l' // its value is options of a compiler or linker
)

// option is one option of a program: whether it takes a value, and what it means.
type option struct {
	value bool
	kind  kind
}

// spec is what is known of one program, or of one of its subcommands.
type spec struct {
	options  map[string]option
	globals  map[string]option // those before a subcommand, where they are others
	operands string            // one kind for each operand, the last for all further ones; "_" is no file
	words    bool              // options are whole words with one dash (find, go)
	plus     bool              // a word that starts with + runs commands (vim, less)
	bundle   bool              // the first word may hold options without a dash (tar)
	subs     []string
	heads    []string // starts of words that run something
	closed   bool     // a subcommand outside subs is not known
}

// parseSpec reads the notation of the tables: blank-separated names, "=" behind one that takes a value, then its kind;
// "!", "+" or "~" (no operand is a pattern) behind one that takes none.
func parseSpec(options string) map[string]option {
	out := map[string]option{}
	for field := range strings.FieldsSeq(options) {
		name, k, value := strings.Cut(field, "=")
		if !value {
			if last := len(name) - 1; last > 0 && strings.IndexByte("!+~", name[last]) >= 0 {
				name, k = name[:last], strings.Replace(name[last:], "~", string(pattern), 1)
			}
		}
		o := option{value: value}
		if k != "" {
			o.kind = kind(k[0])
		}
		out[name] = o
	}
	return out
}

// given is one option as a command gives it.
type given struct {
	name  string // as in the table, or as written
	named string // what a pattern must spell
	kind  kind
	value word
	has   bool // value is there
	known bool // the table has it
}

// parsed is a command line by its options and operands.
type parsed struct {
	options  []given
	operands []word
	before   int   // how many of the options stand before the first operand
	rest     int   // index behind the first operand
	index    []int // where each operand stands
	ended    bool  // "--" was there
	lead     bool  // a word before "--" may turn out to be an option
}

// parse reads words (without the program's name). With stop it ends at the first operand, as wrappers do.
func (s spec) parse(words []word, stop bool) parsed {
	var p parsed
	if s.bundle && len(words) > 0 && !words[0].flag() {
		words = s.unbundle(words)
	}
	for i := 0; i < len(words); i++ {
		word := words[i]
		switch {
		case !p.ended && word.text == "--" && word.dynamic == "":
			p.ended = true
		case !p.ended && (word.flag() || s.plus && strings.HasPrefix(word.text, "+")):
			at := s
			if len(p.operands) == 0 && s.globals != nil {
				at.options = s.globals
			}
			got, took := at.option(word, words[i+1:])
			p.options = append(p.options, got...)
			i += took
		default:
			p.lead = p.lead || !p.ended && word.lead
			if p.operands = append(p.operands, word); len(p.operands) == 1 {
				p.before, p.rest = len(p.options), i+1
			}
			p.index = append(p.index, i)
			if stop {
				return p
			}
		}
	}
	if len(p.operands) == 0 {
		p.before, p.rest = len(p.options), len(words)
	}
	return p
}

// unbundle spells tar's first word out: xPf a.tar is -x -P -f a.tar, the values in the order of their letters.
func (s spec) unbundle(words []word) []word {
	var out []word
	rest := words[1:]
	for i := range len(words[0].text) {
		letter := static("-" + words[0].text[i:i+1])
		out = append(out, letter)
		if s.options[letter.text].value && len(rest) > 0 {
			out, rest = append(out, rest[0]), rest[1:]
		}
	}
	return append(out, rest...)
}

// option reads one word of options and how many further words it takes.
func (s spec) option(w word, next []word) ([]given, int) {
	switch {
	case strings.HasPrefix(w.text, "+"):
		return []given{{name: w.text, named: w.text, kind: runs, known: true}}, 0
	case s.words:
		return s.long(w, next)
	case strings.HasPrefix(w.text, "--"):
		return s.long(w, next)
	default:
		return s.cluster(w, next)
	}
}

// long reads --name, --name=value and abbreviations; in the single-dash style -name as well.
func (s spec) long(w word, next []word) ([]given, int) {
	name, value, joined := strings.Cut(w.text, "=")
	if s.words {
		name = "-" + strings.TrimLeft(name, "-")
	}
	full, o, known := s.find(name)
	spelled, _, _ := strings.Cut(w.text, "=")
	g := given{name: full, named: spelled, kind: o.kind, known: known}
	if joined {
		g.has, g.value = true, w
		g.value.text, g.value.lead = value, false
		return []given{g}, 0
	}
	if o.value && len(next) > 0 {
		g.has, g.value = true, next[0]
		return []given{g}, 1
	}
	return []given{g}, 0
}

// find looks a long option up, by its name or by what may be an abbreviation of it; among several the one that matters.
func (s spec) find(name string) (string, option, bool) {
	if o, ok := s.options[name]; ok {
		return name, o, true
	}
	best, found := name, option{}
	ok := false
	if s.words || len(name) < 3 {
		return best, found, false
	}
	for full, o := range s.options {
		if strings.HasPrefix(full, name) && (!ok || weight(o.kind) > weight(found.kind) || weight(o.kind) == weight(found.kind) && full < best) {
			best, found, ok = full, o, true
		}
	}
	return best, found, ok
}

func weight(k kind) int { return strings.IndexByte("\x00psqrdl+wc!", byte(k)) }

// cluster reads -abc, -ovalue and -o value.
func (s spec) cluster(w word, next []word) ([]given, int) {
	var out []given
	for i := 1; i < len(w.text); i++ {
		name := "-" + w.text[i:i+1]
		o, known := s.options[name]
		g := given{name: name, named: name, kind: o.kind, known: known}
		if i > 1 {
			g.named = w.text
		}
		if !o.value {
			out = append(out, g)
			if o.kind == runs {
				return out, 0
			}
			continue
		}
		if i+1 < len(w.text) {
			g.has, g.value = true, w
			g.value.text, g.value.lead = strings.TrimPrefix(w.text[i+1:], "="), false
			return append(out, g), 0
		}
		if len(next) > 0 {
			g.has, g.value = true, next[0]
			return append(out, g), 1
		}
		return append(out, g), 0
	}
	return out, 0
}

// has reports whether an option of the name was given.
func (p parsed) has(names ...string) bool {
	return slices.ContainsFunc(p.options, func(g given) bool { return slices.Contains(names, g.name) })
}

// kinds reports whether an option of the kind was given.
func (p parsed) kinds(k kind) bool {
	return slices.ContainsFunc(p.options, func(g given) bool { return g.kind == k })
}

// role is the kind of operand i of n by the table's letters: "_r" is no file and then files that are read, "rw" files
// that are read and at last one that is written, "m" files that are moved.
func (s spec) role(i, n int) byte {
	switch {
	case s.operands == "":
		return 'r'
	case s.operands == "rw":
		if i == n-1 && n > 1 {
			return 'w'
		}
		return 'r'
	case i < len(s.operands):
		return s.operands[i]
	default:
		return s.operands[len(s.operands)-1]
	}
}
