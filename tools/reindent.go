package tools

import (
	"slices"
	"strings"
)

// reindent gives the lines of new the text's indentation: by one shift where one fits, else line by line.
func (a adaption) reindent() []string {
	by, ok := a.shift()
	if ok {
		return mapLines(a.new, by.line)
	}
	out := slices.Clone(a.new)
	next := 0 // the line of old that comes next
	for n, line := range a.new {
		k := a.model(n, next)
		if a.kept[n] >= 0 {
			next = a.kept[n] + 1
		} else if a.goes(next) {
			next++
		}
		switch {
		case strings.TrimSpace(line) == "":
		case k >= 0 && a.seen[k] >= 0:
			out[n] = indentation(a.got[a.seen[k]]) + strings.TrimLeft(line, " \t")
		case n > 0:
			by, _ = shiftBetween(a.new[n-1:n], out[n-1:n], a.new[n:n+1])
			out[n] = by.line(line)
		}
	}
	return out
}

// model is the line of old, where next is the next, whose indentation line n of new shares: the line itself, that in whose
// place it comes, or the deeper one beside it; -1 for none.
func (a adaption) model(n, next int) int {
	switch line := a.new[n]; {
	case a.kept[n] >= 0:
		return a.kept[n]
	case a.goes(next):
		return a.like(line, next, -1)
	default:
		return a.deeper(a.like(line, next-1, -1), a.like(line, next, +1))
	}
}

// goes reports whether new lacks line k of old.
func (a adaption) goes(k int) bool { return k < len(a.old) && !slices.Contains(a.kept, k) }

// like is the first line of old, from k on by step, that is in the text and that old indents as the model does line; -1 for none.
func (a adaption) like(line string, k, step int) int {
	for ; k >= 0 && k < len(a.old); k += step {
		if a.seen[k] >= 0 && strings.TrimSpace(a.old[k]) != "" && indentation(a.old[k]) == indentation(line) {
			return k
		}
	}
	return -1
}

// deeper is the one of two lines of old that the text indents more.
func (a adaption) deeper(i, j int) int {
	if i < 0 || j >= 0 && len(indentation(a.got[a.seen[j]])) > len(indentation(a.got[a.seen[i]])) {
		return j
	}
	return i
}

// shift is how the text's indentation differs from old's, false where no rule leads from one to the other.
func (a adaption) shift() (shift, bool) {
	var old, got, added []string
	for i, k := range a.seen {
		if k >= 0 {
			old, got = append(old, a.old[i]), append(got, a.got[k])
		}
	}
	keeps := false
	for i, k := range a.kept {
		if k < 0 {
			added = append(added, a.new[i])
		}
		keeps = keeps || k >= 0 && strings.TrimSpace(a.new[i]) != ""
	}
	// A new that shares no line with old may have the text's indentation already, where the model got only old wrong.
	if text := outer(got); !keeps && !strings.HasPrefix(outer(old), text) && strings.HasPrefix(outer(added), text) {
		return shift{}, true
	}
	by, ok := shiftBetween(old, got, added)
	if !ok && !keeps && flush(a.new) && flush(got) && !flush(old) {
		return shift{drop: outer(a.new), add: outer(got)}, true // old is awry, new stands by itself
	}
	return by, ok
}

// flush reports whether the first and the last line with text are indented least.
func flush(lines []string) bool {
	text := slices.DeleteFunc(slices.Clone(lines), func(l string) bool { return strings.TrimSpace(l) == "" })
	return len(text) > 0 && indentation(text[0]) == outer(text) && indentation(text[len(text)-1]) == outer(text)
}
