package lsptest

import (
	"testing"

	protocol "github.com/tliron/glsp/protocol_3_16"
)

func TestPosition(t *testing.T) {
	const text = "a𝄞b\r\nßx\ry\n\nend" // 𝄞: 4 bytes, 2 in UTF-16; ß: 2 bytes, 1 in UTF-16
	tests := []struct {
		offset            int
		line, u8, u16, u3 uint32
	}{
		{0, 0, 0, 0, 0}, {1, 0, 1, 1, 1}, {5, 0, 5, 3, 2}, {6, 0, 6, 4, 3},
		{8, 1, 0, 0, 0}, {10, 1, 2, 1, 1}, {11, 1, 3, 2, 2},
		{12, 2, 0, 0, 0}, {14, 3, 0, 0, 0}, {15, 4, 0, 0, 0}, {18, 4, 3, 3, 3},
	}
	for _, test := range tests {
		for enc, character := range map[Encoding]uint32{UTF8: test.u8, UTF16: test.u16, UTF32: test.u3} {
			want := protocol.Position{Line: test.line, Character: character}
			if got := enc.position(text, test.offset); got != want {
				t.Errorf("%s: offset %d is %v, want %v", enc, test.offset, got, want)
			}
			if got, ok := enc.offset(text, want); got != test.offset || !ok {
				t.Errorf("%s: %v is offset %d %v, want %d", enc, want, got, ok, test.offset)
			}
		}
	}
}

func TestPositionOutside(t *testing.T) {
	tests := []struct {
		name            string
		enc             Encoding
		line, character uint32
		want            int
	}{
		{"past the line", UTF16, 0, 9, 5},
		{"past the last line", UTF16, 9, 0, 7},
		{"inside a surrogate pair", UTF16, 0, 2, 1},
		{"inside a rune", UTF8, 0, 3, 1},
		{"past the end", UTF32, 1, 5, 7},
	}
	for _, test := range tests {
		got, ok := test.enc.offset("a𝄞\nb", protocol.Position{Line: test.line, Character: test.character})
		if ok {
			t.Errorf("%s: is taken for a place in the text", test.name)
		}
		if got != test.want {
			t.Errorf("%s: offset %d, want %d", test.name, got, test.want)
		}
	}
}

func FuzzPosition(f *testing.F) {
	f.Add("a𝄞b\r\nßx\ry\n", 3)
	f.Add("\r\r\n\n", 2)
	f.Fuzz(func(t *testing.T, text string, offset int) {
		if offset < 0 || offset > len(text) {
			return
		}
		for _, enc := range []Encoding{UTF8, UTF16, UTF32} {
			p := enc.position(text, offset)
			got, ok := enc.offset(text, p)
			if again := enc.position(text, got); again != p && ok {
				t.Errorf("%s: offset %d of %q is %v, which is offset %d, which is %v", enc, offset, text, p, got, again)
			}
		}
	})
}
