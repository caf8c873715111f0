package tools

import "strings"

// shift carries lines from the indentation that a model used over to that of the text. The zero value changes nothing.
type shift struct {
	// from and to are one step of indentation here and there; by is how many steps deeper the text is.
	from, to string
	by       int
	// add is put before every line, drop taken off.
	add, drop string
}

// line carries one line over; a line that the shift does not fit is left alone.
func (s shift) line(line string) string {
	out, _ := s.try(line)
	return out
}

func (s shift) try(line string) (string, bool) {
	blank := indentation(line)
	switch {
	case strings.TrimSpace(line) == "", s == shift{}:
		return line, true
	case s.from == "":
		rest, ok := strings.CutPrefix(line, s.drop)
		if !ok {
			return line, false
		}
		return s.add + rest, true
	}
	n, ok := steps(blank, s.from)
	if !ok || n+s.by < 0 {
		return line, false
	}
	return strings.Repeat(s.to, n+s.by) + line[len(blank):], true
}

func indentation(line string) string { return line[:len(line)-len(strings.TrimLeft(line, " \t"))] }

// steps counts how often unit makes up an indentation.
func steps(blank, unit string) (int, bool) {
	n := len(blank) / len(unit)
	return n, blank == strings.Repeat(unit, n)
}

// shiftBetween finds the one shift that leads from the indentation of every line of old to that of got, line by line, and
// that fits every line of added; false where there is none.
func shiftBetween(old, got, added []string) (shift, bool) {
	pairs := pairsOf(old, got)
	for _, s := range append(shiftsFor(pairs), shift{drop: outer(old), add: outer(got)}) {
		if s.fits(pairs) && s.fitsAll(added) {
			return s, true
		}
	}
	return shift{}, false
}

// pair is the indentation of one line as the model has it and as the text has it.
type pair struct{ old, got string }

func pairsOf(old, got []string) []pair {
	var pairs []pair
	for i := range min(len(old), len(got)) {
		if strings.TrimSpace(old[i]) != "" && strings.TrimSpace(got[i]) != "" {
			pairs = append(pairs, pair{indentation(old[i]), indentation(got[i])})
		}
	}
	return pairs
}

// shiftsFor are the shifts that fit the first pair, the likelier ones first.
func shiftsFor(pairs []pair) []shift {
	shifts := []shift{{}}
	if len(pairs) == 0 {
		return shifts
	}
	first := pairs[0]
	if add, ok := strings.CutSuffix(first.got, first.old); ok {
		shifts = append(shifts, shift{add: add})
	}
	if drop, ok := strings.CutSuffix(first.old, first.got); ok {
		shifts = append(shifts, shift{drop: drop})
	}
	units := []string{"\t", "    ", "  ", "        ", "   "}
	var deeper []shift
	for _, from := range units {
		for _, to := range units {
			n, ok := steps(first.old, from)
			m, ok2 := steps(first.got, to)
			switch {
			case !ok || !ok2 || from == to:
			case n == m:
				shifts = append(shifts, shift{from: from, to: to})
			default:
				deeper = append(deeper, shift{from: from, to: to, by: m - n})
			}
		}
	}
	return append(shifts, deeper...)
}

func (s shift) fits(pairs []pair) bool {
	for _, p := range pairs {
		// A letter makes a line of the indentation.
		if got, ok := s.try(p.old + "x"); !ok || got != p.got+"x" {
			return false
		}
	}
	return true
}

func (s shift) fitsAll(lines []string) bool {
	for _, l := range lines {
		if _, ok := s.try(l); !ok {
			return false
		}
	}
	return true
}

// outer is the indentation that all lines with text share.
func outer(lines []string) string {
	shared, first := "", true
	for _, l := range lines {
		if strings.TrimSpace(l) == "" {
			continue
		}
		if first {
			shared, first = indentation(l), false
		}
		shared = commonPrefix(shared, indentation(l))
	}
	return shared
}
