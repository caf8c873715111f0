package workspace

import (
	"slices"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/aymanbagabas/go-udiff/lcs"
)

// lineRule says where lines end. Editors count a lone "\r" as a line end, patch programs do not.
type lineRule bool

// The two rules: with and without a lone "\r".
const (
	editorLines lineRule = true
	patchLines  lineRule = false
)

// isStart reports whether a line starts at offset i of text.
func (r lineRule) isStart(text string, i int) bool {
	if i == 0 {
		return true
	}
	switch text[i-1] {
	case '\n':
		return true
	case '\r':
		return bool(r) && (i == len(text) || text[i] != '\n')
	}
	return false
}

// split cuts text into lines with their ends; a text that ends with a line end has no empty last line.
func (r lineRule) split(text string) []string {
	lines := make([]string, 0, 16+len(text)/32)
	for start, i := 0, 1; start < len(text); i++ {
		if i == len(text) || r.isStart(text, i) {
			lines = append(lines, text[start:i])
			start = i
		}
	}
	return lines
}

// span says that the bytes [a0, a1) of one text became the bytes [b0, b1) of another. In a list of spans they are sorted,
// apart from each other, and what lies between is equal.
type span struct{ a0, a1, b0, b1 int }

// spans compares two texts line by line: every span consists of whole lines in both. What is equal at both ends of the
// texts is put aside first, so that a small change in a large file costs no more than a look at it.
func (r lineRule) spans(a, b string) []span {
	if a == b {
		return nil
	}
	head := commonPrefix(a, b)
	for !r.isStart(a, head) || !r.isStart(b, head) {
		head--
	}
	tail := commonSuffix(a[head:], b[head:])
	for tail > 0 && (!r.isStart(a, len(a)-tail) || !r.isStart(b, len(b)-tail)) {
		tail--
	}
	d := differ{a: r.split(a[head : len(a)-tail]), b: r.split(b[head : len(b)-tail])}
	d.compare(0, len(d.a), 0, len(d.b), maxDepth)
	return d.spans(head)
}

// maxDepth bounds how often a part between two anchors is searched for anchors of its own.
const maxDepth = 16

// differ finds the changed lines between a and b.
type differ struct {
	a, b []string
	out  []span // in lines
}

// compare appends the differences between a[a0:a1] and b[b0:b1]. Lines that occur once on either side anchor the
// comparison (patience diff), because go-udiff's search gives up on minimality after some fifty differences: it gets the
// parts between the anchors.
func (d *differ) compare(a0, a1, b0, b1, depth int) {
	for a0 < a1 && b0 < b1 && d.a[a0] == d.b[b0] {
		a0, b0 = a0+1, b0+1
	}
	for a0 < a1 && b0 < b1 && d.a[a1-1] == d.b[b1-1] {
		a1, b1 = a1-1, b1-1
	}
	if a0 == a1 || b0 == b1 {
		d.add(span{a0, a1, b0, b1})
		return
	}
	var anchors []anchor
	if depth > 0 {
		anchors = d.anchors(a0, a1, b0, b1)
	}
	if len(anchors) == 0 {
		for _, c := range lcs.DiffLines(d.a[a0:a1], d.b[b0:b1]) {
			d.add(span{a0 + c.Start, a0 + c.End, b0 + c.ReplStart, b0 + c.ReplEnd})
		}
		return
	}
	for _, m := range anchors {
		d.compare(a0, m.a, b0, m.b, depth-1)
		a0, b0 = m.a+1, m.b+1
	}
	d.compare(a0, a1, b0, b1, depth-1)
}

// add appends a difference, joining one that touches the last.
func (d *differ) add(s span) {
	if s.a0 == s.a1 && s.b0 == s.b1 {
		return
	}
	if n := len(d.out); n > 0 && d.out[n-1].a1 == s.a0 && d.out[n-1].b1 == s.b0 {
		d.out[n-1].a1, d.out[n-1].b1 = s.a1, s.b1
		return
	}
	d.out = append(d.out, s)
}

// anchor is a pair of equal lines.
type anchor struct{ a, b int }

// anchors pairs the lines that occur exactly once on either side, as many as go without crossing.
func (d *differ) anchors(a0, a1, b0, b1 int) []anchor {
	type place struct{ a, b, na, nb int }
	places := make(map[string]place, a1-a0)
	for i := a0; i < a1; i++ {
		p := places[d.a[i]]
		p.a, p.na = i, p.na+1
		places[d.a[i]] = p
	}
	for i := b0; i < b1; i++ {
		if p, ok := places[d.b[i]]; ok {
			p.b, p.nb = i, p.nb+1
			places[d.b[i]] = p
		}
	}
	var pairs []anchor
	for i := a0; i < a1; i++ {
		if p := places[d.a[i]]; p.na == 1 && p.nb == 1 {
			pairs = append(pairs, anchor{i, p.b})
		}
	}
	return ascending(pairs)
}

// ascending is the longest subsequence of pairs, sorted by a, whose b ascend too.
func ascending(pairs []anchor) []anchor {
	var piles []int // index of each pile's top
	back := make([]int, len(pairs))
	for i, p := range pairs {
		k := sort.Search(len(piles), func(k int) bool { return pairs[piles[k]].b > p.b })
		back[i] = -1
		if k > 0 {
			back[i] = piles[k-1]
		}
		if k == len(piles) {
			piles = append(piles, i)
		} else {
			piles[k] = i
		}
	}
	out := make([]anchor, len(piles))
	for k, i := len(piles)-1, last(piles); k >= 0; k-- {
		out[k] = pairs[i]
		i = back[i]
	}
	return out
}

// last is the last element, or -1.
func last(list []int) int {
	if len(list) == 0 {
		return -1
	}
	return list[len(list)-1]
}

// spans turns the found lines into bytes; offset is where the compared lines start.
func (d *differ) spans(offset int) []span {
	out := slices.Clone(d.out)
	a, b, pa, pb := offset, offset, 0, 0
	for i, s := range d.out {
		a, b = a+size(d.a[pa:s.a0]), b+size(d.b[pb:s.b0])
		out[i].a0, out[i].b0 = a, b
		a, b = a+size(d.a[s.a0:s.a1]), b+size(d.b[s.b0:s.b1])
		out[i].a1, out[i].b1 = a, b
		pa, pb = s.a1, s.b1
	}
	return out
}

// size is the number of bytes in lines.
func size(lines []string) (n int) {
	for _, line := range lines {
		n += len(line)
	}
	return n
}

// trim narrows a span to the bytes that differ. Its ends stay where an editor can put a cursor in both texts: not within
// a character and not within "\r\n".
func (s span) trim(a, b string) span {
	x, y := a[s.a0:s.a1], b[s.b0:s.b1]
	head := commonPrefix(x, y)
	for !isGap(a, s.a0+head) || !isGap(b, s.b0+head) {
		head--
	}
	tail := commonSuffix(x[head:], y[head:])
	for !isGap(a, s.a1-tail) || !isGap(b, s.b1-tail) {
		tail--
	}
	return span{s.a0 + head, s.a1 - tail, s.b0 + head, s.b1 - tail}
}

// isGap reports whether a cursor can stand at offset i. Bytes that are not UTF-8 are characters of their own.
func isGap(text string, i int) bool {
	if i == 0 || i == len(text) {
		return true
	}
	if text[i] == '\n' && text[i-1] == '\r' {
		return false
	}
	for start := i; start >= max(0, i-utf8.UTFMax+1); start-- {
		if utf8.RuneStart(text[start]) {
			_, size := utf8.DecodeRuneInString(text[start:])
			return start == i || start+size <= i
		}
	}
	return true
}

// commonPrefix is the number of bytes that a and b start with together.
func commonPrefix(a, b string) int {
	n, i := min(len(a), len(b)), 0
	for _, step := range []int{64 << 10, 1 << 10, 32} { // comparing blocks is much faster than comparing bytes
		for i+step <= n && a[i:i+step] == b[i:i+step] {
			i += step
		}
	}
	for i < n && a[i] == b[i] {
		i++
	}
	return i
}

// commonSuffix is the number of bytes that a and b end with together.
func commonSuffix(a, b string) int {
	n, i := min(len(a), len(b)), 0
	for _, step := range []int{64 << 10, 1 << 10, 32} {
		for i+step <= n && strings.HasSuffix(a[:len(a)-i], b[len(b)-i-step:len(b)-i]) {
			i += step
		}
	}
	for i < n && a[len(a)-1-i] == b[len(b)-1-i] {
		i++
	}
	return i
}
