package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"github.com/tidwall/jsonc"
)

// node is a JSON value with its place. Its value is a map in the order of the file (fields), a list (items), a string, a
// json.Number or a bool, after its kind.
type node struct {
	kind   kind
	line   int
	fields []field
	items  []*node
	text   string // of a string or number
	truth  bool
	// inert marks what is left out for want of trust, project an instruction of the workspace's.
	inert, project bool
	// resolved marks a text that {env:} or {file:} has brought something into.
	resolved bool
	// broken marks a value that could not be read to its end, of which its source was told.
	broken bool
}

type kind uint8

const (
	null kind = iota
	object
	list
	text
	number
	truth
)

type field struct {
	key   string
	line  int
	value *node
}

// syntaxError says where a text is no JSON.
type syntaxError struct {
	line, column int
	message      string
}

func (e *syntaxError) Error() string { return e.message }

// parse reads JSON with comments and trailing commas. duplicate hears of every key that stands twice in an object, of
// which the last holds.
func parse(src []byte, duplicate func(line int, path []string)) (*node, error) {
	if after, found := bytes.CutPrefix(src, []byte("\xef\xbb\xbf")); found {
		src = append([]byte("   "), after...) // as long as the mark, for the columns
	}
	src = jsonc.ToJSON(src) // keeps every offset
	var whole json.RawMessage
	if err := json.Unmarshal(src, &whole); err != nil {
		return nil, located(src, err)
	}
	p := parser{src: src, decoder: json.NewDecoder(bytes.NewReader(src)), line: 1, duplicate: duplicate}
	p.decoder.UseNumber()
	n, err := p.value(nil)
	if err != nil {
		return nil, located(src, err)
	}
	return n, nil
}

// located gives a decoder's error its line and column.
func located(src []byte, err error) error {
	if _, ok := errors.AsType[*syntaxError](err); ok {
		return err
	}
	offset := len(src)
	if at, ok := errors.AsType[*json.SyntaxError](err); ok && at.Offset > 0 {
		offset = min(int(at.Offset)-1, len(src))
	}
	message := strings.TrimPrefix(err.Error(), "json: ")
	if errors.Is(err, io.EOF) || strings.Contains(message, "unexpected end") {
		message, offset = "the text ends too early", len(src)
	}
	before := src[:offset]
	return &syntaxError{bytes.Count(before, []byte("\n")) + 1, offset - bytes.LastIndexByte(before, '\n'), message}
}

// parser walks the tokens of a text that is known to be JSON.
type parser struct {
	src       []byte
	decoder   *json.Decoder
	line      int
	counted   int64 // up to where line counts
	depth     int
	duplicate func(line int, path []string)
}

// next returns the next token and the line that it ends on, which is the one it starts on: JSON's tokens hold no newline.
func (p *parser) next() (json.Token, int, error) {
	token, err := p.decoder.Token()
	end := p.decoder.InputOffset()
	p.line += bytes.Count(p.src[p.counted:end], []byte("\n"))
	p.counted = end
	return token, p.line, err
}

// Settings are small; a text beyond these is an accident or an attack on our time.
const (
	maxDepth   = 64
	maxEntries = 4096 // of one object or list
)

func (p *parser) value(path []string) (*node, error) {
	token, line, err := p.next()
	if err != nil {
		return nil, err
	}
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > maxDepth {
		return nil, &syntaxError{line, 0, "the values are nested too deep"}
	}
	switch v := token.(type) {
	case json.Delim:
		if v == '{' {
			return p.object(line, path)
		}
		return p.list(line, path)
	case string:
		return &node{kind: text, line: line, text: v}, nil
	case json.Number:
		return &node{kind: number, line: line, text: v.String()}, nil
	case bool:
		return &node{kind: truth, line: line, truth: v}, nil
	default:
		return &node{kind: null, line: line}, nil
	}
}

func (p *parser) object(line int, path []string) (*node, error) {
	n := &node{kind: object, line: line}
	at := map[string]bool{}
	for p.decoder.More() {
		token, line, err := p.next()
		if err != nil {
			return nil, err
		}
		key := token.(string)
		inside := append(path[:len(path):len(path)], key)
		v, err := p.value(inside)
		if err != nil {
			return nil, err
		}
		if at[key] {
			p.duplicate(line, inside)
			n.remove(key) // the last one holds, at its own place
		}
		at[key] = true
		if n.fields = append(n.fields, field{key, line, v}); len(n.fields) > maxEntries {
			return nil, &syntaxError{line, 0, "an object has too many keys"}
		}
	}
	_, _, err := p.next()
	return n, err
}

func (p *parser) list(line int, path []string) (*node, error) {
	n := &node{kind: list, line: line}
	for p.decoder.More() {
		v, err := p.value(path)
		if err != nil {
			return nil, err
		}
		if n.items = append(n.items, v); len(n.items) > maxEntries {
			return nil, &syntaxError{v.line, 0, "a list has too many entries"}
		}
	}
	_, _, err := p.next()
	return n, err
}
