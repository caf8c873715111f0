package tools

import (
	"fmt"
	"slices"
	"strings"
)

// placed is a hunk and the line of the text, from 0, where it goes.
type placed struct {
	hunk
	at int
	// pass says how exactly the text agrees with the hunk.
	pass int
}

// The passes by which lines are compared, from strict to lenient: OpenCode's.
const (
	passExact = iota
	passRight // white space at the end
	passTrim  // white space around
	passFold  // and typographic punctuation, and how accents are put
	passes
)

// forgiven says in the model's words what a pass did not look at.
func forgiven(pass int) string {
	return []string{"", "white space at the ends of lines", "white space around lines", "white space around lines and the kind of quotes, dashes and accents"}[pass]
}

// normal is a line as a pass sees it.
func normal(pass int, line string) string {
	switch pass {
	case passExact:
		return line
	case passRight:
		return strings.TrimRight(line, " \t\r")
	case passTrim:
		return strings.TrimSpace(line)
	}
	return strings.TrimSpace(plainPunctuation(line))
}

// placement looks for the places of the hunks of one file. A hunk goes after the one before it; where several places are
// left for one, nothing is guessed.
type placement struct {
	text  [passes][]string // the lines of the text as each pass sees them
	name  string           // of the file, for errors
	hunks []placed
	// options are the places that each hunk could take.
	options [][]int
}

// placeHunks finds where each hunk goes.
func placeHunks(text lines, name string, hunks []hunk) ([]placed, error) {
	p := &placement{name: name}
	for pass := range passes {
		for i := range text.at {
			p.text[pass] = append(p.text[pass], normal(pass, text.line(i)))
		}
	}
	for n, h := range hunks {
		if err := p.add(n+1, h); err != nil {
			return nil, err
		}
	}
	return p.hunks, p.choose()
}

// add finds the places that a hunk could take by itself.
func (p *placement) add(n int, h hunk) error {
	if len(h.old()) == 0 {
		at, err := p.insertion(n, h)
		p.hunks = append(p.hunks, placed{hunk: h, at: at})
		p.options = append(p.options, nil)
		return err
	}
	anchors, err := p.anchors(n, h)
	if err != nil {
		return err
	}
	for _, form := range []hunk{h, h.withoutBlanks()} {
		for pass := range passes {
			if found := p.find(form, pass, anchors); len(found) > 0 {
				p.hunks = append(p.hunks, placed{hunk: form, pass: pass})
				p.options = append(p.options, found)
				return nil
			}
		}
	}
	return p.missing(n, h)
}

// insertion is the place of a hunk of nothing but added lines: the end of the file, unless it names a line elsewhere.
func (p *placement) insertion(n int, h hunk) (int, error) {
	end := len(p.text[passExact])
	anchors, err := p.anchors(n, h)
	if err != nil || len(anchors) == 0 || h.end || slices.Equal(anchors, []int{end - 1}) {
		return end, err
	}
	return 0, p.errorf(n, h, "only adds lines and does not say where behind %q; give the unchanged lines around them", h.context[len(h.context)-1])
}

// anchors are the lines that the hunk's context may mean, nil where it has none.
func (p *placement) anchors(n int, h hunk) ([]int, error) {
	var anchors []int
	for i, context := range h.context {
		named := p.named(context)
		var next []int
		for _, a := range anchors {
			if k, _ := slices.BinarySearch(named, a+1); k < len(named) {
				next = append(next, named[k])
			}
		}
		if i == 0 {
			next = named
		}
		if anchors = slices.Compact(next); len(anchors) == 0 {
			return nil, p.errorf(n, h, "names the line %q behind @@, which is not there; read the file again and copy the line", clip(strings.TrimSpace(context), 80))
		}
	}
	return anchors, nil
}

// named are the lines that equal a context, or else begin with it: models leave off the rest of a line.
func (p *placement) named(context string) []int {
	for pass := range passes {
		want := normal(pass, context)
		if found := p.all(pass, func(line string) bool { return line == want }); len(found) > 0 {
			return found
		}
	}
	want := normal(passFold, context)
	return p.all(passFold, func(line string) bool {
		return strings.HasPrefix(line, want) && wordEdge(line, span{0, len(want)})
	})
}

func (p *placement) all(pass int, is func(line string) bool) []int {
	var found []int
	for i, line := range p.text[pass] {
		if is(line) {
			found = append(found, i)
		}
	}
	return found
}

// find gives the places where the hunk's old lines stand: with anchors those nearest to each of them.
func (p *placement) find(h hunk, pass int, anchors []int) []int {
	old := h.old()
	if len(old) == 0 {
		return nil
	}
	for i := range old {
		old[i] = normal(pass, old[i])
	}
	text := p.text[pass]
	var found []int
	for i := 0; i+len(old) <= len(text); i++ {
		if slices.Equal(text[i:i+len(old)], old) {
			found = append(found, i)
		}
	}
	if last := len(text) - len(old); h.end && slices.Contains(found, last) {
		return []int{last}
	}
	if len(h.context) == 0 {
		return found
	}
	return nearest(found, anchors)
}

// nearest are the places found that come first behind an anchor; one at the anchor itself counts too, since models name a
// line behind @@ and give it again as the first of the hunk.
func nearest(found, anchors []int) []int {
	var out []int
	for _, a := range anchors {
		k, here := slices.BinarySearch(found, a)
		if here && k+1 < len(found) {
			out = append(out, found[k+1])
		}
		if k < len(found) {
			out = append(out, found[k])
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// choose leaves each hunk one place: together they have to follow one another. Hunks in another order are taken where
// each has but one place.
func (p *placement) choose() error {
	if free, ok := p.single(); ok {
		return p.take(free)
	}
	options := slices.Clone(p.options)
	for i := range options {
		options[i] = p.within(options[i], i, options, -1)
		if all := p.options[i]; all != nil && len(options[i]) == 0 {
			return p.errorf(i+1, p.hunks[i].hunk, "stands on line %s, which is not behind the hunk before it; give the hunks in the order of the file, each with lines that it alone has", joinInts(oneBased(all), 3))
		}
	}
	for i := range slices.Backward(options) {
		options[i] = p.within(options[i], i, options, +1)
	}
	return p.take(options)
}

// single reports whether every hunk has but one place and none gets in another's way.
func (p *placement) single() ([][]int, bool) {
	for i, o := range p.options {
		if len(o) > 1 {
			return nil, false
		}
		for j := range i {
			if len(o) == 1 && len(p.options[j]) == 1 && !p.follows(j, p.options[j][0], i, o[0]) && !p.follows(i, o[0], j, p.options[j][0]) {
				return nil, false
			}
		}
	}
	return p.options, true
}

// within keeps the places of hunk i that leave one for its neighbour, the next one before (-1) or after it (+1).
func (p *placement) within(places []int, i int, options [][]int, step int) []int {
	j := i + step
	for j >= 0 && j < len(options) && p.options[j] == nil {
		j += step
	}
	if j < 0 || j >= len(options) || places == nil {
		return places
	}
	return slices.DeleteFunc(slices.Clone(places), func(at int) bool {
		return !slices.ContainsFunc(options[j], func(other int) bool {
			if step < 0 {
				return p.follows(j, other, i, at)
			}
			return p.follows(i, at, j, other)
		})
	})
}

// follows reports whether hunk j at b comes after hunk i at a; unchanged lines may belong to both.
func (p *placement) follows(i, a, j, b int) bool {
	lead, _ := p.hunks[j].unchanged()
	_, trail := p.hunks[i].unchanged()
	return b > a && b+lead >= a+len(p.hunks[i].old())-trail
}

// take gives the hunks the only places left.
func (p *placement) take(options [][]int) error {
	for i, left := range options {
		h := &p.hunks[i]
		if len(left) > 1 {
			return p.errorf(i+1, h.hunk, "fits %d places (lines %s); give more unchanged lines around it, or behind @@ the line of the function that it is in", len(left), joinInts(oneBased(left), 8))
		}
		if len(left) == 1 {
			h.at = left[0]
		}
	}
	return nil
}

func oneBased(at []int) []int {
	out := slices.Clone(at)
	for i := range out {
		out[i]++
	}
	return out
}

// missing says what of a hunk the text lacks.
func (p *placement) missing(n int, h hunk) error {
	for _, line := range h.old() {
		want := normal(passFold, line)
		if want != "" && !slices.Contains(p.text[passFold], want) {
			return p.errorf(n, h, "does not fit: the file has no line %q; read the file again and copy the lines exactly", clip(strings.TrimSpace(line), 80))
		}
	}
	return p.errorf(n, h, "does not fit: the file has its lines, but not in this order; read the file again and copy them exactly")
}

// errorf is an error about one hunk.
func (p *placement) errorf(n int, h hunk, format string, args ...any) error {
	return fmt.Errorf("hunk %d of %s (line %d of the patch) %s", n, p.name, h.line, fmt.Sprintf(format, args...))
}

// old are the lines that the hunk expects to find.
func (h hunk) old() []string {
	var old []string
	for _, l := range h.lines {
		if l.mark != '+' {
			old = append(old, l.text)
		}
	}
	return old
}

// unchanged counts the unchanged lines at the hunk's beginning and end.
func (h hunk) unchanged() (lead, trail int) {
	for lead < len(h.lines) && h.lines[lead].mark == ' ' {
		lead++
	}
	for trail < len(h.lines)-lead && h.lines[len(h.lines)-1-trail].mark == ' ' {
		trail++
	}
	return lead, trail
}

// withoutBlanks leaves out empty lines at the hunk's end that the text lacks: unchanged ones often only set it off in the
// patch; by one that is removed, and one that is added in its place, models mean the end of the last line.
func (h hunk) withoutBlanks() hunk {
	end := len(h.lines) // behind the last old line
	for end > 0 && h.lines[end-1].mark == '+' {
		end--
	}
	kept, added, marks := end, h.lines[end:], " -"
	if len(added) > 0 {
		marks = "-"
	}
	for kept > 0 && h.lines[kept-1].empty(marks) {
		kept--
	}
	if n := len(added); kept < end && n > 0 && added[n-1].empty("+") {
		added = added[:n-1]
	}
	h.lines = slices.Concat(h.lines[:kept], added)
	return h
}

// empty reports whether a line has one of the marks and no text.
func (l patchLine) empty(marks string) bool {
	return strings.IndexByte(marks, l.mark) >= 0 && strings.TrimSpace(l.text) == ""
}
