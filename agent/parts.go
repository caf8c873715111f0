package agent

import (
	"slices"

	"github.com/opencode-lsp/opencode-lsp/permission"
)

// Part is one piece of an operation that is judged by itself: a command of a command line, a file that it writes.
type Part struct {
	// Text says what it is, in the command's own words.
	Text string `json:"text"`
	// Asks says that it needs consent; the others are allowed already. Why says the reason where a rule alone is none.
	Asks bool   `json:"asks"`
	Why  string `json:"why,omitempty"`
}

// String is the part in one line with its mark.
func (p Part) String() string {
	switch {
	case !p.Asks:
		return "Allowed: " + p.Text
	case p.Why != "":
		return "Asks: " + p.Text + " (" + p.Why + ")"
	default:
		return "Asks: " + p.Text
	}
}

// parts takes a shell command apart for the person who is asked, in the order of the command; nil where it is one piece, or
// no command.
func parts(q permission.Question) []Part {
	var out []Part
	command := false
	for _, it := range q.Access.Items {
		i := slices.IndexFunc(q.Asks, func(v permission.Verdict) bool { return same(v.Item, it) })
		bash := it.Permission == "bash"
		if len(it.Values) == 0 || i < 0 && (!bash || it.Strictness == permission.Beside) {
			continue // goes with the rest
		}
		command = command || bash
		p := Part{Text: partText(it), Asks: i >= 0}
		if p.Asks {
			p.Why = it.Why
		}
		if !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	if !command || len(out) < 2 {
		return nil
	}
	return out
}

func same(a, b permission.Item) bool {
	return a.Permission == b.Permission && a.Strictness == b.Strictness && slices.Equal(a.Values, b.Values)
}

// partText says what an item is, beside the command that it belongs to.
func partText(it permission.Item) string {
	switch it.Permission {
	case "bash":
		return it.Values[0]
	case "edit":
		return "write " + it.Values[0]
	case "external_directory":
		return "outside the workspace: " + it.Values[0]
	default:
		return it.Permission + " " + it.Values[0]
	}
}
