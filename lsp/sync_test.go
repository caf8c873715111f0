package lsp

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/opencode-lsp/opencode-lsp/workspace"
)

// What editors get wrong in document sync: a change that does not fit makes the document unreadable until it is opened again,
// and never changes another one.
func TestDocumentFaults(t *testing.T) {
	const text = "a𝕏b\nsecond\n"
	at := func(l1, c1, l2, c2 int64) string {
		return fmt.Sprintf(`{"range":{"start":{"line":%d,"character":%d},"end":{"line":%d,"character":%d}},"text":"-"}`, l1, c1, l2, c2)
	}
	for _, c := range []struct {
		name, change string
		version      int
		want         string // "" where the document must not be read any more
	}{
		{"in a line", at(0, 1, 0, 3), 2, "a-b\nsecond\n"},
		{"inside a surrogate pair", at(0, 2, 0, 3), 2, "a-b\nsecond\n"},
		{"character past the line", at(0, 99, 0, 99), 2, "a𝕏b-\nsecond\n"},
		{"line past the end", at(99, 0, 1<<40, 0), 2, text + "-"},
		{"whole text", `{"text":"new"}`, 2, "new"},
		{"no changes", ``, 2, text},
		{"negative line", at(-1, 0, 0, 0), 2, ""},
		{"negative character", at(0, -1, 0, 0), 2, ""},
		{"end before start", at(1, 0, 0, 0), 2, ""},
		{"second of two", at(0, 0, 0, 0) + "," + at(1, 1, 0, 0), 2, ""},
		{"version repeats", at(0, 0, 0, 0), 1, ""},
		{"version repeats, no changes", ``, 1, text}, // Neovim 0.7
		{"version goes back", at(0, 0, 0, 0), 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, path := docServer(t)
			s.open(path, 1, text)
			s.change(path, c.version, c.change)
			if got := s.text(path); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			s.open(path, 1, "fresh") // a second didOpen replaces the first
			s.change(path, 2, at(0, 0, 0, 0))
			if got := s.text(path); got != "-fresh" {
				t.Errorf("opened again: got %q", got)
			}
		})
	}
}

// Helix 25.01 may send a change before the didOpen that it follows.
func TestChangeBeforeOpen(t *testing.T) {
	insert := func(text string) string {
		return fmt.Sprintf(`{"range":{"start":{"line":0,"character":0},"end":{"line":0,"character":0}},"text":%q}`, text)
	}
	for _, c := range []struct {
		name     string
		versions []int
		opened   int
		after    time.Duration
		want     string
	}{
		{"the next", []int{1}, 0, 0, "1x"},
		{"several in any order", []int{3, 1, 2}, 0, 0, "321x"},
		{"already in the text", []int{1, 2}, 2, 0, "x"},
		{"a gap", []int{1, 3}, 0, 0, "1x"},
		{"long ago", []int{1}, 0, time.Minute, "x"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, path := docServer(t)
				for _, v := range c.versions {
					s.change(path, v, insert(fmt.Sprint(v)))
				}
				time.Sleep(c.after)
				s.open(path, c.opened, "x")
				if got := s.text(path); got != c.want {
					t.Errorf("got %q, want %q", got, c.want)
				}
				s.open(path, 0, "again")
				if got := s.text(path); got != "again" {
					t.Errorf("a change came twice: %q", got)
				}
			})
		})
	}
}

// Helix 25.01 may send changes in any order; it also counts changes that it never sends.
func TestChangesOutOfOrder(t *testing.T) {
	put := func(at int, text string) string {
		return fmt.Sprintf(`{"range":{"start":{"line":0,"character":%d},"end":{"line":0,"character":%d}},"text":%q}`, at, at, text)
	}
	for _, c := range []struct {
		name     string
		versions []int // of changes that put their version behind that of the one before
		pause    time.Duration
		want     string
	}{
		{"in order", []int{1, 2, 3}, 0, "x123"},
		{"two swapped", []int{2, 1, 3}, 0, "x123"},
		{"the first last", []int{2, 3, 4, 1}, 0, "x1234"},
		{"backwards", []int{4, 3, 2, 1}, 0, "x1234"},
		{"two gaps", []int{2, 1, 4, 3}, 0, "x1234"},
		{"one twice", []int{1, 2, 2}, 0, ""},
		{"much too late", []int{2, 1}, time.Minute, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, path := docServer(t)
				s.client.name = "helix"
				s.open(path, 0, "x")
				for _, v := range c.versions {
					s.change(path, v, put(v, fmt.Sprint(v)))
					time.Sleep(c.pause)
				}
				if got := s.text(path); got != c.want {
					t.Errorf("got %q, want %q", got, c.want)
				}
				s.open(path, 0, "again")
				s.change(path, 7, put(0, "seen ")) // after completions that were only shown
				if got := s.text(path); got != "seen again" {
					t.Errorf("after a gap that stays: %q", got)
				}
			})
		})
	}
}

func TestChangeOfUnknownDocument(t *testing.T) {
	s, path := docServer(t)
	s.change(path, 2, `{"text":"x"}`)
	if s.ws.IsOpen(path) {
		t.Error("a change opens a document that was never opened")
	}
	s.open(path, 1, "x")
	for range 2 {
		if err := s.didClose(documentParams{textDocumentID{URI: uriOf(path)}}); err != nil {
			t.Error(err)
		}
	}
	s.change(path, 2, `{"text":"y"}`)
	if s.ws.IsOpen(path) {
		t.Error("a change opens a document that was closed")
	}
}

// docFixture is a server with a workspace and nothing else.
type docFixture struct {
	*Server
	t *testing.T
}

func docServer(t *testing.T) (docFixture, string) {
	root := t.TempDir()
	return docFixture{&Server{ws: workspace.New(root), client: client{encoding: utf16Encoding}}, t}, filepath.Join(root, "a.txt")
}

func (f docFixture) open(path string, version int, text string) {
	f.send(f.t, fmt.Sprintf(`{"textDocument":{"uri":%q,"version":%d,"text":%q}}`, uriOf(path), version, text), "textDocument/didOpen")
}

// change sends a didChange; that it is refused is seen in the text.
func (f docFixture) change(path string, version int, changes string) {
	f.send(f.t, fmt.Sprintf(`{"textDocument":{"uri":%q,"version":%d},"contentChanges":[%s]}`, uriOf(path), version, changes), "textDocument/didChange")
}

func (f docFixture) send(t *testing.T, params, method string) {
	t.Helper()
	if !json.Valid([]byte(params)) {
		t.Fatalf("params are not JSON: %s", params)
	}
	if _, err := methods[method].call(t.Context(), f.Server, json.RawMessage(params)); err != nil {
		t.Logf("%s: %v", method, err)
	}
}

// text is what the agent would read of the open document, "" where it cannot be trusted.
func (f docFixture) text(path string) string {
	file, err := f.ws.Read(context.Background(), path)
	if err != nil {
		return ""
	}
	return file.Text
}
