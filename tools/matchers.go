package tools

import (
	"regexp"
	"slices"
	"strings"
)

// wanted is an oldString as the strategies that work by lines see it.
type wanted struct {
	lines []string
	// open says that it ends in a line end, so that the span has to as well.
	open bool
}

// byLines splits an oldString into lines; one of white space alone is nothing that could be found leniently.
func byLines(old string) (wanted, bool) {
	if strings.TrimSpace(old) == "" {
		return wanted{}, false
	}
	ls := splitLines(old)
	w := wanted{open: strings.HasSuffix(old, "\n")}
	for i := range ls.at {
		w.lines = append(w.lines, ls.line(i))
	}
	return w, true
}

// blocks gives the spans of as many lines as w has for which same holds.
func (w wanted) blocks(text lines, same func(i int) bool) []span {
	var found []span
	for i := 0; i+len(w.lines) <= len(text.at); i++ {
		if same(i) {
			found = append(found, text.block(i, len(w.lines), w.open))
		}
	}
	return found
}

// exact finds every place where old stands byte for byte; places do not overlap.
func exact(text lines, old string) []span {
	var found []span
	for at := 0; old != ""; {
		i := strings.Index(text.text[at:], old)
		if i < 0 {
			break
		}
		found = append(found, span{at + i, at + i + len(old)})
		at += i + len(old)
	}
	return found
}

// lineTrimmed finds blocks whose lines equal old's once white space around each line is taken off.
func lineTrimmed(text lines, old string) []span {
	w, ok := byLines(old)
	if !ok {
		return nil
	}
	want := trimAll(w.lines)
	return w.blocks(text, func(i int) bool {
		for k, line := range want {
			if strings.TrimSpace(text.line(i+k)) != line {
				return false
			}
		}
		return true
	})
}

func trimAll(lines []string) []string {
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = strings.TrimSpace(l)
	}
	return out
}

// spaceNormalised finds blocks that have old's words in its order on as many lines, whatever the white space between
// them, and for an old of one line also parts of a line.
func spaceNormalised(text lines, old string) []span {
	w, ok := byLines(old)
	if !ok {
		return nil
	}
	words := strings.Fields(old)
	if len(w.lines) == 1 && !w.open {
		return spacedWords(text, words)
	}
	return w.blocks(text, func(i int) bool {
		b := text.block(i, len(w.lines), false)
		return sameFields(text.text[b.start:b.end], words)
	})
}

// sameFields compares without splitting all of s, which for most blocks differs in the first word.
func sameFields(s string, words []string) bool {
	n := 0
	for f := range strings.FieldsSeq(s) {
		if n == len(words) || f != words[n] {
			return false
		}
		n++
	}
	return n == len(words)
}

// spacedWords finds the words within one line with any blanks between them.
func spacedWords(text lines, words []string) []span {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = regexp.QuoteMeta(word)
	}
	re, err := regexp.Compile(strings.Join(quoted, `[ \t]+`))
	if err != nil { // words that are not UTF-8
		return nil
	}
	var found []span
	for _, loc := range re.FindAllStringIndex(text.text, -1) {
		if s := (span{loc[0], loc[1]}); wordEdge(text.text, s) {
			found = append(found, s)
		}
	}
	return found
}

// indentFlexible finds blocks that equal old once the indentation that all lines share is taken off both.
func indentFlexible(text lines, old string) []span {
	w, ok := byLines(old)
	if !ok {
		return nil
	}
	want := outdent(w.lines)
	return w.blocks(text, func(i int) bool {
		// The indentation cannot change where a line's text ends, so most blocks are settled by one comparison.
		if !strings.HasSuffix(text.line(i), strings.TrimLeft(want[0], " \t")) {
			return false
		}
		got := make([]string, len(want))
		for k := range want {
			got[k] = text.line(i + k)
		}
		return slices.Equal(outdent(got), want)
	})
}

// outdent takes off the blanks that all lines with text begin with; lines without text become empty.
func outdent(lines []string) []string {
	shared := outer(lines)
	out := make([]string, len(lines))
	for i, l := range lines {
		if strings.TrimSpace(l) != "" {
			out[i] = l[len(shared):]
		}
	}
	return out
}

func commonPrefix(a, b string) string {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return a[:n]
}

// escapeNormalised finds old with its escape sequences (\n, \t, \", \\ …) read as what they stand for, or blocks that
// read so equal it.
func escapeNormalised(text lines, old string) []span {
	escapes := escapeReader()
	plain := escapes.Replace(old)
	if plain != old {
		if found := exact(text, plain); found != nil {
			return found
		}
	}
	w, ok := byLines(plain)
	if !ok || !strings.Contains(text.text, `\`) {
		return nil
	}
	return w.blocks(text, func(i int) bool {
		for k, line := range w.lines {
			if escapes.Replace(text.line(i+k)) != line {
				return false
			}
		}
		return true
	})
}

// bare finds old as lineTrimmed does, without the empty lines around it.
func bare(text lines, old string) []span {
	if _, body, _ := emptyLines(old); body != old {
		return lineTrimmed(text, body)
	}
	return nil
}

// trimmedBoundary finds old without the white space around the whole of it, where that is not a part of a longer word.
func trimmedBoundary(text lines, old string) []span {
	trimmed := strings.TrimSpace(old)
	if trimmed == "" || trimmed == old {
		return nil
	}
	return slices.DeleteFunc(exact(text, trimmed), func(s span) bool { return !wordEdge(text.text, s) })
}
