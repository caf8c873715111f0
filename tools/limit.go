package tools

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"
)

// What a result may hold where Env says nothing, and what a line of it may: OpenCode's bounds.
const (
	defaultLines = 2000
	defaultBytes = 50 << 10
	maxLine      = 2000 // characters
	// maxSpill bounds the file that keeps a whole output, so that a command in a loop does not fill the disk.
	maxSpill = 256 << 20
)

func (e *Env) maxLines() int {
	if e.MaxLines > 0 {
		return e.MaxLines
	}
	return defaultLines
}

func (e *Env) maxBytes() int {
	if e.MaxBytes > 0 {
		return e.MaxBytes
	}
	return defaultBytes
}

// Cut bounds a result's text to its beginning. A text that is longer is kept whole in a file of Env.Spill, whose path is
// returned and named in a note at the end of the text. It is for tools whose output comes at once, MCP servers' above all.
func (e *Env) Cut(text string) (short, full string) {
	short, note, full := e.cut(text)
	if note != "" {
		short += "\n\n(" + note + ")"
	}
	return short, full
}

// cut is Cut with the note by itself, "" where nothing is left out.
func (e *Env) cut(text string) (short, note, full string) {
	text = strings.ToValidUTF8(text, "\uFFFD")
	short = head(text, e.maxLines(), e.maxBytes())
	if short == text {
		return text, "", ""
	}
	s := spill{dir: e.Spill}
	defer s.close()
	_, err := io.WriteString(&s, text)
	return short, fmt.Sprintf("cut after %s of %s; %s", size(len(short)), size(len(text)), s.where(err)), s.path
}

// head is as many whole lines from the start of text as fit; of a first line that does not fit, its beginning.
func head(text string, lines, most int) string {
	end := 0
	for range lines {
		i := strings.IndexByte(text[end:], '\n')
		if i < 0 {
			i = len(text) - end - 1
		}
		if end+i+1 > most {
			break
		}
		if end += i + 1; end == len(text) {
			break
		}
	}
	if end == 0 {
		end = runeStart(text, min(most, len(text)))
	}
	return text[:end]
}

// runeStart moves an offset back to where a character begins.
func runeStart(s string, i int) int {
	for i > 0 && i < len(s) && !utf8.RuneStart(s[i]) {
		i--
	}
	return i
}

// clip cuts s to most bytes and marks the cut.
func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return s[:runeStart(s, most)] + "…"
}

// oneLine is the first line of s with text, clipped, for a title.
func oneLine(s string, most int) string {
	line, more, _ := strings.Cut(strings.TrimSpace(s), "\n")
	if line = strings.TrimSpace(line); more != "" {
		line += " …"
	}
	return clip(line, most)
}

// size is a number of bytes as people read it.
func size(n int) string {
	switch {
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	default:
		return fmt.Sprintf("%d bytes", n)
	}
}

// plural is "1 match" or "3 matches".
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// tail keeps the end of what is written to it, within lines and bytes. Once that is less than the whole, the whole goes
// to a file. Its memory is a small multiple of most, however much is written. It is for one writer at a time.
type tail struct {
	lines, most int
	whole       spill
	buf         []byte
	// total counts all bytes written; long says that they are more than the result may hold.
	total int
	long  bool
	// err is the first error of the spill file; the tail itself goes on.
	err error
}

// Write implements [io.Writer] and never fails: an output that cannot be kept whole is still worth its end.
func (t *tail) Write(p []byte) (int, error) {
	t.total += len(p)
	t.buf = append(t.buf, p...)
	switch {
	case t.long:
		t.keep(p)
	case len(t.buf) > t.most || countLines(t.buf) > t.lines:
		t.long = true
		t.keep(t.buf)
	}
	if len(t.buf) > 2*t.most {
		t.buf = append(t.buf[:0], t.buf[len(t.buf)-t.most-1:]...) // one more, to see where a line starts
	}
	return len(p), nil
}

func (t *tail) keep(p []byte) {
	if t.err == nil {
		_, t.err = t.whole.Write(p)
	}
}

// text is the end of the output, in whole lines where it has several, and whether anything is missing before it.
func (t *tail) text() (string, bool) {
	from := max(0, len(t.buf)-t.most)
	b := t.buf[from:]
	if i := bytes.IndexByte(b, '\n'); from > 0 && t.buf[from-1] != '\n' && i >= 0 && i+1 < len(b) {
		b = b[i+1:]
	}
	for n := countLines(b); n > t.lines; n-- {
		b = b[bytes.IndexByte(b, '\n')+1:]
	}
	return strings.ToValidUTF8(string(b), "\uFFFD"), len(b) < t.total
}

func countLines(b []byte) int {
	return bytes.Count(bytes.TrimSuffix(b, []byte("\n")), []byte("\n")) + 1
}

// spill is a file that is made with the first byte written to it, readable by the user only.
type spill struct {
	dir, path string
	file      *os.File
	size      int
}

// Write implements [io.Writer]; what goes beyond maxSpill is dropped.
func (s *spill) Write(p []byte) (int, error) {
	if s.file == nil {
		if err := s.open(); err != nil {
			return 0, err
		}
	}
	n := min(len(p), maxSpill-s.size)
	if _, err := s.file.Write(p[:n]); err != nil {
		return 0, fmt.Errorf("keep the whole output: %w", err)
	}
	s.size += n
	return len(p), nil
}

func (s *spill) open() error {
	if s.dir == "" {
		return fmt.Errorf("keep the whole output: no folder is set for it")
	}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return fmt.Errorf("keep the whole output: %w", err)
	}
	f, err := os.CreateTemp(s.dir, "output-*.txt")
	if err != nil {
		return fmt.Errorf("keep the whole output: %w", err)
	}
	s.file, s.path = f, f.Name()
	return nil
}

// where tells the model how to get at what a result leaves out.
func (s *spill) where(err error) string {
	if err != nil {
		return "the rest is lost: " + err.Error()
	}
	return "the whole is in " + s.path + ": use read with offset, or grep, on it"
}

func (s *spill) close() {
	if s.file != nil {
		s.file.Close()
	}
}
