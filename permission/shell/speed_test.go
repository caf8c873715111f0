package shell

import (
	"strings"
	"testing"
	"time"

	"mvdan.cc/sh/v3/syntax"

	"github.com/opencode-lsp/opencode-lsp/permission"
)

// ordinary are commands as agents run them.
func ordinary() []string {
	return []string{
		"ls -la", "git status --short", "go test ./...", "git -C sub log --oneline -5 | head -3", "grep -rn 'func main' --include=*.go .",
		"cd web && npm run build 2>&1 | tail -20", "cat go.mod; cat go.sum | wc -l", "find . -name '*.ts' -not -path './node_modules/*'",
		"python3 -m pytest -q tests/test_api.py::test_get", "git commit -m 'Mend the parser' -- parser.go", "sed -n 1,80p main.go", "for f in a b; do gofmt -l $f; done",
	}
}

func check(policy permission.Policy, src string) permission.Action {
	v, _ := policy.JudgeAll(Items(src, place()))
	return v.Action
}

// usual are the defaults with a user's rules.
func usual() permission.Policy {
	return permission.Policy{Layers: []permission.Layer{permission.Defaults(), {Name: "user config", Rules: permission.ReadOnly()}}}
}

// fastest is the shortest of several runs, which other work on the machine disturbs least.
func fastest(runs int, f func()) time.Duration {
	best := time.Hour
	for range runs {
		start := time.Now()
		f()
		best = min(best, time.Since(start))
	}
	return best
}

// A check is 10,000 a second on one core, which is ten to thirty times as long as the bare parse on any machine. The bound
// on the ratio holds under the race detector too.
func TestCheckSpeed(t *testing.T) {
	policy, commands := usual(), ordinary()
	checks := fastest(20, func() {
		for _, src := range commands {
			check(policy, src)
		}
	})
	parses := fastest(20, func() {
		for _, src := range commands {
			if _, err := syntax.NewParser().Parse(strings.NewReader(src), ""); err != nil {
				t.Fatal(err)
			}
		}
	})
	each := checks / time.Duration(len(commands))
	t.Logf("%v a check, %.0f a second; %.1f bare parses", each, float64(time.Second)/float64(each), float64(checks)/float64(parses))
	if checks > 60*parses {
		t.Errorf("a check takes as long as %.1f bare parses", float64(checks)/float64(parses))
	}
}

// Long commands: all that may be refused at once is, and what is taken is read in time that grows with its length.
func TestLongCommands(t *testing.T) {
	policy := usual()
	fill := func(head, piece, tail string, size int) string {
		return head + strings.Repeat(piece, (size-len(head)-len(tail))/len(piece)) + tail
	}
	for name, shape := range map[string][3]string{
		"list": {"", "ls; ", "ls"}, "pipe": {"ls", " | cat", ""}, "words": {"ls", " word", ""}, "one word": {"echo ", "a", ""}, "quoted": {"echo '", "a b ", "'"},
		"files": {"cat", " sub/file.txt", ""}, "outside": {"cat", " ../f", ""}, "redirects": {"ls", " >f", ""}, "here": {"cat <<'E'\n", "line\n", "E\n"}, "and": {"ls", " && ls", ""},
		"groups": {"ls; ", "(ls); ", "ls"}, "substitutions": {"echo", " $(ls)", ""}, "variables": {"echo", " $x", ""}, "options": {"git log", " -n 5", ""},
		"folders": {"ls", " && cd sub", ""}, "assignments": {"", "a=1 ", "ls"}, "escapes": {"echo ", `\a`, ""}, "stars": {"ls ", "*", ""}, "braces": {"echo ", "{a,b}", ""},
		"distinct": {"ls", "; cat a 'b c' -d", ""}, "nested": {"", "(", ""}, "quotes": {"echo ", "\"a\"'b'", ""}, "comments": {"ls\n", "# x\n", ""},
	} {
		big := fill(shape[0], shape[1], shape[2], 1<<20)
		if took := fastest(1, func() { check(policy, big) }); took > 500*time.Millisecond {
			if took = fastest(5, func() { check(policy, big) }); took > 500*time.Millisecond {
				t.Errorf("%s: 1 MB takes %v", name, took)
			}
		}
		most, half := fill(shape[0], shape[1], shape[2], maxCommand), fill(shape[0], shape[1], shape[2], maxCommand/4)
		slow := func(whole, quarter time.Duration) bool { return whole > 300*time.Millisecond && whole > 10*quarter } // 100 ms on a machine that does nothing else
		whole, quarter := fastest(2, func() { check(policy, most) }), fastest(2, func() { check(policy, half) })
		if slow(whole, quarter) { // or the machine was busy just then
			whole, quarter = fastest(8, func() { check(policy, most) }), fastest(8, func() { check(policy, half) })
		}
		t.Logf("%-14s %8v for %d bytes, %8v for a quarter", name, whole.Round(10*time.Microsecond), len(most), quarter.Round(10*time.Microsecond))
		if slow(whole, quarter) {
			t.Errorf("%s: four times the length takes %.0f times as long (%v)", name, float64(whole)/float64(quarter), whole)
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	policy, commands := usual(), ordinary()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		check(policy, commands[i%len(commands)])
	}
}
