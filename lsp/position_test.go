package lsp

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/opencode-lsp/opencode-lsp/workspace"
)

func TestOffset(t *testing.T) {
	tests := []struct {
		text        string
		line, char  int64
		utf16, utf8 int // offsets; -1: an error
	}{
		{"", 0, 0, 0, 0},
		{"", 5, 5, 0, 0},
		{"ab", 0, 1, 1, 1},
		{"ab", 0, 9, 2, 2},
		{"ab\ncd", 1, 1, 4, 4},
		{"ab\r\ncd", 0, 9, 2, 2}, // before the line end, not within
		{"ab\r\ncd", 1, 0, 4, 4},
		{"ab\rcd", 1, 0, 3, 3},
		{"ab\n", 1, 0, 3, 3},
		{"ab\n", 2, 0, 3, 3}, // a line past the end is the end, also without a final line end
		{"ab", 1, 0, 2, 2},
		{"é!", 0, 1, 2, 0}, // within a character: its start
		{"😀!", 0, 1, 0, 0}, // between surrogates: the start
		{"😀!", 0, 2, 4, 0}, // UTF-16 counts two
		{"😀!", 0, 4, 5, 4}, // UTF-8 counts four
		{"\ufeffa", 0, 1, 3, 0},
		{"a", -1, 0, -1, -1},
		{"a", 0, -1, -1, -1},
		{"a\nb", 1 << 40, 1 << 40, 3, 3},
	}
	for _, test := range tests {
		b := workspace.NewBuffer(test.text)
		for e, want := range map[encoding]int{utf16Encoding: test.utf16, utf8Encoding: test.utf8} {
			got, err := e.offset(b, position{test.line, test.char})
			if (err != nil) != (want < 0) || err == nil && got != want {
				t.Errorf("%s: %q %d:%d = %d, %v, want %d", e, test.text, test.line, test.char, got, err, want)
			}
		}
	}
}

// naiveLines splits as LSP does, keeping the line ends.
func naiveLines(text string) []string {
	var lines []string
	start := 0
	for i := 0; i < len(text); i++ {
		if text[i] == '\r' && i+1 < len(text) && text[i+1] == '\n' {
			continue
		}
		if text[i] == '\n' || text[i] == '\r' {
			lines = append(lines, text[start:i+1])
			start = i + 1
		}
	}
	return append(lines, text[start:])
}

// naiveOffset counts character by character.
func naiveOffset(e encoding, text string, line, char int64) int {
	lines := naiveLines(text)
	if line >= int64(len(lines)) {
		return len(text)
	}
	at := len(strings.Join(lines[:line], ""))
	body := strings.TrimSuffix(lines[line], "\n")
	if line < int64(len(lines))-1 {
		body = strings.TrimSuffix(body, "\r")
	}
	var units int64
	for _, r := range body {
		n := int64(utf8.RuneLen(r))
		if e == utf16Encoding {
			n = int64(len(utf16.AppendRune(nil, r)))
		}
		if units+n > char {
			break
		}
		units += n
		at += utf8.RuneLen(r)
	}
	return at
}

func FuzzPosition(f *testing.F) {
	for _, text := range []string{"", "a", "a\r\nb\rc\n", "é😀\u0301\n\ufeffx", "\r\r\n\n\r"} {
		f.Add(text, uint16(0), uint16(1))
		f.Add(text, uint16(1), uint16(0))
		f.Add(text, uint16(9), uint16(9))
	}
	f.Fuzz(func(t *testing.T, text string, line, char uint16) {
		text = strings.ToValidUTF8(text, "?") // what JSON can carry
		b := workspace.NewBuffer(text)
		for _, e := range []encoding{utf16Encoding, utf8Encoding} {
			at, err := e.offset(b, position{int64(line), int64(char)})
			if err != nil {
				t.Fatal(err)
			}
			if want := naiveOffset(e, text, int64(line), int64(char)); at != want {
				t.Fatalf("%s: %q %d:%d = %d, want %d", e, text, line, char, at, want)
			}
			back, err := e.offset(b, e.position(b, at))
			if err != nil || back != at {
				t.Fatalf("%s: %q: offset %d is position %v is offset %d, %v", e, text, at, e.position(b, at), back, err)
			}
		}
	})
}

// FuzzDocumentSync plays random incremental changes into a server and a plain string.
func FuzzDocumentSync(f *testing.F) {
	f.Add("a\nb\n", "x\r\ny", []byte{0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, true)
	f.Add("é😀", "\r", []byte{1, 1, 1, 1, 0, 2, 0, 1}, false)
	f.Add("a\r", "\n", []byte{9, 9, 9, 9, 0, 0, 0, 1}, false)
	f.Fuzz(func(t *testing.T, text, piece string, steps []byte, bytes bool) {
		text, piece = strings.ToValidUTF8(text, "?"), strings.ToValidUTF8(piece, "?")
		s := &Server{ws: workspace.New("/w")}
		s.client.encoding = utf16Encoding
		if bytes {
			s.client.encoding = utf8Encoding
		}
		const path = "/w/f.txt"
		s.ws.Open(path, 1, text)
		var p didChangeParams
		p.TextDocument.URI = uriOf(path)
		for chunk := range slices.Chunk(steps, 4) {
			if len(chunk) < 4 || len(p.ContentChanges) > 50 {
				break
			}
			r := span{position{int64(chunk[0] % 8), int64(chunk[1] % 16)}, position{int64(chunk[2] % 8), int64(chunk[3] % 16)}}
			e := s.client.encoding
			start, end := naiveOffset(e, text, r.Start.Line, r.Start.Character), naiveOffset(e, text, r.End.Line, r.End.Character)
			if end < start {
				r.Start, r.End, start, end = r.End, r.Start, end, start
			}
			text = text[:start] + piece + text[end:]
			p.ContentChanges = append(p.ContentChanges, contentChange{Range: &r, Text: piece})
		}
		version := int32(2)
		p.TextDocument.Version = &version
		if err := s.didChange(p); err != nil {
			t.Fatal(err)
		}
		file, err := s.ws.Read(t.Context(), path)
		if err != nil || file.Text != text || file.Version != version {
			t.Fatalf("the mirror has %q (version %d, %v), the editor %q", file.Text, file.Version, err, text)
		}
	})
}

// A change that does not fit makes the mirror refuse rather than guess, until the document is opened again.
func TestDidChangeThatDoesNotFit(t *testing.T) {
	for _, r := range []span{{position{-1, 0}, position{0, 0}}, {position{1, 0}, position{0, 0}}, {position{0, 1}, position{0, -1}}} {
		s := &Server{ws: workspace.New("/w")}
		s.client.encoding = utf16Encoding
		s.ws.Open("/w/f", 1, "a\nb")
		var p didChangeParams
		p.TextDocument.URI = uriOf("/w/f")
		p.ContentChanges = []contentChange{{Range: &r, Text: "x"}}
		if err := s.didChange(p); err == nil {
			t.Errorf("%v: no error", r)
		}
		if file, err := s.ws.Read(t.Context(), "/w/f"); err == nil {
			t.Errorf("%v: read %q", r, file.Text)
		}
		s.ws.Open("/w/f", 2, "new")
		if file, err := s.ws.Read(t.Context(), "/w/f"); err != nil || file.Text != "new" {
			t.Errorf("%v: after opening it again: %q, %v", r, file.Text, err)
		}
	}
}

func TestPathOf(t *testing.T) {
	tests := map[string]string{
		"file:///a/b.go": "/a/b.go", "file://localhost/a": "/a", "file:///a%20b%23c": "/a b#c", "file:///a/../b": "/b", "file:///%F0%9F%98%80": "/😀",
		"untitled:Untitled-1": "", "file://host/a": "", "file:///a%2Fb": "", "file:///a%00b": "", "": "", "file:": "", "git:/a": "", "%": "",
		"file:///a#b": "", "file:///a?b": "", "file:///a?": "",
	}
	for uri, want := range tests {
		got, err := pathOf(uri)
		if got != want || (err != nil) != (want == "") {
			t.Errorf("%q is %q, %v, want %q", uri, got, err, want)
		}
	}
	for _, path := range []string{"/a b", "/a#b?c", "/é😀", "/100%", "/a:b;c@d"} {
		if got, err := pathOf(uriOf(path)); got != path {
			t.Errorf("%q became %q, %v", path, got, err)
		}
	}
}
