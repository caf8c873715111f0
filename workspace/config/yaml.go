package config

import (
	"encoding/json"
	"fmt"
	"strings"
)

// yaml reads nested keys line by line.
type yaml struct {
	levels []level
	last   *node // the scalar that deeper lines go on with; nil for none
	indent int   // of its key
	block  byte  // '|' or '>' where it is a block, else 0
	wrong  func(line int, message string)
}

// level is an object that keys deeper than indent belong to. owner holds it, for it may turn out to be a list.
type level struct {
	indent int
	object *node
}

func (y *yaml) line(number int, line string) {
	content := strings.TrimLeft(line, " ")
	indent := len(line) - len(content)
	if y.goesOn(line, content, indent) || content == "" || content[0] == '#' {
		return
	}
	if rest, ok := strings.CutPrefix(content, "- "); ok && y.item(number, indent, strings.TrimSpace(rest)) {
		return
	}
	key, rest, ok := cutKey(content)
	if !ok {
		y.wrong(number, "this line of the front matter is not understood and was left out; write it as key: value")
		return
	}
	for len(y.levels) > 1 && indent <= y.levels[len(y.levels)-1].indent {
		y.levels = y.levels[:len(y.levels)-1]
	}
	parent := y.levels[len(y.levels)-1].object
	value := y.value(strings.TrimSpace(rest), number)
	y.indent = indent
	if value == nil {
		value = &node{kind: object, line: number}
		if len(y.levels) < maxDepth {
			y.levels = append(y.levels, level{indent, value})
		}
	}
	if parent.kind == object {
		parent.put(field{key, number, value})
	}
}

// goesOn takes a line that belongs to the text above it: deeper than its key, or blank in a block.
func (y *yaml) goesOn(line, content string, indent int) bool {
	if y.last == nil || content != "" && indent <= y.indent || content == "" && y.block == 0 {
		y.last = nil
		return false
	}
	switch {
	case y.block == '|':
		y.last.text = strings.TrimPrefix(y.last.text+"\n"+content, "\n")
	case content == "":
		y.last.text += "\n"
	case y.last.text == "" || strings.HasSuffix(y.last.text, "\n"):
		y.last.text += content
	default:
		y.last.text += " " + content
	}
	return true
}

// value reads what stands behind a key; nil where there is nothing, which opens an object.
func (y *yaml) value(s string, line int) *node {
	y.last, y.block = nil, 0
	s, ok := closed(s)
	if !ok {
		y.wrong(line, fmt.Sprintf("what %c opens is not closed on this line of the front matter; close it, or put the text into quotes", s[0]))
		return &node{kind: text, line: line, text: s, broken: true}
	}
	if s != "" && (s[0] == '|' || s[0] == '>') && strings.Trim(s[1:], "+-0123456789") == "" {
		y.last, y.block = &node{kind: text, line: line}, s[0]
		return y.last
	}
	n := scalar(s, line)
	if n != nil && n.kind == text && s[0] != '"' && s[0] != '\'' {
		y.last = n
	}
	return n
}

// closed is a value without the comment behind it where that begins with a bracket or a quote; false where it does not end
// with the counterpart. YAML goes on with such a value on the next line, which OpenCode's files do not: it is a mistake.
func closed(s string) (string, bool) {
	closing := map[byte]byte{'[': ']', '{': '}', '"': '"', '\'': '\''}
	if s == "" || closing[s[0]] == 0 {
		return s, true
	}
	ends := func(s string) bool { return len(s) > 1 && s[len(s)-1] == closing[s[0]] }
	if i := strings.LastIndex(s, " #"); i > 0 && !ends(s) {
		s = strings.TrimSpace(s[:i])
	}
	return s, ends(s)
}

// item takes an entry of a list, which the object that its key opened becomes.
func (y *yaml) item(number, indent int, s string) bool {
	top := y.levels[len(y.levels)-1]
	if len(y.levels) == 1 || indent < top.indent || len(top.object.fields) > 0 {
		return false
	}
	top.object.kind = list
	if n := scalar(s, number); n != nil && len(top.object.items) < maxEntries {
		top.object.items = append(top.object.items, n)
	}
	return true
}

// cutKey splits a line after its key, which may be quoted.
func cutKey(s string) (key, rest string, ok bool) {
	if s[0] == '"' || s[0] == '\'' {
		end := strings.IndexByte(s[1:], s[0]) + 1
		if end == 0 {
			return "", "", false
		}
		rest, ok = strings.CutPrefix(strings.TrimLeft(s[end+1:], " "), ":")
		return s[1:end], rest, ok
	}
	if key, ok = strings.CutSuffix(s, ":"); ok {
		return strings.TrimSpace(key), "", true
	}
	key, rest, ok = strings.Cut(s, ": ")
	return strings.TrimSpace(key), rest, ok
}

// scalar reads a value; nil where there is none, which opens an object.
func scalar(s string, line int) *node {
	n := &node{kind: text, line: line, text: s}
	switch {
	case s == "" || s[0] == '#':
		return nil
	case s == "true", s == "false":
		return &node{kind: truth, line: line, truth: s == "true"}
	case s[0] == '[' && s[len(s)-1] == ']':
		return flow(s[1:len(s)-1], line)
	case len(s) > 1 && s[0] == '\'' && s[len(s)-1] == '\'':
		n.text = strings.ReplaceAll(s[1:len(s)-1], "''", "'")
	case len(s) > 1 && s[0] == '"' && json.Unmarshal([]byte(s), &n.text) == nil:
	default:
		if i := strings.Index(s, " #"); i >= 0 {
			n.text = strings.TrimSpace(s[:i])
		}
		var parsed json.Number
		if json.Unmarshal([]byte(n.text), &parsed) == nil {
			n.kind = number
		}
	}
	return n
}

// flow reads a list in brackets, of plain or quoted words without commas.
func flow(s string, line int) *node {
	n := &node{kind: list, line: line}
	for word := range strings.SplitSeq(s, ",") {
		word = strings.TrimSpace(word)
		if item := scalar(strings.Trim(word, "[]"), line); item != nil && len(n.items) < maxEntries {
			n.items = append(n.items, item)
		}
	}
	return n
}
