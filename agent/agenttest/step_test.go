package agenttest_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/opencode-lsp/opencode-lsp/agent/agenttest"
	"github.com/opencode-lsp/opencode-lsp/tools"
)

func TestParse(t *testing.T) {
	tests := []struct {
		name, script string
		want         []agenttest.Step
	}{
		{"empty", "\n\n", nil},
		{"two steps", "Looking.\nat it\n\nFixed.\n", []agenttest.Step{{Text: "Looking.\nat it"}, {Text: "Fixed."}}},
		{"many blank lines and CRLF", "\r\na\r\n\r\n \r\nb", []agenttest.Step{{Text: "a"}, {Text: "b"}}},
		{"calls in parallel", "a\ncall edit {\"x\": \"y z\"}\ncall bash {\nb", []agenttest.Step{{Text: "a\nb",
			Calls: []tools.Call{{Name: "edit", Arguments: `{"x": "y z"}`}, {Name: "bash", Arguments: "{"}}}}},
		{"call without arguments", "call list", []agenttest.Step{{Calls: []tools.Call{{Name: "list"}}}}},
		{"escapes", "\\call me\n\\\n\\!drop\n\\\\", []agenttest.Step{{Text: "call me\n\n!drop\n\\"}}},
		{"status", "!status 429 retry-after=2 code=x slow down=now", []agenttest.Step{{Status: 429, Code: "x",
			Message: "slow down=now", Header: map[string]string{"retry-after": "2"}}}},
		{"endings", "a\n!drop\n\nb\n!hang", []agenttest.Step{{Text: "a", End: agenttest.Drop}, {Text: "b", End: agenttest.Hang}}},
		{"pauses", "!slow\na\n\n!slow 2s\nb", []agenttest.Step{{Text: "a", Pause: 20 * time.Millisecond}, {Text: "b", Pause: 2 * time.Second}}},
		{"raw", "!raw {\"a\": 1}\n!raw [DONE]", []agenttest.Step{{Raw: []string{`{"a": 1}`, "[DONE]"}}}},
		{"title is no step", "!title A fine  title\na", []agenttest.Step{{Title: "A fine  title"}, {Text: "a"}}},
	}
	for _, test := range tests {
		got, err := agenttest.Parse(test.script)
		if err != nil || !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: got %+v, %v, want %+v", test.name, got, err, test.want)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for script, want := range map[string]string{
		"a\n!frob":       "script line 2: no directive !frob: use !status",
		"!status":        `line 1: !status wants an HTTP status first, not ""`,
		"!status 4":      "!status wants an HTTP status",
		"\n\n!slow soon": "script line 3:",
	} {
		if _, err := agenttest.Parse(script); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", script, err, want)
		}
	}
}
