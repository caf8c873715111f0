package agent_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/tools"
)

// disk is a Reverter over a map; blocked files have user edits in the way.
type disk struct {
	files   map[string]string
	blocked string
}

func (d *disk) Revert(_ context.Context, c tools.Applied) error {
	if c.Path == d.blocked {
		return errors.New("your own edits overlap")
	}
	if d.files[c.Path] != c.After {
		return errors.New("not what the agent left")
	}
	d.files[c.Path] = c.Before
	return nil
}

// changing is a bench whose tool appends its word to a file a, and to b where the word says so.
func changing(t *testing.T, d *disk, words ...[]string) *bench {
	b := newBench(t).allow()
	for _, turn := range words {
		var calls []tools.Call
		for _, w := range turn {
			calls = append(calls, do(w))
		}
		b.model.replies = append(b.model.replies, reply{calls: calls}, reply{text: "ok"})
	}
	b.run = func(_ context.Context, _ io.Writer, word string) (tools.Result, error) {
		path, _, _ := strings.Cut(word, ":")
		before := d.files[path]
		d.files[path] += word
		return tools.Result{Text: "ok", Files: []string{path}, Changes: []tools.Applied{{Path: path, Before: before, After: d.files[path]}}}, nil
	}
	return b
}

func TestUndo(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := &disk{files: map[string]string{}}
		b := changing(t, d, []string{"a:1", "b:1", "a:2"}, []string{"a:3"}, nil)
		s := b.session()
		if _, err := s.Undo(t.Context(), d); !errors.Is(err, agent.ErrNothingToUndo) {
			t.Errorf("undo of nothing: %v", err)
		}
		for range 3 { // the last one changes nothing
			b.ended(s, "go")
		}
		want := [][]string{{"a"}, {"a", "b"}}
		state := []map[string]string{{"a": "a:1a:2", "b": "b:1"}, {"a": "", "b": ""}}
		for n := range want {
			got, err := s.Undo(t.Context(), d)
			slices.Sort(got)
			if err != nil || !slices.Equal(got, want[n]) || d.files["a"] != state[n]["a"] || d.files["b"] != state[n]["b"] {
				t.Errorf("undo %d: %v, %v, files %v", n, got, err, d.files)
			}
		}
		if _, err := s.Undo(t.Context(), d); !errors.Is(err, agent.ErrNothingToUndo) {
			t.Errorf("undo of all that is undone: %v", err)
		}
		b.model.replies = nil
		b.ended(s, "and now")
		told := slices.ContainsFunc(b.model.asked(), func(m agent.Message) bool { return strings.Contains(m.Text, "undone your changes") })
		if !told {
			t.Error("the model is not told")
		}
		b.check()
	})
}

// A file in which the user's edits stand in the way stays whole and is named, the others go back; it survives a restart.
func TestUndoInPart(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := &disk{files: map[string]string{}, blocked: "a"}
		b := changing(t, d, []string{"a:1", "b:1", "a:2"})
		s := b.session()
		b.ended(s, "go")
		b.sessions.Close()
		b.open()
		s = b.session()
		got, err := s.Undo(t.Context(), d)
		if err == nil || !strings.Contains(err.Error(), "a (your own edits overlap)") || !slices.Equal(got, []string{"b"}) {
			t.Errorf("undo: %v, %v", got, err)
		}
		if d.files["a"] != "a:1a:2" || d.files["b"] != "" {
			t.Errorf("files = %v", d.files)
		}
		b.check()
	})
}

func TestUndoWhileBusy(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t, reply{hang: true})
		s := b.session()
		b.prompt(s, "go")
		synctest.Wait()
		if _, err := s.Undo(t.Context(), &disk{}); !errors.Is(err, agent.ErrBusy) {
			t.Errorf("undo: %v", err)
		}
		b.sessions.Close()
		if _, err := s.Undo(t.Context(), &disk{}); !errors.Is(err, agent.ErrClosed) {
			t.Errorf("undo after close: %v", err)
		}
		b.check()
	})
}
