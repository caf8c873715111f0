package httpapi

import (
	"strings"
	"testing"

	"github.com/tliron/commonlog"
)

// A client's line is one line of the log, short, with nothing invisible, at the level that it names.
func TestLogLine(t *testing.T) {
	for _, test := range []struct {
		in    logBody
		level commonlog.Level
		line  string
	}{
		{logBody{"tui", "error", "no file"}, commonlog.Error, `client "tui": "no file"`},
		{logBody{"tui", "warn", "a \u202eb"}, commonlog.Warning, `client "tui": "a ‹U+202E›b"`},
		{logBody{"tui", "info", "one\n2026/11/26 ERROR [opencode] two"}, commonlog.Info, `client "tui": "one\n2026/11/26 ERROR [opencode] two"`},
		{logBody{"a\nb", "debug", ""}, commonlog.Debug, `client "a\nb": ""`},
		{logBody{"", "x", strings.Repeat("y", 1000)}, commonlog.Info, `client "": "` + strings.Repeat("y", 500) + `…"`},
	} {
		if level, line := test.in.line(); level != test.level || line != test.line {
			t.Errorf("%q becomes %v %s", test.in, level, line)
		}
	}
}
