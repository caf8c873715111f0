package lsp

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/sourcegraph/jsonrpc2"

	"github.com/opencode-lsp/opencode-lsp/workspace"
)

// What follows is for lsp/servers, which is the client of other language servers and speaks the same protocol.

// NewStream is LSP's base protocol over rwc. lost is called when nothing can be written any more, or a write has waited for a
// minute.
func NewStream(rwc io.ReadWriteCloser, lost func()) jsonrpc2.ObjectStream {
	f := newFrames(rwc)
	f.lost = lost
	return f
}

// PathOf is the absolute path of a file URI; other URIs are errors.
func PathOf(uri string) (string, error) { return pathOf(uri) }

// URIOf is the file URI of an absolute path.
func URIOf(path string) string { return uriOf(path) }

// ReadProblems reads a list of Diagnostic whose positions are in text by a position encoding, "" being utf-16.
func ReadProblems(list json.RawMessage, text, positions string) ([]workspace.Diagnostic, error) {
	var raw []diagnostic
	if err := json.Unmarshal(list, &raw); err != nil {
		return nil, fmt.Errorf("read diagnostics: %w", err)
	}
	return chooseEncoding([]string{positions}).problems(workspace.NewBuffer(text), raw), nil
}
