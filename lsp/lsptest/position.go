package lsptest

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	protocol "github.com/tliron/glsp/protocol_3_16"
)

// Encoding says what a position's character counts (LSP 3.17, PositionEncodingKind).
type Encoding string

// The encodings of LSP 3.17.
const (
	UTF8  Encoding = "utf-8"
	UTF16 Encoding = "utf-16"
	UTF32 Encoding = "utf-32"
)

// units is the length of s in the encoding. A byte that is not UTF-8 counts as one unit in every encoding.
func (enc Encoding) units(s string) int {
	if enc == UTF8 {
		return len(s)
	}
	n := 0
	for _, r := range s {
		n += enc.width(r)
	}
	return n
}

func (enc Encoding) width(r rune) int {
	switch enc {
	case UTF8:
		return utf8.RuneLen(r)
	case UTF32:
		return 1
	}
	return utf16.RuneLen(r)
}

// position is where a byte offset of text stands. Offsets beyond the end stand at the end.
func (enc Encoding) position(text string, offset int) protocol.Position {
	head := text[:min(max(offset, 0), len(text))]
	line, start := 0, 0
	for {
		_, next := cutLine(text[start:])
		if next == 0 || start+next > len(head) {
			break
		}
		line, start = line+1, start+next
	}
	return protocol.Position{Line: uint32(line), Character: uint32(enc.units(head[start:]))}
}

// offset is the byte offset of a position. ok is false where the position names no place between two characters of text:
// then offset is the nearest place before, as editors clamp.
func (enc Encoding) offset(text string, p protocol.Position) (offset int, ok bool) {
	start := 0
	for range p.Line {
		_, next := cutLine(text[start:])
		if next == 0 {
			return len(text), false
		}
		start += next
	}
	body, _ := cutLine(text[start:])
	n, ok := enc.within(body, int(p.Character))
	return start + n, ok
}

// within is the byte offset of a character in one line.
func (enc Encoding) within(line string, character int) (int, bool) {
	if enc == UTF8 {
		n := min(character, len(line))
		for n > 0 && n < len(line) && !utf8.RuneStart(line[n]) {
			n--
		}
		return n, n == character
	}
	for i, r := range line {
		if character == 0 {
			return i, true
		}
		if enc.width(r) > character {
			return i, false
		}
		character -= enc.width(r)
	}
	return len(line), character == 0
}

// cutLine splits the first line off text: body is the line without its end, next where the following line starts, 0 where
// there is none. Lines end at "\n", "\r\n" or a lone "\r" (LSP 3.17, TextDocument).
func cutLine(text string) (body string, next int) {
	i := strings.IndexAny(text, "\r\n")
	if i < 0 {
		return text, 0
	}
	if text[i] == '\r' && i+1 < len(text) && text[i+1] == '\n' {
		return text[:i], i + 2
	}
	return text[:i], i + 1
}
