package shell

import (
	"slices"
	"strings"
	"sync"

	"github.com/opencode-lsp/opencode-lsp/permission"
)

// maxGuesses bounds how many places of one command are taken for the start of another. What lies behind them is not
// thereby allowed: guesses only add what deny rules see.
const maxGuesses = 256

// maxGuessed bounds the words of each: what a deny rule spells stands at the start.
const maxGuessed = 16

// carriers are programs, alone or with a subcommand, that run what their words say somewhere else, or by rules of their
// own that are not read here: on another machine, in a container, through a task runner. Deny rules see every command
// that may stand in their words. It is made when the first command is judged.
var carriers = sync.OnceValue(func() map[string]bool {
	return carrying(`ssh slogin autossh mosh npx pnpx bunx uvx pipx entr watchexec nodemon hyperfine dotenv nsenter setpriv capsh systemd-run
	systemd-nspawn dbus-run-session ssh-agent linux32 linux64 i386 x86_64 tmux screen expect script gdb lldb nix-shell osascript ld.so faketime
	gosu su-exec tini dumb-init unbuffer proot bwrap distrobox toolbox wsl wine gtimeout concurrently npm-run-all cross-env dotenvx envdir
	at batch perf valgrind heaptrack ltrace start-stop-daemon daemonize tsocks sshpass with-contenv chpst softlimit setuidgid`,
		`docker run|exec|compose|container, podman run|exec|container, nerdctl run|exec, kubectl exec|run|debug, oc exec|run|rsh, npm exec|x|explore,
	pnpm exec|dlx|x, yarn exec|dlx|run, bun x|run, deno run, poetry run, uv run|tool, pipenv run, pdm run, hatch run, rye run, bundle exec, direnv exec,
	mise exec|x, asdf exec, nix develop|run|shell, conda run, mamba run, micromamba run, opam exec, rustup run, doppler run, op run, aws-vault exec,
	vagrant ssh, heroku run, fly ssh, lxc exec, incus exec, multipass exec, git submodule|bisect|filter-branch|difftool|mergetool|hook,
	ip netns|vrf, cargo watch, flatpak run, snap run, pyenv exec, rbenv exec, nodenv exec, volta run, fnm exec, chamber exec, infisical run, machinectl shell`)
})

func carrying(programs, subcommands string) map[string]bool {
	out := map[string]bool{}
	for name := range strings.FieldsSeq(programs) {
		out[name] = true
	}
	for entry := range strings.SplitSeq(subcommands, ",") {
		name, subs, _ := strings.Cut(strings.TrimSpace(entry), " ")
		for sub := range strings.SplitSeq(subs, "|") {
			out[name+" "+sub] = true
		}
	}
	return out
}

// carried adds what the words of a carrier may run.
func (c *invocation) carried() {
	carries := carriers()[c.name] || strings.HasPrefix(c.name, "ld-linux") || slices.ContainsFunc(c.words[1:], func(w word) bool {
		return carriers()[c.name+" "+w.text]
	})
	if !carries {
		return
	}
	if len(c.words) > maxGuesses {
		c.finding.add(opaque("it hands on more words than can be read"))
	}
	for i := 1; i < len(c.words) && i < maxGuesses; i++ {
		c.guess(c.words[i:])
		if strings.ContainsAny(c.words[i].text, " \t\n;|&") {
			c.guesses(c.words[i].text)
		}
		if _, value, ok := strings.Cut(c.words[i].text, "="); ok && c.words[i].flag() {
			c.guesses(value)
		}
	}
}

// guess adds a command that may be run, for deny rules.
func (w *walker) guess(words []word) {
	words = words[:min(len(words), maxGuessed)]
	text := plainJoin(words)
	if strings.TrimSpace(text) == "" {
		return
	}
	it := w.item([]string{text}, []string{w.program(words[0].text) + plainTail(words[1:])}, finding{strict: permission.Beside})
	w.items = append(w.items, it)
}

// guesses adds what may start anywhere in a text that is not read: behind every sign that ends a command.
func (w *walker) guesses(src string) {
	n := 0
	for part := range strings.FieldsFuncSeq(src, func(r rune) bool { return strings.ContainsRune(";&|\n(){}`$!", r) }) {
		var words []word
		for field := range strings.FieldsSeq(part) {
			words = append(words, static(strings.Trim(field, `"'`)))
		}
		for len(words) > 1 && slices.Contains([]string{"if", "then", "else", "elif", "while", "until", "do", "time", "coproc"}, words[0].text) {
			words = words[1:]
		}
		if n++; len(words) > 0 && n <= maxGuesses {
			w.guess(words)
		}
	}
}
