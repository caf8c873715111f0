package lsp

import (
	"strings"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// oneLine makes text fit for a place that shows one line.
func oneLine(text string) string { return visible(strings.Join(strings.Fields(text), " ")) }

// fit elides the middle of a text that is wider than width columns, or longer than width characters: combining marks take
// no column, and a thousand of them are still a thousand.
func fit(text string, width int) string {
	if len(text) <= width || breadth(text) <= width {
		return text
	}
	head := (width - 1) / 2
	return cutHead(text, head) + "…" + cutTail(text, width-1-head)
}

// breadth is the columns of a text, or its characters where those are more.
func breadth(text string) int {
	n := 0
	for g := uniseg.NewGraphemes(text); g.Next(); {
		n += cost(g)
	}
	return n
}

// cost is what one grapheme adds to the breadth.
func cost(g *uniseg.Graphemes) int { return max(g.Width(), utf8.RuneCountInString(g.Str())) }

// cutHead is the longest start of text that is not broader than width.
func cutHead(text string, width int) string {
	end, used := 0, 0
	for g := uniseg.NewGraphemes(text); g.Next(); {
		if used += cost(g); used > width {
			break
		}
		_, end = g.Positions()
	}
	return text[:end]
}

// cutTail is the longest end of text that is not broader than width.
func cutTail(text string, width int) string {
	excess, start := breadth(text)-width, 0
	for g := uniseg.NewGraphemes(text); excess > 0 && g.Next(); {
		excess -= cost(g)
		_, start = g.Positions()
	}
	return text[start:]
}
