package peer

import (
	"bytes"
	"strings"
	"sync"

	"github.com/tliron/commonlog"

	"github.com/opencode-lsp/opencode-lsp/permission"
)

// Bounds of what is kept of a program's standard error, in bytes.
const (
	maxLogged = 1 << 20
	maxLine   = 300
)

// words logs what a program writes to its standard error, line by line and up to a bound, and remembers the last line.
type words struct {
	name string
	log  commonlog.Logger

	mu     sync.Mutex
	line   []byte // unfinished
	latest string
	logged int
}

// Write implements [io.Writer]; it never fails, so that a program is not held up.
func (w *words) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for rest := p; len(rest) > 0; {
		part, after, whole := bytes.Cut(rest, []byte("\n"))
		w.line = append(w.line, part[:min(len(part), maxLine-len(w.line))]...)
		if whole {
			w.flush()
		}
		rest = after
	}
	return len(p), nil
}

// flush is called with the lock held.
func (w *words) flush() {
	if text := permission.Visible(strings.TrimSpace(strings.ToValidUTF8(string(w.line), "\uFFFD"))); text != "" {
		w.latest = text
		if w.logged += len(text); w.logged <= maxLogged {
			w.log.Infof("%s: %s", w.name, text)
		}
	}
	w.line = w.line[:0]
}

// last is the last line with text, "" for none.
func (w *words) last() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.flush()
	return w.latest
}
