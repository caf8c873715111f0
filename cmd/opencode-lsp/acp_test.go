package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const acpCalc = "package calc\n\n// Add returns the sum.\nfunc Add(a, b int) int {\n\treturn a - b\n}\n"

// A whole turn: text, a call with its question and diff, an edit through the client, an end.
func TestACPTurn(t *testing.T) {
	inACP(t, map[string]string{"calc.go": acpCalc}, `
I look first.
call read {"filePath":"calc.go"}

call edit {"filePath":"calc.go","oldString":"a - b","newString":"a + b"}

Fixed.
`, func(t *testing.T, c *acpClient) {
		session := c.start("read", "write")
		c.choose("once")
		end := c.must("session/prompt", acpText(session, "Fix Add"))
		if end["stopReason"] != "end_turn" {
			t.Errorf("end: %v", end)
		}
		t.Log(c.story())
		ask := c.requests("session/request_permission")
		if len(ask) != 1 {
			t.Fatalf("questions: %v", ask)
		}
		t.Log(ask)
		data, err := os.ReadFile(filepath.Join(c.dir, "calc.go"))
		if err != nil || !strings.Contains(string(data), "a + b") {
			t.Errorf("%s %v", data, err)
		}
		if w := c.requests("fs/write_text_file"); len(w) != 1 {
			t.Errorf("writes: %v", w)
		}
	})
}
