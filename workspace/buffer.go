package workspace

// Buffer is the text of an open document with its line starts, edited in place so that a keystroke in a large file costs
// a memmove and not a copy of the file. Lines end at "\n", "\r\n" or a lone "\r" (LSP 3.17, TextDocument).
type Buffer struct {
	// TODO(workspace)
}

// NewBuffer returns a buffer that holds text.
func NewBuffer(text string) *Buffer { panic("todo") }

// Len is the size in bytes.
func (b *Buffer) Len() int { panic("todo") }

// Lines is the number of lines, at least 1.
func (b *Buffer) Lines() int { panic("todo") }

// Line returns line n (from 0) without its line end, and the offset where it starts. n must be below Lines. The bytes are
// the buffer's own: they hold until the next Replace.
func (b *Buffer) Line(n int) (text []byte, start int) { panic("todo") }

// LineAt is the number of the line that holds offset.
func (b *Buffer) LineAt(offset int) int { panic("todo") }

// Replace puts text in the place of the bytes [start, end); offsets out of range are an error and change nothing.
func (b *Buffer) Replace(start, end int, text string) error { panic("todo") }

// String is the whole text; the copy is kept until the next Replace.
func (b *Buffer) String() string { panic("todo") }
