package permission

import "testing"

func TestWildcard(t *testing.T) {
	for _, test := range []struct {
		pattern, s string
		want       bool
	}{
		{"", "", true},
		{"", "a", false},
		{"*", "", true},
		{"*", "a/b\nc", true},
		{"a", "a", true},
		{"a", "ab", false},
		{"a*", "a", true},
		{"a*a", "a", false},
		{"a*a", "aa", true},
		{"*ab*ab", "ab", false},
		{"*ab*ab", "abxab", true},
		{"*a*b*", "xaybz", true},
		{"*b*a*", "xaybz", false},
		{"**.env", ".env", true},
		{"*.env", "x/.environ", false},
		{"?", "é", true},
		{"??", "é", false},
		{"a?c*", "abcd", true},
		{"*?x", "x", false},
		{"git status *", "git status", true},
		{"git status *", "git status -s", true},
		{"git status *", "git statusx", false},
		{"*\xa9*", "é", false}, // the second byte of é is no character
		{"*\xa9*", "a\xa9b", true},
		{"*é", "\xc3é", true},
	} {
		if got := Wildcard(test.pattern, test.s); got != test.want {
			t.Errorf("Wildcard(%q, %q) = %v", test.pattern, test.s, got)
		}
	}
}

// The search for pieces must decide as the walk does that defines the pattern.
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
