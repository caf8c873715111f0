package shell

import (
	"slices"
	"strings"
	"testing"

	"github.com/opencode-lsp/opencode-lsp/permission"
)

// readOnly judges a command as a user's "bash": "readonly" over the defaults does.
func readOnly(src string) permission.Action {
	policy := permission.Policy{Layers: []permission.Layer{permission.Defaults(), {Name: "user config", Rules: permission.ReadOnly()}}}
	v, _ := policy.JudgeAll(Items(src, place()))
	return v.Action
}

func TestReadOnlyAllows(t *testing.T) {
	for _, src := range []string{
		"ls", "ls -la src", "cat main.go | head -20", "git status", "git --no-pager log --oneline -5", "git diff HEAD~1 -- main.go", "git -C sub show",
		"grep -rn 'func main' .", "rg -n TODO src", "find . -name '*.go' -type f", "wc -l *.go", "sort names | uniq -c | sort -rn", "sed -n 1,20p main.go",
		"cd sub && ls; pwd", "git branch --show-current", "git branch", "tree -L 2", "date +%s", "head -n 5 a && tail -n 5 b", "jq .name package.json",
		"for f in a b; do cat a; done", "timeout 5 ls", "[ -f go.mod ] && echo yes", "ls 2>/dev/null", "diff -u a b", "CI=1 ls", "fd -e go", "xxd a.bin | head",
	} {
		if got := readOnly(src); got != permission.Allow {
			t.Errorf("%s: %s", src, got)
		}
	}
}

func TestReadOnlyAsks(t *testing.T) {
	for _, src := range []string{
		"find . -delete", "find . -exec rm {} +", "find . -fprint x", "fd -x rm", "fd . -X rm", "sort -o x y", "sort --compress-program=sh x", "sort --outp=x y",
		"uniq a b", "xxd -r a b", "rg --pre=sh x", "rg -z x", "git diff --output=x", "git log --outp=x", "git grep -Osh x", "git branch x", "git branch -D x",
		"git tag x", "git remote add a b", "git stash list --output=x", "git -c core.pager=sh log", "git -p log", "git reflog expire --all", "git ls-remote x",
		"git commit -m x", "git push", "git show --ext-diff", "git log --textconv", "sed -i s/a/b/ f", "sed -n -i p f", "sed -ni p f", "sed -n '1e date' f",
		"sed -n 'w x' f", "sed -n --in-place p f", "sed -n -f x f", "awk 1 f", "tree -R", "tree -o x", "date -s now", "date 01010000", "hostname x", "file -C -m x",
		"ls > x", "cat a >> b", "echo a | sh", "echo $(rm x)", "cat <(rm x)", "printf -v x y", "echo a; rm b", "ls & rm b", "./ls", "/bin/ls", "sudo ls",
		"env ls", "env", "printenv", "xargs cat", "LD_PRELOAD=x ls", "PATH=. ls", "ls() { rm x; }; ls", "alias ls=rm", "cat .env", "cat ../x", "cat ~/.ssh/id_rsa",
		"ls /etc", "head -c 5 /dev/sda", "cat key.pem", "grep x .env", "readonly x=1", "ls \\\r\n", "go version", "npm ls", "find -files0-from x", "test -v 'a[$(rm x)]'",
	} {
		if got := readOnly(src); got == permission.Allow {
			t.Errorf("%s: allowed", src)
		}
	}
}

// What the preset lists is known to the tables, and no option of theirs that runs or writes something passes under it.
func TestReadOnlyAgainstTables(t *testing.T) {
	for _, r := range permission.ReadOnly()[1:] {
		head, open := strings.CutSuffix(r.Pattern, " *")
		if !open {
			continue
		}
		name, rest, _ := strings.Cut(head, " ")
		spec, known := programs()[name]
		if !known {
			t.Errorf("%s: no table knows the program, so its options are not seen", head)
		}
		if sub, ok := programs()[head]; ok {
			spec = merge(spec, sub)
		}
		if name == "git" && !slices.Contains(programs()["git"].subs, rest) {
			t.Errorf("%s: no table knows the subcommand", head)
		}
		for option, o := range spec.options {
			src := head + " " + option
			if o.value {
				src += " value"
			}
			if slices.Contains([]kind{runs, writes, code, inPlace}, o.kind) && readOnly(src+" x") == permission.Allow {
				t.Errorf("%s: allowed", src)
			}
		}
	}
}

// A repository's own "readonly" is no way to more: it only makes what the user allows ask.
func TestReadOnlyNarrows(t *testing.T) {
	user := permission.Layer{Name: "user config", Rules: []permission.Rule{{Permission: "bash", Pattern: "*", Action: permission.Allow}}}
	mine := permission.Layer{Name: "user config", Rules: []permission.Rule{{Permission: "bash", Pattern: "*", Action: permission.Deny}}}
	repository := permission.Layer{Name: "workspace config", Rules: permission.ReadOnly(), NarrowOnly: true}
	for _, c := range []struct {
		src  string
		user permission.Layer
		want permission.Action
	}{{"ls", user, permission.Allow}, {"make", user, permission.Ask}, {"ls", mine, permission.Deny}, {"ls", permission.Defaults(), permission.Ask}} {
		v, _ := permission.Policy{Layers: []permission.Layer{c.user, repository}}.JudgeAll(Items(c.src, place()))
		if v.Action != c.want {
			t.Errorf("%s over %s: %s, want %s", c.src, c.user.Name, v.Action, c.want)
		}
	}
}
