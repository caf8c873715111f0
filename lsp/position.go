package lsp

import (
	"fmt"
	"unicode/utf8"

	"github.com/opencode-lsp/opencode-lsp/workspace"
)

// Editors count positions in lines and units of an encoding, both from 0; everything behind this file counts in bytes from
// the start of the text. The encoding is agreed at initialize: utf-16, the only one that every client has, or utf-8 where
// the client names it first. A line ends at "\n", "\r\n" or "\r" (LSP 3.17, Position).

// encoding is the unit of Position.character.
type encoding string

const (
	utf8Encoding  encoding = "utf-8"
	utf16Encoding encoding = "utf-16"
)

// chooseEncoding picks utf-8 only where the client prefers it.
func chooseEncoding(offered []string) encoding {
	if len(offered) > 0 && offered[0] == string(utf8Encoding) {
		return utf8Encoding
	}
	return utf16Encoding
}

// offset converts a position to bytes. A line past the end is the end of the text, a character past the end of its line is
// the end of that line, and one inside a character is its start; negative numbers are an error.
func (e encoding) offset(b *workspace.Buffer, p position) (int, error) {
	if p.Line < 0 || p.Character < 0 {
		return 0, fmt.Errorf("position %d:%d is negative", p.Line, p.Character)
	}
	if p.Line >= int64(b.Lines()) {
		return b.Len(), nil
	}
	line, start := b.Line(int(p.Line))
	return start + e.bytes(line, p.Character), nil
}

// bytes is how many bytes of line the first n units take.
func (e encoding) bytes(line []byte, n int64) int {
	if e == utf8Encoding {
		at := int(min(n, int64(len(line))))
		for at > 0 && at < len(line) && !utf8.RuneStart(line[at]) {
			at--
		}
		return at
	}
	at := 0
	for at < len(line) {
		r, size := utf8.DecodeRune(line[at:])
		if n -= units(r); n < 0 {
			break
		}
		at += size
	}
	return at
}

// position converts an offset in bytes; it must lie in the text.
func (e encoding) position(b *workspace.Buffer, offset int) position {
	n := b.LineAt(offset)
	line, start := b.Line(n)
	in := line[:min(offset-start, len(line))]
	if e == utf8Encoding {
		return position{int64(n), int64(len(in))}
	}
	var count int64
	for len(in) > 0 {
		r, size := utf8.DecodeRune(in)
		count += units(r)
		in = in[size:]
	}
	return position{int64(n), count}
}

// units is the length of a rune in UTF-16; a byte that is not UTF-8 counts as one, as editors show it.
func units(r rune) int64 {
	if r > 0xFFFF {
		return 2
	}
	return 1
}

// span converts a range in bytes.
func (e encoding) span(b *workspace.Buffer, start, end int) span {
	return span{e.position(b, start), e.position(b, end)}
}

// offsets converts a range to bytes; one whose end lies before its start is an error.
func (e encoding) offsets(b *workspace.Buffer, s span) (start, end int, err error) {
	if start, err = e.offset(b, s.Start); err != nil {
		return 0, 0, err
	}
	if end, err = e.offset(b, s.End); err != nil {
		return 0, 0, err
	}
	if end < start {
		return 0, 0, fmt.Errorf("range %d:%d-%d:%d ends before it starts", s.Start.Line, s.Start.Character, s.End.Line, s.End.Character)
	}
	return start, end, nil
}
