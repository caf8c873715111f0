package agent

import (
	"bytes"
	"strings"
	"sync"
	"time"
)

// maxProgressLine bounds the line of output that a front shows while a tool runs.
const maxProgressLine = 200

// progressWriter turns a running tool's output into live Progress events: the last line that is not blank. Tools write to
// it from goroutines of their own.
type progressWriter struct {
	session *Session
	turn    string
	mu      sync.Mutex
	line    []byte // the unfinished last line
}

func (w *progressWriter) Write(p []byte) (int, error) {
	shown := w.last(p)
	if shown != "" {
		w.session.log.notice(Event{Time: time.Now(), Type: Progress, SessionID: w.session.id, Turn: w.turn, Text: shown})
	}
	return len(p), nil
}

// last returns the last full or unfinished line that is not blank.
func (w *progressWriter) last(p []byte) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if i := bytes.LastIndexByte(p, '\n'); i >= 0 {
		whole := append(w.line, p[:i]...)
		w.line = append([]byte(nil), p[i+1:]...)
		if rest := strings.TrimSpace(string(w.line)); rest != "" {
			return cut(rest)
		}
		whole = bytes.TrimSpace(whole)
		return cut(strings.TrimSpace(string(whole[bytes.LastIndexByte(whole, '\n')+1:])))
	}
	if len(w.line) < maxProgressLine {
		w.line = append(w.line, p[:min(len(p), maxProgressLine)]...)
	}
	return cut(strings.TrimSpace(string(w.line)))
}

func cut(line string) string {
	if len(line) > maxProgressLine {
		line = strings.ToValidUTF8(line[:maxProgressLine], "")
	}
	return line
}
