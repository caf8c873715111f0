package permission

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Visible makes what a person would not see show: control, bidirectional and zero-width characters, tags, odd blanks and
// bytes that are no text become ‹U+202E› or ‹xFF›. Line ends and tabs stay.
func Visible(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return hidden(r) || r == utf8.RuneError }) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, "‹x%02X›", s[0])
		case hidden(r):
			fmt.Fprintf(&b, "‹U+%04X›", r)
		default:
			b.WriteString(s[:n])
		}
		s = s[n:]
	}
	return b.String()
}

// hidden reports whether a character shows as nothing, as something else, or as a plain blank.
func hidden(r rune) bool {
	switch {
	case r >= ' ' && r < 0x7F || r == '\n' || r == '\t':
		return false // most characters, and the tables below take their time
	case unicode.IsControl(r), unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Zs, unicode.Co, unicode.Cs):
		return true
	case unicode.Is(unicode.Variation_Selector, r), unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r):
		return true
	}
	return r == 0x2800 || r == 0x3164 || r == 0xFFA0 || r == 0x115F || r == 0x1160 || r >= 0xE0000 && r <= 0xE0FFF
}

// Hidden reports whether s holds anything that [Visible] would change.
func Hidden(s string) bool { return !utf8.ValidString(s) || strings.ContainsFunc(s, hidden) }
