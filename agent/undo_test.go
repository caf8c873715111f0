package agent_test

import (
	"context"
	"errors"
	"io"
	"maps"
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

func (d *disk) Revert(_ context.Context, path string, groups [][]tools.Applied) ([]tools.Applied, error) {
	if path == d.blocked {
		return nil, &tools.ConflictError{Why: "your own edits overlap", Line: 3, Before: "a\n", After: "b\n"}
	}
	before := d.files[path]
	for _, group := range groups {
		for _, c := range slices.Backward(group) {
			if d.files[path] != c.After {
				return nil, errors.New("not what the agent left")
			}
			d.files[path] = c.Before
		}
	}
	return []tools.Applied{{Path: path, Before: before, After: d.files[path]}}, nil
}

// changing is a bench whose tool appends its word to a file a, and to b where the word says so.
func changing(t *testing.T, d *disk, words ...[]string) *bench {
	b := newBench(t).allow()
	b.reverter = d
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

// reversal does an undo or a redo and compares what came of it.
func (b *bench) reversal(d *disk, got agent.Reversal, err error, files []string, state map[string]string) {
	b.Helper()
	if err != nil || !slices.Equal(got.Files, files) || len(got.Kept) > 0 || !maps.Equal(d.files, state) {
		b.Errorf("%+v, %v, files %v; want %v, files %v", got, err, d.files, files, state)
	}
}

func TestUndo(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := &disk{files: map[string]string{}}
		b := changing(t, d, []string{"a:1", "b:1", "a:2"}, []string{"a:3"}, nil)
		s := b.session()
		if _, err := s.Undo(t.Context(), ""); !errors.Is(err, agent.ErrNothingToUndo) {
			t.Errorf("undo of nothing: %v", err)
		}
		for range 3 { // the last one changes nothing
			b.ended(s, "go")
		}
		none, first, all := map[string]string{"a": "", "b": ""}, map[string]string{"a": "a:1a:2", "b": "b:1"}, map[string]string{"a": "a:1a:2a:3", "b": "b:1"}
		undo := func(turn string, files []string, state map[string]string) {
			t.Helper()
			r, err := s.Undo(t.Context(), turn)
			b.reversal(d, r, err, files, state)
		}
		redo := func(files []string, state map[string]string) {
			t.Helper()
			r, err := s.Redo(t.Context())
			b.reversal(d, r, err, files, state)
		}
		undo("", []string{"a"}, first)
		undo("", []string{"a", "b"}, none)
		if _, err := s.Undo(t.Context(), ""); !errors.Is(err, agent.ErrNothingToUndo) {
			t.Errorf("undo of all that is undone: %v", err)
		}
		redo([]string{"a", "b"}, first)
		redo([]string{"a"}, all)
		if _, err := s.Redo(t.Context()); !errors.Is(err, agent.ErrNothingToRedo) {
			t.Errorf("redo of all that is redone: %v", err)
		}
		undo(agent.AllTurns, []string{"a", "b"}, none)
		redo([]string{"a", "b"}, all)
		undo(b.events(s.ID())[1].Turn, []string{"a", "b"}, none)
		if _, err := s.Undo(t.Context(), "trn_none"); err == nil {
			t.Error("undo from a turn that is not there")
		}
		b.model.replies = nil
		b.ended(s, "and now")
		for _, want := range []string{"undone your changes of the last turn to: a.", "undone your changes of the last 2 turns to: a, b.", "redone your changes of the last turn, which"} {
			if !slices.ContainsFunc(b.model.asked(), func(m agent.Message) bool { return strings.Contains(m.Text, want) }) {
				t.Errorf("the model is not told %q", want)
			}
		}
		if _, err := s.Redo(t.Context()); !errors.Is(err, agent.ErrNothingToRedo) {
			t.Errorf("redo after a prompt: %v", err)
		}
		b.check()
	})
}

// A file in which the user's edits stand in the way stays whole and is named, the others go back; it survives a restart. Once
// nothing stands in the way, a redo and an undo bring it back too.
func TestUndoInPart(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := &disk{files: map[string]string{}, blocked: "a"}
		b := changing(t, d, []string{"a:1", "b:1", "a:2"})
		s := b.session()
		b.ended(s, "go")
		b.sessions.Close()
		b.open()
		s = b.session()
		got, err := s.Undo(t.Context(), "")
		if err != nil || !slices.Equal(got.Files, []string{"b"}) || len(got.Kept) != 1 || got.Kept[0].Path != "a" {
			t.Errorf("undo: %+v, %v", got, err)
		}
		if !maps.Equal(d.files, map[string]string{"a": "a:1a:2", "b": ""}) {
			t.Errorf("files = %v", d.files)
		}
		events := b.events(s.ID())
		want := "\n*Undone: b*\n\n*Not undone: a: your own edits overlap at line 3*\n\n```diff\n--- a\n+++ a\n@@ -1 +1 @@\n-b\n+a\n```\n"
		if got := agent.Markdown(events[len(events)-1]); got != want {
			t.Errorf("transcript: %q, want %q", got, want)
		}
		if _, err := s.Redo(t.Context()); err != nil {
			t.Error(err)
		}
		d.blocked = ""
		r, err := s.Undo(t.Context(), "")
		b.reversal(d, r, err, []string{"a", "b"}, map[string]string{"a": "", "b": ""})
		b.check()
	})
}

// An undo of which nothing came can be tried again.
func TestUndoBlocked(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := &disk{files: map[string]string{}, blocked: "b"}
		b := changing(t, d, []string{"a:1"}, []string{"b:1"})
		s := b.session()
		b.ended(s, "go")
		b.ended(s, "go")
		for range 2 {
			if got, err := s.Undo(t.Context(), ""); err != nil || len(got.Files) > 0 || len(got.Kept) != 1 {
				t.Errorf("undo: %+v, %v", got, err)
			}
		}
		if _, err := s.Redo(t.Context()); !errors.Is(err, agent.ErrNothingToRedo) {
			t.Errorf("redo of nothing: %v", err)
		}
		d.blocked = ""
		r, err := s.Undo(t.Context(), "")
		b.reversal(d, r, err, []string{"b"}, map[string]string{"a": "a:1", "b": ""})
		b.check()
	})
}

// Early logs do not say which turn an undo was about, nor what it did.
func TestUndoEarlyLog(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := &disk{files: map[string]string{}}
		b := changing(t, d, []string{"a:1"}, []string{"a:2"})
		s := b.session()
		b.ended(s, "go")
		b.ended(s, "go")
		b.sessions.Close()
		d.files["a"] = "a:1"
		events := b.events(s.ID())
		if err := b.store.Append(t.Context(), s.ID(), agent.Event{Seq: int64(len(events) + 1), Type: agent.Undone, Files: []string{"a"}}); err != nil {
			t.Fatal(err)
		}
		b.open()
		s = b.session()
		r, err := s.Undo(t.Context(), "")
		b.reversal(d, r, err, []string{"a"}, map[string]string{"a": ""})
		b.check()
	})
}

func TestUndoWhileBusy(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t, reply{hang: true})
		s := b.session()
		b.prompt(s, "go")
		synctest.Wait()
		if _, err := s.Undo(t.Context(), ""); !errors.Is(err, agent.ErrBusy) {
			t.Errorf("undo: %v", err)
		}
		b.sessions.Close()
		if _, err := s.Undo(t.Context(), ""); !errors.Is(err, agent.ErrClosed) {
			t.Errorf("undo after close: %v", err)
		}
		b.check()
	})
}
