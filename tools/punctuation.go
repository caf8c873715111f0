package tools

import (
	"regexp"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// The characters that typography has for those of keyboards; "…" for "..." comes on top.
const (
	quotes       = "‘’‚‛"
	doubleQuotes = "“”„‟"
	dashes       = "‐‑‒–—―−"
	blanks       = "\u00a0\u202f\u2007\u2009\u3000"
)

// plainPunctuation turns the quotes, dashes and blanks of typography into those of keyboards, and composes letters and their
// accents, which macOS takes apart (NFC; OpenCode's patches do that too).
func plainPunctuation(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r < 0xa0:
			return r
		case strings.ContainsRune(quotes, r):
			return '\''
		case strings.ContainsRune(doubleQuotes, r):
			return '"'
		case strings.ContainsRune(dashes, r):
			return '-'
		case strings.ContainsRune(blanks, r):
			return ' '
		}
		return r
	}, strings.ReplaceAll(s, "…", "..."))
	return norm.NFC.String(s)
}

// punctuated finds old whatever kind of quotes, dashes and blanks stand in it and in the text, its accents in letters or
// behind them; "..." is one character too.
func punctuated(text lines, old string) []span {
	plain := plainPunctuation(old)
	if strings.TrimSpace(plain) == "" || plain == old && plainPunctuation(text.text) == text.text {
		return nil
	}
	var pattern strings.Builder
	for plain != "" {
		kinds, n := punctuation(plain)
		pattern.WriteString(kinds)
		plain = plain[n:]
	}
	re, err := regexp.Compile(pattern.String())
	if err != nil { // not UTF-8
		return nil
	}
	var found []span
	for _, loc := range re.FindAllStringIndex(text.text, -1) {
		found = append(found, span{loc[0], loc[1]})
	}
	return found
}

// punctuation is a pattern for all that the first n bytes of a plain text may stand for.
func punctuation(plain string) (pattern string, n int) {
	switch {
	case strings.HasPrefix(plain, "..."):
		return `(?:\.\.\.|…)`, 3
	case plain[0] == '\'':
		return "['" + quotes + "]", 1
	case plain[0] == '"':
		return `["` + doubleQuotes + "]", 1
	case plain[0] == '-':
		return "[-" + dashes + "]", 1
	case plain[0] == ' ':
		return "[ " + blanks + "]", 1
	}
	n = norm.NFC.NextBoundaryInString(plain, true)
	if apart := norm.NFD.String(plain[:n]); apart != plain[:n] {
		return "(?:" + regexp.QuoteMeta(plain[:n]) + "|" + regexp.QuoteMeta(apart) + ")", n
	}
	return regexp.QuoteMeta(plain[:n]), n
}
