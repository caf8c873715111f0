package agent

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/opencode-lsp/opencode-lsp/tools"
)

// talk makes a history of words: u starts a turn, j joins one, n is a note, a answers, c calls once, cc twice and so on,
// each call followed by its results, s is a summary. A number behind a word is its weight in hundreds of tokens.
func talk(words ...string) *history {
	h := &history{}
	for i, word := range words {
		kind := strings.TrimRight(word, "0123456789")
		size := 1
		fmt.Sscan(word[len(kind):], &size)
		text := strings.Repeat("x", size*400-messageBytes-10)
		seq := int64(i+1) * 10
		switch kind {
		case "s":
			h.summary = text
			h.push(0, Message{Role: User, Text: text})
		case "u":
			h.add(Event{Seq: seq, Type: TurnStarted, Prompt: &Prompt{Text: text}})
		case "j":
			h.add(Event{Seq: seq, Type: PromptJoined, Prompt: &Prompt{Text: text}})
		case "n":
			h.add(Event{Seq: seq, Type: Noted, Text: text})
		case "a":
			h.add(Event{Seq: seq, Type: MessageDone, Message: &Reply{Text: text}})
		default:
			h.calls(seq, len(kind), text)
		}
	}
	return h
}

// calls adds a reply of n calls and their results.
func (h *history) calls(seq int64, n int, text string) {
	var calls []tools.Call
	for i := range n {
		calls = append(calls, tools.Call{ID: fmt.Sprintf("%d-%d", seq, i), Name: "do", Arguments: "{}"})
	}
	h.add(Event{Seq: seq, Type: MessageDone, Message: &Reply{Calls: calls}})
	for i, c := range calls {
		h.add(Event{Seq: seq + 1 + int64(i), Type: CallDone, Result: &CallResult{Call: c.ID, Result: tools.Result{Text: text}}})
	}
}

func TestPlan(t *testing.T) {
	tests := map[string]struct {
		talk        string
		room, keep  int64 // in hundreds of tokens
		turns       int64
		first, tail int
		cut         string // the events' Seqs
	}{
		"nothing":                           {"", 50, 20, 0, 0, 0, "[]"},
		"all fits":                          {"u a u a", 50, 20, 0, 0, 0, "[]"},
		"the newest":                        {"u10 a10 u a", 50, 5, 0, 0, 2, "[]"},
		"a turn is split":                   {"u c10 c10 c3 c3", 50, 9, 0, 0, 5, "[]"},
		"a call stays with its result":      {"u c10 c5", 50, 5, 0, 0, 3, "[]"},
		"and with all of its results":       {"u c10 ccc5", 50, 17, 0, 0, 3, "[]"},
		"one exchange above the measure":    {"u10 ccc5", 50, 9, 0, 0, 1, "[]"},
		"turns are counted":                 {"u a u a u c n a", 50, 40, 2, 0, 2, "[]"},
		"a prompt that joins begins none":   {"u a u a j a", 50, 40, 2, 0, 0, "[]"},
		"an earlier summary goes first":     {"s u10 a10 u a", 50, 5, 0, 1, 3, "[]"},
		"nothing since an earlier summary":  {"s u a", 50, 20, 0, 1, 1, "[]"},
		"a long result is cut":              {"u c100", 50, 9, 0, 0, 1, "[21]"},
		"the long ones of several":          {"u10 ccc30", 50, 9, 0, 0, 1, "[21 22 23]"},
		"a long prompt is cut":              {"u a u100", 50, 9, 0, 0, 2, "[30]"},
		"even where there is hardly room":   {"u a u100", 0, 0, 0, 0, 2, "[30]"},
		"a long prompt after a summary":     {"s u100", 50, 9, 0, 1, 1, "[20]"},
		"an answer that is too long is not": {"u a100", 50, 9, 0, 0, 2, "[]"},
		"nor are results without room":      {"u cccccccccccccccccccccccccccccccccccccccccccccc", 50, 1, 0, 0, 48, "[]"},
	}
	for name, test := range tests {
		h := talk(strings.Fields(test.talk)...)
		p := h.plan(test.room*100, test.keep*100, test.turns)
		if cut := fmt.Sprint(slices.Sorted(maps.Keys(p.cut))); p.first != test.first || p.tail != test.tail || cut != test.cut {
			t.Errorf("%s: first %d, tail %d, cut %s, want %d, %d, %s", name, p.first, p.tail, cut, test.first, test.tail, test.cut)
		}
	}
}

// Whatever was said, what stays fits, begins with no result, and is what a replay of the event gives.
func TestPlanFits(t *testing.T) {
	words := []string{"u", "u9", "j", "n", "a", "a4", "c", "c7", "cc3", "ccc30", "c99", "u99"}
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var said []string
		for range random.IntN(12) {
			said = append(said, words[random.IntN(len(words))])
		}
		h := talk(append([]string{"u"}, said...)...)
		if h.summary == "" && random.IntN(2) == 0 {
			h.compact(&Summary{Text: "earlier", Messages: 1, Tail: 11})
		}
		room := int64(1000 + random.IntN(9000))
		p := h.plan(room, room/2, int64(random.IntN(4)))
		if p.empty() {
			continue
		}
		c := h.outline(p, 100)
		before := len(h.messages)
		h.compact(c)
		kept := h.messages
		if c.message() != "" {
			kept = kept[1:]
		}
		if len(kept) != before-p.tail {
			t.Fatalf("%v: %d messages stay, want %d", said, len(kept), before-p.tail)
		}
		if size := sum(h.marks[len(h.marks)-len(kept):]); size > max(room, leastCut+messageBytes) {
			t.Fatalf("%v: %d tokens stay, room is for %d", said, size, room)
		}
		if len(kept) > 0 && kept[0].Role == Tool {
			t.Fatalf("%v: a result without its call comes first", said)
		}
	}
}

func TestJSONBytes(t *testing.T) {
	for _, text := range []string{
		"", "plain", "\"quoted\"\\", "a\nb\tc\r", "\x00\x01\x1f\x7f\b\f", "äöü€𝄞", "\u2028\u2029", "bad \xff\xc3 utf8", "<html>&amp;", "\xed\xa0\x80",
	} {
		var b strings.Builder
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(text); err != nil {
			t.Fatal(err)
		}
		if got, want := jsonBytes(text), b.Len()-len("\"\"\n"); got < want || got > want+8 {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}

func TestShorten(t *testing.T) {
	for _, text := range []string{strings.Repeat("word ", 100), strings.Repeat("ü€𝄞", 60), strings.Repeat("\n\"", 300), strings.Repeat("\xff", 300)} {
		for most := range 200 {
			got := shorten(text, most)
			if !strings.Contains(got, "bytes are left out here") || len(got) > most+noteBytes || utf8.ValidString(text) && !utf8.ValidString(got) {
				t.Errorf("%.10q to %d: %q", text, most, got)
			}
		}
		for tokens := int64(20); tokens < 100; tokens++ {
			if got := tokensOf(jsonBytes(fitted(text, tokens))); got > tokens {
				t.Errorf("%.10q takes %d tokens, not %d", text, got, tokens)
			}
		}
	}
	if got := shorten("short", 5); got != "short" {
		t.Errorf("%q", got)
	}
}

// Rooms of models, in thousands of tokens.
func TestDivide(t *testing.T) {
	tests := map[string]struct {
		context, output int64
		set             Compaction
		usable, tail    int64
	}{
		"a large model":            {200_000, 64_000, Compaction{}, 180_000, 15_000},
		"a short reply":            {128_000, 4_096, Compaction{}, 123_904, 15_000},
		"nothing known of replies": {64_000, 0, Compaction{}, 48_000, 12_000},
		"a small model":            {8_000, 0, Compaction{}, 6_000, 2_000},
		"reserved":                 {64_000, 8_000, Compaction{Reserved: 1_000}, 63_000, 15_000},
		"too much reserved":        {64_000, 8_000, Compaction{Reserved: 99_000}, 32_000, 8_000},
		"kept":                     {64_000, 8_000, Compaction{PreserveRecent: 3_000}, 56_000, 3_000},
	}
	for name, test := range tests {
		r := divide(ModelInfo{Context: test.context, Output: test.output}, test.set)
		if r.usable != test.usable || r.tail(test.set) != test.tail {
			t.Errorf("%s: usable %d, tail %d, want %d, %d", name, r.usable, r.tail(test.set), test.usable, test.tail)
		}
	}
}

func TestPrunable(t *testing.T) {
	h := talk("u", "c210", "c300", "c150", "c90", "c310")
	h.messages[1].Calls[0].Name = unpruned
	if got := h.prunable(); fmt.Sprint(got) != "[30-0 40-0]" {
		t.Errorf("prunable = %v", got)
	}
	h.prune(h.prunable())
	if h.messages[4].Text != cleared || h.messages[2].Text == cleared || len(h.prunable()) != 0 {
		t.Errorf("messages = %.80v", h.messages)
	}
}
