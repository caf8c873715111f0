package config

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// trust finds everything in the workspace's own sources that needs trust, asks whether it has it, and leaves it out where
// it has not. What may stay then gets its references.
func (l *loader) trust() {
	g := &gate{loader: l}
	for _, d := range l.docs {
		if d.project {
			g.walk(d, d.tree, l.schema, nil)
		}
	}
	if len(g.items) > 0 {
		l.hash = g.hash()
		if l.Trusted == nil || !l.Trusted(l.hash) {
			g.close()
		}
	}
	for _, d := range l.docs {
		if d.project {
			shown := templates(d.tree)
			l.substitute(d, d.tree)
			l.noHiddenShell(d, shown)
		}
	}
}

// noHiddenShell leaves out commands that took a shell command, or a part of one, from a file: what was shown for trust is
// all that may run.
func (l *loader) noHiddenShell(d *doc, shown map[string]string) {
	for name, text := range templates(d.tree) {
		if text != shown[name] && shellPart.MatchString(text) {
			template := d.tree.get("command", name, "template")
			template.inert = true
			l.warnAt(d, template.line, []string{"command", name}, "the template takes text from a file and runs shell commands, which a repository's may not both, so it was left out")
		}
	}
}

// templates are the texts of a source's commands.
func templates(tree *node) map[string]string {
	texts := map[string]string{}
	if commands := tree.get("command"); commands != nil {
		for _, f := range commands.fields {
			if template := f.value.get("template"); template != nil {
				texts[f.key] = template.text
			}
		}
	}
	return texts
}

// gate collects what needs trust.
type gate struct {
	*loader
	items []gated
}

// gated is one thing that needs trust: what it would do in words, the exact bytes that trust is given to, and the value
// that is left out without.
type gated struct {
	words, bytes string
	value        *node
}

func (g *gate) add(value *node, bytes, format string, args ...any) {
	g.items = append(g.items, gated{fmt.Sprintf(format, args...), bytes, value})
}

// hash stands for all items. Each part is preceded by its length, so that no two lists hash alike.
func (g *gate) hash() string {
	sum := sha256.New()
	for _, item := range g.items {
		for _, part := range []string{item.words, item.bytes} {
			fmt.Fprintf(sum, "%d:", len(part))
			_, _ = io.WriteString(sum, part) // a hash takes everything
		}
	}
	return hex.EncodeToString(sum.Sum(nil))
}

func (g *gate) close() {
	for _, item := range g.items {
		item.value.inert = true
		g.untrusted = append(g.untrusted, item.words)
	}
}

// walk visits a checked tree, which holds known settings alone.
func (g *gate) walk(d *doc, n *node, s *schema, path []string) {
	for _, f := range n.fields {
		inside, sub := deeper(path, f.key), s.at(f.key)
		switch {
		case g.foreignKey(d, f, path):
		case len(inside) == 2 && inside[0] == "mcp":
			g.server(f)
		case dotted(inside) == "formatter":
			g.formatters(f)
		case len(inside) == 2 && inside[0] == "command" && g.shell(f):
		case sub.key == nil:
			g.walk(d, f.value, sub, inside)
		default:
			g.visit(d, f, sub.key, inside)
		}
	}
}

func (g *gate) visit(d *doc, f field, key *Key, path []string) {
	switch {
	case dotted(path) == "instructions":
		g.paths(d, f.value, "give the model the instructions %s")
	case dotted(path) == "skills.paths":
		g.paths(d, f.value, "offer the model the skills in %s")
	case key.Scope == Trusted:
		g.setting(f.value, path)
	default:
		g.references(d, f.value, path)
	}
}

// server is one MCP server, as a whole. Only switching one off needs no trust.
func (g *gate) server(f field) {
	n := f.value
	enabled := n.get("enabled")
	if len(n.fields) == 1 && enabled != nil && !enabled.truth {
		return
	}
	g.add(n, n.compact(), "%s", serverWords(f.key, n))
}

// serverWords says what a server would do: the whole command line, the whole address, all variables.
func serverWords(name string, n *node) string {
	words := "change the MCP server " + quote(name)
	if command := n.get("command"); command != nil {
		words = "run the MCP server " + quote(name) + ": " + argv(command)
	} else if url := n.get("url"); url != nil {
		words = "connect to the MCP server " + quote(name) + " at " + quote(url.text)
	}
	for _, f := range n.fields {
		switch f.key {
		case "command", "url", "type", "enabled":
		default:
			words += fmt.Sprintf(", %s %s", f.key, visible(f.value.compact()))
		}
	}
	return words
}

// formatters are all that a source says of them. Only switching them off needs no trust: even the known ones may run code of
// the repository.
func (g *gate) formatters(f field) {
	if f.value.kind == truth && !f.value.truth {
		return
	}
	words := "format files after edits by the known programs, also by those that run code of this repository"
	for _, entry := range f.value.fields {
		words += "; by " + quote(entry.key)
		if command := entry.value.get("command"); command != nil {
			words += ": " + argv(command)
		}
		for _, setting := range entry.value.fields {
			if setting.key != "command" {
				words += fmt.Sprintf(", %s %s", setting.key, visible(setting.value.compact()))
			}
		}
	}
	g.add(f.value, f.value.compact(), "%s", words)
}

func argv(command *node) string {
	var words []string
	for _, arg := range command.items {
		words = append(words, quote(arg.text))
	}
	return strings.Join(words, " ")
}

// setting is a value that needs trust whatever it is.
func (g *gate) setting(n *node, path []string) {
	if path[0] == "provider" && path[len(path)-1] == "baseURL" {
		g.add(n, dotted(path)+n.compact(), "send what is meant for the provider %s, with its key, to %s", quote(path[1]), quote(n.text))
		return
	}
	g.add(n, dotted(path)+n.compact(), "set %s to %s", visible(dotted(path)), visible(n.compact()))
}

// references are the {env:} and {file:} in an otherwise open value; files of the workspace itself may be read.
func (g *gate) references(d *doc, n *node, path []string) {
	for _, f := range n.fields {
		if !g.foreignKey(d, f, path) {
			g.references(d, f.value, deeper(path, f.key))
		}
	}
	for _, item := range n.items {
		g.references(d, item, path)
	}
	if ref := g.foreign(d, n.text); n.kind == text && ref != "" {
		g.add(n, dotted(path)+n.compact(), "read what %s names, for the setting %s", quote(ref), visible(dotted(path)))
	}
}

// foreignKey takes a key with references, wherever they lead: keys have no need of any.
func (g *gate) foreignKey(d *doc, f field, path []string) bool {
	if d.literal || !reference.MatchString(f.key) {
		return false
	}
	g.add(f.value, f.key+f.value.compact(), "read what %s names, for the setting %s", quote(f.key), visible(dotted(path)))
	return true
}

// foreign returns the first reference that leads out of the workspace, or "".
func (g *gate) foreign(d *doc, s string) string {
	if d.literal {
		return ""
	}
	for _, ref := range reference.FindAllString(s, -1) {
		how, what := split(ref)
		if how == "env" || !inside(d.top, g.absolute(d.dir, what)) {
			return ref
		}
	}
	return ""
}

// paths takes those that lead out of the workspace.
func (g *gate) paths(d *doc, n *node, words string) {
	for _, item := range n.items {
		if !isURL(item.text) && !strings.ContainsAny(item.text, `{\`) && inside(d.top, g.absolute(d.base, item.text)) {
			continue // braces and backslashes may spell a .. that no reader sees, and references lead anywhere
		}
		g.add(item, item.text, words, quote(item.text))
	}
}

func isURL(s string) bool {
	return strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://")
}

// shellPart matches the shell commands of a template: what needs trust and, in [Command.Fill], what is run.
var shellPart = regexp.MustCompile("!`[^`]*`")

// shell takes a command whose template runs shell commands, as a whole.
func (g *gate) shell(f field) bool {
	template := f.value.get("template")
	if template == nil {
		return false
	}
	commands := shellPart.FindAllString(template.text, -1)
	for i, c := range commands {
		commands[i] = quote(strings.Trim(c, "!`"))
	}
	if commands != nil {
		g.add(f.value, f.value.compact(), "run when the command %s is used: %s", quote(f.key), strings.Join(commands, "; "))
	}
	return commands != nil
}

// quote returns s as it is where that is safe to read, else in Go's quotes with everything invisible escaped.
func quote(s string) string {
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool { return !plain(r) }) {
		return s
	}
	return strconv.Quote(s)
}

func plain(r rune) bool {
	return r > ' ' && r < 0x7f && !strings.ContainsRune("\"'`\\;,", r)
}

// visible escapes what a reader could not see in JSON or a name.
func visible(s string) string {
	quoted := strconv.QuoteToGraphic(s)
	return strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
}
