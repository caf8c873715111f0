package permission

import "testing"

func TestMarked(t *testing.T) {
	for in, want := range map[string]string{
		"p\u0430ypal.com": "p‹U+0430›ypal.com", "\u0441\u043e\u0440\u0443": "‹U+0441›‹U+043E›‹U+0440›‹U+0443›",
		"привет мир": "привет мир", "α = 1": "α = 1", "αβγ": "αβγ", "Größe": "Größe", "ışık": "ışık", "漢字 x": "漢字 x", "main.go (+3 −1)": "main.go (+3 −1)",
		"a\u2215b": "a‹U+2215›b", "\uff52\uff4d": "‹U+FF52›‹U+FF4D›", "g\u0456t status": "g‹U+0456›t status", "a\u202eb": "a‹U+202E›b",
		"https://e\u0445ample.com/\u0430": "https://e‹U+0445›ample.com/\u0430", "\U0001d42b\U0001d426": "‹U+1D42B›‹U+1D426›", "": "",
	} {
		if got := Marked(in); got != want {
			t.Errorf("Marked(%q) = %q, want %q", in, got, want)
		}
	}
}

// FuzzMarked: nothing hidden is left, plain text stays, and marking twice changes nothing.
func FuzzMarked(f *testing.F) {
	for _, s := range []string{"p\u0430ypal", "ls -la", "\xff\u202e", "α"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := Marked(s)
		if Hidden(got) {
			t.Errorf("%q is still hidden in %q", s, got)
		}
		if again := Marked(got); again != got {
			t.Errorf("marked twice: %q, then %q", got, again)
		}
	})
}
