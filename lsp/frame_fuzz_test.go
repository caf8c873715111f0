package lsp

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"testing"
)

// memory is a stream of bytes from the client; what is written to it is kept.
type memory struct {
	io.Reader
	bytes.Buffer
}

func (m *memory) Read(p []byte) (int, error) { return m.Reader.Read(p) }
func (m *memory) Close() error               { return nil }

// Whatever comes, reading does not panic and allocates in proportion to what came, not to what was announced. Every reply to
// a refused message is well formed, and a good message behind a refused one still arrives.
func FuzzFrame(f *testing.F) {
	const good = `{"jsonrpc":"2.0","id":1,"method":"shutdown"}`
	for _, seed := range []string{
		good, `{`, `[]`, `null`, `{"jsonrpc":"2.0","id":{}}`, `{"jsonrpc":"2.0","id":7}`, `{"jsonrpc":"2.0","id":7,"error":1}`, "\xff", "",
		`{"jsonrpc":"2.0","id":7,"method":"x","params":null}`, `{"jsonrpc":"2.0","method":"x","result":{}}`,
	} {
		f.Add([]byte(fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(seed), seed)), []byte(seed))
	}
	f.Add([]byte("Content-Length: 67108864\r\n\r\n{"), []byte("{}"))
	f.Add([]byte("content-length: 2\nContent-Type: x; charset=utf8\n\n{}"), []byte(`"`))
	f.Fuzz(func(t *testing.T, stream, body []byte) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		readAll(t, stream)
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 1<<20+uint64(len(stream))*200 {
			t.Errorf("%d bytes of input made it allocate %d", len(stream), used)
		}
		framed := fmt.Appendf(nil, "Content-Length: %d\r\n\r\n%sContent-Length: %d\r\n\r\n%s", len(body), body, len(good), good)
		messages := readAll(t, framed)
		if len(messages) == 0 || string(messages[len(messages)-1]) != good {
			t.Errorf("the message behind %q does not arrive: %q", body, messages)
		}
	})
}

// readAll reads the messages of a stream and checks the replies to those that are refused.
func readAll(t *testing.T, stream []byte) []json.RawMessage {
	m := &memory{Reader: bytes.NewReader(stream)}
	f := newFrames(m)
	var messages []json.RawMessage
	for {
		var message json.RawMessage
		if err := f.ReadObject(&message); err != nil {
			break
		}
		messages = append(messages, message)
	}
	replies := newFrames(&memory{Reader: bytes.NewReader(m.Bytes())})
	for {
		body, err := readFrame(replies.r)
		if err == io.EOF {
			return messages
		}
		if err != nil || !json.Valid(body) {
			t.Fatalf("the reply %q is broken: %v", m.Bytes(), err)
		}
	}
}
