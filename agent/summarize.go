package agent

import (
	"cmp"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"time"
)

//go:embed compact.md
var compactText string

// compactor is the profile whose model and instructions write summaries.
const compactor = "compaction"

// summarize fills in the text: by the first model of those that may that manages.
func (s *Session) summarize(ctx context.Context, c *Summary, p plan, own room) {
	s.notice("compacting the conversation")
	profile, err := s.opt.profile(compactor)
	if err != nil {
		logger().Warningf("compaction: %s", err)
	}
	for _, m := range s.summarizers(profile) {
		r := own
		if m.info.Context > 0 && m.info.Name != s.turn.info.Name {
			r = divide(m.info, Compaction{})
		}
		req := Request{Session: s.id, System: cmp.Or(profile.Prompt, compactText), Params: profile.Params}
		budget := s.gauge.unscale(r.usable) - weighHead(req.System, nil)
		req.Messages = []Message{{Role: User, Text: s.history.material(p, budget)}}
		text, usage, err := s.write(ctx, m.model, req)
		if err == nil {
			c.Text, c.Failure, c.Model, c.Usage = text, "", m.info.Name, usage
			return
		}
		if ctx.Err() != nil {
			return
		}
		logger().Warningf("compaction: %s: %s", m.info.Name, err)
		c.Failure = FirstLine(err.Error())
	}
}

// summarizer is a model that may sum up.
type summarizer struct {
	model Model
	info  ModelInfo
}

// summarizers are the profile's own model, or the small one, and the turn's own in case that fails.
func (s *Session) summarizers(profile Profile) []summarizer {
	own := summarizer{s.turn.model, s.turn.info}
	if profile.Model != "" {
		model, info, err := s.opt.Model(profile.Model)
		if err == nil {
			return []summarizer{{model, info}, own}
		}
		logger().Warningf("compaction: %s", err)
	}
	if model, info := s.opt.SmallModel(); model != nil {
		return []summarizer{{model, info}, own}
	}
	return []summarizer{own}
}

// write asks for a text that nobody sees while it comes.
func (s *Session) write(ctx context.Context, model Model, req Request) (text string, usage *Usage, err error) {
	err = s.patiently(ctx, func() error {
		text, usage, err = read(model.Stream(ctx, req))
		return err
	})
	if err == nil && text == "" {
		err = errors.New("the model wrote nothing")
	}
	return text, usage, err
}

// notice shows what the session is doing.
func (s *Session) notice(text string) {
	s.log.notice(Event{Time: time.Now(), Type: Progress, SessionID: s.id, Turn: s.turn.id, Text: text})
}

// How much of each text goes to the model that sums up, in bytes: OpenCode's figure for results, more for people's words.
const (
	resultBytes    = 2000
	argumentBytes  = 1000
	assistantBytes = 4000
	userBytes      = 8000
)

// material is what the summary is made from, in at most so many tokens: the earlier summary, and the messages before the
// tail as text, the oldest left out where that is too long.
func (h *history) material(p plan, budget int64) string {
	head := "Sum up this conversation.\n"
	if h.summary != "" {
		head += "\n# Earlier summary\n" + h.summary + "\n"
	}
	left := budget - tokensOf(jsonBytes(head)+messageBytes+noteBytes)
	names := h.callNames()
	var parts []string
	from := p.tail
	for ; from > p.first; from-- {
		text := told(h.messages[from-1], names)
		if left -= tokensOf(jsonBytes(text)); left < 0 {
			break
		}
		parts = append(parts, text)
	}
	if from > p.first {
		parts = append(parts, fmt.Sprintf("\n(%d older messages are left out.)\n", from-p.first))
	}
	var b strings.Builder
	b.WriteString(head)
	for i := len(parts) - 1; i >= 0; i-- {
		b.WriteString(parts[i])
	}
	return b.String()
}

// told is a message as the summarizing model reads it.
func told(m Message, names map[string]string) string {
	var b strings.Builder
	switch m.Role {
	case User:
		fmt.Fprintf(&b, "\n# User\n%s\n", shorten(m.Text, userBytes))
	case Tool:
		state := "Result"
		if m.Failed {
			state = "Failed result"
		}
		fmt.Fprintf(&b, "\n# %s of %s\n%s\n", state, names[m.Call], shorten(m.Text, resultBytes))
	case Assistant:
		fmt.Fprintf(&b, "\n# Agent\n%s\n", shorten(m.Text, assistantBytes))
		for _, c := range m.Calls {
			fmt.Fprintf(&b, "calls %s %s\n", c.Name, shorten(c.Arguments, argumentBytes))
		}
	}
	return b.String()
}
