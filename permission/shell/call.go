package shell

import (
	"path"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/opencode-lsp/opencode-lsp/permission"
)

// simple judges assignments and the command behind them.
func (w *walker) simple(n *syntax.CallExpr) {
	f := w.ambient
	for _, a := range n.Assigns {
		f.add(w.assign(a, len(n.Args) > 0))
	}
	if len(n.Args) == 0 {
		if len(n.Assigns) > 0 {
			f.add(unnamed("it sets variables for what comes after it"))
			w.add(w.item([]string{w.source(n)}, nil, f))
		}
		return
	}
	words := make([]word, len(n.Args))
	for i, arg := range n.Args {
		words[i] = w.read(arg)
	}
	w.call(words, f)
}

// assign reads one assignment. In front of a command only variables that change nothing but looks are inert.
func (w *walker) assign(a *syntax.Assign, prefix bool) finding {
	if a.Name != nil {
		w.assigned[a.Name.Value] = true
	}
	if a.Index != nil {
		w.inside(a.Index)
	}
	if a.Array != nil {
		w.inside(a.Array)
	}
	known := a.Value == nil || w.read(a.Value).dynamic == ""
	if prefix && known && a.Name != nil && a.Index == nil && a.Array == nil && !a.Append && inertVariable(a.Name.Value) {
		return finding{}
	}
	return unnamed("a variable that it sets may change what runs")
}

// inertVariable knows the variables of C10: they change how output looks or what is built for, not what runs.
func inertVariable(name string) bool {
	return strings.HasPrefix(name, "LC_") || slices.Contains([]string{
		"CI", "NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "TERM", "TZ", "LANG", "LANGUAGE", "COLUMNS", "LINES",
		"GOOS", "GOARCH", "GOARM", "GOAMD64", "CGO_ENABLED", "GOMAXPROCS", "GO111MODULE", "NODE_ENV", "RUST_BACKTRACE", "RUST_LOG",
		"PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "DEBIAN_FRONTEND", "DEBUG", "VERBOSE",
	}, name)
}

// invocation is one simple command being judged.
type invocation struct {
	*walker
	words    []word
	name     string // the program's own name: no folder, no .exe
	spec     spec
	sub      string // its subcommand, where the tables know any
	args     parsed
	finding  finding
	dirs     []string // where relative names start
	wrapping bool     // it runs another command, so that "always" is not offered
	through  bool     // the verdict of that command is this one's
}

// call judges one simple command by its words.
func (w *walker) call(words []word, f finding) {
	name := words[0]
	if name.dynamic != "" || name.glob || name.text == "" || strings.HasPrefix(name.text, "-") {
		f.add(opaque("the name of the command is not known before it runs"))
		w.add(w.item([]string{join(words)}, []string{plainJoin(words)}, f))
		return
	}
	if w.depth++; w.depth > maxDepth {
		w.unreadable(join(words), "it is nested too deeply to be read")
		w.depth--
		return
	}
	c := &invocation{walker: w, words: words, name: w.program(name.text), finding: f, dirs: w.cwds}
	c.judge()
	w.depth--
}

// program is the name that tables and deny rules know a command by.
func (w *walker) program(name string) string {
	name = strings.ReplaceAll(name, `\`, "/")
	base := path.Base(name)
	if w.place.FoldCase {
		base = strings.ToLower(base)
	}
	for _, suffix := range [...]string{".exe", ".cmd", ".bat", ".com"} {
		if cut, ok := strings.CutSuffix(strings.ToLower(base), suffix); ok && cut != "" {
			base = base[:len(cut)]
		}
	}
	return base
}

func (c *invocation) judge() {
	if c.chdir() {
		return
	}
	c.doubts()
	if c.wrapping = c.wrapper() || c.shell(); !c.wrapping {
		c.load()
		c.execs()
		c.scripts()
	}
	c.carried()
	c.flags()
	c.operands()
	if c.through && c.finding.strict == permission.ByRule {
		c.finding.strict = permission.Beside
	}
	c.add(c.command())
}

// doubts are what no table is needed for: words that are not known, and words that built-ins evaluate once more.
func (c *invocation) doubts() {
	for i, word := range c.words[1:] {
		if word.dynamic != "" && !c.text(i+1) {
			c.finding.add(unnamed(word.dynamic))
		}
		if evaluates(c.name) && strings.Contains(word.text, "[") && strings.ContainsAny(word.text, "$`") {
			c.finding.add(opaque("bash evaluates a subscript in it once more"))
		}
	}
	if alters(c.name) && !harmless(c.name, c.words[1:]) {
		c.finding.add(unnamed("it changes what later commands mean"))
	}
	if c.name == "alias" || c.name == "read" || c.name == "printf" {
		for _, word := range c.words[1:] {
			c.assigned[word.text] = true
		}
	}
}

// text reports whether word i is the text of a commit or a pull request, which may come from a command that is judged
// by itself.
func (c *invocation) text(i int) bool {
	if !c.words[i].message || len(c.words) < 3 {
		return false
	}
	var flags []string
	switch c.name + " " + c.words[1].text {
	case "git commit", "git tag", "git merge":
		flags = []string{"-m", "-am", "--message"}
	case "gh pr", "gh issue", "gh release":
		flags = []string{"-b", "--body", "-t", "--title", "-n", "--notes"}
	}
	return slices.Contains(flags, c.words[i-1].text)
}

// evaluates lists the built-ins that take an array subscript apart, quoted or not.
func evaluates(name string) bool {
	return slices.Contains([]string{"test", "[", "printf", "read", "unset", "let", "declare", "typeset", "local", "export", "readonly",
		"mapfile", "readarray", "getopts", "wait"}, name)
}

// alters lists the built-ins that change how the shell reads what comes later.
func alters(name string) bool {
	return slices.Contains([]string{"alias", "unalias", "enable", "hash", "shopt", "set", "complete", "compgen", "compopt", "bind", "mapfile",
		"readarray", "read", "getopts", "unset", "let", "declare", "typeset", "local", "export", "readonly", "history", "fc", "trap", "exec", "umask"}, name)
}

// harmless are the uses of set that only make failures stop the script or be shown.
func harmless(name string, args []word) bool {
	if name != "set" && name != "umask" && name != "exec" && name != "trap" {
		return false
	}
	if name != "set" {
		return true
	}
	for _, a := range args {
		letters := strings.TrimLeft(a.text, "-+")
		if a.text != "pipefail" && (letters == a.text || strings.Trim(letters, "euxo") != "") {
			return false
		}
	}
	return len(args) > 0
}

// join is the canonical text of a command, for rules that allow.
func join(words []word) string {
	return joined(words, word.canonical)
}

// plainJoin is the text without any quotes, for rules that deny.
func plainJoin(words []word) string {
	return joined(words, func(w word) string { return w.text })
}

func joined(words []word, text func(word) string) string {
	parts := make([]string, len(words))
	for i, w := range words {
		parts[i] = text(w)
	}
	return strings.Join(parts, " ")
}

// command is the item of the command itself, under all its names.
func (c *invocation) command() permission.Item {
	values := []string{join(c.words)}
	if c.words[0].literal {
		values = append(values, joined(c.words, func(w word) string { return w.raw }))
	}
	aliases := []string{plainJoin(c.words), c.name + plainTail(c.words[1:])}
	if short := c.withoutGlobals(); short != nil {
		if c.words[0].text == c.name {
			values = append(values, join(short))
		}
		aliases = append(aliases, c.name+plainTail(short[1:]))
	}
	if c.sub != "" {
		aliases = append(aliases, c.name+plainTail(c.words[1+c.args.index[0]:]))
	}
	if len(c.args.options) > 0 && len(c.args.operands) > 0 {
		aliases = append(aliases, c.name+plainTail(c.args.operands))
	}
	values = slices.Compact(values)
	aliases = slices.DeleteFunc(slices.Compact(aliases), func(s string) bool { return slices.Contains(values, s) })
	it := c.item(values, aliases, c.finding)
	it.Always = c.always(values)
	return it
}

func plainTail(words []word) string {
	if len(words) == 0 {
		return ""
	}
	return " " + plainJoin(words)
}

// withoutGlobals is the command without the options before its subcommand, nil where those are more than a choice of
// folder or of looks: git -C x push is a push.
func (c *invocation) withoutGlobals() []word {
	if c.args.before == 0 || len(c.spec.subs) == 0 || len(c.args.operands) == 0 {
		return nil
	}
	for _, g := range c.args.options[:c.args.before] {
		if !g.known || g.kind != plain && g.kind != folder {
			return nil
		}
	}
	return slices.Concat(c.words[:1], c.words[1+c.args.index[0]:])
}
