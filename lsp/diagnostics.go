package lsp

import (
	"unicode/utf8"

	"github.com/opencode-lsp/opencode-lsp/workspace"
)

// diagnosticsParams is our own notification opencode/diagnostics: all that a client knows of a file's problems by now.
type diagnosticsParams struct {
	URI         string       `json:"uri"`
	Diagnostics []diagnostic `json:"diagnostics"`
}

// told takes what a plugin passes on.
func (s *Server) told(p diagnosticsParams) error {
	path, err := pathOf(p.URI)
	if err != nil {
		return nil // no file
	}
	s.ws.Tell(workspace.FeedEditor, path, s.problems(path, p.Diagnostics))
	return nil
}

// shown takes what an editor without our plugin shows where its user asks for code actions: the problems of those lines.
func (s *Server) shown(path string, p codeActionParams) {
	known := s.ws.Diagnostics()
	if known.Has(workspace.FeedEditor) || len(p.Context.Diagnostics) == 0 && !known.Has(workspace.FeedShown) {
		return
	}
	list := s.problems(path, p.Context.Diagnostics)
	s.ws.TellLines(workspace.FeedShown, path, int(p.Range.Start.Line)+1, int(p.Range.End.Line)+1, list)
}

// problems are diagnostics in characters of the open buffer. Of a file that is not open the editor's units are the best
// that is known.
func (s *Server) problems(path string, list []diagnostic) []workspace.Diagnostic {
	var out []workspace.Diagnostic
	if !s.ws.View(path, func(b *workspace.Buffer, _ int32) { out = s.client.encoding.problems(b, list) }) {
		out = utf8Encoding.problems(nil, list)
	}
	return out
}

// problems are diagnostics in characters of a text; without one units count as characters.
func (e encoding) problems(b *workspace.Buffer, list []diagnostic) []workspace.Diagnostic {
	out := make([]workspace.Diagnostic, len(list))
	for i, d := range list {
		at := d.Range.Start
		out[i] = workspace.Diagnostic{
			Line: int(at.Line) + 1, Column: int(at.Character) + 1,
			Severity: workspace.Severity(d.Severity), Source: d.Source, Message: d.Message,
		}
		if d.Severity == 0 {
			out[i].Severity = workspace.Error // LSP leaves it to the client
		}
		if b != nil && at.Line >= 0 && at.Line < int64(b.Lines()) {
			line, _ := b.Line(int(at.Line))
			out[i].Column = utf8.RuneCount(line[:e.bytes(line, max(at.Character, 0))]) + 1
		}
	}
	return out
}
