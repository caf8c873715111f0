package tools

import (
	"fmt"

	"github.com/opencode-lsp/opencode-lsp/workspace"
)

// ConflictError says that a change cannot be taken back without touching what the user did since.
type ConflictError struct {
	Why string
	// Line, counted from 1, is where the texts meet; 0 where that is no line.
	Line int
	// Before and After are the texts of the change, which may be taken back by hand; empty where they are no text.
	Before, After string
}

// Error is the reason in a few words.
func (e *ConflictError) Error() string {
	if e.Line > 0 {
		return fmt.Sprintf("%s at line %d", e.Why, e.Line)
	}
	return e.Why
}

// Diff is what would have to be done by hand, with the given name for the file; "" where it cannot be shown.
func (e *ConflictError) Diff(name string) string {
	return workspace.NewChange(workspace.File{Text: e.After, Exists: true}, e.Before).Diff(name)
}

func conflict(c Applied, v version, why string) error {
	e := &ConflictError{Why: why}
	if mergeable(c.Before, c.After, v.text) {
		e.Before, e.After = c.Before, c.After
		e.Line = workspace.Clash(c.After, c.Before, v.text)
	}
	return e
}
