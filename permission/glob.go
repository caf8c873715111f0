package permission

import (
	"path"
	"slices"
	"strings"
)

// maybe is a rule that denies or asks for some of the files that a pattern may name, nil for none. A rule for every file
// says nothing about these.
func (m matcher) maybe(layers []Layer) *Rule {
	for _, l := range layers {
		for i := range l.Rules {
			r := &l.Rules[i]
			if r.Action == Allow || r.Pattern == "" || r.Pattern == "*" || !Wildcard(r.Permission, m.Permission) {
				continue
			}
			if slices.ContainsFunc(m.Values, func(v string) bool {
				return overlap(expand(r.Pattern, m.home), v) && !(ordinary(v) && r.Pattern[len(r.Pattern)-1] == '*')
			}) {
				return r
			}
		}
	}
	return nil
}

// ordinary reports whether a pattern ends in what source and prose are called. That "*.go" might be "a.env.go" is no
// reason to ask each time under a rule for "*.env.*".
func ordinary(pattern string) bool {
	return slices.Contains(strings.Fields(`.go .md .py .js .mjs .cjs .ts .tsx .jsx .rs .c .h .cc .cpp .hpp .java .kt .rb .php .cs .swift .html .css
		.scss .sql .txt .vue .svelte .lua .zig .ex .exs .erl .hs .ml .scala .proto .mod .sum`), path.Ext(pattern))
}

// A glob is a sequence of bytes and of these two.
const (
	anyRun  = -1 // any text without "/"
	anyByte = -2 // one character: a "?" or a bracket
)

// glob reads a shell's file pattern.
func glob(s string) []int {
	var out []int
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '*':
			out = append(out, anyRun)
		case '?':
			out = append(out, anyByte)
		case '[':
			if end := slices.Index([]byte(s[i+1:]), ']'); end > 0 {
				i += end + 1
			}
			out = append(out, anyByte)
		default:
			out = append(out, int(s[i]))
		}
	}
	return out
}

// overlap reports whether some name matches both the rule's pattern and the shell's. It walks both at once: row j says
// which places of the rule can be reached with the first j parts of the shell's pattern used up.
func overlap(rule, pattern string) bool {
	parts := glob(pattern)
	row := make([]bool, len(rule)+1)
	row[0] = true
	for j := 0; ; j++ {
		run := j < len(parts) && parts[j] == anyRun
		for i := range len(rule) {
			if row[i] && (rule[i] == '*' || run && rule[i] != '/') {
				row[i+1] = true
			}
		}
		if j == len(parts) {
			return row[len(rule)]
		}
		next := make([]bool, len(rule)+1)
		for i, reached := range row {
			switch {
			case !reached:
			case run:
				next[i] = true
			case i == len(rule):
			case rule[i] == '*':
				next[i] = true
			case rule[i] == '?' || parts[j] == anyByte || int(rule[i]) == parts[j]:
				next[i+1] = true
			}
		}
		row = next
	}
}
