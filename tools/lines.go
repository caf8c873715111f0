package tools

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// bom is the byte order mark that some editors put first in UTF-8 files.
const bom = "\uFEFF"

// lines is a text with the spans of its lines, line ends ("\n" or "\r\n") left out. A text that ends in a line end has
// no empty line after it.
type lines struct {
	text string
	at   []span
}

func splitLines(text string) lines {
	ls := lines{text: text}
	for start := 0; start < len(text); {
		next := len(text)
		end := next
		if i := strings.IndexByte(text[start:], '\n'); i >= 0 {
			end, next = start+i, start+i+1
		}
		if end > start && end < next && text[end-1] == '\r' {
			end--
		}
		ls.at = append(ls.at, span{start, end})
		start = next
	}
	return ls
}

// line is the text of line i without its line end.
func (l lines) line(i int) string { return l.text[l.at[i].start:l.at[i].end] }

// textOf are all lines.
func textOf(l lines) []string {
	out := make([]string, len(l.at))
	for i := range out {
		out[i] = l.line(i)
	}
	return out
}

// block is the span of n lines from line i. With open it takes in the last line's end, as an oldString does that ends in
// a line end.
func (l lines) block(i, n int, open bool) span {
	end := l.at[i+n-1].end
	if open {
		end = len(l.text)
		if i+n < len(l.at) {
			end = l.at[i+n].start
		}
	}
	return span{l.at[i].start, end}
}

// lineNumbers are the lines, from 1, on which the spans start; spans are sorted.
func lineNumbers(l lines, spans []span) []int {
	out := make([]int, 0, len(spans))
	n, at := 1, 0
	for _, s := range spans {
		n += strings.Count(l.text[at:s.start], "\n")
		at = s.start
		out = append(out, n)
	}
	return out
}

// joinInts lists at most most numbers.
func joinInts(ns []int, most int) string {
	var words []string
	for i, n := range ns {
		if i == most {
			words = append(words, "…")
			break
		}
		words = append(words, strconv.Itoa(n))
	}
	return strings.Join(words, ", ")
}

// lineEnd is the line end that most lines of text have, "" where there is none.
func lineEnd(text string) string {
	all, crlf := strings.Count(text, "\n"), strings.Count(text, "\r\n")
	switch {
	case all == 0:
		return ""
	case 2*crlf > all:
		return "\r\n"
	default:
		return "\n"
	}
}

// lineEndAt is the line end in use at a span of text: its own, else the text's.
func lineEndAt(text string, s span) string {
	if end := lineEnd(text[s.start:s.end]); end != "" {
		return end
	}
	return lineEnd(text)
}

// toLineEnd gives every line of s the line end; "" leaves s as it is.
func toLineEnd(s, end string) string {
	if end == "" {
		return s
	}
	s = strings.ReplaceAll(s, "\r\n", "\n")
	if end == "\n" {
		return s
	}
	return strings.ReplaceAll(s, "\n", end)
}

// withLineEnds is old with the line ends that it has in text: the text's usual ones, unless lines of the text end in both
// ways and old occurs with the rarer.
func withLineEnds(text, old string) string {
	usual := toLineEnd(old, lineEnd(text))
	if lineEnd(text) == "" || strings.Contains(text, usual) {
		return usual
	}
	for _, end := range []string{"\n", "\r\n"} {
		if form := toLineEnd(old, end); strings.Contains(text, form) {
			return form
		}
	}
	return usual
}

// wordEdge reports whether a word neither begins before nor goes on after the span, so that what was found is not a part
// of a longer name.
func wordEdge(text string, s span) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:s.start])
	first, _ := utf8.DecodeRuneInString(text[s.start:s.end])
	last, _ := utf8.DecodeLastRuneInString(text[s.start:s.end])
	after, _ := utf8.DecodeRuneInString(text[s.end:])
	return !(isWord(before) && isWord(first)) && !(isWord(last) && isWord(after))
}

func isWord(r rune) bool {
	return r == '_' || r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r))
}
