package agent

import (
	"strings"
	"unicode/utf8"

	"github.com/opencode-lsp/opencode-lsp/tools"
)

// bytesPerToken is the rule of thumb by which what the provider has not counted yet is estimated. Bytes are those of the
// request, where JSON makes two or more of some characters.
const bytesPerToken = 4

// What a request's JSON takes beside the texts, in bytes, and what a file takes whatever its size, in tokens.
const (
	messageBytes  = 96
	callBytes     = 128
	toolBytes     = 96
	envelopeBytes = 512
	fileTokens    = 2000
	// filePerToken estimates PDFs: a page is some 50 KiB and 2,000 tokens.
	filePerToken = 25
)

// mark goes with a message of the history: the event that it comes from, its weight, and whether it begins a turn.
type mark struct {
	seq    int64
	tokens int64
	turn   bool
}

func sum(marks []mark) (tokens int64) {
	for _, m := range marks {
		tokens += m.tokens
	}
	return tokens
}

// weigh estimates the tokens that a message takes.
func weigh(m Message) int64 {
	size := messageBytes + jsonBytes(m.Text) + len(m.Call)
	for _, c := range m.Calls {
		size += callBytes + len(c.ID) + len(c.Name) + jsonBytes(c.Arguments)
	}
	for _, r := range m.Reasoning {
		size += callBytes + len(r.ID) + jsonBytes(r.Text) + len(r.Opaque)
	}
	return tokensOf(size) + weighFiles(m.Files)
}

func weighFiles(files []tools.Attachment) (tokens int64) {
	for _, f := range files {
		tokens += fileTokens
		if !strings.HasPrefix(f.MIME, "image/") {
			tokens += int64(len(f.Data) / filePerToken)
		}
	}
	return tokens
}

// weighHead estimates what goes before the messages of every request.
func weighHead(system string, specs []ToolSpec) int64 {
	size := envelopeBytes + jsonBytes(system)
	for _, t := range specs {
		size += toolBytes + len(t.Name) + jsonBytes(t.Description) + len(t.Schema)
	}
	return tokensOf(size)
}

func tokensOf(bytes int) int64 { return int64(bytes+bytesPerToken-1) / bytesPerToken }

// jsonBytes is the length of a text as a JSON string.
func jsonBytes(text string) int {
	n := len(text)
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"' || c == '\\' || c == '\n' || c == '\r' || c == '\t':
			n++
		case c < ' ':
			n += 5
		case c >= utf8.RuneSelf:
			r, size := utf8.DecodeRuneInString(text[i:])
			if r == utf8.RuneError && size == 1 {
				n += 5
			} else if r == '\u2028' || r == '\u2029' {
				n += 3
			}
			i += size - 1
		}
	}
	return n
}

// gauge estimates how much of the model's context the next request takes: what the provider counted of the last one, and
// by the rule of thumb what came since, corrected by how far that rule was off.
type gauge struct {
	model string // whose figures these are
	// counted is what the provider counted for the first messages of the history and the head as it was.
	counted  int64
	messages int
	head     int64
	// ratio is how many tokens the provider counts where the rule estimates one; at least 1.
	ratio float64
	// ceiling is what a request was estimated at that the provider found too long; 0: none yet.
	ceiling int64
}

// What a provider's count may be at most, and must be at least, for the estimate to believe it: some leave out what they
// had in their cache, or count nothing at all.
const (
	maxRatio   = 4
	leastShare = 2 // one half
)

// estimate is about how many tokens a request of that head and these messages takes.
func (g *gauge) estimate(head int64, marks []mark) int64 {
	all := g.scale(head + sum(marks))
	if g.counted == 0 || g.messages > len(marks) {
		return all
	}
	return max(g.counted+g.scale(max(0, head-g.head)+sum(marks[g.messages:])), all/leastShare)
}

// scale turns tokens by the rule of thumb into those of the provider.
func (g *gauge) scale(tokens int64) int64 { return int64(float64(tokens) * max(g.ratio, 1)) }

// unscale is the other way round.
func (g *gauge) unscale(tokens int64) int64 { return int64(float64(tokens) / max(g.ratio, 1)) }

// use begins anew where the model is another one.
func (g *gauge) use(model string) {
	if g.model != model {
		*g = gauge{model: model}
	}
}

// counts takes over what the provider counted for a request.
func (g *gauge) counts(input, head int64, marks []mark) {
	if input <= 0 {
		return
	}
	g.counted, g.messages, g.head = input, len(marks), head
	g.ratio = min(max(float64(input)/float64(head+sum(marks)), 1), maxRatio)
}

// tooLong takes note of a request that the provider found too long.
func (g *gauge) tooLong(size int64) { g.ceiling = size / 10 * 9 }

// forget is called when the messages are not those that were counted any more.
func (g *gauge) forget() { g.counted, g.messages, g.head = 0, 0, 0 }
