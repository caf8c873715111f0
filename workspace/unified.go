package workspace

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// diffContext is how many unchanged lines a diff shows around a change.
const diffContext = 3

// Diff is the change as a unified diff with the given name in its header, "/dev/null" for the missing side of a creation
// or a removal. A name that could be taken for more than a name is quoted.
func (c Change) Diff(name string) string { return c.DiffBetween(name, name) }

// DiffBetween is Diff with the names before and after, which differ for a move; that is said in git's words then.
func (c Change) DiffBetween(from, to string) string {
	if c.Empty() {
		return ""
	}
	from, to = plain(from), plain(to)
	u := unified{a: c.File.Text, b: c.After()}
	if c.MoveTo != "" {
		fmt.Fprintf(&u.out, "rename from %s\nrename to %s\n", from, to)
	}
	if !c.File.Exists {
		from = "/dev/null"
	}
	if c.Remove {
		to = "/dev/null"
	}
	if c.MoveTo == "" || len(c.Edits) > 0 {
		fmt.Fprintf(&u.out, "--- %s\n+++ %s\n", from, to)
	}
	u.hunks(patchLines.spans(u.a, u.b))
	return u.out.String()
}

// plain quotes a name that could be taken for more than a name.
func plain(name string) string {
	if strings.ContainsFunc(name, unicode.IsControl) {
		return strconv.Quote(name)
	}
	return name
}

// unified writes the hunks of one diff.
type unified struct {
	a, b string
	out  strings.Builder
	// lineA and lineB are the numbers of the lines that start at atA and atB; both only move forward.
	atA, lineA, atB, lineB int
}

// hunks writes spans as hunks, several that lie close together as one.
func (u *unified) hunks(spans []span) {
	for len(spans) > 0 {
		n := 1
		for n < len(spans) && u.near(spans[n-1].a1, spans[n].a0) {
			n++
		}
		u.hunk(spans[:n])
		spans = spans[n:]
	}
}

// near reports whether the unchanged lines between two changes all belong to their contexts.
func (u *unified) near(from, to int) bool {
	return forward(u.a, from, to, 2*diffContext) == to
}

// hunk writes one hunk.
func (u *unified) hunk(spans []span) {
	first, end := spans[0], spans[len(spans)-1]
	start := backward(u.a, first.a0, diffContext)
	stop := forward(u.a, end.a1, len(u.a), diffContext)
	lead, trail := first.a0-start, stop-end.a1

	u.lineA += strings.Count(u.a[u.atA:start], "\n")
	u.lineB += strings.Count(u.b[u.atB:first.b0-lead], "\n")
	u.atA, u.atB = start, first.b0-lead
	fmt.Fprintf(&u.out, "@@ -%s +%s @@\n",
		extent(u.lineA, lines(u.a[start:stop])), extent(u.lineB, lines(u.b[u.atB:end.b1+trail])))
	at := start
	for _, s := range spans {
		u.lines(' ', u.a[at:s.a0])
		u.lines('-', u.a[s.a0:s.a1])
		u.lines('+', u.b[s.b0:s.b1])
		at = s.a1
	}
	u.lines(' ', u.a[at:stop])
}

// extent is a hunk's place on one side as diff -u writes it; before counts the lines before the hunk.
func extent(before, n int) string {
	switch n {
	case 0:
		return fmt.Sprintf("%d,0", before)
	case 1:
		return strconv.Itoa(before + 1)
	}
	return fmt.Sprintf("%d,%d", before+1, n)
}

// lines writes each line of text behind its mark.
func (u *unified) lines(mark byte, text string) {
	for line := range strings.Lines(text) {
		u.out.WriteByte(mark)
		u.out.WriteString(line)
		if !strings.HasSuffix(line, "\n") {
			u.out.WriteString("\n\\ No newline at end of file\n")
		}
	}
}

// lines counts lines, an unfinished last one included.
func lines(text string) int {
	n := strings.Count(text, "\n")
	if text != "" && !strings.HasSuffix(text, "\n") {
		n++
	}
	return n
}

// forward is the offset n lines after from, at most limit.
func forward(text string, from, limit, n int) int {
	for ; n > 0 && from < limit; n-- {
		i := strings.IndexByte(text[from:limit], '\n')
		if i < 0 {
			return limit
		}
		from += i + 1
	}
	return from
}

// backward is the offset n lines before from, which starts a line.
func backward(text string, from, n int) int {
	for ; n > 0 && from > 0; n-- {
		from = strings.LastIndexByte(text[:from-1], '\n') + 1
	}
	return from
}
