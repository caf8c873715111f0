package agent

import (
	"context"
	"strconv"
	"sync/atomic"

	"github.com/opencode-lsp/opencode-lsp/permission"
	"github.com/opencode-lsp/opencode-lsp/tools"
)

// Options is what sessions are built from. The functions are called on the sessions' goroutines.
type Options struct {
	// Directory is the workspace's first root, under which sessions are listed.
	Directory string
	Store     Store
	// Model makes the model of a turn from "provider/model", "" being the configured default, and returns its full name.
	Model func(name string) (Model, string, error)
	// SmallModel makes the model for titles; it returns nil where there is none.
	SmallModel func() Model
	// Tools, Gate and System are asked once for a session, at its first turn in this process.
	Tools  func(s *Session) *tools.Set
	Gate   func(s *Session) *permission.Gate
	System func() string
	// Settle, if set, runs before a turn ends: it brings the agent's edits to disk.
	Settle func(ctx context.Context, s *Session)
	// Note, if set, is asked before each step for something that the model should know by now, "" for nothing.
	Note func(s *Session) string
	// Opened, if set, is told of each session before its first event, so that a front can follow it.
	Opened func(s *Session)
	// MaxSteps, if set, bounds the replies of one turn; 0 means no bound.
	MaxSteps func() int

	questions *atomic.Int64
}

func (o *Options) nextQuestion() string { return strconv.FormatInt(o.questions.Add(1), 10) }

func (o *Options) steps() int {
	if o.MaxSteps == nil {
		return 0
	}
	return o.MaxSteps()
}

func (o *Options) settle(ctx context.Context, s *Session) {
	if o.Settle != nil && len(s.turn.files) > 0 {
		o.Settle(ctx, s)
	}
}
