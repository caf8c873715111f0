package main

import (
	"cmp"
	"context"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/opencode-lsp/opencode-lsp/tools"
)

// formatter is one that OpenCode knows.
type formatter struct {
	name, extensions, command string
	// needs is a file, of several one, that must lie in a root or below on the way to the file; word must stand in it.
	needs, word string
	// own says that it runs code of the project: its own program, its plugins, its configuration. It is used where the project's
	// configuration, which the user trusts, turns formatters on, and where the settings name it.
	own bool
}

const (
	scripts = ".js .jsx .mjs .cjs .ts .tsx .mts .cts"
	webText = scripts + " .html .htm .css .scss .sass .less .vue .svelte .json .jsonc .yaml .yml .toml .xml .md .mdx .graphql .gql"
)

// knownFormatters are OpenCode's, sorted by name; of those for one ending each runs that can.
func knownFormatters() []formatter {
	return []formatter{
		{name: "air", extensions: ".R", command: "air format $FILE"},
		{name: "biome", extensions: webText, command: "biome format --write $FILE", needs: "biome.json biome.jsonc .biome.json .biome.jsonc", own: true},
		{name: "clang-format", extensions: ".c .cc .cpp .cxx .c++ .h .hh .hpp .hxx .h++ .ino .C .H", command: "clang-format -i $FILE", needs: ".clang-format"},
		{name: "cljfmt", extensions: ".clj .cljs .cljc .edn", command: "cljfmt fix --quiet $FILE", own: true},
		{name: "dart", extensions: ".dart", command: "dart format $FILE"},
		{name: "dfmt", extensions: ".d", command: "dfmt -i $FILE"},
		{name: "gleam", extensions: ".gleam", command: "gleam format $FILE"},
		{name: "gofmt", extensions: ".go", command: "gofmt -w $FILE"},
		{name: "htmlbeautifier", extensions: ".erb", command: "htmlbeautifier $FILE"},
		{name: "ktlint", extensions: ".kt .kts", command: "ktlint -F $FILE"},
		{name: "latexindent", extensions: ".tex", command: "latexindent -w -s $FILE"},
		{name: "mix", extensions: ".ex .exs .eex .heex .leex .neex .sface", command: "mix format $FILE", own: true},
		{name: "nixfmt", extensions: ".nix", command: "nixfmt $FILE"},
		{name: "ocamlformat", extensions: ".ml .mli", command: "ocamlformat -i $FILE", needs: ".ocamlformat"},
		{name: "ormolu", extensions: ".hs", command: "ormolu -i $FILE"},
		{name: "oxfmt", extensions: scripts, command: "oxfmt $FILE", needs: "package.json", word: `"oxfmt"`, own: true},
		{name: "pint", extensions: ".php", command: "./vendor/bin/pint $FILE", needs: "composer.json", word: `"laravel/pint"`, own: true},
		{name: "prettier", extensions: webText, command: "prettier --write $FILE", needs: "package.json", word: `"prettier"`, own: true},
		{name: "rubocop", extensions: ".rb .rake .gemspec .ru", command: "rubocop --autocorrect $FILE", own: true},
		{name: "ruff", extensions: ".py .pyi", command: "ruff format $FILE", needs: "ruff.toml .ruff.toml pyproject.toml requirements.txt Pipfile", word: "ruff"},
		{name: "rustfmt", extensions: ".rs", command: "rustfmt $FILE"},
		{name: "shfmt", extensions: ".sh .bash", command: "shfmt -w $FILE"},
		{name: "standardrb", extensions: ".rb .rake .gemspec .ru", command: "standardrb --fix $FILE", own: true},
		{name: "terraform", extensions: ".tf .tfvars", command: "terraform fmt $FILE"},
		{name: "zig", extensions: ".zig .zon", command: "zig fmt $FILE"},
	}
}

// formatters are the programs that the settings have format a file after an edit, sorted by name: known ones that are there,
// and those whose commands the settings give.
func (e *engine) formatters(ctx context.Context, path string) []tools.Formatter {
	set := e.now().Formatters
	if !set.On {
		return nil
	}
	all := knownFormatters()
	for name := range set.Named {
		if !slices.ContainsFunc(all, func(f formatter) bool { return f.name == name }) {
			all = append(all, formatter{name: name})
		}
	}
	slices.SortFunc(all, func(a, b formatter) int { return cmp.Compare(a.name, b.name) })
	var out []tools.Formatter
	for _, f := range all {
		entry, named := set.Named[f.name]
		endings, command := entry.Extensions, entry.Command
		if len(endings) == 0 {
			endings = strings.Fields(f.extensions)
		}
		if entry.Disabled || !ends(path, endings) {
			continue
		}
		if len(command) == 0 && (!f.own || named || set.Repository) && e.wanted(ctx, f, path) {
			command = e.commandOf(f)
		}
		if len(command) > 0 {
			out = append(out, tools.Formatter{Name: f.name, Command: command, Environ: environ(entry.Environment)})
		}
	}
	return out
}

func ends(path string, endings []string) bool {
	return slices.ContainsFunc(endings, func(e string) bool { return strings.HasSuffix(filepath.Base(path), e) })
}

func environ(variables map[string]string) []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		out = append(out, name+"="+variables[name])
	}
	return out
}

// wanted reports whether the project uses the formatter: a file of needs lies beside the file or above, within its root.
func (e *engine) wanted(ctx context.Context, f formatter, path string) bool {
	if f.needs == "" {
		return true
	}
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		for _, name := range strings.Fields(f.needs) {
			text, err := e.ws.Read(ctx, filepath.Join(dir, name))
			if err == nil && text.Exists && (f.word == "" || strings.Contains(text.Text, f.word)) {
				return true
			}
		}
		if slices.Contains(e.ws.Roots(), dir) || dir == filepath.Dir(dir) {
			return false
		}
	}
}

// commandOf is the command of a known formatter whose program is there, else nil. One that is the project's own is looked for
// among its packages first.
func (e *engine) commandOf(f formatter) []string {
	command := strings.Fields(f.command)
	if len(command) == 0 {
		return nil
	}
	local := filepath.Join(e.root(), "node_modules", ".bin", command[0])
	if strings.HasPrefix(command[0], "./") {
		local = filepath.Join(e.root(), command[0])
	}
	if info, err := os.Stat(local); f.own && err == nil && info.Mode().IsRegular() {
		command[0] = local
		return command
	}
	if _, err := exec.LookPath(command[0]); err != nil {
		return nil
	}
	return command
}
