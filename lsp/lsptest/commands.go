package lsptest

import (
	"fmt"
	"maps"
	"strings"

	"rsc.io/script"
)

// verb is a script command: what it prints goes to the script's stdout.
type verb struct {
	args    string // synopsis; its words bound the number of arguments
	summary string
	regexp  bool // the last argument is a regular expression
	run     func(p *player, args []string) (string, error)
}

// commands are ours and those of rsc.io/script that make sense here.
func (p *player) commands() map[string]script.Cmd {
	all := script.DefaultCmds()
	for _, name := range []string{"cd", "cmpenv", "help", "sleep", "wait"} {
		delete(all, name)
	}
	for name, v := range maps.All(verbs()) {
		all[name] = p.command(v)
	}
	all["cmp"] = p.compareCommand()
	all["command"] = p.executeCommand()
	all["wait"] = p.waitCommand()
	return all
}

// verbs are the commands that take arguments and print.
func verbs() map[string]verb {
	all := editVerbs()
	maps.Copy(all, askVerbs())
	maps.Copy(all, showVerbs())
	maps.Copy(all, lifeVerbs())
	return all
}

// command makes a verb known to the script engine. After it the server settles, and what the editor complains of fails it.
func (p *player) command(v verb) script.Cmd {
	usage := script.CmdUsage{Summary: v.summary, Args: v.args}
	if v.regexp {
		usage.RegexpArgs = func(raw ...string) []int { return []int{len(raw) - 1} }
	}
	return script.Command(usage, func(s *script.State, args ...string) (script.WaitFunc, error) {
		if n, most := len(args), len(strings.Fields(v.args)); n > most || n < most-strings.Count(v.args, "[") {
			return nil, script.ErrUsage
		}
		out, err := v.run(p, args)
		if err := p.after(err); err != nil {
			return nil, err
		}
		p.remember(s, out)
		return func(*script.State) (string, string, error) { return p.scrub(out), "", nil }, nil
	})
}

// after settles the server behind a command and reports complaints.
func (p *player) after(err error) error {
	if !p.stopped {
		p.Host.Settle()
	}
	if err != nil {
		return err
	}
	return p.complaints()
}

// remember keeps the session and turn of a command's result as $session and $turn.
func (p *player) remember(s *script.State, out string) {
	for _, name := range []string{"session", "turn"} {
		if value := member(out, name); value != "" {
			// Setenv of rsc.io/script fails for a name with "=" only.
			_ = s.Setenv(name, value)
		}
	}
}

// typed expands \n, \t, \r and \\ in what a script types, since script arguments cannot hold line ends.
func typed(text string) string {
	return strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\t`, "\t", `\r`, "\r").Replace(text)
}

// arg is an argument that may be left out.
func arg(args []string, i int) string {
	if i < len(args) {
		return args[i]
	}
	return ""
}

// lines joins what is printed one a line.
func lines[T any](items []T, show func(T) string) string {
	var b strings.Builder
	for _, item := range items {
		fmt.Fprintln(&b, show(item))
	}
	return b.String()
}
