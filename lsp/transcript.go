package lsp

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/opencode-lsp/opencode-lsp/agent"
)

// transcript is the Markdown file of one session. It is written anew when a follower starts and only grows from then on.
type transcript struct {
	path    string
	seq     int64 // of the last event that it has taken
	opened  bool
	pending string // not written yet: the disk was full
}

// pieceSize is about how much of a stored transcript is written at a time.
const pieceSize = 64 << 10

// catchUp takes what is stored of a session that was just opened.
func (t *transcript) catchUp(session *agent.Session) {
	var text strings.Builder
	last := max(session.Replayed(), 1) // its creation is stored at least
	for e := range session.Events(context.Background(), 0) {
		t.seq = e.Seq
		text.WriteString(agent.Markdown(e))
		if e.Seq >= last {
			break
		}
		if text.Len() > pieceSize {
			t.append(text.String())
			text.Reset()
		}
	}
	t.append(text.String())
}

// add takes an event.
func (t *transcript) add(e agent.Event) {
	if e.Seq > t.seq {
		t.seq = e.Seq
		t.append(agent.Markdown(e))
	}
}

// append writes text, with what could not be written before.
func (t *transcript) append(text string) {
	if t.pending += text; t.pending == "" {
		return
	}
	if err := t.write(); err != nil {
		logger().Errorf("transcript: %s", err)
	}
}

func (t *transcript) write() error {
	flags := os.O_WRONLY | os.O_CREATE | os.O_APPEND
	if !t.opened {
		if err := os.MkdirAll(filepath.Dir(t.path), 0o700); err != nil {
			return err
		}
		flags |= os.O_TRUNC
	}
	f, err := os.OpenFile(t.path, flags, 0o600)
	if err != nil {
		return err
	}
	t.opened = true
	n, err := f.WriteString(t.pending)
	t.pending = t.pending[n:]
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}
