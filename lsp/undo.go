package lsp

import (
	"context"

	protocol "github.com/tliron/glsp/protocol_3_16"

	"github.com/opencode-lsp/opencode-lsp/agent"
)

// reversed is the answer of undo and redo.
type reversed struct {
	Files []string `json:"files"`
	// Kept are the files where something stood in the way.
	Kept []keptFile `json:"kept,omitempty"`
}

type keptFile struct {
	File   string `json:"file"`
	Reason string `json:"reason"`
}

func (s *Server) sessionUndo(ctx context.Context, a *Agent, args sessionArgs) (any, error) {
	session, err := pick(ctx, a, args.Session)
	if err != nil {
		return nil, err
	}
	r, err := session.Undo(ctx, args.Turn)
	return s.reversed("not undone", r, err)
}

func (s *Server) sessionRedo(ctx context.Context, a *Agent, args sessionArgs) (any, error) {
	session, err := pick(ctx, a, args.Session)
	if err != nil {
		return nil, err
	}
	r, err := session.Redo(ctx)
	return s.reversed("not redone", r, err)
}

// reversed answers, and tells the user of what was left: not every editor shows the answer.
func (s *Server) reversed(not string, r agent.Reversal, err error) (any, error) {
	answer := reversed{Files: r.Files}
	var names []string
	for _, k := range r.Kept {
		names = append(names, s.relative(k.Path)+" ("+k.Why+")")
		answer.Kept = append(answer.Kept, keptFile{k.Path, k.Why})
	}
	if len(names) > 0 {
		s.showMessage(protocol.MessageTypeWarning, "OpenCode: "+not+": "+enumerate(names)+"; the transcript has what is left to do by hand")
	}
	if err != nil {
		return nil, err
	}
	return answer, nil
}
