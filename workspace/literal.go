package workspace

import (
	"bytes"
	"regexp/syntax"
	"slices"
	"unicode"
)

// maxLiterals bounds how many literals stand for one pattern: each is one more pass over the file.
const maxLiterals = 12

// required returns literals of which every match of the pattern holds at least one, nil where there are none. Looking for
// them is many times faster than the regular expression.
func required(re *syntax.Regexp) []string {
	switch re.Op {
	case syntax.OpLiteral:
		if re.Flags&syntax.FoldCase != 0 {
			return foldings(re.Rune)
		}
		return []string{string(re.Rune)}
	case syntax.OpCharClass:
		return members(re.Rune)
	case syntax.OpCapture, syntax.OpPlus:
		return required(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min > 0 {
			return required(re.Sub[0])
		}
	case syntax.OpConcat:
		var best []string
		for _, sub := range re.Sub {
			if lits := required(sub); worth(lits) > worth(best) {
				best = lits
			}
		}
		return best
	case syntax.OpAlternate:
		return union(re.Sub)
	}
	return nil
}

// needsLineEnd reports whether every match would hold a line end, which no single line does.
func needsLineEnd(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpLiteral:
		return slices.Contains(re.Rune, '\n')
	case syntax.OpCapture, syntax.OpPlus:
		return needsLineEnd(re.Sub[0])
	case syntax.OpRepeat:
		return re.Min > 0 && needsLineEnd(re.Sub[0])
	case syntax.OpConcat:
		return slices.ContainsFunc(re.Sub, needsLineEnd)
	case syntax.OpAlternate:
		return !slices.ContainsFunc(re.Sub, func(sub *syntax.Regexp) bool { return !needsLineEnd(sub) })
	}
	return false
}

// union needs a literal from every branch.
func union(branches []*syntax.Regexp) []string {
	var all []string
	for _, sub := range branches {
		lits := required(sub)
		if lits == nil || len(all)+len(lits) > maxLiterals {
			return nil
		}
		all = append(all, lits...)
	}
	return all
}

// members spells out a small character class, given as pairs of bounds.
func members(bounds []rune) []string {
	var out []string
	for i := 0; i+1 < len(bounds); i += 2 {
		for c := bounds[i]; c <= bounds[i+1]; c++ {
			if len(out) == 4 {
				return nil
			}
			out = append(out, string(c))
		}
	}
	return out
}

// foldings spells out the upper and lower cases of a part of the literal, the longest that stays within maxLiterals.
func foldings(literal []rune) []string {
	var best []string
	for start := range literal {
		all := []string{""}
		for _, c := range literal[start:] {
			cases := orbit(c)
			if len(all)*len(cases) > maxLiterals {
				break
			}
			next := make([]string, 0, len(all)*len(cases))
			for _, head := range all {
				for _, c := range cases {
					next = append(next, head+string(c))
				}
			}
			all = next
		}
		if worth(all) > worth(best) {
			best = all
		}
	}
	return best
}

// orbit is all the cases of a character.
func orbit(c rune) []rune {
	all := []rune{c}
	for next := unicode.SimpleFold(c); next != c; next = unicode.SimpleFold(next) {
		all = append(all, next)
	}
	return all
}

// worth ranks literals: the shortest of them counts, then how few they are.
func worth(lits []string) int {
	if len(lits) == 0 {
		return 0
	}
	short := len(slices.MinFunc(lits, func(a, b string) int { return len(a) - len(b) }))
	return min(short, 16)*2*maxLiterals - len(lits)
}

// seeker finds the next of several literals; what it found of one is kept until the search has passed it.
type seeker struct {
	literals [][]byte
	at       []int
}

// newSeeker returns a seeker for literals; with none every offset is a place to look at.
func newSeeker(literals []string) *seeker {
	s := &seeker{at: make([]int, len(literals))}
	for _, lit := range literals {
		s.literals = append(s.literals, []byte(lit))
	}
	return s
}

// reset makes the seeker ready for other data.
func (s *seeker) reset() {
	for i := range s.at {
		s.at[i] = -1
	}
}

// next is the first offset from pos on where a literal stands, or len(data).
func (s *seeker) next(data []byte, pos int) int {
	if len(s.literals) == 0 {
		return pos
	}
	first := len(data)
	for i, lit := range s.literals {
		if s.at[i] < pos {
			s.at[i] = len(data)
			if n := bytes.Index(data[pos:], lit); n >= 0 {
				s.at[i] = pos + n
			}
		}
		first = min(first, s.at[i])
	}
	return first
}
