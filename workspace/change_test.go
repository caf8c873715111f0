package workspace

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestNewChange(t *testing.T) {
	for _, tc := range []struct {
		name, from, to string
		want           []Edit
	}{
		{"same", "a\n", "a\n", nil},
		{"a word", "x := one\n", "x := two + one\n", []Edit{{5, 5, "two + "}}},
		{"a line inserted", "a\nc\n", "a\nb\nc\n", []Edit{{2, 2, "b\n"}}},
		{"a line deleted", "a\nb\nc\n", "a\nc\n", []Edit{{2, 4, ""}}},
		{"line end at the end", "a", "a\n", []Edit{{1, 1, "\n"}}},
		{"two places", "a1\nb\nc\nd\ne1\n", "a2\nb\nc\nd\ne2\n", []Edit{{1, 2, "2"}, {10, 11, "2"}}},
		{"whole characters", "é\n", "è\n", []Edit{{0, 2, "è"}}},
		{"emoji", "👍🏻\n", "👍🏽\n", []Edit{{4, 8, "🏽"}}},
		{"to CRLF", "a\n", "a\r\n", []Edit{{1, 2, "\r\n"}}},
		{"from CRLF", "a\r\nb\r\n", "a\nb\r\n", []Edit{{1, 3, "\n"}}},
		{"within CRLF text", "a\r\nb\r\n", "a\r\nx\r\nb\r\n", []Edit{{3, 3, "x\r\n"}}},
		{"lone CR to CRLF", "a\rb", "a\r\nb", []Edit{{1, 2, "\r\n"}}},
		{"all", "a", "", []Edit{{0, 1, ""}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := NewChange(File{Text: tc.from, Exists: true}, tc.to)
			if !slices.Equal(c.Edits, tc.want) {
				t.Errorf("edits are %v, want %v", c.Edits, tc.want)
			}
			if c.Empty() != (tc.from == tc.to) {
				t.Errorf("Empty is %v", c.Empty())
			}
			checkChange(t, c, tc.to)
		})
	}
}

// checkChange checks what holds for every Change.
func checkChange(t *testing.T, c Change, want string) {
	t.Helper()
	if err := c.check(); err != nil {
		t.Fatal(err)
	}
	if got := c.After(); got != want {
		t.Fatalf("After is %q, want %q (from %q by %v)", got, want, c.File.Text, c.Edits)
	}
	if back := c.Reverse(); back.After() != c.File.Text || back.File.Text != want {
		t.Fatalf("reverse of %v leads from %q to %q", c.Edits, back.File.Text, back.After())
	}
	at := -1
	for _, e := range c.Edits {
		if e.Start <= at {
			t.Fatalf("edits touch: %v", c.Edits)
		}
		at = e.End
		old := c.File.Text[e.Start:e.End]
		if old == e.New {
			t.Fatalf("edit %v of %q does nothing", e, c.File.Text)
		}
		if !isGap(c.File.Text, e.Start) || !isGap(c.File.Text, e.End) {
			t.Fatalf("edit %v of %q splits a character or a line end", e, c.File.Text)
		}
		if utf8.ValidString(c.File.Text+" "+want) && !utf8.ValidString(old+" "+e.New) {
			t.Fatalf("edit %v of %q splits a character", e, c.File.Text)
		}
		if isASCII(old+e.New) && !strings.ContainsAny(old+e.New, "\r\n") && old != "" && e.New != "" {
			if old[0] == e.New[0] || old[len(old)-1] == e.New[len(e.New)-1] {
				t.Fatalf("edit %v of %q is not minimal", e, old)
			}
		}
	}
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf })
}

func FuzzDiffApply(f *testing.F) {
	f.Add("a\nb\nc\n", "a\nx\nc")
	f.Add("a\r\nb\rc\n", "a\nb\r\nc\r")
	f.Add("é\n", "è\n")
	f.Add(strings.Repeat("}\n\n", 60), strings.Repeat("}\n\nx\n", 60))
	f.Fuzz(func(t *testing.T, a, b string) {
		c := NewChange(File{Path: "/f", Text: a, Exists: true}, b)
		checkChange(t, c, b)
		back := c.Reverse()
		if !back.Reverse().File.Same(c.File) || back.Reverse().After() != b {
			t.Fatalf("reversing twice leads from %q to %q", back.Reverse().File.Text, back.Reverse().After())
		}
		diff := c.Diff("f")
		if got := patch(t, a, diff); got != b {
			t.Fatalf("diff\n%s\napplied to %q gives %q, want %q", diff, a, got, b)
		}
	})
}

// patch applies a unified diff as patch(1) would, without any leeway.
func patch(t *testing.T, text, diff string) string {
	t.Helper()
	if diff == "" {
		return text
	}
	old := slices.Collect(strings.Lines(text))
	var out []string
	at, mark := 0, byte(0)
	for i, line := range slices.Collect(strings.Lines(diff)) {
		if i < 2 {
			continue // the header
		}
		rest := line[1:]
		var a, n int
		switch line[0] {
		case '@':
			if _, err := fmt.Sscanf(line, "@@ -%d,%d", &a, &n); err != nil {
				n = 1
			}
			if n > 0 {
				a--
			}
			out = append(out, old[at:a]...)
			at = a
		case '\\':
			if mark != '-' {
				out[len(out)-1] = strings.TrimSuffix(out[len(out)-1], "\n")
			}
		case '+':
			out = append(out, rest)
		case ' ', '-':
			if strings.TrimSuffix(old[at], "\n") != strings.TrimSuffix(rest, "\n") {
				t.Fatalf("line %d of %q is not %q", at, text, rest)
			}
			if at++; line[0] == ' ' {
				out = append(out, rest)
			}
		}
		mark = line[0]
	}
	return strings.Join(append(out, old[at:]...), "")
}

func TestDiff(t *testing.T) {
	numbers := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintln(&b, i+1)
		}
		return b.String()
	}
	ten := numbers(10)
	for _, tc := range []struct {
		name   string
		change Change
		want   string
	}{
		{"context", NewChange(File{Text: ten, Exists: true}, strings.Replace(ten, "5\n", "five\n", 1)),
			"--- f\n+++ f\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n"},
		{"created", NewChange(File{}, "a\n"), "--- /dev/null\n+++ f\n@@ -0,0 +1 @@\n+a\n"},
		{"created empty", NewChange(File{}, ""), "--- /dev/null\n+++ f\n"},
		{"removed", NewRemoval(File{Text: "a\nb\n", Exists: true}), "--- f\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-a\n-b\n"},
		{"no line end", NewChange(File{Text: "a", Exists: true}, "b"),
			"--- f\n+++ f\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n\\ No newline at end of file\n"},
		{"nothing", NewChange(File{Text: "a", Exists: true}, "a"), ""},
		{"moved", NewMove(File{Text: "a\n", Exists: true}, "/g", "a\n"), "rename from f\nrename to f\n"},
		{"moved and changed", NewMove(File{Text: "a\n", Exists: true}, "/g", "b\n"),
			"rename from f\nrename to f\n--- f\n+++ f\n@@ -1 +1 @@\n-a\n+b\n"},
		{"two hunks", NewChange(File{Text: numbers(20), Exists: true}, "0\n"+numbers(20)+"21\n"),
			"--- f\n+++ f\n@@ -1,3 +1,4 @@\n+0\n 1\n 2\n 3\n@@ -18,3 +19,4 @@\n 18\n 19\n 20\n+21\n"},
		{"joined", NewChange(File{Text: ten, Exists: true}, "0\n2\n3\n4\n5\n6\n7\n9\n10\n"),
			"--- f\n+++ f\n@@ -1,10 +1,9 @@\n-1\n+0\n 2\n 3\n 4\n 5\n 6\n 7\n-8\n 9\n 10\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := tc.change.Diff("f"); got != tc.want {
				t.Errorf("got\n%s\nwant\n%s", got, tc.want)
			}
		})
	}
}

func TestDiffNameCannotForgeLines(t *testing.T) {
	diff := NewChange(File{}, "a\n").Diff("x\n+++ y")
	if want := "--- /dev/null\n+++ \"x\\n+++ y\"\n@@"; !strings.HasPrefix(diff, want) {
		t.Errorf("diff is\n%s\nwant it to start with\n%s", diff, want)
	}
}

func TestReverseOfCreationAndRemoval(t *testing.T) {
	created := NewChange(File{Path: "/f"}, "a\n")
	back := created.Reverse()
	if !back.Remove || back.After() != "" || !back.File.Exists || back.File.Text != "a\n" {
		t.Errorf("reverse of a creation is %+v", back)
	}
	again := back.Reverse()
	if again.Remove || again.File.Exists || again.After() != "a\n" {
		t.Errorf("reverse of the removal is %+v", again)
	}
	empty := NewChange(File{}, "")
	if empty.Empty() || empty.Reverse().Empty() || !NewRemoval(File{}).Empty() {
		t.Error("creating and removing an empty file is something, removing nothing is not")
	}
}

func TestRebase(t *testing.T) {
	const base = "a\nb\nc\nd\ne\n"
	for _, tc := range []struct {
		name, base, ours, now string
		want                  string // "" for a conflict
	}{
		{"elsewhere above", base, "a\nb\nc\nD\ne\n", "x\na\nb\nc\nd\ne\n", "x\na\nb\nc\nD\ne\n"},
		{"elsewhere below", base, "A\nb\nc\nd\ne\n", "a\nb\nc\nd\ne\nf\n", "A\nb\nc\nd\ne\nf\n"},
		{"next line", base, "a\nB\nc\nd\ne\n", "a\nb\nC\nd\ne\n", "a\nB\nC\nd\ne\n"},
		{"same line", base, "a\nB\nc\nd\ne\n", "a\nbb\nc\nd\ne\n", ""},
		{"same line, other half", "one two\n", "ONE two\n", "one TWO\n", ""},
		{"touched line deleted", base, "a\nB\nc\nd\ne\n", "a\nc\nd\ne\n", ""},
		{"inserted, neighbours changed", base, "a\nb\nx\nc\nd\ne\n", "a\nB\nC\nd\ne\n", ""},
		{"inserted, line above changed", base, "a\nb\nx\nc\nd\ne\n", "a\nB\nc\nd\ne\n", "a\nB\nx\nc\nd\ne\n"},
		{"inserted, line below changed", base, "a\nb\nx\nc\nd\ne\n", "a\nb\nC\nd\ne\n", "a\nb\nx\nC\nd\ne\n"},
		{"inserted at the same place", base, "a\nx\nb\nc\nd\ne\n", "a\ny\nb\nc\nd\ne\n", "a\nx\ny\nb\nc\nd\ne\n"},
		{"inserted within what we delete", base, "a\nd\ne\n", "a\nb\nx\nc\nd\ne\n", ""},
		{"appended, line end taken away", "a\n", "a\nb\n", "a", ""},
		{"appended by both", "a\n", "a\nb\n", "a\nc\n", "a\nb\nc\n"},
		{"appended without line end by us", "a\n", "a\nb", "a\nc\n", ""},
		{"appended without line end by them", "a\n", "a\nb\n", "a\nc", "a\nb\nc"},
		{"line end taken away by us", "a\nb\n", "a\nb", "x\na\nb\n", "x\na\nb"},
		{"CRLF", "a\r\nb\r\nc\r\n", "a\r\nB\r\nc\r\n", "x\r\na\r\nb\r\nc\r\n", "x\r\na\r\nB\r\nc\r\n"},
		{"CRLF made LF", "a\r\nb\r\n", "a\r\nB\r\n", "a\nb\n", ""},
		{"lone CR", "a\rb\rc", "a\rB\rc", "x\ra\rb\rc", "x\ra\rB\rc"},
		{"nothing meanwhile", base, "a\nB\n", base, "a\nB\n"},
		{"two edits, one between", base, "A\nb\nc\nd\nE\n", "a\nb\nnew\nc\nd\ne\n", "A\nb\nnew\nc\nd\nE\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := NewChange(File{Text: tc.base, Exists: true}, tc.ours)
			got, err := c.Rebase(File{Text: tc.now, Exists: true, Version: 7})
			if tc.want == "" {
				if !errors.Is(err, ErrStale) {
					t.Fatalf("gives %q (%v), want ErrStale", got.After(), err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got.After() != tc.want || got.File.Version != 7 {
				t.Errorf("gives %q at version %d, want %q at 7", got.After(), got.File.Version, tc.want)
			}
		})
	}
}

func TestRebaseExistence(t *testing.T) {
	file := File{Path: "/f", Text: "a\n", Exists: true}
	gone := File{Path: "/f"}
	other := File{Path: "/f", Text: "b\n", Exists: true}
	for _, tc := range []struct {
		name string
		c    Change
		now  File
		ok   bool
	}{
		{"edited file is gone", NewChange(file, "b\n"), gone, false},
		{"created file is there", NewChange(gone, "b\n"), file, false},
		{"created file is there and empty", NewChange(gone, "b\n"), File{Path: "/f", Exists: true}, false},
		{"created file is still missing", NewChange(gone, "b\n"), gone, true},
		{"removed file changed", NewRemoval(file), other, false},
		{"removed file is the same", NewRemoval(file), file, true},
		{"another file", NewChange(file, "b\n"), File{Path: "/g", Text: "a\n", Exists: true}, false},
	} {
		if _, err := tc.c.Rebase(tc.now); (err == nil) != tc.ok || err != nil && !errors.Is(err, ErrStale) {
			t.Errorf("%s: error is %v", tc.name, err)
		}
	}
}

func TestMerge(t *testing.T) {
	const base = "a\nb\nc\nd\ne\n"
	for _, tc := range []struct{ name, ours, theirs, want string }{
		{"only we", "a\nB\nc\nd\ne\n", base, "a\nB\nc\nd\ne\n"},
		{"only they", base, "a\nB\nc\nd\ne\n", "a\nB\nc\nd\ne\n"},
		{"the same", "a\nB\nc\nd\ne\n", "a\nB\nc\nd\ne\n", "a\nB\nc\nd\ne\n"},
		{"one the same, one apart", "A\nb\nc\nd\nE\n", "A\nb\nC\nd\ne\n", "A\nb\nC\nd\nE\n"},
		{"conflict", "A\nb\nc\nd\ne\n", "x\nb\nc\nd\ne\n", ""},
	} {
		got, ok := Merge(base, tc.ours, tc.theirs)
		if got != tc.want || ok != (tc.want != "") {
			t.Errorf("%s: %q, %v, want %q", tc.name, got, ok, tc.want)
		}
	}
}

// FuzzRebase checks that a change which is carried over does to its own lines what was shown and leaves everything else
// as the user has it: taking the user's part back leads to what the change alone would have given.
func FuzzRebase(f *testing.F) {
	f.Add("a\nb\nc\n", "a\nB\nc\n", "x\na\nb\nc\n")
	f.Add("a\r\nb\r\n", "a\r\nb\r\nc", "a\r\n")
	f.Add("a\n", "a\nb", "a\n\n")
	f.Add("a\rb", "\na\rb", "a\r\nb")
	f.Add("a\n", "a\n\x82", "0")
	f.Add("0\n0", "\r0\n\n", "0")
	f.Fuzz(func(t *testing.T, base, ours, theirs string) {
		c := NewChange(File{Text: base, Exists: true}, ours)
		got, err := c.Rebase(File{Text: theirs, Exists: true})
		if err != nil {
			if !errors.Is(err, ErrStale) {
				t.Fatal(err)
			}
			return
		}
		if err := got.check(); err != nil {
			t.Fatal(err)
		}
		for i, e := range got.Edits {
			before := c.Edits[i]
			if e.New != before.New || theirs[e.Start:e.End] != base[before.Start:before.End] {
				t.Fatalf("edit %v of %q became %v of %q", before, base, e, theirs)
			}
			if !isGap(theirs, e.Start) || !isGap(theirs, e.End) {
				t.Fatalf("edit %v of %q splits a character or a line end", e, theirs)
			}
		}
		want := len(editorLines.split(ours)) - len(editorLines.split(base)) + len(editorLines.split(theirs))
		if n := len(editorLines.split(got.After())); n != want {
			t.Fatalf("base %q, ours %q, theirs %q: %q has %d lines, want %d", base, ours, theirs, got.After(), n, want)
		}
	})
}

func BenchmarkNewChange(b *testing.B) {
	text := bigText()
	middle := len(text) / 2
	for _, bc := range []struct{ name, to string }{
		{"one character", text[:middle] + "x" + text[middle:]},
		{"every thousandth line", everyNth(text, 1000)},
		{"every line", everyNth(text, 1)},
	} {
		b.Run(bc.name, func(b *testing.B) {
			for b.Loop() {
				NewChange(File{Text: text, Exists: true}, bc.to)
			}
		})
	}
}

// everyNth numbers every nth line of text.
func everyNth(text string, n int) string {
	var b strings.Builder
	i := 0
	for line := range strings.Lines(text) {
		if i++; i%n == 0 {
			fmt.Fprintf(&b, "%d: ", i)
		}
		b.WriteString(line)
	}
	return b.String()
}
