package permission

import (
	"slices"
	"testing"
)

func TestFileItems(t *testing.T) {
	p := Place{Roots: []string{"/ws", "/other"}, Home: "/home/u"}
	for _, c := range []struct {
		permission, name string
		values           []string
		always           string
		strict           Strictness
		external         string // what its folder would be remembered as; "-" for inside
	}{
		{"edit", "a/b.go", []string{"a/b.go", "/ws/a/b.go"}, "*", ByRule, "-"},
		{"edit", "/other/x", []string{"x", "/other/x"}, "*", ByRule, "-"},
		{"read", "/ws/.env", []string{".env", "/ws/.env"}, ".env", ByRule, "-"},
		{"read", "a*b", []string{"a*b", "/ws/a*b"}, "", ByRule, "-"},
		{"edit", "/ws-evil/x", []string{"/ws-evil/x"}, "/ws-evil/*", ByRule, "/ws-evil/*"},
		{"edit", "../x/y", []string{"/x/y"}, "/x/*", ByRule, "/x/*"},
		{"read", "/etc", []string{"/etc"}, "", ByRule, ""},
		{"edit", "/home/u/x", []string{"/home/u/x"}, "/home/u/*", ByRule, ""},
		{"edit", ".git/config", []string{".git/config", "/ws/.git/config"}, "", AlwaysAsk, "-"},
		{"read", ".git/config", []string{".git/config", "/ws/.git/config"}, ".git/config", ByRule, "-"},
		{"read", "/dev/sda", []string{"/dev/sda"}, "", AlwaysAsk, "/dev/*"},
		{"edit", "x\u202e.go", []string{"x\u202e.go", "/ws/x\u202e.go"}, "", AlwaysAsk, "-"},
	} {
		items := FileItems(c.permission, c.name, p)
		it := items[0]
		if !slices.Equal(it.Values, c.values) || it.Always != c.always || it.Strictness != c.strict || (it.Why == "") != (c.strict == ByRule) {
			t.Errorf("%s %s: got %+v", c.permission, c.name, it)
		}
		switch {
		case (len(items) == 1) != (c.external == "-"):
			t.Errorf("%s %s: %d items", c.permission, c.name, len(items))
		case len(items) == 2 && (items[1].Permission != "external_directory" || items[1].Always != c.external):
			t.Errorf("%s %s: got %+v, want to remember %q", c.permission, c.name, items[1], c.external)
		}
	}
}

func TestFileItemsBehindLinks(t *testing.T) {
	links := map[string]string{"/ws/out": "/etc/x", "/ws/in": "/ws/.env", "/tmp/back": "/ws/a"}
	p := Place{Roots: []string{"/ws"}, Resolve: func(abs string) string {
		if to, ok := links[abs]; ok {
			return to
		}
		return abs
	}}
	for name, inside := range map[string]bool{"out": false, "in": true, "/tmp/back": true} {
		if got := p.Inside(name); got != inside {
			t.Errorf("Inside(%s) = %v", name, got)
		}
	}
	it := FileItems("read", "in", p)[0]
	if it.Values[0] != ".env" || !slices.Contains(it.Aliases, "in") {
		t.Errorf("a link is judged as %+v", it)
	}
}

func TestDirItems(t *testing.T) {
	p := Place{Roots: []string{"/ws"}}
	if items := DirItems("/ws/a", p); items != nil {
		t.Errorf("inside: %v", items)
	}
	items := DirItems("/tmp/x", p)
	if len(items) != 1 || !slices.Equal(items[0].Values, []string{"/tmp/x/*", "/tmp/x"}) || items[0].Always != "/tmp/x/*" {
		t.Errorf("outside: %+v", items)
	}
}

func TestProtected(t *testing.T) {
	for _, name := range []string{".git", ".GIT/x", ".git /config", ".gi\u200bt/config", "a/.git/hooks/x", "x.git/config", "AGENTS.md", "sub/Claude.md",
		".vſcode/settings.json", "p.code-workspace", ".github/workflows/x.yml", "git~1/config", ".cargo/config.toml", "/home/u/.ssh/authorized_keys"} {
		if whyProtected(name) == "" {
			t.Errorf("%q is not protected", name)
		}
	}
	for _, name := range []string{"main.go", "git/config.ts", ".gitignore", "x.git/objects/a", "cargo/config.toml", "docs/vscode/settings.json", ".github/x.md", "agents.go"} {
		if why := whyProtected(name); why != "" {
			t.Errorf("%q is protected: %s", name, why)
		}
	}
}

func TestVisible(t *testing.T) {
	for in, want := range map[string]string{
		"plain é 漢\n\tx": "plain é 漢\n\tx", "a\u202eb": "a‹U+202E›b", "a\rb": "a‹U+000D›b", "\x1b[2K": "‹U+001B›[2K", "a\u200bb": "a‹U+200B›b",
		"\U000e0072": "‹U+E0072›", "a\xffb": "a‹xFF›b", "\u00a0": "‹U+00A0›", "\u2028": "‹U+2028›", "\ufeff": "‹U+FEFF›", "\ufffd": "\ufffd", "\ufe0f": "‹U+FE0F›",
	} {
		if got := Visible(in); got != want {
			t.Errorf("Visible(%q) = %q, want %q", in, got, want)
		}
	}
	if Hidden("ok é") || !Hidden("a\u200d") || !Hidden("\xff") {
		t.Error("Hidden and Visible disagree")
	}
}
