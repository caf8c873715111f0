package permission

import (
	"slices"
	"strings"
	"sync"
	"unicode"
)

// whyProtected says why editing the file asks even where edits are allowed, "" where it does not: other programs read it
// as instructions and run what it says. The name is relative to its root, or absolute; letter case, invisible characters
// and what Windows drops from names make no difference.
func whyProtected(name string) string {
	parts := strings.Split(strings.Trim(strings.ReplaceAll(name, `\`, "/"), "/"), "/")
	for i, part := range parts {
		parts[i] = plain(part)
	}
	t := protected()
	for i, part := range parts {
		if why, ok := t.folders[part]; ok {
			return why
		}
		if i+1 < len(parts) && strings.HasSuffix(part, ".git") && slices.Contains(t.bare, parts[i+1]) {
			return "git runs what a repository's configuration says"
		}
	}
	return t.file(parts)
}

// file looks at the base name, alone and with its folder.
func (t protectedNames) file(parts []string) string {
	base := parts[len(parts)-1]
	if why, ok := t.files[base]; ok {
		return why
	}
	if len(parts) > 1 {
		if why, ok := t.files[parts[len(parts)-2]+"/"+base]; ok {
			return why
		}
	}
	for suffix, why := range t.suffixes {
		if strings.HasSuffix(base, suffix) {
			return why
		}
	}
	joined := "/" + strings.Join(parts, "/")
	for _, tree := range t.trees {
		if strings.Contains(joined, "/"+tree.name+"/") {
			return tree.why
		}
	}
	return ""
}

// plain reduces a path component to what the loosest file system would open: lower case, nothing invisible, no stream
// name, no trailing blanks and dots, and git's short name spelt out.
func plain(part string) string {
	part = strings.Map(func(r rune) rune {
		if hidden(r) || unicode.Is(unicode.Mn, r) {
			return -1
		}
		if r >= 0xFF01 && r <= 0xFF5E {
			r -= 0xFEE0 // full width
		}
		if r == 'ı' || r == 'İ' {
			return 'i'
		}
		return unicode.ToLower(unicode.ToUpper(r))
	}, part)
	if i := strings.IndexByte(part, ':'); i > 0 {
		part = part[:i]
	}
	part = strings.TrimRight(part, " .")
	if rest, ok := strings.CutPrefix(part, "git~"); ok && rest != "" && rest[0] >= '0' && rest[0] <= '9' {
		return ".git"
	}
	return part
}

// protectedNames is the table of section C14, by whole component.
type protectedNames struct {
	folders  map[string]string // anything below
	files    map[string]string // base name, or folder/base
	suffixes map[string]string
	trees    []protectedTree
	bare     []string // what matters inside a bare repository "x.git"
}

// protectedTree is a folder below another, and what runs what stands in it.
type protectedTree struct{ name, why string }

// protected is made when the first edit is judged. It is read only.
var protected = sync.OnceValue(func() protectedNames {
	const (
		git    = "git runs what its own files say"
		editor = "an editor runs what its settings say"
		agent  = "it configures a coding agent"
		words  = "later sessions take it as instructions"
		hook   = "a hook manager runs it"
		shell  = "a shell runs it"
		pkg    = "a package manager runs what it says"
		ci     = "CI runs it with the project's secrets"
		keys   = "it decides who may log in as the user"
	)
	return protectedNames{
		folders: each(map[string][]string{
			git:    {".git", ".githooks"},
			editor: {".vscode", ".vscode-server", ".idea", ".zed", ".helix", ".nvim", ".vim", ".emacs.d", ".fleet", ".kakrc", ".sublime", ".vs", ".settings", ".emacs"},
			agent: {".opencode", ".claude", ".cursor", ".windsurf", ".gemini", ".codex", ".continue", ".aider", ".roo", ".cline",
				".kiro", ".amazonq", ".qwen", ".crush", ".goose", ".junie", ".trae", ".agents", ".agent", ".amp", ".ampcode", ".kilocode",
				".augment", ".clinerules", ".copilot", ".factory", ".warp", ".zencoder", ".openhands", ".tabnine", ".cody", ".sourcegraph", ".void", ".pearai"},
			hook: {".husky", ".devcontainer", ".circleci", ".buildkite", ".direnv", ".mise", ".woodpecker", ".semaphore", ".teamcity", ".tekton", ".builds", ".harness"},
			keys: {".ssh", ".gnupg", ".aws", ".kube", ".docker"},
		}),
		files: each(map[string][]string{
			git: {".gitattributes", ".gitmodules", ".gitconfig", "git/config", "git/attributes"},
			editor: {".nvim.lua", ".nvimrc", ".exrc", ".vimrc", ".lvimrc", ".dir-locals.el", ".dir-locals-2.el", ".emacs",
				".editorconfig.lua", "init.el", ".ycm_extra_conf.py", "_vimrc", "_exrc", ".gvimrc", ".ideavimrc", ".project", ".lesskey"},
			agent: {"opencode.json", "opencode.jsonc", ".mcp.json", "mcp.json", ".aider.conf.yml", ".clinerules", ".roomodes",
				".crush.json", "crush.json", ".goosehints", "claude_desktop_config.json",
				".claude.json", ".continuerc.json", ".cursorignore", ".rooignore", ".aiderignore", ".copilotignore", ".geminiignore"},
			words: {"agents.md", "agents.override.md", "claude.md", "claude.local.md", "gemini.md", "qwen.md", "crush.md",
				".cursorrules", ".windsurfrules", ".rules", "copilot-instructions.md", "warp.md",
				"agent.md", "codex.md", "context.md", "conventions.md", ".augment-guidelines"},
			hook: {".pre-commit-config.yaml", ".pre-commit-hooks.yaml", "lefthook.yml", "lefthook.yaml", ".lefthook.yml",
				".huskyrc", ".overcommit.yml", ".devcontainer.json",
				".huskyrc.json", ".huskyrc.js", "lefthook-local.yml", "lefthook.toml", "lefthook.json", ".lefthook.yaml", ".lintstagedrc", ".lintstagedrc.json",
				".lintstagedrc.js", ".simple-git-hooks.json", "simple-git-hooks.json", "devbox.json", ".actrc"},
			shell: {".envrc", ".mise.toml", "mise.toml", ".mise.local.toml", "mise.local.toml", ".tool-versions", ".bashrc", ".bash_profile",
				".bash_login", ".bash_logout", ".bash_aliases", ".profile", ".zshrc", ".zshenv", ".zprofile", ".zlogin",
				".inputrc", ".pam_environment", ".xprofile", ".xinitrc", "fish/config.fish", ".envrc.local", ".direnvrc", ".rtx.toml", ".asdfrc", ".rvmrc",
				".cshrc", ".tcshrc", ".kshrc", ".login", ".tmux.conf", ".screenrc", ".gdbinit", ".lldbinit", ".pdbrc", ".irbrc", ".pryrc", ".pythonrc",
				".rprofile", ".renviron", ".psqlrc", ".sqliterc", ".my.cnf", ".netrc", ".curlrc", ".wgetrc", "sitecustomize.py", "usercustomize.py"},
			pkg: {".npmrc", ".yarnrc", ".yarnrc.yml", ".pnpmfile.cjs", ".cargo/config.toml", ".cargo/config",
				"gradle.properties", "gradle-wrapper.properties", ".mvn/maven.config", ".mvn/jvm.config", ".mvn/extensions.xml",
				"pip.conf", ".pip/pip.conf", ".pypirc", ".bundle/config", "bunfig.toml", "nuget.config", ".condarc", "pip.ini", ".gemrc", ".pnp.cjs", ".pnp.loader.mjs", "init.gradle", "gradle-wrapper.jar",
				".terraformrc", "terraform.rc"},
			ci: {".gitlab-ci.yml", ".travis.yml", "jenkinsfile", "azure-pipelines.yml", "bitbucket-pipelines.yml",
				".drone.yml", ".woodpecker.yml", "appveyor.yml", ".cirrus.yml",
				"azure-pipelines.yaml", ".drone.yaml", ".woodpecker.yaml", ".appveyor.yml", "buildspec.yml", "buildspec.yaml", "cloudbuild.yaml",
				"cloudbuild.yml", ".gitlab-ci.yaml", ".github/dependabot.yml", ".github/copilot-setup-steps.yml"},
		}),
		suffixes: each(map[string][]string{editor: {".code-workspace", ".sublime-project", ".sublime-workspace"}}),
		trees: []protectedTree{
			{".github/workflows", ci}, {".github/actions", ci}, {".gitea/workflows", ci}, {".forgejo/workflows", ci}, {".gitlab/ci", ci},
			{".github/instructions", words}, {".github/prompts", words}, {".github/chatmodes", words}, {".github/agents", words},
			{".yarn/releases", pkg}, {".yarn/plugins", pkg}, {"gradle/wrapper", pkg}, {".mvn/wrapper", pkg},
			{".config/mise", shell}, {".config/direnv", shell}, {".config/fish", shell}, {".config/git", git},
		},
		bare: []string{"config", "hooks", "info", "config.worktree", "head", "modules", "worktrees"},
	}
})

// each turns why → names into name → why.
func each(m map[string][]string) map[string]string {
	out := map[string]string{}
	for why, names := range m {
		for _, n := range names {
			out[n] = why
		}
	}
	return out
}
