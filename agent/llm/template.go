package llm

import (
	"bytes"
	"encoding/json"
	"reflect"
	"unicode/utf8"
)

// maxMisses is how many chunks in a row may differ from the one before until a stream counts as one without a pattern.
const maxMisses = 16

// template reads chunks that differ from an earlier one in a single string, which is nearly all of a reply: more text, more
// reasoning, more arguments. What stands before and after that string is compared as bytes, so a match means exactly what
// decoding would give, at a tenth of the time.
type template struct {
	prefix, suffix []byte // both with the quote that is next to the string
	chunk          chunk
	set            func(*chunk, []byte, string)
	misses         int
}

// read returns what raw holds, or nil where it does not match. The chunk is valid until the next call.
func (t *template) read(raw []byte) *chunk {
	n := len(raw) - len(t.suffix)
	if t.set == nil || n < len(t.prefix) || !bytes.HasPrefix(raw, t.prefix) || !bytes.HasSuffix(raw, t.suffix) {
		return nil
	}
	literal := raw[len(t.prefix)-1 : n+1]
	text, ok := unquote(literal)
	if !ok {
		return nil
	}
	t.misses = 0
	t.set(&t.chunk, literal, text)
	return &t.chunk
}

// unquote reads a JSON string with its quotes.
func unquote(literal []byte) (text string, ok bool) {
	inner := literal[1 : len(literal)-1]
	plain := func(c byte) bool { return c >= ' ' && c != '"' && c != '\\' }
	for _, c := range inner {
		if !plain(c) {
			return text, json.Unmarshal(literal, &text) == nil
		}
	}
	return string(inner), utf8.Valid(inner)
}

// learn makes raw, which c was decoded from, the pattern for the chunks to come, if it is of the kind that repeats.
func (t *template) learn(raw []byte, c chunk) {
	if t.misses++; t.misses > maxMisses || len(c.Choices) != 1 || c.Usage != nil {
		return
	}
	if only := c.Choices[0]; only.Index != 0 || only.FinishReason != "" {
		return
	}
	for key, set := range map[string]func(*chunk, []byte, string){
		`"content":`:           setContent,
		`"reasoning_content":`: func(c *chunk, _ []byte, s string) { c.Choices[0].Delta.ReasoningContent = s },
		`"reasoning":`:         func(c *chunk, _ []byte, s string) { c.Choices[0].Delta.Reasoning = s },
		`"arguments":`:         setArguments,
	} {
		if next, ok := try(raw, key, set); ok {
			next.misses = t.misses
			*t = next
			return
		}
	}
}

func setContent(c *chunk, _ []byte, s string) { c.Choices[0].Delta.Content = s }

func setArguments(c *chunk, literal []byte, _ string) {
	if calls := c.Choices[0].Delta.ToolCalls; len(calls) == 1 {
		calls[0].Function.Arguments = literal
	}
}

// try cuts raw at the string under key and proves the cut right: with another string in its place raw decodes to the same chunk
// but for that string.
func try(raw []byte, key string, set func(*chunk, []byte, string)) (t template, ok bool) {
	at := bytes.Index(raw, []byte(key))
	if at < 0 {
		return t, false
	}
	at += len(key)
	at += len(raw[at:]) - len(bytes.TrimLeft(raw[at:], " "))
	end := stringEnd(raw[at:])
	if end < 0 {
		return t, false
	}
	t = template{prefix: bytes.Clone(raw[:at+1]), suffix: bytes.Clone(raw[at+end:]), set: set}
	const probe = `"\u0000probe"`
	var want chunk
	changed := append(bytes.Clone(raw[:at]), probe...)
	if json.Unmarshal(append(changed, raw[at+end+1:]...), &t.chunk) != nil || json.Unmarshal(raw, &want) != nil {
		return t, false
	}
	set(&want, []byte(probe), "\x00probe")
	return t, reflect.DeepEqual(t.chunk, want)
}

// stringEnd returns the index of the closing quote of the JSON string that s begins with, or -1.
func stringEnd(s []byte) int {
	if len(s) == 0 || s[0] != '"' {
		return -1
	}
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return -1
}
