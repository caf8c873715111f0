package shell

import (
	"slices"
	"strings"
	"testing"

	"mvdan.cc/sh/v3/syntax"

	"github.com/opencode-lsp/opencode-lsp/permission"
)

func place() permission.Place {
	return permission.Place{Roots: []string{"/ws"}, Home: "/home/u", Cwd: "/ws"}
}

// commands are the items of the commands themselves.
func commands(src string) []permission.Item {
	return slices.DeleteFunc(Items(src, place()), func(it permission.Item) bool { return it.Permission != "bash" })
}

func TestAlways(t *testing.T) {
	for src, want := range map[string]string{
		"git push origin main": "git push *", "git -C sub push": "git push *", "git --no-pager log -3": "git log *", "git": "git",
		"git config user.name x": "", "git remote add a b": "git remote add *", "git -c a=b push": "",
		"npm run build": "npm run build *", "npm --silent run build": "npm run build *", "npm test": "npm test *", "npm": "npm",
		"ls -la src": "ls *", "rm -rf build": "rm *", "go test ./...": "go test *", "go -C sub test ./...": "go test *",
		"docker compose up -d": "docker compose up *", "docker ps": "docker ps *", "aws s3 ls": "aws s3 ls *", "aws s3": "aws s3",
		"python3 x.py": "python3 x.py *", "python3 -m pytest -q": "python3 -m pytest *", "python3 -c 'x'": "", "node x.js": "node x.js *",
		"./gradlew test": "./gradlew *", "make": "make", "make test": "make test *", "cargo build --release": "cargo build *",
		"echo $x": "", "sh -c 'ls'": "", "env ls": "", "xargs ls": "", "sudo ls": "", "timeout 5 ls": "", "sed -i s f": "", "source x": "",
		"'my prog' x": "'my prog' x", "ls & ": "", "f() { ls; }": "", "foo *": "foo *",
	} {
		items := commands(src)
		if got := items[len(items)-1].Always; got != want {
			t.Errorf("%s: would remember %q, want %q", src, got, want)
		}
	}
}

// What "always" remembers permits the command that was asked about.
func TestAlwaysCovers(t *testing.T) {
	for _, src := range []string{"git -C sub push", "git --no-pager log", "npm --silent run build", "ls 'a b'", "'my prog' x", "git commit -m \"a b\""} {
		it := commands(src)[0]
		p := permission.Policy{Layers: []permission.Layer{{Rules: []permission.Rule{{Permission: "bash", Pattern: it.Always, Action: permission.Allow}}}}}
		if it.Always == "" || p.Judge(it).Action != permission.Allow {
			t.Errorf("%s: %q does not cover %q", src, it.Always, it.Values)
		}
	}
}

func TestNames(t *testing.T) {
	for _, c := range []struct{ src, value, alias string }{
		{"git   push\torigin", "git push origin", ""}, {`g"i"t push`, "git push", ""}, {`\git push`, "git push", ""}, {"git 'push x'", "git 'push x'", "git push x"},
		{"/usr/bin/git push", "/usr/bin/git push", "git push"}, {"./git push", "./git push", "git push"}, {"git.exe push", "git.exe push", "git push"},
		{"~/bin/rm x", "/home/u/bin/rm x", "rm x"}, {"git -C x push", "git push", "git push"}, {"git -c a=b push", "git -c a=b push", "git push"},
		{"CI=1 git push", "git push", ""}, {"sudo --odd rm x", "sudo --odd rm x", "rm x"}, {"echo \"$HOME/x\"", "echo /home/u/x", ""},
	} {
		var values, aliases []string
		for _, it := range commands(c.src) {
			values, aliases = append(values, it.Values...), append(append(aliases, it.Aliases...), it.Values...)
		}
		if !slices.Contains(values, c.value) || c.alias != "" && !slices.Contains(aliases, c.alias) {
			t.Errorf("%s: values %q, names for deny %q; want %q and %q", c.src, values, aliases, c.value, c.alias)
		}
	}
}

// touched lists what a command touches besides itself, as "permission name", with "!" where it always asks.
func touched(src string) []string {
	var out []string
	for _, it := range Items(src, place()) {
		if it.Permission == "bash" {
			continue
		}
		line := it.Permission + " " + it.Values[0]
		switch it.Strictness {
		case permission.AlwaysAsk:
			line += " !"
		case permission.Beside:
			line += " (beside)"
		}
		out = append(out, line)
	}
	return out
}

func TestFiles(t *testing.T) {
	for src, want := range map[string][]string{
		"echo a > out":                     {"edit out"},
		"echo a >> .git/config":            {"edit .git/config !"},
		"echo a > /tmp/x":                  {"edit /tmp/x", "external_directory /tmp/*"},
		"make > /dev/null 2>&1":            nil,
		"echo a > $x":                      {"edit $x !"},
		"cat < in":                         {"read in"},
		"cat a /etc/b":                     {"read a (beside)", "read /etc/b (beside)", "external_directory /etc/*"},
		"cp a b":                           {"read a (beside)", "edit b (beside)"},
		"rm .git/config":                   {"edit .git/config !"},
		"grep -n /x f":                     {"read f (beside)"},
		"grep -e /x f":                     {"read f (beside)"},
		"sort -o out in":                   {"edit out", "read in (beside)"},
		"cd sub && cat x":                  {"read sub/x (beside)"},
		"cd sub; cat x":                    {"read x (beside)", "read sub/x (beside)"},
		"cd .. && cat x":                   {"external_directory /*", "read /x (beside)", "external_directory /*"},
		"cd $D && cat x":                   {"external_directory $D !", "read x !"},
		"(cd sub); cat x":                  {"read x (beside)"},
		"git -C sub add x":                 {"read sub/x (beside)"},
		"dd if=/dev/zero of=x":             {"read /dev/zero !", "external_directory /dev/*", "edit x"},
		"tar xPf a.tar -C /tmp":            {"edit a.tar", "external_directory /tmp/*"},
		"echo /etc/passwd":                 nil,
		"for f in 1; do cd x; done; cat a": {"external_directory x !", "read a !"},
	} {
		if got := touched(src); !slices.Equal(got, want) {
			t.Errorf("%s: touches %q, want %q", src, got, want)
		}
	}
}

func TestValid(t *testing.T) {
	for _, src := range []string{"", " \n\t", "a\x00b", "a\x1b[2K", "a\x7f", "a\bb", "\xff", strings.Repeat("a", maxCommand+1)} {
		if Valid(src) == nil {
			t.Errorf("%.20q is taken", src)
		}
		if its := Items(src, place()); len(its) != 1 || its[0].Strictness != permission.AlwaysAsk || its[0].Why == "" {
			t.Errorf("%.20q: %+v", src, its)
		}
	}
	for _, src := range []string{"ls", "# x", "a\rb", "a\tb\n", "é 漢", strings.Repeat("a", maxCommand)} {
		if err := Valid(src); err != nil {
			t.Errorf("%.20q: %v", src, err)
		}
	}
}

func TestReasons(t *testing.T) {
	for src, want := range map[string]string{
		"$x": "not known before", "eval $x": "not known before", "git status &&": "read it differently", "# x": "no command",
		"curl x | sh": "cannot be seen", "git -c a=b log": "-c", "a=1": "a variable", "coproc x": "coproc", "ls \\\r\n": "cannot be seen",
		"zsh -c x": "cannot be read", "PATH=x ls": "variable", "ls &": "background", "sed 'w x' f": "script",
		strings.Repeat("(", 300) + "ls" + strings.Repeat(")", 300): "deeply",
	} {
		found := slices.ContainsFunc(Items(src, place()), func(it permission.Item) bool { return strings.Contains(it.Why, want) })
		if !found {
			t.Errorf("%.40s: no reason says %q: %+v", src, want, Items(src, place()))
		}
	}
}

// FuzzItems: whatever comes in, there is an item and no panic; and what rules for echo and true allow is nothing but
// calls of echo and true in a tree of plain nodes, by another walk over another parse.
func FuzzItems(f *testing.F) {
	for _, seed := range []string{"echo a", "echo a && true", "echo $(rm x)", "{ echo a; } | true", "echo \"${x:-'$(touch p)'}\"", "echo a # \\\ntouch p",
		"echo <<E\n$(x)\nE", "time -- touch p", "!(touch p)", "echo {a,b}", "case a in a) echo;; esac", "for i in 1; do true; done", "echo a > b", "CI=1 echo a",
		"coproc touch p | cat", "f() { echo; }", "echo `x`", "timeout 1 echo a", "echo \\\n a", "let 'a[$(x)]=1'", "sh -c 'echo a'", "echo a & true"} {
		f.Add(seed)
	}
	f.Add("a <<..;\np`timeout 5 esactime -p function then [[ =b!") // the parser goes on after its error
	var rules []permission.Rule
	for _, pattern := range []string{"echo *", "true *"} {
		rules = append(rules, permission.Rule{Permission: "bash", Pattern: pattern, Action: permission.Allow})
	}
	policy := permission.Policy{Layers: []permission.Layer{{Name: "fuzz", Rules: rules}}}
	f.Fuzz(func(t *testing.T, src string) {
		items := Items(src, place())
		if len(items) == 0 {
			t.Fatal("no items")
		}
		if v, _ := policy.JudgeAll(items); v.Action == permission.Allow {
			onlyPlain(t, src)
		}
	})
}

// onlyPlain fails unless src parses into plain nodes and calls of echo and true.
func onlyPlain(t *testing.T, src string) {
	t.Helper()
	file, err := syntax.NewParser().Parse(strings.NewReader(src), "")
	if err != nil || doubt(src) != "" {
		t.Fatalf("allowed, though it cannot be read: %q: %v", src, err)
	}
	syntax.Walk(file, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.CallExpr:
			if len(n.Args) > 0 && !plainName(n.Args[0]) {
				t.Fatalf("allowed: %q", src)
			}
		case *syntax.Stmt:
			if n.Background || n.Coprocess {
				t.Fatalf("allowed in the background: %q", src)
			}
		case *syntax.CmdSubst, *syntax.ProcSubst, *syntax.ArithmExp, *syntax.ExtGlob, *syntax.FuncDecl, *syntax.CoprocClause, *syntax.LetClause,
			*syntax.DeclClause, *syntax.TestClause, *syntax.ArithmCmd, *syntax.ArrayExpr, *syntax.CStyleLoop:
			t.Fatalf("allowed with %T: %q", n, src)
		case *syntax.ParamExp:
			if name := n.Param.Value; name != "HOME" && name != "PWD" {
				t.Fatalf("allowed with a variable: %q", src)
			}
		}
		return true
	})
}

// plainName allows the wrappers that take the inner verdict, cd, and the two names.
func plainName(w *syntax.Word) bool {
	var name strings.Builder
	syntax.Walk(w, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.Lit:
			name.WriteString(strings.ReplaceAll(n.Value, `\`, ""))
		case *syntax.SglQuoted:
			name.WriteString(n.Value)
		}
		return true
	})
	return slices.Contains([]string{"echo", "true", "cd", "timeout", "gtimeout", "nice", "ionice", "nohup", "stdbuf", "time"}, name.String())
}
