package editors

import (
	"encoding/json"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// commands are what the server takes by workspace/executeCommand.
func commands() []string {
	return []string{
		"opencode.prompt", "opencode.action", "opencode.cancel", "opencode.session.new", "opencode.session.list",
		"opencode.session.open", "opencode.session.delete", "opencode.session.undo", "opencode.session.redo",
		"opencode.permission.list", "opencode.permission.reply", "opencode.model.select", "opencode.agent.select", "opencode.status", "opencode.serve",
	}
}

// verbs are the program's subcommands with their flags.
func verbs() map[string][]string {
	return map[string][]string{
		"lsp": {"--stdio", "--log", "-v"}, "demo": {"--yes", "--trace"}, "run": {"-m", "--agent", "-c", "-s", "--format", "--yes"},
		"send": {"--file", "--line", "--action", "--new", "--wait"}, "answer": {"--message"}, "sessions": {"--format"},
		"permission": {"--config", "--explain", "--batch", "--all"}, "editors": {"--into"}, "doctor": nil, "version": nil, "acp": {"--log", "-v"},
	}
}

func pagesByName(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, name := range Names() {
		page, err := Text(name)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = page
	}
	return all
}

func TestEveryFolderHasAName(t *testing.T) {
	var want []string
	for _, name := range Names() {
		want = append(want, folder(name))
	}
	slices.Sort(want)
	entries, err := fs.ReadDir(pages, ".")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, entry := range entries {
		got = append(got, entry.Name())
	}
	if !slices.Equal(got, want) {
		t.Errorf("folders %q, names %q", got, want)
	}
}

func TestUnknownEditor(t *testing.T) {
	_, err := Text("ed")
	if err == nil || !strings.Contains(err.Error(), "neovim") {
		t.Errorf("Text(ed) = %v", err)
	}
	if page, err := Text("Helix"); err != nil || !strings.Contains(page, "languages.toml") {
		t.Errorf("Text(Helix) = %q, %v", page, err)
	}
}

func TestPagesAreShort(t *testing.T) {
	for name, page := range pagesByName(t) {
		if n := strings.Count(page, "\n"); n > 80 || !strings.HasPrefix(page, "# OpenCode in ") {
			t.Errorf("%s has %d lines and starts with %.20q", name, n, page)
		}
	}
}

// TestCommandsExist reads every id of the form opencode.x. The file opencode.json is none, nor is what follows a dot.
func TestCommandsExist(t *testing.T) {
	id := regexp.MustCompile(`(?:^|[^.\w])(opencode(?:\.[a-z]+)+)`)
	for name, page := range pagesByName(t) {
		found := 0
		for _, match := range id.FindAllStringSubmatch(page, -1) {
			if match[1] == "opencode.json" {
				continue
			}
			if found++; !slices.Contains(commands(), match[1]) {
				t.Errorf("%s names %s, which is no command", name, match[1])
			}
		}
		if found == 0 && !slices.Contains([]string{"vscode", "zed", "kate"}, name) {
			t.Errorf("%s names no command", name)
		}
	}
}

// TestVerbsExist reads every call of the program on one line, with its flags.
func TestVerbsExist(t *testing.T) {
	call := regexp.MustCompile(`\bopencode-lsp ([a-z]+)([^\x60\n]*)`)
	flag := regexp.MustCompile(`(?:^|\s)(--?[a-z]+)`)
	prose := []string{"is", "in", "with", "without"}
	for name, page := range pagesByName(t) {
		// The task files put each word into a string of its own.
		page = regexp.MustCompile(`"opencode-lsp",\s*"args": \["([a-z]+)"`).ReplaceAllString(page, "opencode-lsp $1")
		calls := call.FindAllStringSubmatch(page, -1)
		if len(calls) == 0 {
			t.Errorf("%s calls nothing", name)
		}
		for _, c := range calls {
			flags, known := verbs()[c[1]]
			if !known {
				if !slices.Contains(prose, c[1]) {
					t.Errorf("%s calls %q, which is no verb", name, c[0])
				}
				continue
			}
			for _, f := range flag.FindAllStringSubmatch(c[2], -1) {
				if !slices.Contains(flags, f[1]) {
					t.Errorf("%s gives %s to %s", name, f[1], c[1])
				}
			}
		}
	}
}

func TestAnswersExist(t *testing.T) {
	for name, page := range pagesByName(t) {
		for _, match := range regexp.MustCompile(`opencode-lsp answer (\w+)`).FindAllStringSubmatch(page, -1) {
			if !slices.Contains([]string{"once", "always", "reject"}, match[1]) {
				t.Errorf("%s answers %q", name, match[1])
			}
		}
	}
}

func TestSnippets(t *testing.T) {
	block := regexp.MustCompile("(?s)```(\\w*)\n(.*?)```")
	for name, page := range pagesByName(t) {
		if strings.Count(page, "```")%2 != 0 {
			t.Errorf("%s has an open code block", name)
		}
		for _, b := range block.FindAllStringSubmatch(page, -1) {
			switch {
			case b[1] == "":
				t.Errorf("%s has a code block without a language", name)
			case b[1] == "json" && !json.Valid([]byte(b[2])):
				t.Errorf("%s has JSON that is none:\n%s", name, b[2])
			case b[1] == "elisp" && strings.Count(b[2], "(") != strings.Count(b[2], ")"):
				t.Errorf("%s has unbalanced Lisp:\n%s", name, b[2])
			}
		}
	}
}
