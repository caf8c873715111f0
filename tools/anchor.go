package tools

import (
	"math"
	"slices"
)

// Figures of OpenCode's block-anchor strategy; how much closer than another block, in lines, one has to be to be the one
// meant; and a bound on its work: comparing lines costs their product, and a file of ten thousand closing braces must not
// hang the turn.
const (
	anchorSimilar = 0.65
	anchorStretch = 0.25
	anchorMargin  = 0.5
	anchorWork    = 64 << 20 // bytes times bytes
)

// blockAnchor finds the block whose first and last line equal old's, whose length is within a quarter of old's and whose
// lines between are similar; of several the most similar, all of them where none is clearly so.
func blockAnchor(text lines, old string) []span {
	return anchored(text, old, func(_ *anchors, b block) bool { return b.similarity >= anchorSimilar })
}

// contextAware finds the block of old's number of lines that begins and ends alike and shares at least half of the lines
// between, lines without text not counted, if no other block is as close; else all of those.
func contextAware(text lines, old string) []span {
	return anchored(text, old, func(a *anchors, b block) bool { return a.half(b.span) })
}

// anchored finds the closest blocks, if one of them is good enough.
func anchored(text lines, old string, enough func(*anchors, block) bool) []span {
	a, ok := newAnchors(text, old)
	if !ok {
		return nil
	}
	found := a.closest()
	if !slices.ContainsFunc(found, func(b block) bool { return enough(a, b) }) {
		return nil
	}
	return a.spans(found)
}

// half reports whether the block has as many lines as are wanted and at least half of those between the anchors are equal.
func (a *anchors) half(b span) bool {
	if b.end-b.start != len(a.want) {
		return false
	}
	same, all := 0, 0
	for k, want := range a.want[1 : len(a.want)-1] {
		got := a.got[b.start+1+k]
		if got == "" && want == "" {
			continue
		}
		all++
		if got == want {
			same++
		}
	}
	return all > 0 && 2*same >= all
}

// newAnchors finds the blocks between the first and the last line of old; false where there are none, or too many to tell.
func newAnchors(text lines, old string) (*anchors, bool) {
	w, ok := byLines(old)
	if !ok || len(w.lines) < 3 {
		return nil, false
	}
	n := len(w.lines)
	a := &anchors{text: text, open: w.open, want: trimAll(w.lines), got: trimAll(textOf(text)), stretch: max(1, int(anchorStretch*float64(n)))}
	if a.want[0] == "" || a.want[n-1] == "" {
		return nil, false
	}
	for i, line := range a.got {
		if line == a.want[0] && !a.from(i) {
			return nil, false
		}
	}
	return a, len(a.found) > 0
}

// closest are the blocks found that old may mean, and of those the closest: the ones without a difference, else those that
// are about as close.
func (a *anchors) closest() []block {
	found := slices.DeleteFunc(a.found, func(b block) bool { return a.elsewhere(b.span) })
	best := math.Inf(1)
	for _, b := range found {
		best = min(best, b.distance)
	}
	return slices.DeleteFunc(found, func(b block) bool {
		return b.distance > best && (best == 0 || b.distance >= best+anchorMargin)
	})
}

// spans are the blocks as they stand in the text.
func (a *anchors) spans(blocks []block) []span {
	var out []span
	for _, b := range blocks {
		out = append(out, a.text.block(b.start, b.end-b.start, a.open))
	}
	return out
}

// elsewhere reports whether a wanted line that the block lacks stands at another place of the text: then the block is
// hardly the one meant, however alike.
func (a *anchors) elsewhere(b span) bool {
	for i, k := range align(a.want, a.got[b.start:b.end], loose) {
		if k < 0 && a.want[i] != "" && slices.Contains(a.got, a.want[i]) {
			return true
		}
	}
	return false
}

// anchors is a search for blocks between two anchor lines.
type anchors struct {
	text lines
	// open says that old ends its last line.
	open bool
	// want and got are the lines of old and of the text without white space around them.
	want, got []string
	stretch   int
	found     []block
	work      int
}

// block is a block of lines, how much it is like the one wanted, from 0 to 1, and how far it is from it: the number of unlike
// lines.
type block struct {
	span
	similarity, distance float64
}

// from tries the blocks that begin at line i; false: it has become too much work.
func (a *anchors) from(i int) bool {
	n := len(a.want)
	for size := max(2, n-a.stretch); size <= n+a.stretch && i+size <= len(a.got); size++ {
		if a.got[i+size-1] != a.want[n-1] {
			continue
		}
		like, all := a.likeness(a.got[i+1 : i+size-1])
		a.found = append(a.found, block{span{i, i + size}, like / max(1, all), all - like})
		if a.work > anchorWork {
			return false
		}
	}
	return true
}

// likeness is how many of the lines between the anchors are alike, put side by side in the best way, and of how many; empty
// lines do not count. A line that one side has too many counts as unlike: what the model left out must not be deleted unseen.
func (a *anchors) likeness(middle []string) (like, all float64) {
	empty := func(l string) bool { return l == "" }
	want := slices.DeleteFunc(slices.Clone(a.want[1:len(a.want)-1]), empty)
	middle = slices.DeleteFunc(slices.Clone(middle), empty)
	// best[k] is the most that the lines so far come to with the first k of middle.
	best := make([]float64, len(middle)+1)
	for _, w := range want {
		diagonal := best[0]
		for k, m := range middle {
			if a.work += len(w)*len(m) + 1; a.work > anchorWork {
				return 0, 1
			}
			above := best[k+1]
			best[k+1] = max(above, best[k], diagonal+likeness(w, m))
			diagonal = above
		}
	}
	return best[len(middle)], float64(max(len(want), len(middle)))
}

// likeness is 1 minus the Levenshtein distance over the longer length.
func likeness(a, b string) float64 {
	if a == b {
		return 1
	}
	return 1 - float64(levenshtein(a, b))/float64(max(len(a), len(b)))
}

// levenshtein counts the bytes to insert, delete or change.
func levenshtein(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			above := row[j+1]
			cost := diagonal
			if a[i] != b[j] {
				cost = min(diagonal, above, row[j]) + 1
			}
			diagonal, row[j+1] = above, cost
		}
	}
	return row[len(b)]
}
