package lsp

import (
	"context"

	protocol "github.com/tliron/glsp/protocol_3_16"
)

// showMessage shows one sentence. Helix joins lines without a space, so there is only one.
func (s *Server) showMessage(kind protocol.MessageType, text string) {
	s.conn.notify(string(protocol.ServerWindowShowMessage), protocol.ShowMessageParams{Type: kind, Message: text})
}

func (s *Server) logMessage(text string) {
	s.conn.notify(string(protocol.ServerWindowLogMessage), protocol.LogMessageParams{Type: protocol.MessageTypeInfo, Message: text})
}

// showDocument opens a file in the editor and reports whether the editor said so.
func (s *Server) showDocument(path string, focus bool) bool {
	ctx, cancel := context.WithTimeout(s.ctx, callTimeout)
	defer cancel()
	result, err := call[protocol.ShowDocumentResult](ctx, s.conn, string(protocol.ServerWindowShowDocument),
		protocol.ShowDocumentParams{URI: uriOf(path), TakeFocus: &focus})
	if err != nil {
		logger().Infof("%s", err)
	}
	return err == nil && result.Success
}
