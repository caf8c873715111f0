package agenttest

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/opencode-lsp/opencode-lsp/tools"
)

// defaultPause is what !slow means without a duration.
const defaultPause = 20 * time.Millisecond

// End is how a step's answer ends.
type End int

// The endings: complete, connection cut, or silent until the client goes away.
const (
	Whole End = iota
	Drop
	Hang
)

// Step is the model's answer to one request.
type Step struct {
	// Think is what the model thinks, before Text.
	Think string
	// Text is streamed first, then Calls in parallel, then each of Raw as one event. Calls without an ID get one.
	Text  string
	Calls []tools.Call
	Raw   []string
	End   End
	// Pause is the time before each piece.
	Pause time.Duration
	// Status, unless 0 or 200, is answered instead of a stream, with Header and an error object of Message, Code and Type.
	Status              int
	Header              map[string]string
	Message, Code, Type string
	// For, if set, keeps the step for conversations whose first prompt holds this text.
	For string
	// Title, if set, makes this no step: it answers the requests that offer no tools. Summary does for those among them that
	// want one. Limit refuses requests of more tokens, of four bytes each, as longer than the model's context.
	Title, Summary string
	Limit          int
}

// setting says that the step is none.
func (s Step) setting() bool { return s.Title != "" || s.Summary != "" || s.Limit != 0 }

// Parse reads a script; the package comment has its grammar. Errors name the line.
func Parse(text string) ([]Step, error) {
	var p parser
	for i, line := range strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		if err := p.line(line); err != nil {
			return nil, fmt.Errorf("script line %d: %w", i+1, err)
		}
	}
	p.flush()
	return p.steps, nil
}

// parser collects the lines of one paragraph.
type parser struct {
	steps []Step
	cur   Step
	text  []string
	used  bool // cur holds something
}

func (p *parser) line(line string) error {
	switch {
	case strings.TrimSpace(line) == "":
		p.flush()
		return nil
	case strings.HasPrefix(line, "!title "):
		p.steps = append(p.steps, Step{Title: strings.TrimSpace(line[len("!title "):])})
		return nil
	case strings.HasPrefix(line, "!summary "):
		p.steps = append(p.steps, Step{Summary: strings.TrimSpace(line[len("!summary "):])})
		return nil
	case strings.HasPrefix(line, "!limit "):
		limit, err := strconv.Atoi(strings.TrimSpace(line[len("!limit "):]))
		p.steps = append(p.steps, Step{Limit: limit})
		return err
	}
	p.used = true
	switch {
	case strings.HasPrefix(line, "!"):
		return p.cur.directive(line[1:])
	case strings.HasPrefix(line, "call "):
		name, args, _ := strings.Cut(strings.TrimSpace(line[len("call "):]), " ")
		p.cur.Calls = append(p.cur.Calls, tools.Call{Name: name, Arguments: strings.TrimSpace(args)})
	default:
		p.text = append(p.text, strings.TrimPrefix(line, `\`))
	}
	return nil
}

func (p *parser) flush() {
	if p.used {
		p.cur.Text = strings.Join(p.text, "\n")
		p.steps = append(p.steps, p.cur)
	}
	p.cur, p.text, p.used = Step{}, nil, false
}

func (s *Step) directive(line string) (err error) {
	word, rest, _ := strings.Cut(line, " ")
	rest = strings.TrimSpace(rest)
	switch word {
	case "drop":
		s.End = Drop
	case "hang":
		s.End = Hang
	case "think":
		s.Think = rest
	case "for":
		s.For = rest
	case "raw":
		s.Raw = append(s.Raw, rest)
	case "slow":
		s.Pause = defaultPause
		if rest != "" {
			s.Pause, err = time.ParseDuration(rest)
		}
	case "status":
		err = s.status(rest)
	default:
		err = fmt.Errorf("no directive !%s: use !status, !drop, !hang, !slow, !for, !think, !raw, !title, !summary or !limit", word)
	}
	return err
}

// status reads "429 retry-after=2 the reason".
func (s *Step) status(line string) (err error) {
	number, rest, _ := strings.Cut(line, " ")
	if s.Status, err = strconv.Atoi(number); err != nil || s.Status < 200 || s.Status > 599 {
		return fmt.Errorf("!status wants an HTTP status first, not %q", number)
	}
	words := strings.Fields(rest)
	for len(words) > 0 {
		key, value, ok := strings.Cut(words[0], "=")
		if !ok || !s.set(key, value) {
			break
		}
		words = words[1:]
	}
	s.Message = strings.Join(words, " ")
	return nil
}

// set takes one key=value of !status, or reports that the key is none of its own.
func (s *Step) set(key, value string) bool {
	switch key {
	case "code":
		s.Code = value
	case "type":
		s.Type = value
	case "retry-after", "retry-after-ms":
		if s.Header == nil {
			s.Header = make(map[string]string)
		}
		s.Header[key] = value
	default:
		return false
	}
	return true
}
