package config

import (
	"encoding/json"
	"strings"
)

// yaml reads nested keys line by line.
type yaml struct {
	levels []level
	wrong  func(line int, message string)
}

// level is an object that keys deeper than indent belong to.
type level struct {
	indent int
	object *node
}

func (y *yaml) line(number int, line string) {
	content := strings.TrimLeft(line, " ")
	if content == "" || content[0] == '#' {
		return
	}
	key, rest, ok := cutKey(content)
	if !ok {
		y.wrong(number, "this line of the front matter is not understood and was left out; write it as key: value")
		return
	}
	indent := len(line) - len(content)
	for len(y.levels) > 1 && indent <= y.levels[len(y.levels)-1].indent {
		y.levels = y.levels[:len(y.levels)-1]
	}
	parent := y.levels[len(y.levels)-1].object
	value := scalar(strings.TrimSpace(rest), number)
	if value == nil {
		value = &node{kind: object, line: number}
		if len(y.levels) < maxDepth {
			y.levels = append(y.levels, level{indent, value})
		}
	}
	parent.put(field{key, number, value})
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
