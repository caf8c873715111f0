package lsp

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencode-lsp/opencode-lsp/agent"
)

// wire is a client that sends bytes and keeps what comes back.
type wire struct {
	io.Reader
	bytes.Buffer
}

func (w *wire) Read(p []byte) (int, error)  { return w.Reader.Read(p) }
func (w *wire) Write(p []byte) (int, error) { return w.Buffer.Write(p) }
func (w *wire) Close() error                { return nil }

func framed(body string) string { return fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body) }

func TestReadObject(t *testing.T) {
	good := `{"jsonrpc":"2.0","id":1,"method":"m"}`
	tests := map[string]struct {
		sent  string
		reply string // what must be in the answer to the bad message, "" for none
	}{
		"good":                    {"", ""},
		"header in any case":      {"content-length: 0\r\n\r\n", "-32700"},
		"not JSON":                {framed("{"), "-32700"},
		"not UTF-8":               {framed("{\"a\":\"\xff\"}"), "-32700"},
		"batch":                   {framed("[]"), "-32600"},
		"no version":              {framed(`{"id":7,"method":"m"}`), `"id":7`},
		"id of another kind":      {framed(`{"jsonrpc":"2.0","id":{},"method":"m"}`), "-32600"},
		"neither method nor id":   {framed(`{"jsonrpc":"2.0"}`), "-32600"},
		"error without id":        {framed(`{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"?"}}`), ""},
		"result of another kind":  {framed(`{"jsonrpc":"2.0","id":[],"result":1}`), ""},
		"response of no version":  {framed(`{"id":3,"result":1}`), ""},
		"blanks around the value": {framed("  \n{\"jsonrpc\":\"1.0\",\"id\":8,\"method\":\"m\"} "), `"id":8`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := &wire{Reader: strings.NewReader(test.sent + framed(good))}
			var got json.RawMessage
			if err := newFrames(w).ReadObject(&got); err != nil || string(got) != good {
				t.Errorf("read %s, %v", got, err)
			}
			if reply := w.String(); test.reply == "" && reply != "" || !strings.Contains(reply, test.reply) {
				t.Errorf("answered %q, want %q in it", reply, test.reply)
			}
		})
	}
}

func TestReadObjectEnds(t *testing.T) {
	for name, sent := range map[string]string{
		"nothing": "", "half a header": "Content-Le", "half a body": "Content-Length: 9\r\n\r\n{}", "no length": "Content-Type: x\r\n\r\n{}",
		"huge": "Content-Length: 99999999999\r\n\r\n", "negative": "Content-Length: -1\r\n\r\n", "two lengths": "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
		"endless line": strings.Repeat("x", 20<<10), "many lines": strings.Repeat("X: y\r\n", 20<<10), "charset": "Content-Length: 2\r\nContent-Type: a; charset=latin1\r\n\r\n{}",
	} {
		var got json.RawMessage
		err := newFrames(&wire{Reader: strings.NewReader(sent)}).ReadObject(&got)
		if err == nil || (err == io.EOF) != (sent == "") {
			t.Errorf("%s: read %s, %v", name, got, err)
		}
	}
}

// A transcript that could not be written for a while is whole once it can.
func TestTranscriptAfterFullDisk(t *testing.T) {
	dir := t.TempDir()
	blocked := filepath.Join(dir, "folder")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil { // a file where the folder should be
		t.Fatal(err)
	}
	tr := &transcript{path: filepath.Join(blocked, "t.md")}
	for i := range 3 {
		tr.add(agent.Event{Seq: int64(i + 1), Type: agent.TurnStarted, Prompt: &agent.Prompt{Text: fmt.Sprint("prompt ", i)}})
		tr.add(agent.Event{Seq: int64(i + 1), Type: agent.TurnStarted, Prompt: &agent.Prompt{Text: "again"}}) // seen already
	}
	if err := os.Remove(blocked); err != nil {
		t.Fatal(err)
	}
	tr.add(agent.Event{Seq: 4, Type: agent.TurnEnded, End: &agent.TurnEnd{Status: agent.Done}})
	got, err := os.ReadFile(tr.path)
	if err != nil || string(got) != "\n## You\n\n> prompt 0\n\n## You\n\n> prompt 1\n\n## You\n\n> prompt 2\n\n---\n*done*\n" {
		t.Errorf("transcript = %q, %v", got, err)
	}
}
