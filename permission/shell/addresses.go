package shell

import (
	"path"
	"slices"
	"strings"

	"github.com/opencode-lsp/opencode-lsp/permission"
)

// remote judges addresses that make git or curl do more than fetch.
func (c *invocation) remote(w word) {
	scheme, _, address := strings.Cut(strings.ToLower(w.text), ":/")
	switch c.name {
	case "git":
		if strings.Contains(w.text, "::") {
			c.finding.add(unnamed("its address may name a program to run"))
		}
	case "curl", "wget":
		if address && scheme != "http" && scheme != "https" {
			c.finding.add(unnamed("its address is not http or https"))
		}
		c.download(w)
	case "go":
		if strings.Contains(w.text, "@") && (c.sub == "run" || c.sub == "install" || c.sub == "tool") {
			c.finding.add(finding{strict: permission.ByBareRule, why: "it fetches and builds a program", named: []string{w.text}})
		}
	case "sqlite3":
		low := strings.ToLower(w.text)
		if strings.HasPrefix(low, ".") && w.text != c.args.operands[0].text || strings.Contains(low, "writefile") ||
			strings.Contains(low, "load_extension") || strings.Contains(low, "readfile") || strings.Contains(low, "attach") {
			c.finding.add(unnamed("its statement may run programs or reach other files"))
		}
	}
}

// download judges the file that wget makes from the name in the address, where no option names another.
func (c *invocation) download(w word) {
	if c.name != "wget" || c.args.has("-O", "--output-document", "--spider") || !slices.ContainsFunc(c.args.operands, func(o word) bool { return o.text == w.text }) {
		return
	}
	_, rest, _ := strings.Cut(w.text, "://")
	name := "index.html"
	if _, file, ok := strings.Cut(rest, "/"); ok && path.Base("/"+file) != "/" {
		name = path.Base("/" + file)
	}
	c.writes(static(name))
}

// prefixes judges words whose start alone says that they run something: -fplugin=x, -javaagent:x, @file.
func (c *invocation) prefixes() {
	for _, w := range c.words[1:] {
		for _, head := range c.spec.heads {
			if strings.HasPrefix(w.text, head) {
				c.finding.add(finding{strict: permission.ByBareRule, why: "the option " + head + " may run a program or read others' options",
					named: []string{w.canonical()}})
			}
		}
	}
}
