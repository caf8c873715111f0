package permission

import (
	"strings"
	"unicode/utf8"
)

// Wildcard reports whether pattern matches the whole of s, as OpenCode's rules do: "*" is any text, slashes and line
// ends included, "?" is one character, anything else is itself. A pattern that ends in " *" also matches without it, so
// "git status *" is the bare command as well. It takes time in the order of len(pattern)·len(s) at worst and never
// backtracks over more than one star.
func Wildcard(pattern, s string) bool {
	if bare, ok := strings.CutSuffix(pattern, " *"); ok && match(bare, s) {
		return true
	}
	return match(pattern, s)
}

// match decides a pattern of text and stars by looking for its pieces in turn: a search judges every file by every rule.
// Each piece is taken where it comes first, which leaves the most to those after it. Only a valid pattern can be looked
// for byte by byte; its pieces then never begin inside a character.
func match(pattern, s string) bool {
	if !endsAlike(pattern, s) {
		return false
	}
	if strings.Contains(pattern, "?") || !utf8.ValidString(pattern) {
		return walk(pattern, s)
	}
	head, rest, stars := strings.Cut(pattern, "*")
	if !stars {
		return pattern == s
	}
	s, ok := strings.CutPrefix(s, head)
	for ok {
		piece, more, stars := strings.Cut(rest, "*")
		if !stars {
			return strings.HasSuffix(s, piece)
		}
		_, s, ok = strings.Cut(s, piece)
		rest = more
	}
	return false
}

// endsAlike compares what follows the pattern's last wildcard, which tells most names from most patterns at a glance.
func endsAlike(pattern, s string) bool {
	for i, j := len(pattern)-1, len(s)-1; i >= 0 && pattern[i] != '*' && pattern[i] != '?'; i, j = i-1, j-1 {
		if j < 0 || pattern[i] != s[j] {
			return false
		}
	}
	return true
}

// walk is the classic two-pointer walk: on a mismatch only the last star takes one more character.
func walk(pattern, s string) bool {
	p, i := 0, 0
	star, mark := -1, 0
	for i < len(s) {
		if p < len(pattern) && pattern[p] == '*' {
			star, mark = p, i
			p++
			continue
		}
		if pn, n := step(pattern[p:], s[i:]); n > 0 {
			p, i = p+pn, i+n
			continue
		}
		if star < 0 {
			return false
		}
		_, n := utf8.DecodeRuneInString(s[mark:])
		mark += n
		p, i = star+1, mark
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// step matches one character and gives the bytes taken from both; 0 is a mismatch. Invalid bytes count one each.
func step(pattern, s string) (int, int) {
	if pattern == "" {
		return 0, 0
	}
	_, n := utf8.DecodeRuneInString(s)
	if pattern[0] == '?' {
		return 1, n
	}
	if len(pattern) < n || pattern[:n] != s[:n] {
		return 0, 0
	}
	return n, n
}

// Literal reports whether s holds no wildcard, so that as a pattern it matches nothing but itself.
func Literal(s string) bool { return !strings.ContainsAny(s, "*?") }

// expand replaces a leading "~/" or "$HOME/" of a pattern, as OpenCode's configuration has it.
func expand(pattern, home string) string {
	if home == "" {
		return pattern
	}
	for _, prefix := range [...]string{"~/", "$HOME/"} {
		if rest, ok := strings.CutPrefix(pattern, prefix); ok {
			return strings.TrimSuffix(home, "/") + "/" + rest
		}
	}
	return pattern
}
