package llm

import (
	"bufio"
	"bytes"
	"io"
)

// eventReader splits a stream into events (HTML standard, section 9.2.6) and keeps their data, all that providers use. Unlike
// openai-go's decoder it reuses its memory: a reply has an event for every token.
type eventReader struct {
	lines *bufio.Scanner
	data  []byte // of the latest event, until the next
}

func newEventReader(body io.Reader) *eventReader {
	e := &eventReader{lines: bufio.NewScanner(body)}
	e.lines.Buffer(nil, maxWhole) // some servers send a whole reply as one event
	return e
}

// next reports whether there is another event; one that the stream breaks off is none.
func (e *eventReader) next() bool {
	e.data = e.data[:0]
	for e.lines.Scan() {
		line := e.lines.Bytes()
		if len(line) == 0 && len(e.data) > 0 {
			return true
		}
		if field, value, _ := bytes.Cut(line, []byte(":")); string(field) == "data" {
			e.data = append(append(e.data, bytes.TrimPrefix(value, []byte(" "))...), '\n')
		}
	}
	return false
}
