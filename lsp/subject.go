package lsp

import (
	"fmt"
	"strings"

	"github.com/opencode-lsp/opencode-lsp/agent"
)

const (
	between = " … "
	// minPart is the least of a part that is shown, in columns; parts that would get less are counted instead.
	minPart = 14
)

// subject is what a question is about in at most width columns, and whether that is all of it. Where it is not, the parts
// that are allowed anyway go first, so that none of them pushes what needs consent out of sight; then each of the others
// gives up its middle.
func subject(q agent.OpenQuestion, width int) (text string, whole bool) {
	all := inOneLine(q.Subject)
	if breadth(all) <= width {
		return all, true
	}
	var asks []string
	for _, p := range q.Parts {
		if p.Asks {
			asks = append(asks, inOneLine(p.Text))
		}
	}
	if len(asks) == 0 {
		return fit(all, width), false
	}
	head, tail := "", ""
	if !q.Parts[0].Asks {
		head = strings.TrimLeft(between, " ")
	}
	if n := max(1, (width-20)/(minPart+len(between)-2)); len(asks) > n {
		tail = fmt.Sprintf("%s%d more", between, len(asks)-n)
		asks = asks[:n]
	} else if !q.Parts[len(q.Parts)-1].Asks {
		tail = strings.TrimRight(between, " ")
	}
	room := width - breadth(head+tail) - (len(asks)-1)*breadth(between)
	return fit(head+strings.Join(share(asks, room), between)+tail, width), false
}

// share fits texts into width columns together: short ones stay whole, the long ones get equal parts of the rest.
func share(texts []string, width int) []string {
	widths := make([]int, len(texts))
	for i, t := range texts {
		widths[i] = breadth(t)
	}
	limit := width
	for ; limit > 1; limit-- {
		sum := 0
		for _, w := range widths {
			sum += min(w, limit)
		}
		if sum <= width {
			break
		}
	}
	out := make([]string, len(texts))
	for i, t := range texts {
		out[i] = fit(t, limit)
	}
	return out
}

// partLines list the parts of a command line one by one, those that ask first; the allowed ones share a line.
func partLines(parts []agent.Part) []string {
	var asks, allowed []string
	for _, p := range parts {
		if p.Asks {
			asks = append(asks, inOneLine(p.String()))
		} else {
			allowed = append(allowed, inOneLine(p.Text))
		}
	}
	if len(allowed) > 0 {
		asks = append(asks, "Allowed: "+strings.Join(allowed, ", "))
	}
	return asks
}
