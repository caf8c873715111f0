package agent

import (
	"context"
	"strconv"
	"sync/atomic"
)

// Options is what sessions are built from. The functions are called on the sessions' goroutines.
type Options struct {
	// Directory is the workspace's first root, under which sessions are listed.
	Directory string
	Store     Store
	// Model makes the model of a turn from "provider/model", "" being the configured default.
	Model func(name string) (Model, ModelInfo, error)
	// SmallModel makes the model for titles and summaries; it returns nil where there is none.
	SmallModel func() (Model, ModelInfo)
	// Profile finds the agent that takes a turn by its name, "" being the default one. Nil: there is only an unnamed one.
	Profile func(name string) (Profile, error)
	// Equip is asked at the beginning of each turn. As long as nothing has changed it gives the same tools in the same words
	// and the same system prompt, so that requests begin alike.
	Equip func(ctx context.Context, s *Session, p Profile, model ModelInfo) (Equipment, error)
	// Expand, if set, finds what a prompt stands for. Its error is for the user, and says what would be right.
	Expand func(ctx context.Context, p Prompt) (Expansion, error)
	// Settle, if set, runs before a turn ends: it brings the agent's edits to disk.
	Settle func(ctx context.Context, s *Session)
	// Reverter takes the agent's changes back for Undo.
	Reverter Reverter
	// Note, if set, is asked before each step for something that the model should know by now, "" for nothing.
	Note func(ctx context.Context, s *Session) string
	// Opened, if set, is told of each session before its first event, so that a front can follow it.
	Opened func(s *Session)
	// Closed, if set, is told of each session that has ended, on its goroutine as the last it does.
	Closed func(s *Session)
	// Compaction says how conversations are shortened. Nil: by themselves, with the default figures.
	Compaction func() Compaction
	// MaxSteps bounds the replies of one turn where the profile does not; 0 means no bound.
	MaxSteps int

	questions *atomic.Int64
}

func (o *Options) nextQuestion() string { return strconv.FormatInt(o.questions.Add(1), 10) }

func (o *Options) closed(s *Session) {
	if o.Closed != nil {
		o.Closed(s)
	}
}

func (o *Options) compaction() Compaction {
	if o.Compaction == nil {
		return Compaction{Auto: true}
	}
	return o.Compaction()
}

// profile is the agent of a turn.
func (o *Options) profile(name string) (Profile, error) {
	if o.Profile == nil {
		return Profile{Name: name}, nil
	}
	return o.Profile(name)
}

func (o *Options) settle(ctx context.Context, s *Session) {
	if o.Settle != nil && len(s.turn.files) > 0 {
		o.Settle(ctx, s)
	}
}
