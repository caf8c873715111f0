package permission

import (
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestWildcard(t *testing.T) {
	for _, c := range []struct {
		pattern, s string
		want       bool
	}{
		{"*", "", true}, {"*", "a/b\nc", true}, {"", "", true}, {"", "a", false},
		{"git status *", "git status", true}, {"git status *", "git status -s", true}, {"git status *", "git statusx", false},
		{"git status*", "git statusx", true}, {"ls *", "ls", true}, {"ls *", "lsof", false},
		{"?", "é", true}, {"?", "", false}, {"a?c", "abc", true}, {"a?c", "ac", false},
		{"*.env", "a/.env", true}, {"*.env", ".env.local", false}, {"*.env.*", ".env.local", true},
		{"[a]", "a", false}, {"[a]", "[a]", true}, {"a.c", "abc", false}, {`a\*`, `a\b`, true},
		{"a*b*c", "a1b2b3c", true}, {"a*b*c", "a1b2b3", false}, {"**", "x", true}, {"*a", "b", false},
		{"a*a", "a", false}, {"*ab*ab", "ab", false}, {"*ab*ab", "abxab", true}, {"*?x", "x", false},
		{"*\xa9*", "é", false}, {"*\xa9*", "a\xa9b", true}, {"*é", "\xc3é", true}, // bytes of a character are none themselves
	} {
		if got := Wildcard(c.pattern, c.s); got != c.want {
			t.Errorf("Wildcard(%q, %q) = %v, want %v", c.pattern, c.s, got, c.want)
		}
	}
}

// A pattern and a text that make backtracking matchers explode stay quick.
func TestWildcardTime(t *testing.T) {
	pattern, s := strings.Repeat("*a", 40)+"b", strings.Repeat("a", 64<<10)
	start := time.Now()
	if Wildcard(pattern, s) {
		t.Error("it matches, and must not")
	}
	if d := time.Since(start); d > 2*time.Second {
		t.Errorf("took %v", d)
	}
}

func naive(pattern string) *regexp.Regexp {
	text := regexp.QuoteMeta(pattern)
	text = strings.ReplaceAll(strings.ReplaceAll(text, `\*`, ".*"), `\?`, ".")
	if bare, ok := strings.CutSuffix(text, " .*"); ok {
		text = bare + "(?: .*)?"
	}
	return regexp.MustCompile("(?s)^(?:" + text + ")$")
}

func FuzzWildcard(f *testing.F) {
	for _, seed := range [][2]string{{"git *", "git"}, {"a*b?c", "axxbyc"}, {"* *", " "}, {"é?*", "éxy"}, {"*a*a*b", "aaaaab"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, pattern, s string) {
		if !utf8.ValidString(pattern) || !utf8.ValidString(s) || len(pattern) > 100 || len(s) > 1000 {
			return
		}
		if got, want := Wildcard(pattern, s), naive(pattern).MatchString(s); got != want {
			t.Errorf("Wildcard(%q, %q) = %v, a regexp says %v", pattern, s, got, want)
		}
	})
}

// The search for pieces must decide as the walk does, for text that is not valid too.
func FuzzMatch(f *testing.F) {
	for _, seed := range [][2]string{{"*a*", "bab"}, {"a*?b", "aéb"}, {"*\xa9*", "é"}, {"a**b*c", "abbc"}, {"*ab*ab", "abab"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, pattern, s string) {
		if got, want := match(pattern, s), walk(pattern, s); got != want {
			t.Errorf("match(%q, %q) = %v, walk says %v", pattern, s, got, want)
		}
	})
}
