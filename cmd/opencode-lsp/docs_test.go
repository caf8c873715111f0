package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// documents are what people read first, from the repository's top.
var documents = []string{"README.md", "SECURITY.md"}

const top = "../.."

func document(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(top, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// names are the first groups of what a pattern finds, each once.
func names(pattern, text string) []string {
	var found []string
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
		found = append(found, m[1])
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// Links lead to files and headings that are there.
func TestDocumentLinks(t *testing.T) {
	for _, name := range documents {
		text := document(t, name)
		links := names(`\]\(([^)\s]+)\)`, text)
		if len(links) == 0 {
			t.Errorf("%s: no link was found", name)
		}
		for _, link := range links {
			file, heading, _ := strings.Cut(link, "#")
			if file == "" {
				file = name
			}
			if _, err := os.Stat(filepath.Join(top, file)); err != nil {
				t.Errorf("%s: %v", name, err)
			} else if heading != "" && !slices.Contains(anchors(document(t, file)), heading) {
				t.Errorf("%s: %s has no heading %s", name, file, heading)
			}
		}
	}
}

// anchors are the headings of a page as GitHub names them.
func anchors(text string) []string {
	var all []string
	for _, heading := range names(`(?m)^#+ (.+)$`, text) {
		heading = regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(strings.ToLower(heading), "")
		all = append(all, strings.ReplaceAll(heading, " ", "-"))
	}
	return all
}

// What is named in backquotes is there: make's targets, subcommands, commands of the editor, tests.
func TestDocumentNames(t *testing.T) {
	targets := names(`(?m)^([a-z-]+):`, document(t, "Makefile"))
	tests := testNames(t)
	root := (&program{}).root()
	for _, name := range documents {
		text := document(t, name)
		for _, target := range names("`make ([a-z-]+)", text) {
			if !slices.Contains(targets, target) {
				t.Errorf("%s: make has no target %s", name, target)
			}
		}
		for _, sub := range names("`opencode-lsp ([a-z]+)", text) {
			if found, _, err := root.Find([]string{sub}); err != nil || found == root {
				t.Errorf("%s: there is no subcommand %s", name, sub)
			}
		}
		for _, test := range names("`((?:Test|Fuzz)[A-Z][A-Za-z]+)", text) {
			if !slices.Contains(tests, test) {
				t.Errorf("%s: there is no test %s", name, test)
			}
		}
	}
}

// README has a row for each flag of serve, and no other.
func TestDocumentFlags(t *testing.T) {
	serve, _, err := (&program{}).root().Find([]string{"serve"})
	if err != nil {
		t.Fatal(err)
	}
	flags := names("--([a-z-]+)", serve.Flags().FlagUsages())
	flags = slices.DeleteFunc(flags, func(name string) bool { return name == "help" || name == "verbose" }) // the latter stands there as -v
	rows := names("(?m)^\\| (`--.*?) \\|", document(t, "README.md"))
	if said := names("--([a-z-]+)", strings.Join(rows, " ")); !slices.Equal(said, flags) {
		t.Errorf("README has the flags %q of serve, which has %q", said, flags)
	}
}

// testNames are those of the whole tree, whatever its build tags.
func testNames(t *testing.T) []string {
	t.Helper()
	var all []string
	if err := filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		all = append(all, names(`(?m)^func ((?:Test|Fuzz)\w+)\(`, string(text))...)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return all
}
