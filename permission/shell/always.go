package shell

import (
	"slices"
	"strings"

	"github.com/opencode-lsp/opencode-lsp/permission"
)

// always is the pattern that the answer "always" remembers: OpenCode's prefix of as many words as it takes to say what
// the program does. It is empty where a pattern would cover more than was shown: wrappers, code, words not known.
func (c *invocation) always(values []string) string {
	if c.finding.strict != permission.ByRule || c.wrapping {
		return ""
	}
	var heads []string
	for _, w := range c.heads() {
		if !w.known() || w.canonical() != w.text {
			break
		}
		heads = append(heads, w.text)
	}
	n := arity(heads)
	if n > len(heads) {
		return exact(values)
	}
	p := strings.Join(heads[:n], " ") + " *"
	if !slices.ContainsFunc(values, func(v string) bool { return permission.Wildcard(p, v) }) {
		return exact(values)
	}
	return p
}

// exact is the command itself where as a pattern it matches nothing else.
func exact(values []string) string {
	if permission.Literal(values[0]) {
		return values[0]
	}
	return ""
}

// heads are the words that say what the program does: its name and its operands, with the module of python -m.
func (c *invocation) heads() []word {
	out := []word{c.words[0]}
	for _, g := range c.args.options {
		if g.kind == pattern && g.name == "-m" && g.has {
			out = append(out, static("-m"), g.value)
		}
	}
	return append(out, c.args.operands...)
}

// arity is how many words of a command make its prefix.
func arity(words []string) int {
	if len(words) == 0 {
		return 1
	}
	if len(words) > 1 {
		if words[1] == "-m" || slices.Contains(arity3[words[0]], words[1]) || slices.Contains(arity3[words[0]], "*") {
			return 3
		}
	}
	switch {
	case slices.Contains(arity3[words[0]], "*"):
		return 3
	case slices.Contains(arity2, words[0]):
		return 2
	default:
		return 1
	}
}

// arity2 are OpenCode's programs whose second word is a subcommand, and those whose second word is the code that they
// run, where one word would allow any.
var arity2 = strings.Fields(`bazel brew bun cargo cdk cf cmake composer consul crictl deno docker eksctl firebase flyctl git go
	gradle helm heroku hugo ip kind kubectl kustomize make mc minikube mongosh mysql mvn ng npm nvm nx openssl pip pipenv pnpm
	poetry podman psql pulumi pyenv python rake rbenv redis-cli rustup serverless skaffold sls sst swift systemctl terraform
	tmux turbo ufw vault vercel volta wp yarn
	python3 pip3 node ruby perl php lua Rscript java dotnet npx bunx uvx uv tsx ts-node just mise apt apt-get dnf snap ssh task`)

// arity3 are those whose third word counts: always, or behind the second words listed.
var arity3 = map[string][]string{
	"aws": {"*"}, "az": {"*"}, "doctl": {"*"}, "gcloud": {"*"}, "gh": {"*"}, "sfdx": {"*"},
	"bun": {"run", "x"}, "cargo": {"add", "run"}, "consul": {"kv"}, "deno": {"task"}, "eksctl": {"create"},
	"docker": {"builder", "compose", "container", "image", "network", "volume"}, "git": {"config", "remote", "stash"},
	"ip": {"addr", "link", "netns", "route"}, "kind": {"create"}, "kubectl": {"kustomize", "rollout"}, "mc": {"admin"},
	"npm": {"exec", "init", "run", "view"}, "openssl": {"req", "x509"}, "pnpm": {"dlx", "exec", "run"},
	"podman": {"container", "image"}, "pulumi": {"stack"}, "terraform": {"workspace"}, "vault": {"auth", "kv"}, "yarn": {"dlx", "run"},
	"uv": {"run", "pip"}, "dotnet": {"tool"}, "poetry": {"run"}, "pipenv": {"run"},
}
