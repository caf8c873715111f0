//go:build realeditors

package main

import (
	"bufio"
	"encoding/json"
	"io"
	"log"
	"strings"
)

// message is what lint reads of one.
type message struct {
	ID     json.RawMessage
	Method string
	Params struct {
		TextDocument   struct{ URI, Text string }
		ContentChanges []struct{ Text string }
	}
}

// lint is a language server that finds a subtraction where a sum was promised.
func lint(from *bufio.Reader, to io.Writer) {
	for {
		body, err := readFrame(from)
		if err != nil {
			return
		}
		var m message
		if err := json.Unmarshal(body, &m); err != nil {
			log.Fatal(err)
		}
		switch m.Method {
		case "initialize":
			send(to, map[string]any{"id": m.ID, "result": map[string]any{"capabilities": map[string]any{"textDocumentSync": 1}}})
		case "textDocument/didOpen":
			publish(to, m.Params.TextDocument.URI, m.Params.TextDocument.Text)
		case "textDocument/didChange":
			publish(to, m.Params.TextDocument.URI, m.Params.ContentChanges[0].Text)
		case "exit":
			return
		default:
			if m.ID != nil {
				send(to, map[string]any{"id": m.ID, "result": nil})
			}
		}
	}
}

func publish(to io.Writer, uri, text string) {
	problems := []any{}
	for n, line := range strings.Split(text, "\n") {
		if at := strings.Index(line, "$1 - $2"); at >= 0 {
			problems = append(problems, map[string]any{"message": "add subtracts", "severity": 1, "source": "lint",
				"range": map[string]any{"start": map[string]int{"line": n, "character": at}, "end": map[string]int{"line": n, "character": at + 7}}})
		}
	}
	send(to, map[string]any{"method": "textDocument/publishDiagnostics", "params": map[string]any{"uri": uri, "diagnostics": problems}})
}

func send(to io.Writer, m map[string]any) {
	m["jsonrpc"] = "2.0"
	body, err := json.Marshal(m)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := to.Write(frame(body)); err != nil {
		log.Fatal(err)
	}
}
