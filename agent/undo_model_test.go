//go:build unix

package agent_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// The model of the undo test: where every line comes from and who took it away. Each line is a word that occurs once in its
// file, so that what undo must leave can be said without merging anything: the lines of the user and of the turns that are
// not undone, without those that these took away, in an order that contradicts none that was ever seen.

// op is what one turn did to one file.
type op struct {
	disk bool // a command did it, or it made or removed the file: the disk is concerned, whatever a buffer shows
	made bool // it made the file
	// below says that a buffer held something else at that time.
	below bool
	// redone says that it was undone once and redone.
	redone bool

	came, went []string
}

// life is one line: who wrote it (nil: the user, or it was there) and who took it away.
type life struct {
	by   *op
	gone map[*op]bool
	dead bool // the user took it away
	age  int  // in how manieth file of that name it came
}

// view is what one place, a buffer or the disk, holds of a file.
type view struct {
	exists bool
	age    int      // how many files had that name before
	order  []string // as seen last
	lines  map[string]life
	off    map[*op]bool // undone
}

func newView() *view { return &view{lines: map[string]life{}, off: map[*op]bool{}} }

func (v *view) clone() *view {
	c := &view{exists: v.exists, age: v.age, order: slices.Clone(v.order), lines: maps.Clone(v.lines), off: maps.Clone(v.off)}
	for token, l := range c.lines {
		l.gone = maps.Clone(l.gone)
		c.lines[token] = l
	}
	return c
}

// ops are those that have left something in the view.
func (v *view) ops() map[*op]bool {
	all := map[*op]bool{}
	for _, l := range v.lines {
		if l.by != nil {
			all[l.by] = true
		}
		maps.Copy(all, l.gone)
	}
	return all
}

// expected is the lines that must be there.
func (v *view) expected() map[string]bool {
	all := map[string]bool{}
	for token, l := range v.lines {
		shown := !l.dead && (l.by == nil || !v.off[l.by])
		for o := range l.gone {
			shown = shown && v.off[o]
		}
		if shown {
			all[token] = true
		}
	}
	return all
}

// file is a file with its places; buf is nil while it is not open.
type file struct {
	name      string
	buf, disk *view
	before    map[string]map[string]bool // which lines were seen above a line
	edits     []edit                     // of the user and all turns, the oldest first
}

// edit is one change that somebody made, and the lines around it.
type edit struct {
	by   *op
	zone map[string]bool
}

// now is what the user sees.
func (f *file) now() *view {
	if f.buf != nil {
		return f.buf
	}
	return f.disk
}

// change takes over that somebody made the text of a view this; nil is the user.
func (f *file) change(v *view, by *op, lines []string) {
	if !v.exists {
		v.age++
	}
	for _, token := range v.order {
		if !slices.Contains(lines, token) {
			v.takeAway(token, by)
		}
	}
	for _, token := range lines {
		if !slices.Contains(v.order, token) {
			v.lines[token] = life{by: by, age: v.age}
			if by != nil {
				by.came = append(by.came, token)
			}
		}
	}
	f.edits = append(f.edits, edit{by, zone(v.order, lines)})
	v.exists = true
	f.see(v, lines)
}

// takeAway notes who took a line away.
func (v *view) takeAway(token string, by *op) {
	l := v.lines[token]
	if by == nil {
		l.dead = true
	} else {
		l.gone = maps.Clone(l.gone)
		if l.gone == nil {
			l.gone = map[*op]bool{}
		}
		l.gone[by] = true
		by.went = append(by.went, token)
	}
	v.lines[token] = l
}

// remove takes over that somebody removed the file, and with it what others took away of it before.
func (f *file) remove(v *view, by *op) {
	ages := map[int]bool{v.age: true}
	for _, token := range v.order {
		ages[v.lines[token].age] = true
	}
	f.change(v, by, nil)
	for token, l := range v.lines {
		if ages[l.age] {
			v.takeAway(token, by)
		}
	}
	v.exists = false
	f.edits[len(f.edits)-1].zone["*"] = true
}

// see takes over in which order the lines stand.
func (f *file) see(v *view, lines []string) {
	v.order = slices.Clone(lines)
	for i := 1; i < len(lines); i++ {
		f.above(lines[i-1], lines[i])
	}
}

func (f *file) above(a, b string) {
	if f.before[b] == nil {
		f.before[b] = map[string]bool{}
	}
	f.before[b][a] = true
}

// zone is the lines that differ between two texts, with their neighbours in either.
func zone(old, now []string) map[string]bool {
	z := map[string]bool{}
	around := func(list, other []string) {
		for i, token := range list {
			if !slices.Contains(other, token) {
				edged := slices.Concat([]string{"^"}, list, []string{"$"})
				for _, n := range edged[i : i+3] {
					z[n] = true
				}
			}
		}
	}
	around(old, now)
	around(now, old)
	return z
}

// check says what is wrong with the lines of a view.
func (f *file) check(v *view, lines []string) error {
	want := v.expected()
	seen := map[string]bool{}
	for _, token := range lines {
		switch {
		case seen[token]:
			return fmt.Errorf("%s stands there twice", token)
		case !want[token]:
			return fmt.Errorf("%s should not be there", token)
		}
		seen[token] = true
	}
	for token := range want {
		if !seen[token] {
			return fmt.Errorf("%s is missing", token)
		}
	}
	for i, token := range lines {
		for _, later := range lines[i+1:] {
			if f.leads(later, token, map[string]bool{}) {
				return fmt.Errorf("%s stands above %s, where it was below", token, later)
			}
		}
	}
	return nil
}

// leads reports whether a was seen above b, be it by way of other lines.
func (f *file) leads(a, b string, done map[string]bool) bool {
	if f.before[b][a] {
		return true
	}
	done[b] = true
	for above := range f.before[b] {
		if !done[above] && f.leads(a, above, done) {
			return true
		}
	}
	return false
}

// forgive lets a line stand that both the user and an op took away, so that nobody can tell whose doing it was: in a buffer and
// below it, or between an undo and a redo.
func (f *file) forgive(v *view, ops map[*op]bool, lines []string) {
	for o := range ops {
		for _, token := range o.went {
			if l := v.lines[token]; l.dead && (o.redone || o.disk && !l.gone[o]) && slices.Contains(lines, token) {
				l.dead = false
				v.lines[token] = l
			}
		}
	}
}

// touched reports whether somebody else has changed something next to what the given ops changed, after them and after the
// first so many edits: then a conflict is no mistake. Where buffer and disk are apart, a buffer may lack what came before, too.
func (f *file) touched(ops map[*op]bool, from int, apart bool) bool {
	var own []map[string]bool
	for o := range ops {
		if o.made && apart {
			return true // the disk may hold what was undone and is not saved
		}
		apart = apart || o.below
	}
	for _, e := range f.edits {
		if ops[e.by] && apart {
			own = append(own, e.zone)
		}
	}
	for i, e := range f.edits {
		if ops[e.by] {
			own = append(own, e.zone)
			continue
		}
		if i < from || e.by != nil && f.now().off[e.by] {
			continue
		}
		for _, z := range own {
			if z["*"] || e.zone["*"] || meet(z, e.zone) {
				return true
			}
		}
	}
	return false
}

// replace puts what one place holds into the other, as opening, saving and reloading do.
func (f *file) replace(old, now *view) *view {
	if old != nil && !slices.Equal(old.order, now.order) {
		f.edits = append(f.edits, edit{nil, zone(old.order, now.order)})
	}
	return now.clone()
}

// recall tells a view what ops did where their traces show: a redo brings them to a text that was loaded from elsewhere since.
func (f *file) recall(v *view, ops map[*op]bool, lines []string) {
	for o := range ops {
		for _, token := range o.came {
			if _, known := v.lines[token]; !known && slices.Contains(lines, token) {
				v.lines[token] = life{by: o, age: v.age}
			}
		}
		for _, token := range o.went {
			if _, known := v.lines[token]; known && !slices.Contains(lines, token) {
				v.takeAway(token, o)
			}
		}
	}
}

func meet(a, b map[string]bool) bool {
	for token := range a {
		if b[token] {
			return true
		}
	}
	return false
}

func split(text string) []string { return strings.Fields(text) }

func joinLines(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return strings.Join(lines, "\n") + "\n"
}
