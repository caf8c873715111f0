package tools

import (
	"errors"
	"strings"
	"testing"
)

// TestReplace has for every strategy what it is there for, and near misses that it must not take.
func TestReplace(t *testing.T) {
	const block = "func a() {\n\tone()\n\ttwo()\n\tthree()\n}\n"
	tests := []struct {
		name, text, old, new string
		all                  bool
		want, how            string // how "" means refused, then want is part of the reason
	}{
		{name: "exact", text: "a b c", old: "b", new: "x", want: "a x c", how: "exact"},
		{name: "exact twice", text: "b b", old: "b", new: "x", want: "fits 2 places (lines 1, 1)"},
		{name: "exact all", text: "b b\nb", old: "b", new: "xx", all: true, want: "xx xx\nxx", how: "exact"},
		{name: "exact all does not meet its own result", text: "aaa", old: "a", new: "aa", all: true, want: "aaaaaa", how: "exact"},
		{name: "replacement is literal", text: "a", old: "a", new: "$1 \\1 %s", want: "$1 \\1 %s", how: "exact"},
		{name: "exact twice is not guessed by lines", text: "  return x\n  return xy\n", old: "return x", new: "y", want: "fits 2 places (lines 1, 2)"},
		{name: "nothing", text: "abc", old: "x", new: "y", want: "does not occur"},
		{name: "empty text", text: "", old: "x", new: "y", want: "does not occur"},
		{name: "white space alone is only exact", text: "a\n\t\nb", old: "   \n", new: "y", want: "does not occur"},
		{name: "unicode", text: "größe := 1 // 你好", old: "你好", new: "🙂", want: "größe := 1 // 🙂", how: "exact"},

		{name: "trimmed lines", text: "if x {\n\t\tgo()\n\t}\n", old: "if x {\n  go()\n}", new: "y", want: "y\n", how: "white space around lines"},
		{name: "trimmed lines take in the last line end", text: "  a\n  b\nc\n", old: "a\nb\n", new: "x\n", want: "  x\nc\n", how: "white space around lines"},
		{name: "trimmed lines without a last line end", text: "  a\n  b", old: "a\nb\n", new: "x\n", want: "  x\n", how: "white space around lines"},
		{name: "trimmed lines, one differs", text: "\ta\n\tb\n\tc\n", old: "a\nb\nd", new: "x", want: "does not occur"},
		{name: "trimmed lines twice", text: "\ta\n\tb\n---\n\ta\n\tb\n", old: " a\n b", new: "x", want: "fits 2 places (lines 1, 4)"},
		{name: "trimmed lines all", text: "\ta\n\tb\n---\n\ta\n\tb\n", old: " a\n b", new: "x", all: true, want: "x\n---\nx\n", how: "white space around lines"},
		{name: "all refuses places that only look alike", text: "\ta\n\tb\n---\n    a\n    b\n", old: " a\n  b", new: "x", all: true, want: "fits 2 places"},

		{name: "block", text: block, old: "func a() {\n\tone()\n\ttwoo()\n\tthree()\n}", new: "x", want: "x\n", how: "the middle of the block"},
		{name: "block of other length", text: "func a() {\n\talpha()\n\tbeta()\n\tgamma()\n\tdelta()\n\tepsilon()\n}\n", old: "func a() {\n\talpha()\n\tbeta()\n\tgamma()\n\tdelta()\n}", new: "x", want: "x\n", how: "the middle of the block"},
		{name: "block, the most similar", text: "f {\nabcdefgh\nxxxx\n}\nf {\nabcdefgh\nijklmnop\n}\n", old: "f {\nabcdefgh\nijklmnoq\n}", new: "x", want: "f {\nabcdefgh\nxxxx\n}\nx\n", how: "the middle of the block"},
		{name: "block, two equally similar", text: "f {\nabcdefgh\n}\nf {\nabcdefgh\n}\n", old: "f {\nabcdefgx\n}", new: "x", want: "fits 2 places (lines 1, 4)"},
		{name: "block, middle unlike", text: "f {\n\tsomething()\n}\n", old: "f {\n\tentirely(different, words)\n}", new: "x", want: "does not occur"},
		{name: "block, a line left out", text: "f {\n\tone()\n\tdelete(everything)\n}\n", old: "f {\n\tone()\n}", new: "x", want: "does not occur"},
		{name: "block, middle absent", text: "f {\n}\n", old: "f {\n\tone()\n}", new: "x", want: "does not occur"},
		{name: "block, too long", text: "f {\na\nb\nc\nd\ne\n}\n", old: "f {\na\nb\n}", new: "x", want: "does not occur"},
		{name: "block, two lines are no anchors", text: "f {\n\n}\n", old: "f  {\n}", new: "x", want: "does not occur"},

		{name: "spaces in a line", text: "x := f(a,   b)\n", old: "f(a, b)", new: "g()", want: "x := g()\n", how: "runs of white space"},
		{name: "spaces in a block", text: "a  b\n\tc d\n", old: "a b\nc   d", new: "x", want: "x\n", how: "runs of white space"},
		{name: "spaces, not inside a word", text: "xf  a\n", old: "f a", new: "g", want: "does not occur"},
		{name: "spaces, not the start of a word", text: "f  ab\n", old: "f a", new: "g", want: "does not occur"},
		{name: "spaces, none where there must be some", text: "fa\n", old: "f a", new: "g", want: "does not occur"},
		{name: "spaces, over a line end", text: "f\na\n", old: "f a", new: "g", want: "does not occur"},
		{name: "spaces twice", text: "f  a\nf  a\n", old: "f a", new: "g", want: "fits 2 places"},

		{name: "indentation decides between trimmed twins", text: "\tif a {\n\tb\n}\n--\n\tif a {\n\t\tb\n\t}\n", old: "  if a {\n  \tb\n  }", new: "x", want: "\tif a {\n\tb\n}\n--\nx\n", how: "the common indentation"},

		{name: "escapes in oldString", text: "say(\"hi\")\nbye\n", old: `say(\"hi\")\nbye`, new: "x", want: "x\n", how: "escape sequences"},
		{name: "escapes in the text", text: "x = \"say \\\"hi\\\"\"\n", old: `x = "say "hi""`, new: "y", want: "y\n", how: "escape sequences"},
		{name: "escapes, wrong letter", text: "a\tb", old: `a\nb`, new: "x", want: "does not occur"},
		{name: "escapes twice", text: "a\tb a\tb", old: `a\tb`, new: "x", want: "fits 2 places"},

		{name: "boundary", text: "x(foo)", old: " foo\n", new: " bar\n", want: "x(bar)", how: byBoundary},
		{name: "boundary, new without it", text: "x(foo)", old: " foo\n", new: "bar", want: "x(bar)", how: byBoundary},
		{name: "boundary, not in a longer word", text: "x(foobar)", old: "foo ", new: "bar", want: "does not occur"},
		{name: "boundary twice", text: "(foo)(foo)", old: " foo ", new: "bar", want: "fits 2 places"},

		{name: "context", text: "begin\nkeep 1\nsomething else\nend\n", old: "begin\nkeep 1\nzzzz\nend", new: "x", want: "x\n", how: "lines between the first and the last"},
		{name: "context, under half", text: "begin\nkeep\nq\nr\nend\n", old: "begin\nkeep\nxxxxx\nyyyyy\nend", new: "x", want: "does not occur"},
		{name: "context, other first line", text: "begins\nkeep\nend\n", old: "begin\nkeep\nend", new: "x", want: "does not occur"},
		{name: "context twice", text: "begin\nk\nq\nend\nbegin\nk\nr\nend\n", old: "begin\nk\nzzzzzz\nend", new: "x", want: "fits 2 places"},

		{name: "guard, many more characters", text: "f {\n" + strings.Repeat("a", 40) + "\n" + strings.Repeat("b ", 600) + "\n}\n", old: "f {\n" + strings.Repeat("a", 40) + "\nzz\n}", new: "x", want: "much more"},
		{name: "crlf text, lf old", text: "a\r\nb\r\nc\r\n", old: "a\nb", new: "x\ny", want: "x\r\ny\r\nc\r\n", how: "exact"},
		{name: "lf text, crlf old", text: "a\nb\nc\n", old: "a\r\nb", new: "x\r\ny", want: "x\ny\nc\n", how: "exact"},
		{name: "crlf, inexact", text: "\ta\r\n\tb\r\nc\r\n", old: "a\nb\n", new: "x\ny\n", want: "\tx\r\n\ty\r\nc\r\n", how: "white space around lines"},
		{name: "mixed line ends, the rarer", text: "a\nb\nc\nd\r\ne\r\nf\n", old: "d\ne\n", new: "x\ny\n", want: "a\nb\nc\nx\r\ny\r\nf\n", how: "exact"},
		{name: "one line in a crlf text gets more lines", text: "a\r\nb\r\n", old: "b", new: "b\nc", want: "a\r\nb\r\nc\r\n", how: "exact"},
		{name: "no line end at all", text: "a", old: "a", new: "b\nc", want: "b\nc", how: "exact"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := replace(tt.text, tt.old, tt.new, tt.all)
			if tt.how == "" {
				if err == nil {
					t.Fatalf("matched by %s: %q", got.how, got.text)
				}
				if !strings.Contains(err.Error(), tt.want) && !(tt.want == "much more" && errors.Is(err, errTooLarge)) {
					t.Fatalf("error %q, want %q", err, tt.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got.text != tt.want || got.how != tt.how {
				t.Errorf("got %q by %s\nwant %q by %s", got.text, got.how, tt.want, tt.how)
			}
		})
	}
}

// TestStrategies calls the strategies by themselves where an earlier one would take the case before them.
func TestStrategies(t *testing.T) {
	tests := []struct {
		name      string
		find      func(lines, string) []span
		text, old string
		want      []string
	}{
		{"indentation shared", indentFlexible, "\t\tif a {\n\t\t\tb\n\t\t}\n", "if a {\n\tb\n}", []string{"\t\tif a {\n\t\t\tb\n\t\t}"}},
		{"indentation of one line differs", indentFlexible, "\t\tif a {\n\t\tb\n\t\t}\n", "if a {\n\tb\n}", nil},
		{"indentation, blank lines do not count", indentFlexible, "\ta\n\n\tb\n", "a\n\t\t\nb", []string{"\ta\n\n\tb"}},
		{"context, blank lines do not count", contextAware, "a\n\n\nsame\nq\nz\n", "a\n\n\nsame\nr\nz", []string{"a\n\n\nsame\nq\nz"}},
		{"context, nothing between", contextAware, "a\n\nz\n", "a\n\nz", nil},
		{"context needs three lines", contextAware, "a\nz\n", "a\nz", nil},
		{"anchors must have text", blockAnchor, "\nabc\n\n", "\nabd\n\n", nil},
		{"exact, empty", exact, "abc", "", nil},
		{"boundary with nothing to trim", trimmedBoundary, "foo", "foo", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			found := tt.find(splitLines(tt.text), tt.old)
			if len(found) != len(tt.want) {
				t.Fatalf("found %v, want %q", found, tt.want)
			}
			for i, s := range found {
				if got := tt.text[s.start:s.end]; got != tt.want[i] {
					t.Errorf("found %q, want %q", got, tt.want[i])
				}
			}
		})
	}
}

// TestGuard pins the figures of OpenCode's guard, since no strategy comes near the one on lines.
func TestGuard(t *testing.T) {
	tests := []struct {
		name, old, got string
		want           bool
	}{
		{"one line, three", "a", "a\nb\nc", false},
		{"one line, four", "a", "a\nb\nc\nd", true},
		{"ten lines, nineteen", strings.Repeat("a\n", 9), strings.Repeat("a\n", 18), false},
		{"ten lines, twenty", strings.Repeat("a\n", 9), strings.Repeat("a\n", 19), true},
		{"a long single line is no block", "a", strings.Repeat("b", 5000), false},
		{"two lines, 500 more characters", "a\nb", strings.Repeat("c", 501) + "\n" + "d", false},
		{"two lines, 501 more characters", "a\nb", strings.Repeat("c", 502) + "\n" + "d", true},
		{"four times as long", strings.Repeat("a", 999) + "\n", strings.Repeat("c", 3999) + "\n", false},
		{"more than four times as long", strings.Repeat("a", 999) + "\n", strings.Repeat("c", 4000) + "\n", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tooLarge(tt.got, tt.old, []span{{0, len(tt.got)}}); got != tt.want {
				t.Errorf("refused: %v, want %v", got, tt.want)
			}
		})
	}
}

// TestBlockAnchorBounded has a text that would take minutes without the bound on comparisons.
func TestBlockAnchorBounded(t *testing.T) {
	line := strings.Repeat("x", 300)
	text := strings.Repeat("{\n"+line+"y\n", 3000) + "}\n"
	old := "{\n" + strings.Repeat(line+"z\n{\n", 400) + "}"
	if _, err := replace(text, old, "x", false); err == nil {
		t.Fatal("matched what differs in half of its lines")
	}
}

// FuzzReplace checks that a replacement changes nothing outside the matched spans, whatever is looked for.
func FuzzReplace(f *testing.F) {
	f.Add("a\n\tb\nc\n", " a\nb\n", "x", false)
	f.Add("f {\nabc\r\n}\r\n", "f {\nabd\n}", "x\ny", true)
	f.Add("x\\n\"\xff", `x\n\"`, "\\", true)
	f.Fuzz(func(t *testing.T, text, old, new string, all bool) {
		got, err := replace(text, old, new, all)
		if err != nil {
			return
		}
		old = withLineEnds(text, old)
		found, err := locate(text, old, all)
		if err != nil {
			t.Fatalf("replaced what is not found: %v", err)
		}
		rest, at := got.text, 0
		for i, s := range found.spans {
			if s.start < at || s.end < s.start || s.end > len(text) {
				t.Fatalf("span %v after %d in %d bytes", s, at, len(text))
			}
			kept := text[at:s.start]
			if !strings.HasPrefix(rest, kept) {
				t.Fatalf("text before span %d changed: %q -> %q", i, text, got.text)
			}
			rest = rest[len(kept):]
			formed, err := found.form(text[s.start:s.end], old, new)
			if err != nil {
				t.Fatalf("replaced what cannot be formed: %v", err)
			}
			put := toLineEnd(formed, lineEndAt(text, s))
			if !strings.HasPrefix(rest, put) {
				t.Fatalf("span %d does not hold the replacement: %q", i, got.text)
			}
			rest, at = rest[len(put):], s.end
		}
		if rest != text[at:] {
			t.Fatalf("text after the spans changed: %q -> %q", text, got.text)
		}
	})
}
