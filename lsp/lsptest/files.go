package lsptest

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	protocol "github.com/tliron/glsp/protocol_3_16"
)

// Save writes a buffer to disk and sends didSave.
func (e *Editor) Save(path string) error {
	e.mu.Lock()
	d, err := e.document(path)
	if err != nil {
		e.mu.Unlock()
		return err
	}
	e.flush()
	text := d.text
	e.mu.Unlock()
	if err := write(e.Path(path), text); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	d.saved, d.exists = text, true
	if d.synced && e.server.save {
		params := map[string]any{"textDocument": map[string]string{"uri": e.URI(path)}}
		if e.server.saveText {
			params["text"] = text
		}
		e.Notify(protocol.MethodTextDocumentDidSave, params)
	}
	e.notice()
	return nil
}

// write puts text on disk with the folders above it.
func write(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// CloseFile closes a buffer; unsaved text is lost.
func (e *Editor) CloseFile(path string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	d, err := e.document(path)
	if err != nil {
		return err
	}
	e.flush()
	if d.synced {
		e.Notify(protocol.MethodTextDocumentDidClose, map[string]any{"textDocument": map[string]string{"uri": e.URI(path)}})
	}
	delete(e.docs, d.path)
	e.notice()
	return nil
}

// Touch changes a file on disk behind the editor's back. A server that registered for file events is told.
func (e *Editor) Touch(path, text string) error {
	kind := 2 // changed
	if _, err := os.Stat(e.Path(path)); err != nil {
		kind = 1 // created
	}
	if err := write(e.Path(path), text); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.watched {
		e.Notify(protocol.MethodWorkspaceDidChangeWatchedFiles, map[string]any{
			"changes": []map[string]any{{"uri": e.URI(path), "type": kind}},
		})
	}
	return nil
}

// Reload takes the text on disk into the buffer, as editors do with a clean buffer or when told to.
func (e *Editor) Reload(path string) error {
	text, err := e.Disk(path)
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	d, err := e.document(path)
	if err != nil {
		return err
	}
	d.saved, d.exists = text, true
	if d.text != text {
		e.change(d, []Edit{{0, len(d.text), text}})
	}
	return nil
}

// Buffer is the text of an open file; open is false where there is no buffer.
func (e *Editor) Buffer(path string) (text string, open bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	d := e.docs[e.Path(path)]
	if d == nil {
		return "", false
	}
	return d.text, true
}

// Disk is the text of a file on disk.
func (e *Editor) Disk(path string) (string, error) {
	text, err := os.ReadFile(e.Path(path))
	if err != nil {
		return "", fmt.Errorf("read the disk: %w", err)
	}
	return string(text), nil
}

// BufferState tells one buffer from another in Buffers.
type BufferState struct {
	Path     string
	Version  int32
	Hidden   bool // opened by an edit, not by the user
	Modified bool // other text than on disk, as far as the editor knows
	Synced   bool // the server was sent didOpen
}

// Buffers are the open buffers, sorted by path.
func (e *Editor) Buffers() []BufferState {
	e.mu.Lock()
	defer e.mu.Unlock()
	var all []BufferState
	for _, path := range slices.Sorted(maps.Keys(e.docs)) {
		d := e.docs[path]
		all = append(all, BufferState{path, d.version, d.hidden, d.text != d.saved || !d.exists, d.synced})
	}
	return all
}

// language is the languageId that editors send for a file name.
func language(path string) string {
	switch ext := filepath.Ext(path); ext {
	case ".go", ".c", ".java", ".json", ".html", ".css", ".lua":
		return ext[1:]
	case ".md":
		return "markdown"
	case ".py":
		return "python"
	case ".rs":
		return "rust"
	case ".js":
		return "javascript"
	case ".ts":
		return "typescript"
	case ".sh":
		return "shellscript"
	}
	return "plaintext"
}
