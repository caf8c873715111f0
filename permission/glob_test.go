package permission

import (
	"path"
	"strings"
	"testing"
)

func TestOverlap(t *testing.T) {
	for _, c := range []struct {
		rule, pattern string
		want          bool
	}{
		{"*.env", "*", true}, {"*.env", "*.go", false}, {"*.env", "prod*", true}, {"*.env", "sub/*", true}, {"*.env", "prod.en?", true},
		{"*.env", "prod.en[vw]", true}, {"*.env", "prod.em?", false}, {"*.env.*", "*.example", true}, {"secret/*", "secret/*", true},
		{"secret/*", "*/x", true}, {"secret/*", "*", false}, {"a?c", "a*", true}, {"a?c", "b*", false}, {"*", "x", true}, {"", "*", true},
		{"", "", true}, {"a", "", false}, {"*.pem", "*.p[a-z]m", true}, {"/ws/*.env", "/ws/*", true}, {"x", "[", true},
	} {
		if got := overlap(c.rule, c.pattern); got != c.want {
			t.Errorf("overlap(%q, %q) = %v, want %v", c.rule, c.pattern, got, c.want)
		}
	}
}

// FuzzOverlap holds overlap to its promise: a name that both match is never missed.
func FuzzOverlap(f *testing.F) {
	f.Add("*.env", "prod*", "prod.env")
	f.Add("a?c*", "?b[a-z]*", "abcd")
	f.Fuzz(func(t *testing.T, rule, pattern, name string) {
		ok, err := path.Match(pattern, name)
		if !ok || err != nil || !match(rule, name) || strings.ContainsFunc(rule+pattern+name, func(r rune) bool { return r > 0x7e || r == '\\' || r == '[' }) {
			return
		}
		if !overlap(rule, pattern) {
			t.Errorf("%q is matched by %q and by %q, and overlap says none is", name, rule, pattern)
		}
	})
}
