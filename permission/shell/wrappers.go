package shell

import (
	"slices"
	"strings"
	"sync"

	"github.com/opencode-lsp/opencode-lsp/permission"
)

// wrapper is a program that runs the command among its own words.
type wrapper struct {
	spec spec
	// through says that the inner command's verdict is the outer's: it changes when or how fast it runs, not what runs.
	// Any other wrapper needs a rule of its own besides.
	through bool
	skip    int    // operands before the command
	assigns bool   // NAME=VALUE before the command
	until   string // the word behind the command (parallel's ":::")
	adds    string // why the command's words are not all there, "" where they are
	lookup  string // an option with which nothing is run
}

// wrappers is the published table of C11, made when the first command is judged.
var wrappers = sync.OnceValue(func() map[string]wrapper {
	return map[string]wrapper{
		"timeout":      {through: true, skip: 1, spec: options("-k= -s= --kill-after= --signal= --foreground --preserve-status -v --verbose -f -p")},
		"gtimeout":     {through: true, skip: 1, spec: options("-k= -s= --kill-after= --signal= --foreground --preserve-status -v --verbose")},
		"nice":         {through: true, spec: options("-n= --adjustment= -1 -2 -3 -4 -5 -6 -7 -8 -9 -0")},
		"ionice":       {through: true, spec: options("-c= -n= -t --class= --classdata= --ignore")},
		"nohup":        {through: true},
		"stdbuf":       {through: true, spec: options("-i= -o= -e= --input= --output= --error=")},
		"time":         {through: true, spec: options("-p -v -q -a -f= -o=w --format= --output=w --verbose --quiet --append --portability")},
		"env":          {assigns: true, spec: options("-i -S=c --split-string=c -0 -v -u= -C=d --unset= --chdir=d --ignore-environment --null --debug")},
		"sudo":         {assigns: true, spec: options("-u= -g= -h= -p= -C= -D=d -R= -T= -U= -r= -t= -A -b -E -H -n -P -S -k -K -B --user= --group= --preserve-env --non-interactive")},
		"doas":         {spec: options("-u= -C=! -n")},
		"pkexec":       {spec: options("--user=")},
		"xargs":        {adds: "xargs adds words that cannot be seen", spec: options("-0 -r -t -p -x -o -I= -i -n= -P= -L= -l -s= -a=r -d= -E= -e --null --no-run-if-empty --replace= --max-args= --max-procs= --max-lines= --max-chars= --arg-file=r --delimiter= --verbose --interactive --exit --open-tty")},
		"parallel":     {adds: "parallel adds words that cannot be seen", until: ":::", spec: options("-j= -k -n= -N= -X -m -I= -a=r -0 -q --jobs= --keep-order --max-args= --arg-file=r --bar --dry-run --halt= --will-cite --tag")},
		"command":      {lookup: "vV", spec: options("-p -v -V")},
		"builtin":      {},
		"exec":         {spec: options("-a= -c -l")},
		"setsid":       {spec: options("-c -f -w --ctty --fork --wait")},
		"busybox":      {},
		"toybox":       {},
		"chroot":       {skip: 1, spec: options("--userspec= --groups= --skip-chdir")},
		"taskset":      {skip: 1, spec: options("-a -c --cpu-list --all-tasks")},
		"chrt":         {skip: 1, spec: options("-b -f -i -o -r -R")},
		"strace":       {spec: options("-f -ff -c -C -t -tt -T -v -q -y -e= -o=w -p= -s= -E=! -u= -P= --trace=")},
		"ltrace":       {spec: options("-f -c -C -S -e= -o=w -s= -u= -l=")},
		"flock":        {skip: 1, spec: options("-s -x -n -u -e -o -F -w= -E= -c=c --command=c --shared --exclusive --nonblock --nb --timeout= --wait= --unlock --close --no-fork --verbose")},
		"unbuffer":     {spec: options("-p")},
		"caffeinate":   {spec: options("-d -i -m -s -u -t= -w=")},
		"fakeroot":     {spec: options("-u -s=w -i=r")},
		"unshare":      {spec: options("-m -u -i -n -p -U -C -T -f -r -c --fork --map-root-user --mount --net --pid --user")},
		"setarch":      {skip: 1, spec: options("-R -v --addr-no-randomize")},
		"torsocks":     {spec: options("-i")},
		"proxychains":  {spec: options("-q -f=!")},
		"proxychains4": {spec: options("-q -f=!")},
		"rlwrap":       {spec: options("-a -c -r")},
		"xvfb-run":     {spec: options("-a -n= -s=! --auto-servernum")},
		"firejail":     {spec: options("--noprofile --quiet")},
		"prlimit":      {spec: options("--cpu= --nofile= --nproc= --as=")},
		"eatmydata":    {},
		"catchsegv":    {},
	}
})

func options(s string) spec { return spec{options: parseSpec(s), operands: "_"} }

// wrapper judges the command that this one runs, and reports whether it is one of the table or runs code by itself.
func (c *invocation) wrapper() bool {
	switch c.name {
	case "eval", "trap", "source", ".", "watch", "su", "runuser":
		c.interprets()
		return true
	}
	wr, ok := wrappers()[c.name]
	if !ok {
		return false
	}
	c.spec, c.args = wr.spec, wr.spec.parse(c.words[1:], true)
	c.spec.operands = "_"
	f := c.ambient
	if c.splits() {
		return true
	}
	if wr.adds != "" {
		f.add(unnamed(wr.adds))
	}
	at, readable := c.innerAt(wr, &f)
	if !readable {
		c.finding.add(opaque("its options cannot be told from the command that it runs"))
		c.suffixes()
		return true
	}
	if wr.through && at < len(c.words) && c.words[0].text == c.name { // ./timeout may be anything
		c.through = true
	}
	if at < len(c.words) && !c.looksUp(wr) {
		c.inner(wr, c.words[at:], f)
	}
	return true
}

// innerAt is the index in words where the command starts, and whether the options before it could be read.
func (c *invocation) innerAt(wr wrapper, f *finding) (int, bool) {
	for _, g := range c.args.options {
		if !g.known || g.has && g.value.dynamic != "" {
			return 0, false
		}
	}
	at := len(c.words)
	if len(c.args.operands) > 0 {
		at = 1 + c.args.index[0]
	}
	if c.name == "env" && at < len(c.words) && c.words[at].text == "-" { // -i by another name
		at++
	}
	for wr.assigns && at < len(c.words) && strings.Contains(c.words[at].text, "=") {
		name, _, _ := strings.Cut(c.words[at].text, "=")
		if c.words[at].dynamic != "" || !inertVariable(name) {
			f.add(unnamed("a variable that it sets may change what runs"))
		}
		at++
	}
	return min(at+wr.skip, len(c.words)), true
}

func (c *invocation) looksUp(wr wrapper) bool {
	return slices.ContainsFunc(c.args.options, func(g given) bool {
		return len(g.name) == 2 && wr.lookup != "" && strings.Contains(wr.lookup, g.name[1:])
	})
}

// inner judges the command within, in the folder that the wrapper runs it in.
func (c *invocation) inner(wr wrapper, words []word, f finding) {
	if wr.until != "" {
		if i := slices.IndexFunc(words, func(w word) bool { return strings.HasPrefix(w.text, wr.until) }); i >= 0 {
			words = words[:i]
		}
	}
	if len(words) == 0 {
		return
	}
	if c.name == "flock" && words[0].text == "-c" {
		c.evalTail(words)
		return
	}
	if c.name == "command" || c.name == "builtin" {
		c.call(words, f)
		return
	}
	c.scoped(func() {
		for _, g := range c.args.options {
			if g.kind == folder && g.has {
				c.cwds = c.joinAll(g.value)
			}
		}
		c.call(words, f)
	})
}

// splits judges env -S, whose value is split into the command that is run.
func (c *invocation) splits() bool {
	at := slices.IndexFunc(c.args.options, func(g given) bool { return c.name == "env" && g.kind == code })
	if at < 0 {
		return false
	}
	g := c.args.options[at]
	c.finding.add(opaque("it splits a text into the command that it runs"))
	if g.has && g.value.known() {
		c.guesses("env " + g.value.text)
		words := strings.Fields(g.value.text)
		for i := range min(len(words), maxGuessed) {
			c.guesses(strings.Join(words[i:min(len(words), i+maxGuessed)], " "))
		}
	}
	c.suffixes()
	return true
}

// suffixes adds every later part of the words as a name that deny rules see, where the inner command cannot be found.
func (c *invocation) suffixes() {
	it := c.item([]string{join(c.words)}, nil, opaque(c.finding.why))
	for i := 1; i < len(c.words) && i < 16; i++ {
		it.Aliases = append(it.Aliases, plainJoin(c.words[i:]))
	}
	c.add(it)
}

// interprets judges the built-ins and programs whose words are shell code or the file that holds it.
func (c *invocation) interprets() {
	c.spec = spec{operands: "_"}
	words := c.words[1:]
	if len(words) > 0 && words[0].text == "--" && words[0].dynamic == "" {
		words = words[1:]
	}
	switch c.name {
	case "eval":
		c.evalWords(words)
	case "watch", "su", "runuser":
		c.evalTail(words)
	case "trap":
		if len(words) > 1 && words[0].text != "-" && words[0].text != "-p" && words[0].text != "-l" {
			c.evalWords(words[:1])
		}
	default: // source
		if len(words) == 0 || words[0].dynamic != "" || words[0].glob {
			c.finding.add(opaque("it runs a file that is not known before"))
			return
		}
		c.runsFile(words[0])
	}
}

// runsFile notes that a file is run as code: the rule must spell it.
func (c *invocation) runsFile(file word) {
	c.finding.add(finding{strict: permission.ByBareRule, why: "it runs the code of a file", named: []string{file.canonical()}})
	c.beside("read", file.text, c.cwds)
}

// evalWords judges words as the code that they make together.
func (c *invocation) evalWords(words []word) {
	for _, w := range words {
		if !w.known() {
			c.finding.add(opaque("it runs code that is not known before it runs"))
			return
		}
	}
	if src := plainJoin(words); strings.TrimSpace(src) != "" {
		c.scopedCode(src)
	}
}

// evalTail judges what stands behind the options of a program that hands its words, or the value of -c, to a shell.
func (c *invocation) evalTail(words []word) {
	for i, w := range words {
		if value, ok := strings.CutPrefix(w.text, "--command="); ok && w.known() {
			c.evalWords([]word{static(value)})
			return
		}
		if w.text == "-c" || w.text == "--command" {
			c.evalWords(words[min(i+1, len(words)):min(i+2, len(words))])
			return
		}
	}
	c.finding.add(opaque("it runs its words in a shell"))
	c.suffixes()
}

// scopedCode judges code that may or may not change this shell's folder.
func (c *invocation) scopedCode(src string) {
	if why := doubt(src); why != "" {
		c.finding.add(opaque(why))
		return
	}
	before := c.cwds
	c.code(src)
	c.cwds = either(before, c.cwds)
}
