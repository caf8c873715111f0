package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/opencode-lsp/opencode-lsp/permission"
)

// schema is [Keys] as a tree. A part without a key is an object whose keys are below.
type schema struct {
	key   *Key
	below map[string]*schema
}

func newSchema() *schema {
	root := &schema{}
	for _, key := range Keys() {
		s := root
		for part := range strings.SplitSeq(key.Path, ".") {
			if s.below == nil {
				s.below = map[string]*schema{}
			}
			if s.below[part] == nil {
				s.below[part] = &schema{}
			}
			s = s.below[part]
		}
		s.key = &key
	}
	return root
}

// at returns the part for a name, or nil.
func (s *schema) at(name string) *schema {
	if sub := s.below[name]; sub != nil {
		return sub
	}
	return s.below["*"]
}

// check takes out of a tree, with a warning each, what is unknown or malformed.
func (l *loader) check(d *doc, n *node, s *schema, path []string) {
	n.fields = slices.DeleteFunc(n.fields, func(f field) bool {
		return !l.keep(d, f, s.at(f.key), deeper(path, f.key))
	})
}

func (l *loader) keep(d *doc, f field, s *schema, path []string) bool {
	switch {
	case f.value.kind == null || f.value.inert: // editors send null for what is not set
		return false
	case len(path) == 2 && (path[0] == "agent" || path[0] == "command") && !speakable(f.key):
		l.warnAt(d, f.line, path[:1], "%s is no name that people and models can use, so it was left out; rename it", quote(f.key))
		return false
	case s == nil:
		l.warnAt(d, f.line, path, "this setting is unknown and was left out%s", l.meant(path))
		return false
	case s.key != nil && s.key.Later:
		return false
	case s.below != nil && f.value.kind == object:
		l.check(d, f.value, s, path)
		return true
	case s.key == nil:
		l.wrong(d, f, path, "an object")
		return false
	case s.key.Type == Rules || s.key.Type == ToolSwitch:
		return true // rules are read later, and a malformed one asks
	case f.value.broken:
		return false
	}
	if expected := misfit(f.value, s.key); expected != "" {
		l.wrong(d, f, path, expected)
		return false
	}
	return true
}

// maxName bounds the names of agents and commands, which stand in prompts and menus.
const maxName = 100

// speakable says whether a name shows as what it is: a repository may name a file so that it reads as words of ours.
func speakable(name string) bool {
	return name != "" && len(name) <= maxName && !strings.ContainsFunc(name, unicode.IsControl) && permission.Visible(name) == name
}

func (l *loader) wrong(d *doc, f field, path []string, expected string) {
	l.warnAt(d, f.line, path, "expected %s, found %s, so this setting was left out", expected, f.value.describe())
}

// meant guesses what an unknown key of the newer or older plural form should be.
func (l *loader) meant(path []string) string {
	last := path[len(path)-1]
	for _, guess := range []string{strings.TrimSuffix(last, "s"), last + "s", strings.ToLower(last)} {
		s := l.schema
		for _, part := range append(path[:len(path)-1:len(path)-1], guess) {
			if s = s.below[part]; s == nil {
				break
			}
		}
		if s != nil && guess != last {
			return fmt.Sprintf("; %q is meant, perhaps", guess)
		}
	}
	return ""
}

// misfit says what the key expects where the value is none, else "".
func misfit(n *node, key *Key) string {
	if !fits(n, key.Type) {
		return string(key.Type)
	}
	if key.Values != nil && !slices.Contains(key.Values, n.text) {
		return "one of " + strings.Join(key.Values, ", ")
	}
	return ""
}

func fits(n *node, t Type) bool {
	switch t {
	case Text:
		return n.kind == text
	case Texts:
		return n.kind == list && allTexts(n.items)
	case TextMap:
		return n.kind == object && !slices.ContainsFunc(n.fields, func(f field) bool { return f.value.kind != text })
	case Whole:
		return n.whole()
	case Number:
		return n.number()
	case Bool, OrMore:
		return n.kind == truth // an object is looked into
	case Millis:
		return n.whole() || n.kind == truth && !n.truth
	default:
		return true
	}
}

func allTexts(items []*node) bool {
	return !slices.ContainsFunc(items, func(n *node) bool { return n.kind != text })
}

// whole says whether n is a number that the settings' integers hold, none of which is negative.
func (n *node) whole() bool {
	_, err := strconv.ParseUint(n.text, 10, 31)
	return n.kind == number && err == nil
}

func (n *node) number() bool {
	_, err := strconv.ParseFloat(n.text, 64)
	return n.kind == number && err == nil
}

// isWord reports whether s is short enough and plain enough to be a mistyped word.
func isWord(s string) bool {
	return s != "" && len(s) <= 12 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz") == ""
}

// describe names a value in a warning. It shows words and numbers, which people mistype, and no longer text, which may be
// a key.
func (n *node) describe() string {
	switch n.kind {
	case object:
		return "an object"
	case list:
		return "a list"
	case text:
		if isWord(n.text) {
			return strconv.Quote(n.text)
		}
		return "a string"
	case number:
		return "the number " + n.text
	case truth:
		return strconv.FormatBool(n.truth)
	default:
		return "null"
	}
}
