package tools

import (
	"errors"
	"slices"
	"strings"
)

// errLeftOut says that old leaves out lines of the text where it is not clear what should become of them.
var errLeftOut = errors.New("lines are left out")

// adapt gives new the form of the text that old only resembles: lines which new leaves as they are in old keep the text's
// bytes, whatever old had in their place, and the others get the text's indentation. Lines of the text that old leaves out
// stay, unless nothing of old does.
func adapt(got, old, new string) (string, error) {
	a := adaption{got: textLines(got), old: textLines(old), new: textLines(new)}
	a.seen = align(a.old, a.got, loose)
	a.kept = align(a.new, a.old, func(line string) string { return line })
	a.pairUp()
	a.fresh = a.reindent()
	if a.twins() {
		return "", errLeftOut
	}
	lines, err := a.merge()
	return strings.Join(lines, "\n"), err
}

// adaption is one replacement by lines.
type adaption struct {
	got, old, new []string
	// seen is the line of got that each line of old stands for, kept the line of old that each line of new is; -1 for none.
	seen, kept []int
	// fresh are the lines of new with the text's indentation.
	fresh []string
}

// pairUp takes as many lines that differ between two that agree for the same lines, with a slip in them.
func (a adaption) pairUp() {
	at, line := 0, 0 // behind the last pair
	for i := 0; i <= len(a.old); i++ {
		k := len(a.got)
		if i < len(a.old) {
			k = a.seen[i]
		}
		if k < 0 {
			continue
		}
		if i-at == k-line {
			for n := range i - at {
				a.seen[at+n] = line + n
			}
		}
		at, line = i+1, k+1
	}
}

// twins reports whether old leaves out lines, and one that goes has its like among those or in old: it could be either.
func (a adaption) twins() bool {
	var leftOut, lines []string
	for g, line := range a.got {
		if !slices.Contains(a.seen, g) {
			leftOut = append(leftOut, loose(line))
		}
	}
	if leftOut == nil {
		return false
	}
	for _, line := range a.old {
		lines = append(lines, loose(line))
	}
	for k, line := range lines {
		others := slices.Concat(leftOut, lines[:k], lines[k+1:])
		if !slices.Contains(a.kept, k) && slices.Contains(others, line) {
			return true
		}
	}
	return false
}

// merge is the text with the change: what lies between two lines that stay, stretch by stretch.
func (a adaption) merge() ([]string, error) {
	var out []string
	text := false // something with text stays
	from := stretch{}
	for n, k := range append(slices.Clone(a.kept), len(a.old)) {
		g := len(a.got)
		switch {
		case k < 0 || k < len(a.old) && a.seen[k] < 0:
			continue
		case k < len(a.old):
			g = a.seen[k]
			text = text || strings.TrimSpace(a.old[k]) != ""
		}
		lines, err := a.between(from, stretch{n, k, g})
		if err != nil && text {
			return nil, err
		}
		if err != nil {
			lines = a.fresh[from.new:n]
		}
		out = append(out, lines...)
		if k < len(a.old) {
			out = append(out, a.got[g])
		}
		from = stretch{n + 1, k + 1, g + 1}
	}
	return out, nil
}

// stretch is a place in new, old and got.
type stretch struct{ new, old, got int }

// between is what comes of the lines between two places. Lines that old leaves out go before or after what changes; right
// among it nobody knows what should become of them.
func (a adaption) between(from, to stretch) ([]string, error) {
	old, new, got := a.old[from.old:to.old], a.new[from.new:to.new], a.got[from.got:to.got]
	if slices.Equal(old, new) {
		return got, nil
	}
	if slices.ContainsFunc(a.kept[from.new:to.new], func(k int) bool { return k >= 0 }) {
		return nil, errLeftOut // a line stays that the text does not have
	}
	if a.unsure(from.got-1) || a.unsure(to.got) {
		return nil, errLeftOut
	}
	var known []int // the lines of got that are removed
	for _, g := range a.seen[from.old:to.old] {
		if g >= 0 {
			known = append(known, g-from.got)
		}
	}
	fresh := a.fresh[from.new:to.new]
	switch {
	case len(known) < len(old):
		return nil, errLeftOut // a line goes that the text does not have
	case len(known) == len(got):
		return fresh, nil
	case len(known) == 0, known[len(known)-1]-known[0] >= len(known):
		return nil, errLeftOut
	}
	before, after := got[:known[0]], got[known[len(known)-1]+1:]
	if len(before) > 0 && len(after) > 0 {
		return nil, errLeftOut
	}
	return slices.Concat(before, fresh, after), nil
}

// unsure reports whether a line of the text could as well be its neighbour, which old leaves out.
func (a adaption) unsure(line int) bool {
	for _, next := range []int{line - 1, line + 1} {
		if line >= 0 && line < len(a.got) && next >= 0 && next < len(a.got) && loose(a.got[next]) == loose(a.got[line]) && !slices.Contains(a.seen, next) {
			return true
		}
	}
	return false
}

func mapLines(lines []string, change func(string) string) []string {
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = change(l)
	}
	return out
}

// loose is a line without what models get wrong in copying it.
func loose(line string) string { return strings.Join(strings.Fields(plainPunctuation(line)), " ") }

// alignWork bounds the comparisons of align; beyond it lines are compared place by place.
const alignWork = 4 << 20

// align finds for each line of a the line of b that it is, as form sees them, in order: a longest common subsequence.
func align(a, b []string, form func(string) string) []int {
	x, y := make([]string, len(a)), make([]string, len(b))
	for i := range a {
		x[i] = form(a[i])
	}
	for i := range b {
		y[i] = form(b[i])
	}
	out := slices.Repeat([]int{-1}, len(a))
	lead := 0
	for ; lead < min(len(x), len(y)) && x[lead] == y[lead]; lead++ {
		out[lead] = lead
	}
	if lead == len(x) || (len(x)-lead)*(len(y)-lead) > alignWork {
		return out
	}
	subsequence(x[lead:], y[lead:], func(i, j int) { out[lead+i] = lead + j })
	return out
}

// subsequence calls pair for each pair of a longest common subsequence.
func subsequence(x, y []string, pair func(i, j int)) {
	longest := make([][]int32, len(x)+1)
	for i := range longest {
		longest[i] = make([]int32, len(y)+1)
	}
	for i := len(x) - 1; i >= 0; i-- {
		for j := len(y) - 1; j >= 0; j-- {
			if x[i] == y[j] {
				longest[i][j] = longest[i+1][j+1] + 1
			} else {
				longest[i][j] = max(longest[i+1][j], longest[i][j+1])
			}
		}
	}
	for i, j := 0, 0; i < len(x) && j < len(y); {
		switch {
		case x[i] == y[j]:
			pair(i, j)
			i, j = i+1, j+1
		case longest[i+1][j] >= longest[i][j+1]:
			i++
		default:
			j++
		}
	}
}

// textLines are the lines of a text; one that ends its last line has an empty one after it.
func textLines(text string) []string { return strings.Split(toLineEnd(text, "\n"), "\n") }
