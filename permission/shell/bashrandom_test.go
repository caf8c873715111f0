//go:build unix

package shell

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/opencode-lsp/opencode-lsp/permission"
)

// pieces is what random commands are made of: programs, and whatever has ever made two readers of shell disagree.
var pieces = strings.Split("aa|bb|bb x|cc|git status|echo|true|pwn|touch|x|-c|y z|'|\"|\\|\\\n|\n|\n\n|\r|\t| | | | |#| #|;|;;|&&|‖|¦|&|!|(|)|{|}|{a,b}|"+
	"$(|$(pwn)|`|`pwn`|${x:-|${x}|}|$x|$HOME|$'|$\"|\\x41|<<E|<<'E'|<<-E|E\n|\nE\n|<<<|<(|>(|>|>>|<|2>&1|>&2|>/dev/null|/dev/null|x=1|CI=1|PATH=|time|time --|coproc|"+
	"if|then|fi|for i in 1|do|done|case a in|a)|esac|function|f()|[[|]]|((|))|[|]|*|?|~|@(|!(|=|-|--|timeout 5|nice|command|eval|exec|env|xargs|sh -c|'pwn'|git -c a=b|let|declare|export", "|")

// random makes a command of pieces, which "‖" and "¦" stand for || and | in.
func random(rng *rand.Rand) string {
	var b strings.Builder
	for range 1 + rng.IntN(9) {
		b.WriteString(pieces[rng.IntN(len(pieces))])
		if rng.IntN(3) > 0 {
			b.WriteByte(' ')
		}
	}
	return strings.NewReplacer("‖", "||", "¦", "|").Replace(b.String())
}

// mutant puts pieces into a command that is known to be allowed, or takes bytes out.
func mutant(rng *rand.Rand, from []string) string {
	src := from[rng.IntN(len(from))]
	for range 1 + rng.IntN(3) {
		at := rng.IntN(len(src) + 1)
		switch rng.IntN(4) {
		case 0:
			src = src[:at] + src[min(at+1, len(src)):]
		case 1:
			src = src + []string{"; ", "\n", " && ", " "}[rng.IntN(4)] + from[rng.IntN(len(from))]
		default:
			src = src[:at] + strings.NewReplacer("‖", "||", "¦", "|").Replace(pieces[rng.IntN(len(pieces))]) + src[at:]
		}
	}
	return src
}

// Random commands: whatever is allowed, bash executes nothing but what the rules allow, with the words that were judged.
func TestBashRandom(t *testing.T) {
	const most = 2500 // runs of bash, some milliseconds each
	r := newReal(t)
	rng := rand.New(rand.NewPCG(3, 1))
	var seeds, commands []string
	for src, want := range plainCommands() {
		if want != nil {
			seeds = append(seeds, src)
		}
	}
	slices.Sort(seeds)
	tried := 0
	seen := map[string]bool{}
	for ; tried < 200_000 && len(commands) < most; tried++ {
		src := random(rng)
		if tried%3 > 0 {
			src = mutant(rng, seeds)
		}
		if seen[src] {
			continue
		}
		seen[src] = true
		if action, _ := r.verdict(src); action == permission.Allow {
			commands = append(commands, src)
		}
	}
	start := time.Now()
	for i, ran := range r.run(t, quickDriver, commands) {
		_, items := r.verdict(commands[i])
		compare(t, commands[i], items, ran)
	}
	t.Logf("%d commands judged, %d of them allowed and run in %v", tried, len(commands), time.Since(start).Round(time.Millisecond))
	if len(commands) < most {
		t.Errorf("only %d commands were allowed; the test compares too few", len(commands))
	}
}

// FuzzBash is TestBashRandom without an end. Texts with a slash are judged and not run, since a bypass could reach this
// machine's own programs, nor are loops that may have no end.
func FuzzBash(f *testing.F) {
	for src := range plainCommands() {
		f.Add(src)
	}
	for _, src := range []string{"aa # \\\npwn", "aa \"$\\\n(pwn)\"", "aa \"${x:-'$(pwn)'}\"", "aa \\\r\npwn", "!(pwn)", "time -- pwn", "coproc pwn | aa",
		"let 'a[$(pwn)]=1'", "aa <<E\n$(pwn)\nE", "aa {b,c}", "aa $'x\\'; pwn'", "aa `pwn`", "a\\\na", "aa & pwn", "aa <(pwn)", "f() { pwn; }; aa"} {
		f.Add(src)
	}
	r := newReal(f)
	f.Fuzz(func(t *testing.T, src string) {
		action, items := r.verdict(src)
		endless := strings.Contains(src, "while") || strings.Contains(src, "until") || strings.Contains(src, "for")
		if action != permission.Allow || strings.Contains(src, "/") || endless {
			return
		}
		compare(t, src, items, r.run(t, driver, []string{src})[0])
	})
}
