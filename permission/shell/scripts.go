package shell

import (
	"regexp"
	"slices"
	"strings"
	"sync"
)

// scripts judges the small languages whose programs may run others: only forms that are known to print are plain.
func (c *invocation) scripts() {
	var plainScript func(string) bool
	switch c.name {
	case "sed", "gsed":
		plainScript = plainSed
	case "awk", "gawk", "mawk", "nawk":
		plainScript = plainAwk
	case "jq", "gojq", "jaq":
		plainScript = plainJq
	case "yq":
		plainScript = func(s string) bool { return !patterns().yqCalls.MatchString(s) }
	default:
		return
	}
	for _, text := range c.scriptTexts() {
		if !text.known() && !text.glob || !plainScript(text.text) {
			c.finding.add(unnamed("its script may run programs, write files or read others"))
		}
	}
}

// scriptTexts are the values of -e, or else the first operand.
func (c *invocation) scriptTexts() []word {
	var out []word
	for _, g := range c.args.options {
		if g.kind == script && g.has {
			out = append(out, g.value)
		}
	}
	if len(out) == 0 && !c.args.kinds(script) && len(c.args.operands) > 0 {
		out = c.args.operands[:1]
	}
	return out
}

// execs judges the command of find -exec and fd -x; the option itself is in the table.
func (c *invocation) execs() {
	var names []string
	switch c.name {
	case "find", "gfind":
		names = []string{"-exec", "-execdir", "-ok", "-okdir"}
	case "fd", "fdfind":
		names = []string{"-x", "-X", "--exec", "--exec-batch"}
	default:
		return
	}
	for i := 0; i < len(c.words); i++ {
		if !slices.Contains(names, c.words[i].text) {
			continue
		}
		inner := c.words[i+1:]
		if end := slices.IndexFunc(inner, func(w word) bool { return w.text == ";" || w.text == "+" }); end >= 0 {
			inner = inner[:end]
		}
		i += len(inner) // an option of the inner command is its own; looking twice would double the work at each level
		if len(inner) > 0 {
			f := c.ambient
			f.add(unnamed(c.name + " adds names that cannot be seen"))
			c.scoped(func() { c.call(inner, f) })
		}
	}
}

// patterns find what scripts do. They are compiled when the first script is judged.
var patterns = sync.OnceValue(func() (p struct{ sedCommand, sedOpen, awkCalls, yqCalls, jqCalls *regexp.Regexp }) {
	const sedAddress = `(?:[0-9]+|\$|/(?:[^/\\\n]|\\[^\n])*/I?)`
	// sedCommand is p, d, q, = and s with harmless flags; no other command of sed is plain.
	p.sedCommand = regexp.MustCompile(`^\s*(?:` + sedAddress + `(?:,\s*[+~]?` + sedAddress + `)?)?\s*!?\s*` +
		`(?:[pdqQ=lDGHhgxnNP]|s/(?:[^/\\\n]|\\[^\n])*/(?:[^/\\\n]|\\[^\n])*/[gpIi0-9]*|s\|(?:[^|\\\n]|\\[^\n])*\|(?:[^|\\\n]|\\[^\n])*\|[gpIi0-9]*` +
		`|s#(?:[^#\\\n]|\\[^\n])*#(?:[^#\\\n]|\\[^\n])*#[gpIi0-9]*|s,(?:[^,\\\n]|\\[^\n])*,(?:[^,\\\n]|\\[^\n])*,[gpIi0-9]*` +
		`|y/[^/\\\n]*/[^/\\\n]*/)\s*(?:$|[;\n]\s*|\}[;\s]*)`)
	// sedOpen starts a group.
	p.sedOpen = regexp.MustCompile(`^\s*(?:` + sedAddress + `(?:,\s*[+~]?` + sedAddress + `)?)?\s*!?\s*\{\s*`)
	// awkCalls are the words and signs of awk that reach outside the program.
	p.awkCalls = regexp.MustCompile(`system|getline|[|>@]|ENVIRON|PROCINFO|ARGV|close|fflush|include|load`)
	p.yqCalls = regexp.MustCompile(`env|load|eval|system`)
	p.jqCalls = regexp.MustCompile(`\benv\b|\$ENV|\$__prog|input_filename|\binclude\b|\bimport\b|\binputs?\b|\bdebug\b|getpath|modulemeta|get_search_list|\$__loc__`)
	return p
})

func plainSed(text string) bool {
	for strings.TrimSpace(text) != "" {
		m := patterns().sedCommand.FindString(text)
		if m == "" {
			m = patterns().sedOpen.FindString(text)
		}
		if m == "" {
			return false
		}
		text = text[len(m):]
	}
	return true
}

// plainAwk takes a program without pipes, redirects and calls. Before the first "print" a ">" only compares.
func plainAwk(text string) bool {
	if strings.Contains(text, "\\\n") {
		return false
	}
	text = strings.NewReplacer("||", "", ">=", "").Replace(text)
	if i := strings.Index(text, "print"); i >= 0 {
		text = strings.ReplaceAll(text[:i], ">", "") + text[i:]
	} else {
		text = strings.ReplaceAll(text, ">", "")
	}
	return !patterns().awkCalls.MatchString(text)
}

func plainJq(text string) bool { return !patterns().jqCalls.MatchString(text) }

// plainLinker takes the options of Go's tools that only change the result: stripping, -X, no inlining.
func plainLinker(text string) bool {
	words := strings.Fields(strings.TrimPrefix(text, "all="))
	for i := 0; i < len(words); i++ {
		switch w := words[i]; {
		case w == "-X":
			i++
		case slices.Contains([]string{"-s", "-w", "-N", "-l", "-m", "-m=2", "-S"}, w), strings.HasPrefix(w, "-X="), strings.HasPrefix(w, "-buildid="):
		default:
			return false
		}
	}
	return true
}
