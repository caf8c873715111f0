//go:build unix

package shell

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/opencode-lsp/opencode-lsp/permission"
)

// real is bash in a world without programs: every name that it may look up, its own built-ins included, is a shim that
// writes down the words that it was given, and so is every name that does not exist. It runs in an empty folder.
type real struct {
	bash, dir, log, before string
	environ                []string
}

// builtins are bash's own commands that become shims. Left out: cd, which changes nothing but the folder, and ".", which
// no file can be called.
const builtins = `: [ alias bg bind break builtin caller command compgen complete compopt continue declare dirs disown echo
	enable eval exec exit export false fc fg getopts hash help history jobs kill let local logout mapfile popd printf pushd pwd
	read readarray readonly return set shift shopt source suspend test times trap true type typeset ulimit umask unalias unset
	wait`

func newReal(tb testing.TB) *real {
	tb.Helper()
	bash, err := exec.LookPath("bash")
	if err != nil {
		tb.Fatal("bash is not on PATH; commands are judged as bash reads them, so install it to test that")
	}
	top, err := filepath.EvalSymlinks(tb.TempDir())
	if err != nil {
		tb.Fatal(err)
	}
	r := &real{bash: bash, dir: filepath.Join(top, "empty"), log: filepath.Join(top, "log"), before: filepath.Join(top, "before")}
	shims := filepath.Join(top, "shims")
	r.environ = []string{"PATH=" + shims, "HOME=" + top, "BASH_ENV=" + r.before, "LC_ALL=C"}
	for _, dir := range []string{r.dir, shims} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			tb.Fatal(err)
		}
	}
	write := func(path, text string) {
		if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
			tb.Fatal(err)
		}
	}
	record := fmt.Sprintf("printf '%%s\\0' \"$#\" \"${0##*/}\" \"$@\" >> '%s'\n", r.log)
	for name := range strings.FieldsSeq(builtins + " aa bb cc git go ls cat env xargs sudo sh nice2 pwn touch rm") {
		write(filepath.Join(shims, name), "#!/bin/sh\n"+record)
	}
	for _, name := range []string{"timeout", "nice", "nohup"} { // they run what is judged by itself
		if path, err := exec.LookPath(name); err == nil {
			write(filepath.Join(shims, name), "#!/bin/sh\nexec "+path+" \"$@\"\n")
		}
	}
	write(filepath.Join(shims, "time"), "#!/bin/sh\nwhile [ \"${1#-}\" != \"$1\" ]; do shift; done\nexec \"$@\"\n")
	write(filepath.Join(shims, "unknown"), "#!/bin/sh\nshift 0\n"+fmt.Sprintf("printf '%%s\\0' $(($#-1)) \"$@\" >> '%s'\n", r.log))
	write(r.before, fmt.Sprintf("command_not_found_handle() { '%s' \"$@\"; }\nenable -n %s 2>/dev/null\n",
		filepath.Join(shims, "unknown"), strings.Join(slices.DeleteFunc(strings.Fields(builtins), func(s string) bool { return s == "enable" }), " ")+" enable"))
	return r
}

// Both drivers run the commands on their input, with a mark before each in the log. The first gives each a bash of its own,
// as the bash tool does. The second is ten times as fast: a subshell for each, where functions stand before the shims.
const (
	driver = `i=0; while IFS= read -r -d '' src; do
		printf '0\0#%s\0' "$i" >> "$LOG"
		(cd "$DIR"; BASH_ENV=$BEFORE "$BASH" --noprofile --norc -c "$src" </dev/null >/dev/null 2>&1)
		i=$((i+1)); done`
	quickDriver = `wrote() { builtin printf '%s\0' "$(($#-1))" "$@" >> "$LOG"; }
		command_not_found_handle() { wrote "$@"; }
		builtin eval "$FUNCTIONS"
		i=0; while IFS= builtin read -r -d '' src; do
		builtin printf '0\0#%s\0' "$i" >> "$LOG"
		(builtin cd "$DIR"; builtin eval "$src" </dev/null >/dev/null 2>&1)
		i=$((i+1)); done`
)

// run gives for each command the word lists that were executed.
func (r *real) run(tb testing.TB, driver string, commands []string) [][][]string {
	tb.Helper()
	if err := os.WriteFile(r.log, nil, 0o600); err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(tb.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, r.bash, "--noprofile", "--norc", "-c", driver)
	cmd.Env = append(slices.DeleteFunc(slices.Clone(r.environ), func(kv string) bool { return strings.HasPrefix(kv, "BASH_ENV=") }),
		"LOG="+r.log, "DIR="+r.dir, "BEFORE="+r.before, "FUNCTIONS="+functions())
	cmd.Stdin = strings.NewReader(strings.Join(commands, "\x00") + "\x00")
	if out, err := cmd.CombinedOutput(); err != nil {
		tb.Fatalf("driver: %v: %s", err, out)
	}
	left, err := os.ReadDir(r.dir)
	if err != nil || len(left) > 0 {
		tb.Errorf("allowed commands left %v behind: %v", left, err)
	}
	return r.read(tb, len(commands))
}

// functions are those that stand before built-ins and shims. They are written with builtin itself; names that are no word
// are left to the shims.
func functions() string {
	var b strings.Builder
	for name := range strings.FieldsSeq(builtins + " aa bb cc git pwn") {
		if !slices.Contains([]string{"builtin", ":", "["}, name) {
			fmt.Fprintf(&b, "%s() { wrote %s \"$@\"; }\n", name, name)
		}
	}
	return b.String()
}

func (r *real) read(tb testing.TB, n int) [][][]string {
	tb.Helper()
	data, err := os.ReadFile(r.log)
	if err != nil {
		tb.Fatal(err)
	}
	fields := strings.Split(string(bytes.TrimSuffix(data, []byte{0})), "\x00")
	out := make([][][]string, n)
	at := -1
	for len(fields) > 1 {
		words, err := strconv.Atoi(fields[0])
		if err != nil || words < 0 || len(fields) < words+2 {
			tb.Fatalf("the log cannot be read at %.60q", fields)
		}
		argv := fields[1 : words+2]
		fields = fields[words+2:]
		if mark, ok := strings.CutPrefix(argv[0], "#"); ok && words == 0 {
			if i, err := strconv.Atoi(mark); err == nil && i == at+1 {
				at = i
				continue
			}
		}
		out[at] = append(out[at], argv)
	}
	if at != n-1 {
		tb.Fatalf("the driver ran %d of %d commands", at+1, n)
	}
	return out
}

// fewRules allow a few programs, fewer still with the words that must follow.
func fewRules() permission.Policy {
	l := permission.Layer{Name: "few"}
	for _, pattern := range []string{"aa *", "bb x *", "cc", "git status *", "echo *", "true *"} {
		l.Rules = append(l.Rules, permission.Rule{Permission: "bash", Pattern: pattern, Action: permission.Allow})
	}
	return permission.Policy{Layers: []permission.Layer{permission.Defaults(), l}}
}

// gitChoice are options before the subcommand that choose a folder or looks, also where git itself refuses the spelling.
var gitChoice = regexp.MustCompile(`^(-C.+|-P|--no-p[ager]*)$`)

// fewAllow says the same as fewRules of words that were really executed, by other means.
func fewAllow(argv []string) bool {
	switch argv[0] {
	case "aa", "echo", "true":
		return true
	case "bb":
		return len(argv) > 1 && argv[1] == "x"
	case "cc":
		return len(argv) == 1
	case "git":
		return len(argv) > 1 && argv[1] == "status" || len(argv) > 3 && argv[1] == "-C" && argv[3] == "status" ||
			len(argv) > 2 && argv[2] == "status" && gitChoice.MatchString(argv[1])
	}
	return false
}

// verdict judges src in the world of r.
func (r *real) verdict(src string) (permission.Action, []permission.Item) {
	if Valid(src) != nil {
		return permission.Ask, nil
	}
	items := Items(src, permission.Place{Roots: []string{r.dir}, Cwd: r.dir, Home: filepath.Dir(r.dir)})
	v, _ := fewRules().JudgeAll(items)
	return v.Action, items
}

// compare fails where bash executed words that the rules do not allow, or other words than were judged.
func compare(tb testing.TB, src string, items []permission.Item, ran [][]string) {
	tb.Helper()
	var judged [][]string
	for _, it := range items {
		if it.Permission == "bash" {
			judged = append(judged, split(it.Values[0]))
		}
	}
	for _, argv := range ran {
		if !fewAllow(argv) {
			tb.Errorf("allowed, and bash executed %q, which no rule allows: %q", argv, src)
		}
		if !slices.ContainsFunc(judged, func(words []string) bool { return slices.Equal(words, argv) }) {
			tb.Errorf("bash executed %q, and judged were %q: %q", argv, judged, src)
		}
	}
}

// split takes a canonical command apart. It knows no more than quotes, escapes and blanks.
func split(text string) []string {
	var words []string
	var word strings.Builder
	var quote byte
	open := false
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case quote == 0 && (c == '\'' || c == '"'):
			quote, open = c, true
			continue
		case quote != 0 && c == quote:
			quote = 0
			continue
		case c == '\\' && i+1 < len(text) && (quote == 0 || quote == '"' && strings.IndexByte("$`\"\\", text[i+1]) >= 0):
			i++
		case c == ' ' && quote == 0:
			if open {
				words = append(words, word.String())
			}
			word.Reset()
			open = false
			continue
		}
		word.WriteByte(text[i])
		open = true
	}
	if open {
		words = append(words, word.String())
	}
	return words
}

// plainCommands must be allowed, and executed exactly as listed.
func plainCommands() map[string][][]string {
	return map[string][][]string{
		"aa":                                     {{"aa"}},
		"aa b  'c d'\te":                         {{"aa", "b", "c d", "e"}},
		`a"a" "x'y" 'x"y' x\ y ''`:               {{"aa", "x'y", `x"y`, "x y", ""}},
		"aa; bb x y && cc || pwn":                nil, // pwn asks
		"aa; bb x y && cc":                       {{"aa"}, {"bb", "x", "y"}, {"cc"}},
		"aa | bb x":                              {{"aa"}, {"bb", "x"}},
		"(aa 1; { aa 2; })":                      {{"aa", "1"}, {"aa", "2"}},
		"if aa; then cc; else bb x; fi":          {{"aa"}, {"cc"}},
		"for i in 1 2; do aa 3; done":            {{"aa", "3"}, {"aa", "3"}},
		"case a in b) aa 1;; a) aa 2;; esac":     {{"aa", "2"}},
		"git -C . status -s":                     {{"git", "-C", ".", "status", "-s"}},
		"git --no-pager status":                  {{"git", "--no-pager", "status"}},
		"aa \\\n  b":                             {{"aa", "b"}},
		"! aa":                                   {{"aa"}},
		"CI=1 aa":                                {{"aa"}},
		"aa # b; pwn":                            {{"aa"}},
		"aa 2>&1 >/dev/null":                     {{"aa"}},
		"aa <<'E'\n$(pwn)\nE":                    {{"aa"}},
		"timeout 5 aa b":                         {{"aa", "b"}},
		"nice -n 5 bb x":                         {{"bb", "x"}},
		"echo a*b [c] d?":                        {{"echo", "a*b", "[c]", "d?"}},
		"aa\nbb x\n\ncc":                         {{"aa"}, {"bb", "x"}, {"cc"}},
		"aa é 漢 '\t'":                            {{"aa", "é", "漢", "\t"}},
		"aa --x=y -z=$'q'":                       nil,
		"aa a=b a:b a/b a@b a+b a,b a.b a^b a%b": {{"aa", "a=b", "a:b", "a/b", "a@b", "a+b", "a,b", "a.b", "a^b", "a%b"}},
		"time aa":                                {{"aa"}},
	}
}

// Commands whose words are known: bash hands on exactly those that were judged.
func TestBashArgv(t *testing.T) {
	r := newReal(t)
	var commands []string
	for src, want := range plainCommands() {
		action, _ := r.verdict(src)
		if (action == permission.Allow) != (want != nil) {
			t.Errorf("%q: %s", src, action)
		}
		if want != nil {
			commands = append(commands, src)
		}
	}
	for i, ran := range r.run(t, quickDriver, commands) {
		_, items := r.verdict(commands[i])
		compare(t, commands[i], items, ran)
		if want := plainCommands()[commands[i]]; !sameRuns(ran, want) {
			t.Errorf("%q: bash executed %q, want %q", commands[i], ran, want)
		}
	}
}

// sameRuns compares without the order, which a pipe leaves open.
func sameRuns(a, b [][]string) bool {
	flat := func(runs [][]string) []string {
		var out []string
		for _, argv := range runs {
			out = append(out, strings.Join(argv, "\x00"))
		}
		slices.Sort(out)
		return out
	}
	return slices.Equal(flat(a), flat(b))
}
