package workspace

import (
	"slices"
	"strings"
	"testing"
)

// naiveStarts is the line table by the letter of LSP 3.17.
func naiveStarts(text string) []int {
	starts := []int{0}
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\r' && i+1 < len(text) && text[i+1] == '\n':
		case text[i] == '\n', text[i] == '\r':
			starts = append(starts, i+1)
		}
	}
	return starts
}

// checkBuffer compares a buffer with the text that it should hold.
func checkBuffer(t *testing.T, b *Buffer, want string) {
	t.Helper()
	if got := b.String(); got != want {
		t.Fatalf("text is %q, want %q", got, want)
	}
	starts := naiveStarts(want)
	if b.Lines() != len(starts) || b.Len() != len(want) {
		t.Fatalf("%d lines and %d bytes, want %d and %d in %q", b.Lines(), b.Len(), len(starts), len(want), want)
	}
	for n, start := range starts {
		end := len(want)
		if n+1 < len(starts) {
			end = starts[n+1]
			end -= len(want[start:end]) - len(strings.TrimRight(want[start:end], "\r\n"))
		}
		if text, at := b.Line(n); string(text) != want[start:end] || at != start {
			t.Fatalf("line %d is %q at %d, want %q at %d", n, text, at, want[start:end], start)
		}
		if b.LineAt(start) != n {
			t.Fatalf("LineAt(%d) = %d, want %d", start, b.LineAt(start), n)
		}
	}
}

func TestBufferLines(t *testing.T) {
	for _, tc := range []struct {
		text string
		want []string
	}{
		{"", []string{""}},
		{"a", []string{"a"}},
		{"a\n", []string{"a", ""}},
		{"a\r\nb", []string{"a", "b"}},
		{"a\rb\r", []string{"a", "b", ""}},
		{"\r\r\n\n", []string{"", "", "", ""}},
	} {
		b := NewBuffer(tc.text)
		var got []string
		for n := range b.Lines() {
			text, _ := b.Line(n)
			got = append(got, string(text))
		}
		if !slices.Equal(got, tc.want) {
			t.Errorf("lines of %q are %q, want %q", tc.text, got, tc.want)
		}
		checkBuffer(t, b, tc.text)
	}
}

func TestBufferReplace(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		start, end int
		new, want  string
	}{
		{"insert", "ac", 1, 1, "b", "abc"},
		{"split CRLF", "a\r\nb", 2, 2, "x", "a\rx\nb"},
		{"join CRLF", "a\rx\nb", 2, 3, "", "a\r\nb"},
		{"end with CR before LF", "a\nb", 1, 1, "\r", "a\r\nb"},
		{"delete all", "a\nb\n", 0, 4, "", ""},
		{"append", "a\n", 2, 2, "b\n", "a\nb\n"},
		{"many lines", "a\nb\nc\n", 2, 4, "x\ny\nz\n", "a\nx\ny\nz\nc\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := NewBuffer(tc.text)
			if err := b.Replace(tc.start, tc.end, tc.new); err != nil {
				t.Fatal(err)
			}
			checkBuffer(t, b, tc.want)
		})
	}
}

func TestBufferReplaceOutOfRange(t *testing.T) {
	for _, r := range [][2]int{{-1, 0}, {2, 1}, {0, 4}, {4, 4}} {
		b := NewBuffer("abc")
		if err := b.Replace(r[0], r[1], "x"); err == nil {
			t.Errorf("Replace(%d, %d) of 3 bytes succeeded", r[0], r[1])
		}
		checkBuffer(t, b, "abc")
	}
}

func TestBufferStringIsASnapshot(t *testing.T) {
	b := NewBuffer("abc")
	before := b.String()
	if err := b.Replace(0, 1, "x"); err != nil {
		t.Fatal(err)
	}
	if before != "abc" || b.String() != "xbc" {
		t.Errorf("snapshot is %q and text %q, want abc and xbc", before, b.String())
	}
}

func FuzzBuffer(f *testing.F) {
	f.Add("a\r\nb\rc\n", []byte{2, 1, 3, 0, 0, 9})
	f.Add("", []byte{0, 0, 2, 1, 1, 4})
	f.Fuzz(func(t *testing.T, text string, script []byte) {
		pieces := []string{"", "x", "\n", "\r", "\r\n", "é\n", "\n\r", "ab\rcd", "\r\n\r\n", strings.Repeat("y\n", 12)}
		b := NewBuffer(text)
		for ; len(script) >= 3; script = script[3:] {
			start := int(script[0]) % (len(text) + 1)
			end := start + int(script[1])%(len(text)-start+1)
			piece := pieces[int(script[2])%len(pieces)]
			text = text[:start] + piece + text[end:]
			if err := b.Replace(start, end, piece); err != nil {
				t.Fatal(err)
			}
			checkBuffer(t, b, text)
		}
	})
}

// bigText is 100,000 lines in 3.5 MB.
func bigText() string { return strings.Repeat("the quick brown fox, lazy dog, 35b\n", 100_000) }

func BenchmarkBufferReplace(b *testing.B) {
	for _, at := range []struct {
		name string
		line int
	}{{"first line", 0}, {"middle", 50_000}, {"last line", 99_999}} {
		b.Run(at.name, func(b *testing.B) {
			buf := NewBuffer(bigText())
			_, start := buf.Line(at.line)
			for b.Loop() {
				if err := buf.Replace(start, start, "x"); err != nil {
					b.Fatal(err)
				}
				if err := buf.Replace(start, start+1, ""); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkNewBuffer(b *testing.B) {
	text := bigText()
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		NewBuffer(text)
	}
}
