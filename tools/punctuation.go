package tools

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// The characters that typography has for those of keyboards; "…" for "..." comes on top.
const (
	quotes       = "‘’‚‛"
	doubleQuotes = "“”„‟"
	dashes       = "‐‑‒–—―−"
	blanks       = "\u00a0\u202f\u2007\u2009\u3000"
)

// plainPunctuation turns the quotes, dashes and blanks of typography into those of keyboards.
func plainPunctuation(s string) string {
	return strings.Map(func(r rune) rune {
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
}

// punctuated finds old whatever kind of quotes, dashes and blanks stand in it and in the text; "..." is one character too.
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
	_, n = utf8.DecodeRuneInString(plain)
	return regexp.QuoteMeta(plain[:n]), n
}
