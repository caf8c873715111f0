package lsptest

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	protocol "github.com/tliron/glsp/protocol_3_16"
)

// document is one buffer. Editor.mu guards it.
type document struct {
	path    string
	text    string
	saved   string // the text on disk as the editor knows it
	exists  bool   // there is a file on disk
	version int32
	hidden  bool         // opened by an edit, not by the user
	synced  bool         // the server was sent didOpen
	pending []textChange // held back by DebounceChange
	history []splice
}

// splice is one replacement that was made, kept to carry older edits over it.
type splice struct {
	version    int32 // before it
	start, end int
	size       int    // of the new text
	old        string // the text that was replaced
}

// Edit replaces the bytes [Start, End) of a buffer by New.
type Edit struct {
	Start, End int
	New        string
}

// Path makes a path absolute.
func (e *Editor) Path(path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(e.opt.Root, path)
}

// URI is a path's URI as this editor writes it.
func (e *Editor) URI(path string) string { return fileURI(e.Path(path), e.opt.Behaviour.EscapeURIs) }

// Open opens a file as the user does. A file that does not exist is an empty buffer.
func (e *Editor) Open(path string) error { return e.load(path, false) }

// load makes sure that there is a buffer. A hidden one comes from an edit.
func (e *Editor) load(path string, hidden bool) error {
	path = e.Path(path)
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("open %s: %w", path, err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	d := e.docs[path]
	if len(text) == 0 && e.opt.Behaviour.EmptyLine {
		text = []byte("\n")
	}
	if d == nil {
		d = &document{path: path, text: string(text), saved: string(text), exists: err == nil,
			version: e.opt.Behaviour.FirstVersion, hidden: true}
		e.docs[path] = d
	}
	d.hidden = d.hidden && hidden
	e.announce(d)
	e.notice()
	return nil
}

// announce sends didOpen where it is due.
func (e *Editor) announce(d *document) {
	if d.synced || !e.server.openClose || d.hidden && e.opt.Behaviour.NoDidOpenForHidden {
		return
	}
	d.synced = true
	e.Notify(protocol.MethodTextDocumentDidOpen, map[string]any{"textDocument": map[string]any{
		"uri": e.URI(d.path), "languageId": language(d.path), "version": d.version, "text": d.text,
	}})
}

// change applies sorted edits to a buffer and tells the server. e.mu is held.
func (e *Editor) change(d *document, edits []Edit) {
	changes := d.replace(edits, e.server.encoding, e.opt.Behaviour.Ascending)
	d.version += cmp.Or(e.opt.Behaviour.VersionStep, 1)
	e.notice()
	if !d.synced || e.server.change == 0 {
		return
	}
	if e.server.change == 1 {
		changes = []textChange{{Text: d.text}}
	}
	d.pending = append(d.pending, changes...)
	switch wait := e.opt.Behaviour.DebounceChange; {
	case wait == 0:
		e.flush()
	case e.flushing == nil:
		e.flushing = time.AfterFunc(wait, func() {
			e.mu.Lock()
			defer e.mu.Unlock()
			e.flush()
		})
	}
}

// flush sends the changes that were held back. e.mu is held.
func (e *Editor) flush() {
	if e.flushing != nil {
		e.flushing.Stop()
		e.flushing = nil
	}
	for _, path := range slices.Sorted(maps.Keys(e.docs)) {
		d := e.docs[path]
		if len(d.pending) == 0 {
			continue
		}
		e.Notify(protocol.MethodTextDocumentDidChange, map[string]any{
			"textDocument":   map[string]any{"uri": e.URI(path), "version": d.version},
			"contentChanges": d.pending,
		})
		d.pending = nil
	}
}

// replace makes the edits and returns them as the parts of a didChange, each in the text that the former left.
func (d *document) replace(edits []Edit, enc Encoding, ascending bool) []textChange {
	edits = slices.Clone(edits)
	if ascending {
		shift := 0
		for i, x := range edits {
			edits[i].Start, edits[i].End = x.Start+shift, x.End+shift
			shift += len(x.New) - (x.End - x.Start)
		}
	} else {
		slices.Reverse(edits)
	}
	changes := make([]textChange, 0, len(edits))
	for _, x := range edits {
		where := protocol.Range{Start: enc.position(d.text, x.Start), End: enc.position(d.text, x.End)}
		changes = append(changes, textChange{Range: &where, Text: x.New})
		d.history = append(d.history, splice{d.version, x.Start, x.End, len(x.New), d.text[x.Start:x.End]})
		d.text = d.text[:x.Start] + x.New + d.text[x.End:]
	}
	return changes
}

// Edit types into a buffer: the bytes [start, end) become text, sent as an incremental change.
func (e *Editor) Edit(path string, start, end int, text string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	d, err := e.document(path)
	if err != nil {
		return err
	}
	if start < 0 || end < start || end > len(d.text) {
		return fmt.Errorf("edit %s: bytes %d to %d are not in a text of %d", path, start, end, len(d.text))
	}
	e.change(d, []Edit{{start, end, text}})
	return nil
}

// Replace types over the only occurrence of old; an empty old is the end of the buffer.
func (e *Editor) Replace(path, old, text string) error {
	start, end, err := e.Find(path, old)
	if err != nil {
		return err
	}
	return e.Edit(path, start, end, text)
}

// Find is the place of the only occurrence of text in a buffer; an empty text stands at the end.
func (e *Editor) Find(path, text string) (start, end int, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	d, err := e.document(path)
	if err != nil {
		return 0, 0, err
	}
	if text == "" {
		return len(d.text), len(d.text), nil
	}
	if n := strings.Count(d.text, text); n != 1 {
		return 0, 0, fmt.Errorf("%q stands %d times in the buffer of %s, not once", text, n, path)
	}
	start = strings.Index(d.text, text)
	return start, start + len(text), nil
}

// document is the buffer of a path; e.mu is held.
func (e *Editor) document(path string) (*document, error) {
	if d := e.docs[e.Path(path)]; d != nil {
		return d, nil
	}
	return nil, fmt.Errorf("%s is not open: open it first", path)
}
