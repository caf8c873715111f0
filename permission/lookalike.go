package permission

import (
	"fmt"
	"iter"
	"strings"
	"unicode"
)

// Marked is [Visible], and shows by number what only looks like something else too: letters that pass for Latin ones in a
// word that otherwise could be Latin (pаypal with a Cyrillic а), wide and mathematical forms of letters, slashes and dots
// that are none. It is for what a person decides by; a text in another script stays as it is.
func Marked(s string) string {
	s = Visible(s)
	if !strings.ContainsFunc(s, lookAlike) {
		return s
	}
	var b strings.Builder
	for word := range words(s) {
		mark := passesForLatin(word)
		for _, r := range word {
			if mark && lookAlike(r) || disguised(r) {
				fmt.Fprintf(&b, "‹U+%04X›", r)
			} else {
				b.WriteRune(r)
			}
		}
	}
	return b.String()
}

// words cuts s before each character that is no letter, so that each piece holds one word.
func words(s string) iter.Seq[string] {
	return func(yield func(string) bool) {
		start := 0
		for i, r := range s {
			if !unicode.IsLetter(r) && !unicode.IsMark(r) && i > start {
				if !yield(s[start:i]) {
					return
				}
				start = i
			}
		}
		yield(s[start:])
	}
}

// passesForLatin reports whether every letter of a word is Latin or looks like it. A short word of another script that has
// no Latin letter is a word of its own (α).
func passesForLatin(word string) bool {
	letters, ascii := 0, false
	for _, r := range word {
		if !unicode.IsLetter(r) {
			continue
		}
		if !unicode.Is(unicode.Latin, r) && !lookAlike(r) {
			return false
		}
		letters++
		ascii = ascii || r <= unicode.MaxASCII
	}
	return ascii || letters > 2
}

// lookAlike reports whether the character passes for another one.
func lookAlike(r rune) bool {
	return r > unicode.MaxASCII && (strings.ContainsRune(latinLooks, r) || disguised(r))
}

// latinLooks are letters of other scripts that people take for Latin ones in common fonts.
const latinLooks = "асԁеһіјӏорԛѕԝхуАВЕЅІЈКМНОРСТХҮԌԚԜԍɡɑ" + "αινορυΑΒΕΖΗΙΚΜΝΟΡΤΥΧϲϳ" + "օսցհոռԼՕՍ" + "ᎪᏴᏟᎠᎬᏀᎻᎥᎫᏦᏞᎷᎾᏢᏒᏚᎢᏙᎳᏃ"

// disguised are forms of letters, slashes and dots that are never needed where a person decides.
func disguised(r rune) bool {
	switch {
	case r >= 0xFF01 && r <= 0xFF5E, r >= 0x1D400 && r <= 0x1D7FF, r >= 0x2460 && r <= 0x24FF, r >= 0x1F100 && r <= 0x1F1FF:
		return true
	}
	return strings.ContainsRune("⁄∕⧸╱⟋∖⧵⧹․‥。｡․܁﹒ːꓽ։׃∶ℓℐℑℒℕℙℚℛℝℤℬℰℱℳℹ", r)
}
