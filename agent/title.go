package agent

import (
	"cmp"
	"context"
	"iter"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	maxTitle     = 100 // runes, OpenCode's
	titleTimeout = time.Minute
	titlePrompt  = `Write a title for the conversation that starts with the user's message: one line, at most 50 characters, no quotes, no period, in the user's language. Answer with the title alone.`
)

// thinking is what some models send before their answer.
var thinking = regexp.MustCompile(`(?s)<think>.*?</think>`)

// startTitle names an untitled session after its first prompt and asks the small model for a better title beside the
// first turn; the session's goroutine takes that over when it has the time.
func (s *Session) startTitle(p Prompt) {
	if s.history.info.Title != "" {
		return
	}
	s.warn(s.retitle(FirstLine(p.shown())))
	profile, small := s.titler()
	if small == nil {
		return
	}
	found := make(chan string, 1)
	s.title = found
	s.background.Go(func() {
		ctx, cancel := context.WithTimeout(s.ctx, titleTimeout)
		defer cancel()
		if title := askTitle(ctx, small, profile, p.Text); title != "" {
			found <- title
		}
	})
}

// titler is the agent "title" with its model: its own, else the small one; no model where there is none.
func (s *Session) titler() (Profile, Model) {
	profile, err := s.opt.profile("title")
	if err != nil {
		return profile, nil // switched off
	}
	if profile.Model == "" {
		small, _ := s.opt.SmallModel()
		return profile, small
	}
	model, _, err := s.opt.Model(profile.Model)
	if err != nil {
		logger().Warningf("title: %s", err)
		return profile, nil
	}
	return profile, model
}

func askTitle(ctx context.Context, model Model, profile Profile, text string) string {
	title, _, err := read(model.Stream(ctx, Request{
		System: cmp.Or(profile.Prompt, titlePrompt), Params: profile.Params, Messages: []Message{{Role: User, Text: clip(text, 4000)}},
	}))
	if err != nil {
		logger().Infof("title: %s", err)
	}
	return FirstLine(title)
}

// read collects the text of a reply, without what the model thought aloud; "" after an error.
func read(stream iter.Seq2[Delta, error]) (string, *Usage, error) {
	var b strings.Builder
	var usage *Usage
	for d, err := range stream {
		if err != nil {
			return "", nil, err
		}
		b.WriteString(d.Text)
		if d.Usage != nil {
			usage = d.Usage
		}
	}
	return strings.TrimSpace(thinking.ReplaceAllString(b.String(), "")), usage, nil
}

// FirstLine is the first line of a text that is not blank, cut to a title's length: what a session is called by it.
func FirstLine(text string) string {
	for line := range strings.Lines(text) {
		if line = strings.Trim(strings.TrimSpace(line), `"`); line != "" {
			return clip(line, maxTitle)
		}
	}
	return ""
}

// clip cuts a text after n runes.
func clip(text string, n int) string {
	if utf8.RuneCountInString(text) <= n {
		return text
	}
	return string([]rune(text)[:n-1]) + "…"
}
