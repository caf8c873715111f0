package permission

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// ParseRules reads the value of OpenCode's "permission" key: one word for everything, or an object whose values are a
// word or an object of pattern to word. Rules come in the order of the JSON keys, which decides between them. Under bash the
// word "readonly" is the preset [ReadOnly].
//
// It returns every rule that could be read beside the errors of those that could not, each naming its key. A rule whose
// action cannot be read asks, so that a misspelt "deny" never widens what is allowed.
func ParseRules(data []byte) ([]Rule, error) {
	p := ruleParser{dec: json.NewDecoder(bytes.NewReader(data))}
	p.value("permission", p.permissions, "", func(a Action) { p.add("*", "*", a) })
	if _, err := p.dec.Token(); p.broken == nil && !errors.Is(err, io.EOF) {
		p.fail("permission", errors.New("holds more than one value"))
	}
	return p.rules, errors.Join(p.errs...)
}

type ruleParser struct {
	dec    *json.Decoder
	rules  []Rule
	errs   []error
	broken error // the JSON itself: nothing can be read after it
}

func (p *ruleParser) add(permission, pattern string, a Action) {
	p.rules = append(p.rules, Rule{Permission: permission, Pattern: pattern, Action: a})
}

func (p *ruleParser) fail(key string, err error) {
	p.errs = append(p.errs, fmt.Errorf("%s: %w", key, err))
}

// value reads one value: an object goes to object, a word to word. Under preset, the permission whose commands it would
// allow, the word "readonly" is known too.
func (p *ruleParser) value(key string, object func(), preset string, word func(Action)) {
	tok, ok := p.token(key)
	if !ok {
		return
	}
	switch t := tok.(type) {
	case json.Delim:
		if t == '{' && object != nil {
			object()
			return
		}
		p.skip(key, t)
		p.fail(key, errors.New("must be ask, allow or deny"))
		word(Ask)
	case string:
		if t == ReadOnlyWord && preset == "bash" {
			p.rules = append(p.rules, ReadOnly()...)
			return
		}
		a, err := ParseAction(t)
		if err != nil {
			p.fail(key, err)
		}
		word(a)
	default:
		p.fail(key, errors.New("must be ask, allow or deny"))
		word(Ask)
	}
}

func (p *ruleParser) permissions() {
	p.members("permission", func(name string) {
		key := "permission." + name
		p.value(key, func() { p.patterns(key, name) }, name, func(a Action) { p.add(name, "*", a) })
	})
}

func (p *ruleParser) patterns(key, name string) {
	p.members(key, func(pattern string) {
		preset := ""
		if pattern == "*" {
			preset = name
		}
		p.value(fmt.Sprintf("%s[%q]", key, pattern), nil, preset, func(a Action) { p.add(name, pattern, a) })
	})
}

// members calls f before each value of the object that the decoder is in.
func (p *ruleParser) members(key string, f func(name string)) {
	for p.broken == nil && p.dec.More() {
		tok, ok := p.token(key)
		if name, isString := tok.(string); ok && isString {
			f(name)
		}
	}
	p.token(key) // the closing brace
}

// skip reads to the end of the array or object that t opened.
func (p *ruleParser) skip(key string, t json.Delim) {
	for depth := 1; depth > 0 && p.broken == nil; {
		tok, _ := p.token(key)
		switch tok {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
	}
}

func (p *ruleParser) token(key string) (json.Token, bool) {
	if p.broken != nil {
		return nil, false
	}
	tok, err := p.dec.Token()
	if err != nil {
		p.broken = err
		p.fail(key, err)
	}
	return tok, err == nil
}
