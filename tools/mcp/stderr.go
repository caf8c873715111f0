package mcp

import (
	"bytes"
	"strings"
	"sync"

	"github.com/opencode-lsp/opencode-lsp/permission"
)

// Bounds of what is kept of a server's standard error.
const (
	maxStderr     = 1 << 20 // bytes in the log
	maxStderrLine = 300
)

// stderrLog logs what a server writes to its standard error, line by line and up to a bound, and remembers the last line.
type stderrLog struct {
	name string

	mu    sync.Mutex
	line  []byte // the unfinished one
	words string
	total int
}

// Write implements [io.Writer]; it never fails, so that a server is not held up.
func (l *stderrLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for rest := p; len(rest) > 0; {
		part, after, whole := bytes.Cut(rest, []byte("\n"))
		l.line = append(l.line, part[:min(len(part), maxStderrLine-len(l.line))]...)
		if whole {
			l.flush()
		}
		rest = after
	}
	return len(p), nil
}

// flush is called with the lock held.
func (l *stderrLog) flush() {
	if text := permission.Visible(strings.TrimSpace(strings.ToValidUTF8(string(l.line), "\uFFFD"))); text != "" {
		l.words = text
		if l.total += len(text); l.total <= maxStderr {
			logger().Infof("%s: %s", l.name, text)
		}
	}
	l.line = l.line[:0]
}

// last is the last line with text, "" for none.
func (l *stderrLog) last() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.flush()
	return l.words
}
