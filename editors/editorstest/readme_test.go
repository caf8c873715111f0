//go:build realeditors

package editorstest

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

const readme = "../../README.md"

// inReadme compares the screen with the one that README.md shows under a name; with -update it is written there.
func (s *screen) inReadme(name string) {
	s.t.Helper()
	text, err := os.ReadFile(readme)
	if err != nil {
		s.t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), "<!-- screen: "+name+" -->\n```text\n")
	shown, after, closed := strings.Cut(rest, "```\n")
	if !found || !closed {
		s.t.Fatalf("README.md has no screen %s", name)
	}
	s.still(guard)
	now := regexp.MustCompile("[⠀-⣿]").ReplaceAllString(s.look(), "⣽") + "\n" // a spinner
	if now == shown {
		return
	}
	if !*update {
		s.t.Errorf("README.md shows\n%s\nthe screen is\n%s\n`go test -tags realeditors -run Readme ./editors/editorstest -update` writes it", shown, now)
		return
	}
	head := strings.TrimSuffix(string(text), rest)
	if before == "" || os.WriteFile(readme, []byte(head+now+"```\n"+after), 0o644) != nil {
		s.t.Error("README.md cannot be written")
	}
}

// sums is what README.md shows.
func sums() map[string]string {
	return map[string]string{"calc.go": "package calc\n\n// Add returns the sum.\nfunc Add(a, b int) int {\n\treturn a - b\n}\n"}
}

const sumsCall = `call edit {"filePath": "calc.go", "oldString": "a - b", "newString": "a + b"}` + "\n\nDone.\n"

// They write one file, hence one after the other.
func TestReadme(t *testing.T) {
	t.Run("Neovim", func(t *testing.T) {
		d := newDesk(t, neovims()[2], sums(), sumsCall)
		d.columns, d.rows = 80, 22
		n := d.newNvim("calc.go")
		n.ex("OpenCode make it right")
		n.asked("1", "edit")
		n.inReadme("neovim")
	})
	t.Run("Helix", func(t *testing.T) {
		d := newDesk(t, withPrompts, sums(), sumsCall)
		d.columns, d.rows = 80, 16
		h := d.newHelix(withPrompts, "calc.go")
		h.prompt(withPrompts, "make it right")
		h.shows("OpenCode #1")
		h.inReadme("helix")
	})
}
