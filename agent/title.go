package agent

import (
	"context"
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
	s.retitle(firstLine(p.shown()))
	small := s.opt.SmallModel()
	if small == nil {
		return
	}
	found := make(chan string, 1)
	s.title = found
	s.background.Go(func() {
		ctx, cancel := context.WithTimeout(s.ctx, titleTimeout)
		defer cancel()
		if title := askTitle(ctx, small, p.Text); title != "" {
			found <- title
		}
	})
}

func askTitle(ctx context.Context, model Model, text string) string {
	var b strings.Builder
	req := Request{System: titlePrompt, Messages: []Message{{Role: User, Text: clip(text, 4000)}}}
	for d, err := range model.Stream(ctx, req) {
		if err != nil {
			logger().Infof("title: %s", err)
			return ""
		}
		b.WriteString(d.Text)
	}
	return firstLine(thinking.ReplaceAllString(b.String(), ""))
}

// firstLine is the first line of a text that is not blank, cut to a title's length.
func firstLine(text string) string {
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
