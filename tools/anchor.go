package tools

import "strings"

// Figures of OpenCode's block-anchor strategy, and a bound on its work: comparing lines costs their product, and a file
// of ten thousand closing braces must not hang the turn.
const (
	anchorSimilar = 0.65
	anchorStretch = 0.25
	anchorWork    = 64 << 20 // bytes times bytes
)

// blockAnchor finds the block whose first and last line equal old's, whose length is within a quarter of old's and whose
// lines between are similar; of several the most similar, all of them where they are equally so.
func blockAnchor(text lines, old string) []span {
	w, ok := byLines(old)
	if !ok || len(w.lines) < 3 {
		return nil
	}
	want := trimAll(w.lines)
	n := len(want)
	if want[0] == "" || want[n-1] == "" {
		return nil
	}
	got := make([]string, len(text.at))
	for i := range got {
		got[i] = strings.TrimSpace(text.line(i))
	}
	a := anchors{want: want, got: got, stretch: max(1, int(anchorStretch*float64(n))), best: anchorSimilar}
	for i := range got {
		if got[i] == want[0] && !a.from(i) {
			return nil
		}
	}
	var found []span
	for _, b := range a.found {
		found = append(found, text.block(b.start, b.end-b.start, w.open))
	}
	return found
}

// anchors is a search for blocks between two anchor lines.
type anchors struct {
	want, got []string
	stretch   int
	best      float64
	found     []span // in lines
	work      int
}

// from tries the blocks that begin at line i; false: it has become too much work.
func (a *anchors) from(i int) bool {
	n := len(a.want)
	for size := max(2, n-a.stretch); size <= n+a.stretch && i+size <= len(a.got); size++ {
		if a.got[i+size-1] != a.want[n-1] {
			continue
		}
		switch s := a.similarity(a.got[i+1 : i+size-1]); {
		case s > a.best:
			a.best, a.found = s, []span{{i, i + size}}
		case s == a.best:
			a.found = append(a.found, span{i, i + size})
		}
		if a.work > anchorWork {
			return false
		}
	}
	return true
}

// similarity is the mean likeness, from 0 to 1, of the lines between the anchors. A line that one side has too many
// counts as unlike: what the model left out must not be deleted unseen.
func (a *anchors) similarity(middle []string) float64 {
	want := a.want[1 : len(a.want)-1]
	sum := 0.0
	for k := range min(len(want), len(middle)) {
		a.work += len(want[k])*len(middle[k]) + 1
		if a.work > anchorWork {
			return 0
		}
		sum += likeness(want[k], middle[k])
	}
	return sum / float64(max(len(want), len(middle)))
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
