package shell

import "strings"

// shell judges a shell: the code of -c, the script that it is given, or what it would read from its input.
func (c *invocation) shell() bool {
	switch c.name {
	case "sh", "bash", "dash", "ksh", "ash", "rbash", "mksh":
	case "zsh", "fish", "csh", "tcsh", "pwsh", "powershell", "cmd", "nu", "elvish", "xonsh":
		c.spec = spec{operands: "_"}
		c.finding.add(opaque("it runs code of a shell that cannot be read"))
		c.suffixes()
		return true
	default:
		return false
	}
	c.spec = spec{operands: "_"}
	words := c.words[1:]
	at, mode := c.shellOptions(words)
	switch {
	case mode == 'v':
	case at >= len(words) || mode == 's' || words[at].dynamic != "":
		c.finding.add(opaque("it runs code that cannot be seen"))
	case mode == 'c':
		c.scoped(func() { c.evalWords(words[at : at+1]) })
	default:
		c.runsFile(words[at])
	}
	return true
}

// shellOptions finds the first operand and what it is: 'c' code, 's' none since input is read, 'v' nothing is run.
func (c *invocation) shellOptions(words []word) (at int, mode byte) {
	for at < len(words) && len(words[at].text) > 1 && (words[at].text[0] == '-' || words[at].text[0] == '+') {
		text := words[at].text
		at++
		switch {
		case text == "--":
			return at, mode
		case text == "--version" || text == "--help":
			return at, 'v'
		case text == "--norc" || text == "--noprofile" || text == "--posix":
		case strings.HasPrefix(text, "--"):
			c.finding.add(unnamed("it reads a start-up file"))
			if text == "--rcfile" || text == "--init-file" {
				at++
			}
		default:
			at, mode = c.shellCluster(text, at, mode)
		}
	}
	return at, mode
}

func (c *invocation) shellCluster(text string, at int, mode byte) (int, byte) {
	for _, r := range text[1:] {
		switch r {
		case 'c':
			mode = 'c'
		case 's':
			mode = 's'
		case 'o', 'O':
			at++
		case 'l', 'i':
			c.finding.add(unnamed("it reads the user's start-up files"))
		case 'a', 'm', 'k':
			c.finding.add(unnamed("its options change what runs"))
		}
	}
	return at, mode
}
