package tools

import (
	"cmp"
	"slices"
	"strings"
)

// patchText puts hunks into a text and says how inexactly it was matched, passExact at best. Unchanged lines keep the text's
// bytes, added ones get its line ends and, where the hunk's indentation differs from the text's, its indentation. The text
// ends its last line then, as with codex and OpenCode.
func patchText(text, name string, hunks []hunk) (string, int, error) {
	ls := splitLines(text)
	found, err := placeHunks(ls, name, hunks)
	if err != nil {
		return "", passExact, err
	}
	slices.SortStableFunc(found, func(a, b placed) int { return cmp.Compare(a.core(), b.core()) })
	w := &patchWriter{text: ls, end: cmp.Or(lineEnd(text), "\n")}
	pass := passExact
	for _, h := range found {
		pass = max(pass, h.pass)
		w.write(h)
	}
	w.keep(len(ls.at))
	w.endLine()
	return w.out.String(), pass, nil
}

// core is the first line of the text that the hunk changes.
func (p placed) core() int {
	lead, _ := p.unchanged()
	return p.at + lead
}

// patchWriter writes a text with hunks put in, from the top down.
type patchWriter struct {
	text lines
	next int // the first line that is not written yet
	end  string
	out  strings.Builder
}

// write writes what comes before a hunk and the hunk, without the unchanged lines around it, which neighbours may share.
func (w *patchWriter) write(h placed) {
	lead, trail := h.unchanged()
	w.keep(h.at + lead)
	fresh := w.fresh(h)[lead:]
	var removed []string // line ends, for the lines that come in their place
	for _, l := range h.lines[lead : len(h.lines)-trail] {
		switch l.mark {
		case ' ':
			w.keep(w.next + 1)
			removed, fresh = nil, fresh[1:]
		case '-':
			removed = append(removed, w.lineEnd(w.next))
			w.next++
		case '+':
			end := w.lineEnd(w.next - 1)
			if len(removed) > 0 {
				end, removed = removed[0], removed[1:]
			}
			w.add(fresh[0], end)
			fresh = fresh[1:]
		}
	}
}

// fresh are the hunk's unchanged and added lines, these with the text's indentation.
func (w *patchWriter) fresh(h placed) []string {
	var a adaption
	for _, l := range h.lines {
		if l.mark != '-' {
			a.new, a.kept = append(a.new, l.text), append(a.kept, -1)
		}
		if l.mark == ' ' {
			a.kept[len(a.kept)-1] = len(a.old)
		}
		if l.mark != '+' {
			a.got, a.seen = append(a.got, w.text.line(h.at+len(a.old))), append(a.seen, len(a.old))
			a.old = append(a.old, l.text)
		}
	}
	if h.pass < passTrim {
		return a.new
	}
	return a.reindent()
}

// keep writes the lines of the text up to one.
func (w *patchWriter) keep(to int) {
	if to <= w.next {
		return
	}
	b := w.text.block(w.next, to-w.next, true)
	w.out.WriteString(w.text.text[b.start:b.end])
	w.next = to
}

func (w *patchWriter) add(line, end string) {
	w.endLine()
	w.out.WriteString(line + end)
}

// lineEnd is the line end of a line of the text, or the usual one where it has none.
func (w *patchWriter) lineEnd(i int) string {
	if i < 0 || i >= len(w.text.at) {
		return w.end
	}
	return cmp.Or(w.text.text[w.text.at[i].end:w.text.block(i, 1, true).end], w.end)
}

// endLine ends the line that the text left unfinished at its end.
func (w *patchWriter) endLine() {
	if s := w.out.String(); s != "" && !strings.HasSuffix(s, "\n") {
		w.out.WriteString(w.end)
	}
}
