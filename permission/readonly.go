package permission

import "strings"

// ReadOnlyWord is the word that stands for [ReadOnly] in a configuration: "bash": "readonly", or as the word of "*" among
// other patterns, "bash": {"*": "readonly", "go test *": "allow"}. It means nothing for other permissions.
const ReadOnlyWord = "readonly"

// ReadOnly are the rules of the preset "bash": "readonly": commands that only look are allowed, every other one asks. The
// list holds no program that runs others, writes files, uses the network or shows the environment as its purpose; options
// by which a listed one would (find -delete, sort -o, rg --pre, git diff --output) ask all the same, since no pattern here
// names them. Files outside the workspace and secrets ask as they do for any command.
func ReadOnly() []Rule {
	rules := []Rule{{Permission: "bash", Pattern: "*", Action: Ask}}
	add := func(pattern string) {
		rules = append(rules, Rule{Permission: "bash", Pattern: pattern, Action: Allow})
	}
	for name := range strings.FieldsSeq(readOnlyPrograms) {
		add(name + " *")
	}
	for name := range strings.FieldsSeq(readOnlyGit) {
		add("git " + name + " *")
	}
	for exact := range strings.SplitSeq(readOnlyExact, ",") {
		add(strings.TrimSpace(exact))
	}
	return rules
}

const (
	// readOnlyPrograms may have any words. Left out on purpose: awk (its programs write), env and ps (they show
	// environments), less, man and bat (pagers run commands), ldd (may run what it looks at), go, npm and the like (they
	// run what the workspace says).
	readOnlyPrograms = `ls dir cat tac nl head tail wc stat file du df pwd echo printf true false test [ expr seq basename
		dirname realpath readlink which type whoami id uname nproc uptime grep egrep fgrep rg find fd fdfind sort uniq cut
		tr paste join comm column fold fmt expand unexpand rev cmp diff strings od hexdump xxd base64 base32 cksum sum
		md5sum sha1sum sha256sum sha512sum b2sum zcat jq`
	// readOnlyGit may have any words, too.
	readOnlyGit = `status log diff show blame annotate grep ls-files ls-tree rev-parse rev-list describe shortlog merge-base name-rev
		show-ref for-each-ref check-ignore count-objects`
	// readOnlyExact are commands whose other words would write: git branch NAME, date TIME, tree -R.
	readOnlyExact = `git branch, git branch -a, git branch -r, git branch -v, git branch -vv, git branch --show-current,
		git branch --list, git remote, git remote -v, git tag, git tag -l, git tag --list, git stash list, git reflog,
		git worktree list, git version, git --version, date, date -u, date +*, hostname, tree, tree -a, tree -d, tree -L ?,
		sed -n *`
)
