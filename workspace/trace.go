package workspace

import "strings"

// trace is by which lines a text shows that it has a change, or has it not: those that came with it, and those that went. Lines
// that the text before and the one after both have tell nothing.
type trace struct{ came, went []string }

func traceOf(before, after string) trace {
	return trace{came: others(after, before), went: others(before, after)}
}

// others are the lines of a that b does not have.
func others(a, b string) []string {
	there := counts(b)
	var out []string
	for _, line := range editorLines.split(a) {
		if there[line] == 0 {
			out = append(out, line)
		}
	}
	return out
}

// counts is how often each line occurs.
func counts(text string) map[string]int {
	n := map[string]int{}
	for _, line := range editorLines.split(text) {
		n[line]++
	}
	return n
}

// all reports whether each of lines is there, none whether none is.
func all(lines []string, there map[string]int) bool {
	for _, line := range lines {
		if there[line] == 0 {
			return false
		}
	}
	return true
}

func none(lines []string, there map[string]int) bool {
	for _, line := range lines {
		if there[line] > 0 {
			return false
		}
	}
	return true
}

// Lacks reports whether text shows nothing of what turned before into after: none of the lines that came with it, all of
// those that went.
func Lacks(text, before, after string) bool {
	t, there := traceOf(before, after), counts(text)
	return len(t.came)+len(t.went) > 0 && none(t.came, there) && all(t.went, there)
}

// Shows reports whether text shows all of what turned before into after: the lines that came with it, or others of the text
// after where none came, and none of those that went.
func Shows(text, before, after string) bool {
	t, there := traceOf(before, after), counts(text)
	if len(t.came) == 0 && none(editorLines.split(after), there) {
		return false
	}
	return len(t.came)+len(t.went) > 0 && all(t.came, there) && none(t.went, there)
}

// Doubles reports whether merged, which brings back to text what went when before became after, has one of those lines more often
// than both: somebody had brought it back already.
func Doubles(merged, text, before, after string) bool {
	now, then, was := counts(merged), counts(text), counts(before)
	for _, line := range traceOf(before, after).went {
		if now[line] > max(then[line], was[line]) {
			return true
		}
	}
	return false
}

// Closed reports whether text shows the gap of each deletion that turned before into after: what stood on both sides of it stands
// together; where nothing was left, nothing does.
func Closed(text, before, after string) bool {
	text = "\n" + text
	for _, s := range editorLines.spans(before, after) {
		if s.b0 != s.b1 {
			continue
		}
		above, below := after[backward(after, s.b0, 1):s.b0], after[s.b0:forward(after, s.b0, len(after), 1)]
		gap := "\n" + above + below
		switch {
		case above == "" && below == "" && text != "\n", // nothing stood around it
			above == "" && !strings.HasPrefix(text, gap),
			below == "" && !strings.HasSuffix(text, gap),
			!strings.Contains(text, gap):
			return false
		}
	}
	return true
}
