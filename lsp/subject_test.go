package lsp

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rivo/uniseg"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/permission"
)

// asking makes a question about a command line of parts; those that begin with "+" are allowed.
func asking(parts ...string) agent.OpenQuestion {
	q := agent.OpenQuestion{ID: "7", Kind: "permission", Tool: "bash", Choices: []agent.Choice{{Reply: permission.Once, Title: "Allow once"}, {Reply: permission.Reject, Title: "Reject"}}}
	var words []string
	for _, p := range parts {
		text, allowed := strings.CutPrefix(p, "+")
		words = append(words, text)
		q.Parts = append(q.Parts, agent.Part{Text: text, Asks: !allowed})
	}
	if q.Subject = strings.Join(words, " && "); len(parts) < 2 {
		q.Parts = nil
	}
	return q
}

func TestPromptParts(t *testing.T) {
	long := "+echo " + strings.Repeat("0123456789 ", 20)
	for _, c := range []struct {
		name  string
		q     agent.OpenQuestion
		lines []string // how the lines begin; "…" in front: what they hold
	}{
		{"one command", asking("ls"), []string{"OpenCode #7 bash: ls – it waits for your permission"}},
		{"what asks comes first", asking("+git status", "rm -rf x", "+ls"), []string{"OpenCode #7 bash: git status && rm -rf x && ls", "Asks: rm -rf x", "Allowed: git status, ls"}},
		{"what is allowed pushes nothing out of sight", asking(long, "rm -rf x", long), []string{"OpenCode #7 bash: … rm -rf x …", "Shortened: all ", "Asks: rm -rf x", "Allowed: echo 0123"}},
		{"each that asks gets its share", asking("echo "+strings.Repeat("long ", 40), "rm -rf x", "+ls"), []string{"…long … rm -rf x …", "Shortened", "Asks: echo", "Asks: rm -rf x", "Allowed: ls"}},
		{"many that ask are counted", asking("rm one-of-many", "rm two-of-many", "rm three-of-many", "rm four-of-many", "rm five-of-many", "rm six"),
			[]string{"…rm one-of-many", "Shortened", "Asks: rm one", "Asks: rm two", "Asks: rm three", "3 more lines stand under Show details."}},
		{"look-alikes are marked", asking("curl https://p\u0430ypal.com/x"), []string{"OpenCode #7 bash: curl https://p‹U+0430›ypal.com/x", "Letters that only look like others"}},
		{"several lines", asking("cat <<E\nrm\nE"), []string{"OpenCode #7 bash: cat <<E ⏎ rm ⏎ E", "Shortened"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			text, _, _ := promptText(c.q, "")
			lines := strings.Split(text, "\n")
			if len(lines) != len(c.lines) {
				t.Fatalf("%d lines:\n%s", len(lines), text)
			}
			for i, want := range c.lines {
				inner, anywhere := strings.CutPrefix(want, "…")
				if anywhere && !strings.Contains(lines[i], inner) || !anywhere && !strings.HasPrefix(lines[i], want) {
					t.Errorf("line %d is %q, want %q", i+1, lines[i], want)
				}
			}
			within(t, text)
		})
	}
}

// within checks that a text keeps the limits of a prompt.
func within(t *testing.T, text string) {
	t.Helper()
	lines := strings.Split(text, "\n")
	if n := utf8.RuneCountInString(text); n > maxPrompt {
		t.Errorf("%d characters", n)
	}
	if len(lines) > 1+maxLines {
		t.Errorf("%d lines", len(lines))
	}
	for _, l := range lines {
		if w := uniseg.StringWidth(l); w > maxLine {
			t.Errorf("%d columns: %q", w, l)
		}
		if permission.Hidden(l) {
			t.Errorf("hidden characters in %q", l)
		}
	}
}

func TestTrustShowsAll(t *testing.T) {
	text := trustText([]string{"/home/u/project"}, []string{"run the MCP server x: npx -y " + strings.Repeat("package ", 20), "set a to b"})
	for _, want := range []string{"OpenCode: trust the configuration in /home/u/project?", "\nIt would run the MCP server x: npx -y", "\nIt would set a to b"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in:\n%s", want, text)
		}
	}
	if got := strings.Count(text, "package"); got != 20 {
		t.Errorf("%d of 20 words of the command line are shown:\n%s", got, text)
	}
	var many []string
	for i := range 20 {
		many = append(many, fmt.Sprintf("set a%d to b", i))
	}
	if text := trustText([]string{"/w"}, many); !strings.HasSuffix(text, "\n16 more lines stand under Show details.") {
		t.Errorf("got:\n%s", text)
	}
}

// FuzzPromptParts: whatever is asked, the prompt is within its limits, shows nothing that cannot be seen, has its titles in
// order, says so where something is left out, and never leaves out the only part that asks in favour of one that does not.
func FuzzPromptParts(f *testing.F) {
	f.Add("ls", "rm -rf x", "because", "a\nb", uint8(3))
	f.Add(strings.Repeat("echo a; ", 50), "curl p\u0430ypal.com", "\u202e", "", uint8(1))
	f.Add("\x1b[2K\r", "\xff\u200b", strings.Repeat("漢", 100), "👩‍👩‍👧‍👦", uint8(0))
	f.Fuzz(func(t *testing.T, first, second, why, note string, bits uint8) {
		q := asking(first, second)
		q.Notes = []string{note, note}
		q.Parts[0].Asks, q.Parts[1].Asks, q.Parts[1].Why = bits&1 > 0, bits&2 > 0, why
		q.Preview = permission.Preview{Kind: "diff", Text: "--- a\n+++ b\n@@ -1 +1 @@\n-" + first + "\n+" + second + "\n"}
		text, titles, _ := promptText(q, "")
		within(t, text)
		if !slices.Equal(titles, []string{showTitle, "Allow once", "Reject"}) {
			t.Errorf("titles %q", titles)
		}
		line, whole := firstLine(q)
		if w := uniseg.StringWidth(line); w < minFirst {
			t.Errorf("line 1 has %d columns: %q", w, line)
		}
		if !whole && !strings.Contains(text, "stand under Show details") {
			t.Errorf("left out without a word:\n%s", text)
		}
		if short := inOneLine(second); bits&3 == 2 && uniseg.StringWidth(short) < 40 && !strings.Contains(line, short) {
			t.Errorf("%q is not in %q", short, line)
		}
		within(t, trustText([]string{first}, []string{second, why, note}))
	})
}
