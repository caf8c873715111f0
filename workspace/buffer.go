package workspace

import (
	"fmt"
	"slices"
	"sort"
)

// Buffer is the text of an open document with its line starts, edited in place so that a keystroke in a large file costs
// a memmove and not a copy of the file. Lines end at "\n", "\r\n" or a lone "\r" (LSP 3.17, TextDocument). It is not safe
// for concurrent use; a [Workspace] guards its own.
type Buffer struct {
	text   []byte
	starts []int  // where each line starts; starts[0] is 0
	whole  string // text as a string, valid while fresh
	fresh  bool
}

// NewBuffer returns a buffer that holds text.
func NewBuffer(text string) *Buffer {
	b := &Buffer{text: []byte(text), whole: text, fresh: true}
	b.starts = appendStarts(make([]int, 1, 1+len(text)/32), b.text, 1, len(b.text))
	return b
}

// appendStarts appends the line starts among the offsets from..to (inclusive; from is at least 1). An offset's being one
// depends on the byte before it and, after "\r", on the byte at it.
func appendStarts(dst []int, text []byte, from, to int) []int {
	for i := from; i <= to; i++ {
		switch c := text[i-1]; {
		case c > '\r':
		case c == '\n', c == '\r' && (i == len(text) || text[i] != '\n'):
			dst = append(dst, i)
		}
	}
	return dst
}

// Len is the size in bytes.
func (b *Buffer) Len() int { return len(b.text) }

// Lines is the number of lines, at least 1: a text that ends with a line end has an empty last line.
func (b *Buffer) Lines() int { return len(b.starts) }

// Line returns line n (from 0) without its line end, and the offset where it starts. n must be below Lines. The bytes are
// the buffer's own: they hold until the next Replace.
func (b *Buffer) Line(n int) (text []byte, start int) {
	start = b.starts[n]
	end := len(b.text)
	if n+1 < len(b.starts) {
		end = b.starts[n+1]
		if end--; b.text[end] == '\n' && end > start && b.text[end-1] == '\r' {
			end--
		}
	}
	return b.text[start:end:end], start
}

// LineAt is the number of the line that holds offset; an offset past either end counts as that end.
func (b *Buffer) LineAt(offset int) int {
	return max(0, sort.SearchInts(b.starts, offset+1)-1)
}

// Replace puts text in the place of the bytes [start, end); offsets out of range are an error and change nothing.
func (b *Buffer) Replace(start, end int, text string) error {
	if start < 0 || end < start || end > len(b.text) {
		return fmt.Errorf("replace bytes %d to %d of %d: out of range", start, end, len(b.text))
	}
	b.whole, b.fresh = "", false
	b.splice(start, end, text)
	b.restart(start, end, start+len(text))
	return nil
}

// splice changes the bytes alone. When the buffer has to grow it grows by an eighth, so that typing seldom copies it.
func (b *Buffer) splice(start, end int, text string) {
	old, size := len(b.text), len(b.text)-(end-start)+len(text)
	if size > cap(b.text) {
		b.text = slices.Grow(b.text, size-old+size/8)
	}
	b.text = b.text[:max(old, size)]
	copy(b.text[start+len(text):], b.text[end:old])
	copy(b.text[start:], text)
	b.text = b.text[:size]
}

// restart mends the line table after the bytes [start, end) became [start, now). Only the starts from start to end can
// have come, gone or changed their reason: those after them move, those before them stay.
func (b *Buffer) restart(start, end, now int) {
	first := max(1, sort.SearchInts(b.starts, start))
	last := max(first, sort.SearchInts(b.starts, end+1))
	if shift := now - end; shift != 0 {
		for i := last; i < len(b.starts); i++ {
			b.starts[i] += shift
		}
	}
	var few [8]int
	fresh := appendStarts(few[:0], b.text, max(1, start), now)
	b.starts = slices.Replace(b.starts, first, last, fresh...)
}

// String is the whole text; the copy is kept until the next Replace.
func (b *Buffer) String() string {
	if !b.fresh {
		b.whole, b.fresh = string(b.text), true
	}
	return b.whole
}
