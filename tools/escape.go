package tools

import (
	"errors"
	"slices"
	"strings"
)

// errEscapes says that it is not clear what the escape sequences of newString stand for.
var errEscapes = errors.New("escape sequences are not clear")

// escape is one escape sequence that models add to strings or leave off, and what it stands for.
type escape struct{ written, plain string }

func escapes() []escape {
	return []escape{{`\\`, `\`}, {`\n`, "\n"}, {`\t`, "\t"}, {`\r`, "\r"}, {`\"`, `"`}, {`\'`, `'`}, {"\\`", "`"}, {`\$`, `$`}, {"\\\n", "\n"}}
}

// escapeReader reads escape sequences as what they stand for.
func escapeReader() *strings.Replacer {
	var pairs []string
	for _, e := range escapes() {
		pairs = append(pairs, e.written, e.plain)
	}
	return strings.NewReplacer(pairs...)
}

// escapesIn are the sequences that a text holds, in the order of escapes.
func escapesIn(text string) []escape {
	// Read from left to right, as the reader does: in `\\n` there is no `\n`.
	var found []escape
	for text != "" {
		i := slices.IndexFunc(escapes(), func(e escape) bool { return strings.HasPrefix(text, e.written) })
		if i < 0 {
			text = text[1:]
			continue
		}
		e := escapes()[i]
		if !slices.Contains(found, e) {
			found = append(found, e)
		}
		text = text[len(e.written):]
	}
	return found
}

// escapeLike gives new the form that the text has where old was found by its escape sequences. Either old has more of them
// than the text: then new's are read, if they are of the kinds that old has; or the text has more: then new must hold
// nothing that would have to be written as one.
func escapeLike(got, old, new string) (string, error) {
	if toLineEnd(escapeReader().Replace(old), "\n") != toLineEnd(got, "\n") {
		for _, e := range escapesIn(got) {
			if strings.Contains(new, e.plain) && e.plain != "\n" {
				return "", errEscapes
			}
		}
		return new, nil
	}
	kinds := escapesIn(old)
	for _, e := range escapesIn(new) {
		if !slices.Contains(kinds, e) {
			return "", errEscapes
		}
	}
	return escapeReader().Replace(new), nil
}
