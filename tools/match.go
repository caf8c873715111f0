package tools

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// span is the bytes [start, end) of a text.
type span struct{ start, end int }

// strategy is one way to find a model's oldString in a text: it gives every span that it takes for the one meant.
// Strategies are pure, and see text and oldString with the same line ends.
type strategy struct {
	// name says in the model's words what was forgiven.
	name string
	find func(text lines, old string) []span
}

// Names of the strategies that are told apart elsewhere.
const (
	byExact    = "exact"
	byBlock    = "the middle of the block"
	bySpaces   = "runs of white space"
	byEscapes  = "escape sequences"
	byBoundary = "white space around oldString"
	byBare     = "empty lines around oldString"
)

// strategies are OpenCode's nine in its order, from strict to lenient, one of aider's (bare) and the last
// pass of OpenCode's patches. The ninth, multi-occurrence, is the first with replaceAll and needs no entry.
func strategies() []strategy {
	return []strategy{
		{byExact, exact},
		{"white space around lines", lineTrimmed},
		{byBlock, blockAnchor},
		{bySpaces, spaceNormalised},
		{"the common indentation", indentFlexible},
		{byEscapes, escapeNormalised},
		{byBare, bare},
		{byBoundary, trimmedBoundary},
		{"the kind of quotes, dashes, blanks and accents", punctuated},
		{"lines between the first and the last", contextAware},
	}
}

// Reasons why an oldString finds no place.
var (
	errNotFound = errors.New("does not occur")
	errTooLarge = errors.New("spans much more than oldString")
)

// ambiguousError says that an oldString fits several places.
type ambiguousError struct{ lines []int }

func (e *ambiguousError) Error() string {
	return fmt.Sprintf("fits %d places (lines %s)", len(e.lines), joinInts(e.lines, 8))
}

// match is where a replacement goes.
type match struct {
	spans []span
	// how is the name of the strategy that decided.
	how string
}

// locate finds the place of old in text: the first strategy that knows exactly one place decides, or with all the first
// that knows any. OpenCode lets a later strategy pick any place once an earlier one was ambiguous; here it may only pick
// among the places that were ambiguous, and what occurs exactly more than once is never guessed, nor which of several
// blocks is meant that are about as much alike.
func locate(text, old string, all bool) (match, error) {
	ls := splitLines(text)
	var open []span
	for _, s := range strategies() {
		found := s.find(ls, old)
		if open != nil {
			found = slices.DeleteFunc(found, func(f span) bool { return !slices.Contains(open, f) })
		}
		if len(found) == 0 {
			continue
		}
		if tooLarge(text, old, found) {
			return match{}, errTooLarge
		}
		if len(found) == 1 || all && alike(text, found) {
			return match{found, s.name}, nil
		}
		if open == nil && (s.name == byExact || s.name == byBlock) {
			return match{}, &ambiguousError{lineNumbers(ls, found)}
		}
		if open == nil {
			open = found
		}
	}
	if open != nil {
		return match{}, &ambiguousError{lineNumbers(ls, open)}
	}
	return match{}, errNotFound
}

// tooLarge is OpenCode's guard against a lenient match that swallows far more than the model named.
func tooLarge(text, old string, found []span) bool {
	n := strings.Count(old, "\n") + 1
	return slices.ContainsFunc(found, func(s span) bool {
		got := text[s.start:s.end]
		if strings.Count(got, "\n")+1 >= max(n+3, 2*n) {
			return true
		}
		return strings.Contains(got, "\n") && len(got) > max(len(old)+500, 4*len(old))
	})
}

// alike reports whether the spans hold the same text: replaceAll replaces one text everywhere, not several that look alike.
func alike(text string, found []span) bool {
	first := text[found[0].start:found[0].end]
	return !slices.ContainsFunc(found, func(s span) bool { return text[s.start:s.end] != first })
}

// replacement is what came of replace.
type replacement struct {
	text string
	// count is the number of places replaced; how is the strategy's name.
	count int
	how   string
}

// replace puts new in the place of old, or of every old with all. Line ends of new follow the text that it replaces;
// everything outside the matched spans is kept byte for byte.
func replace(text, old, new string, all bool) (replacement, error) {
	old = withLineEnds(text, old)
	found, err := locate(text, old, all)
	if err != nil {
		return replacement{}, err
	}
	first := found.spans[0]
	if new, err = found.form(text[first.start:first.end], old, new); err != nil {
		return replacement{}, err
	}
	return replacement{splice(text, found.spans, new), len(found.spans), found.how}, nil
}

// form gives new the form of the text that was found for old.
func (m match) form(got, old, new string) (string, error) {
	switch m.how {
	case byExact:
		return new, nil
	case byBoundary:
		return sameBoundary(boundary, old, new)
	case byBare:
		var err error
		if new, err = sameBoundary(emptyLines, old, new); err != nil {
			return "", err
		}
		_, old, _ = emptyLines(old)
	case byEscapes:
		return escapeLike(got, old, new)
	case bySpaces:
		if !strings.Contains(old, "\n") { // the words alone were found
			var err error
			if new, err = sameBoundary(boundary, old, new); err != nil {
				return "", err
			}
			old = strings.TrimSpace(old)
		}
	}
	return adapt(got, old, new)
}

// sameBoundary takes the white space off new that old has around it too, as split sees it: it was not found in the text, so
// it must not get there by way of new. A new with other white space around it adds something to what is not there.
func sameBoundary(split func(string) (lead, body, tail string), old, new string) (string, error) {
	lead, _, tail := split(toLineEnd(old, "\n"))
	newLead, body, newTail := split(toLineEnd(new, "\n"))
	if newLead != "" && newLead != lead || newTail != "" && newTail != tail {
		return "", errLeftOut
	}
	return body, nil
}

// boundary splits a text into the white space before and after it and what is between.
func boundary(text string) (lead, body, tail string) {
	body = strings.TrimLeft(text, " \t\r\n")
	lead = text[:len(text)-len(body)]
	trimmed := strings.TrimRight(body, " \t\r\n")
	return lead, trimmed, body[len(trimmed):]
}

// emptyLines splits a text into the lines without text before and after it and what is between, its last line end included.
func emptyLines(text string) (lead, body, tail string) {
	lead, body, tail = boundary(text)
	start := strings.LastIndexByte(lead, '\n') + 1
	end := len(lead) + len(body) + strings.IndexByte(tail, '\n') + 1
	return text[:start], text[start:end], text[end:]
}

func splice(text string, spans []span, new string) string {
	var b strings.Builder
	at := 0
	for _, s := range spans {
		b.WriteString(text[at:s.start])
		b.WriteString(toLineEnd(new, lineEndAt(text, s)))
		at = s.end
	}
	b.WriteString(text[at:])
	return b.String()
}
