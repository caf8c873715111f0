package llm

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

func TestEventReader(t *testing.T) {
	long := strings.Repeat("x", 100_000)
	for _, test := range []struct {
		name, stream string
		want         []string
	}{
		{"two events", "data: a\n\ndata: b\n\n", []string{"a\n", "b\n"}},
		{"CRLF, no space", "data:a\r\n\r\ndata:b\r\n\r\n", []string{"a\n", "b\n"}},
		{"only one space is taken away", "data:  a\n\n", []string{" a\n"}},
		{"several lines", "data: {\ndata: }\n\n", []string{"{\n}\n"}},
		{"other fields and comments", ": hm\nevent: x\nid: 1\nretry: 5\ndatabase: y\n\ndata: a\n\n\n\n", []string{"a\n"}},
		{"colons in the value", "data: a:b: c\n\n", []string{"a:b: c\n"}},
		{"no colon", "data\n\n", []string{"\n"}},
		{"a long line, then a short one", "data: " + long + "\n\ndata: b\n\n", []string{long + "\n", "b\n"}},
		{"broken off", "data: a\n\ndata: b\n", []string{"a\n"}},
		{"nothing", "", nil},
	} {
		for _, body := range []io.Reader{strings.NewReader(test.stream), iotest.OneByteReader(strings.NewReader(test.stream))} {
			e := newEventReader(body)
			var got []string
			for e.next() {
				got = append(got, string(e.data))
			}
			if !slices.Equal(got, test.want) || e.lines.Err() != nil {
				t.Errorf("%s: got %.80q, %v; want %.80q", test.name, got, e.lines.Err(), test.want)
			}
		}
	}
}

func TestEventReaderBreaks(t *testing.T) {
	broken := errors.New("broken")
	e := newEventReader(io.MultiReader(strings.NewReader("data: a\n\ndata: b"), iotest.ErrReader(broken)))
	if !e.next() || e.next() || e.lines.Err() != broken {
		t.Errorf("%q, %v: want the first event, then the error", e.data, e.lines.Err())
	}
}
