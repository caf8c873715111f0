package shell

import (
	"path"
	"slices"
	"strings"

	"github.com/opencode-lsp/opencode-lsp/permission"
)

// load finds the program in the tables and reads its options and operands.
func (c *invocation) load() {
	c.spec = programs()[c.name]
	c.args = c.spec.parse(c.words[1:], false)
	if o, ok := c.spec.options[""]; ok && o.kind == runs {
		f := unnamed("its purpose is to run programs")
		if len(c.words) > 1 {
			f.named = []string{c.words[1].canonical()}
		}
		c.finding.add(f)
	}
	c.prefixes()
	if len(c.spec.subs) == 0 || len(c.args.operands) == 0 {
		return
	}
	first := c.args.operands[0]
	c.sub = first.text
	sub, known := programs()[c.name+" "+c.sub]
	if known {
		c.spec = merge(c.spec, sub)
		c.args = c.spec.parse(c.words[1:], false)
	}
	if o, ok := sub.options[""]; ok && o.kind == runs || c.spec.closed && !known && !slices.Contains(c.spec.subs, c.sub) {
		c.finding.add(finding{strict: permission.ByBareRule, why: "this subcommand runs programs or changes configuration", named: []string{c.sub}})
	}
}

// merge adds a subcommand's options to the program's; its operands count behind the subcommand.
func merge(base, sub spec) spec {
	out := base
	out.options = make(map[string]option, len(base.options)+len(sub.options))
	for _, m := range []map[string]option{base.options, sub.options} {
		for name, o := range m {
			out.options[name] = o
		}
	}
	out.operands = sub.operands
	return out
}

// flags judges every option by its kind.
func (c *invocation) flags() {
	for _, g := range c.args.options {
		c.flag(g)
	}
	if c.args.lead && c.risky() {
		c.finding.add(unnamed("a file's name may become an option of it"))
	}
}

// risky reports whether some option of the program runs or writes something.
func (c *invocation) risky() bool {
	for _, o := range c.spec.options {
		if o.kind == runs || o.kind == writes || o.kind == code || o.kind == inPlace {
			return true
		}
	}
	return false
}

func (c *invocation) flag(g given) {
	switch g.kind {
	case runs, inPlace, code:
		c.finding.add(finding{strict: permission.ByBareRule, why: "the option " + g.named + " runs a program, writes files or changes what is used",
			named: []string{g.named}})
		if g.kind == code && g.has {
			g.value.text = strings.TrimPrefix(g.value.text, "exec=") // tar --checkpoint-action
			c.scoped(func() { c.evalWords([]word{g.value}) })
		}
	case linker:
		if !g.value.known() || !plainLinker(g.value.text) {
			c.finding.add(finding{strict: permission.ByBareRule, why: "the option " + g.named + " may name a program to run", named: []string{g.named}})
		}
	case writes:
		if g.has {
			c.writes(g.value)
		}
	case reads, listed:
		if g.has && g.value.text == "-" && strings.HasSuffix(c.name, "make") {
			c.finding.add(opaque("it runs code that cannot be seen"))
		}
		if g.has && g.value.known() {
			c.beside("read", g.value.text, c.dirs)
		}
	case folder:
		if g.has {
			c.dirs = c.joinAll(g.value)
		}
	case plain:
		if g.has && (c.name == "curl" || c.name == "wget") {
			c.remote(g.value)
		}
		c.loose(g)
	}
}

// loose looks for a path in the value of an option that no table knows.
func (c *invocation) loose(g given) {
	if g.known || c.spec.operands == "_" && len(c.spec.options) == 0 {
		return
	}
	text := g.value.text
	if !g.has && len(g.named) > 3 && g.named[0] == '-' && g.named[1] != '-' {
		text = g.named[2:]
	}
	if placed(text) {
		c.beside("read", text, c.dirs)
	}
}

// placed reports whether a text names a place of its own: absolute or upwards.
func placed(text string) bool {
	return len(text) > 1 && permission.IsAbs(text) || strings.HasPrefix(text, "~/") || text == ".." || strings.HasPrefix(text, "../") ||
		strings.Contains(text, "/../") || strings.HasSuffix(text, "/..")
}

// writes judges a file that an option names to write to: as a redirect would be.
func (c *invocation) writes(to word) {
	if to.text == "-" || to.known() && inert(to.text) {
		return
	}
	if !to.known() {
		c.finding.add(unnamed("the file that it writes is not known before it runs"))
		return
	}
	for _, it := range c.files("edit", to.text, c.dirs) {
		it.Always = ""
		c.add(it)
	}
}

// operands judges the files among the operands by the program's table.
func (c *invocation) operands() {
	list := c.args.operands
	if c.sub != "" && len(list) > 0 {
		list = list[1:]
	}
	s := c.spec
	if c.args.kinds(pattern) || c.args.kinds(listed) || c.args.kinds(script) {
		s.operands = strings.TrimLeft(s.operands, "_sS")
	}
	for i, word := range list {
		c.operand(word, s.role(i, len(list)), s.operands == "")
	}
	if (c.name == "split" || c.name == "csplit") && len(list) < 2 {
		c.writes(static("xaa")) // the name that it takes by itself
	}
	if c.recursive() && (len(list) == 0 || len(list) == 1 && strings.HasPrefix(s.operands, "_")) {
		c.matches(static(".")) // grep -r without a folder
	}
	if strings.HasPrefix(s.operands, "S") && len(list) == 0 && !c.args.kinds(runs) && !c.args.has("--version", "-V", "-v", "--help", "-h") {
		c.finding.add(opaque("it runs code that cannot be seen"))
	}
}

func (c *invocation) operand(w word, role byte, loose bool) {
	if w.dynamic != "" || w.text == "" || role == 's' || c.assignment(w, role) {
		return
	}
	if c.remote(w); role == '_' {
		return
	}
	if role == 'S' && w.text == "-" {
		c.finding.add(opaque("it runs code that cannot be seen"))
	}
	if w.text == "-" || loose && (strings.ContainsAny(w.text, " \t\n") || strings.Contains(w.text, "://")) {
		return
	}
	if w.known() && inert(w.text) {
		return
	}
	if w.glob && hiddenGlob(w.text) {
		c.finding.add(unnamed("its pattern may name hidden files"))
	}
	if w.glob || c.recursive() {
		c.matches(w)
	}
	switch {
	case role == 'o': // an output that the rule does not show
		c.writes(w)
	case role == 'w':
		c.beside("edit", w.text, c.dirs)
	case role == 'm' || c.args.kinds(inPlace):
		c.beside("edit", w.text, c.dirs)
		c.beside("read", w.text, c.dirs)
	default:
		c.besides("read", w.text, c.dirs, w.glob && c.place.Match == nil)
	}
}

// hiddenGlob reports whether a part of a pattern starts with a dot, so that it may name hidden files or the folder above.
func hiddenGlob(pattern string) bool {
	return slices.ContainsFunc(strings.Split(pattern, "/"), func(part string) bool {
		return strings.HasPrefix(part, ".") && strings.ContainsAny(part, "*?[")
	})
}

// recursive reports whether the program reads what lies below the folders that it is given, hidden files included.
func (c *invocation) recursive() bool {
	switch c.name {
	case "grep", "egrep", "fgrep", "zgrep":
		return c.args.has("-r", "-R", "--recursive", "--dereference-recursive", "-d", "--directories")
	case "rg":
		return c.args.has("-u", "--unrestricted", "--hidden", "-.")
	case "cp":
		return c.args.has("-r", "-R", "-a", "--recursive", "--archive")
	}
	return false
}

// matches judges the files that a pattern, or a folder read as a whole, stands for, where they are known.
func (c *invocation) matches(w word) {
	if c.place.Match == nil {
		return
	}
	for _, dir := range c.dirs {
		abs := w.text
		if !permission.IsAbs(abs) {
			abs = path.Join(dir, abs)
		}
		if c.recursive() {
			abs += "/**"
		}
		names, ok := c.place.Match(abs)
		if !ok {
			c.finding.add(unnamed("it stands for more files than can be judged"))
		}
		for _, name := range names {
			c.beside("read", name, c.dirs)
		}
	}
}

// assignment judges operands of the form name=value.
func (c *invocation) assignment(w word, role byte) bool {
	name, value, ok := strings.Cut(w.text, "=")
	if !ok || name == "" {
		return false
	}
	o, known := c.spec.options[name]
	if !known {
		o, known = c.spec.options["*"]
	}
	if known {
		w.text = value
		c.flag(given{name: name, named: name, kind: o.kind, value: w, has: true, known: true})
		return true
	}
	if role != '_' && placed(value) {
		c.beside("read", value, c.dirs)
	}
	return false
}

// joinAll is where names start after changing to a folder, which is judged when it lies outside; none: not known.
func (c *invocation) joinAll(to word) []string {
	if !to.known() || to.text == "" || len(c.cwds) == 0 && !permission.IsAbs(to.text) || tooLong(c.dirs, to.text) {
		c.add(permission.Item{Permission: "external_directory", Values: []string{to.raw}, Strictness: permission.AlwaysAsk,
			Why: "the folder is not known before it runs", Fold: c.place.FoldCase})
		return nil
	}
	dirs := []string{path.Clean(to.text)}
	if !permission.IsAbs(to.text) {
		dirs = nil
		for _, dir := range c.dirs {
			dirs = append(dirs, path.Join(dir, to.text))
		}
	}
	for _, dir := range dirs {
		c.add(permission.DirItems(dir, c.place)...)
	}
	return dirs
}

// chdir judges cd and its relatives, which need no rule of their own inside the workspace, and moves the walker.
func (c *invocation) chdir() bool {
	if !slices.Contains([]string{"cd", "pushd", "popd"}, c.name) || c.words[0].text != c.name {
		return false
	}
	c.moves++
	to := word{raw: c.name, dynamic: "it goes back to another folder"}
	if c.name == "cd" && c.place.Home != "" {
		to = static(c.place.Home)
	}
	for _, w := range c.words[1:] {
		if w.text == "--" || len(w.text) == 2 && strings.Contains("-L-P-e-@", w.text) && w.text[0] == '-' {
			continue
		}
		to = w
	}
	if to.text == "-" || strings.HasPrefix(to.text, "+") || strings.HasPrefix(to.text, "-") || c.name == "popd" {
		to.dynamic = "it goes back to another folder"
	}
	if c.finding.strict == permission.ByRule {
		c.finding.strict = permission.Beside
	}
	c.add(c.command())
	c.cwds = c.joinAll(to)
	return true
}
