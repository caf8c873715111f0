package editors

import (
	"slices"
	"strings"
	"testing"
)

const someLanguages = `# Language support configuration.
# See the documentation.

[language-server]
gopls = { command = "gopls" }

[[language]]
name = "go"
roots = ["go.mod"]
language-servers = [ "gopls", "golangci-lint-lsp" ]

[language.debugger]
name = "delve"

[[grammar]]
name = "go-grammar"

[[language]]
language-servers = [
  { name = "a]", except-features = ["format"] },
  "b",
]
name = "odd"

[[language]]
name = "bare"
# language-servers = ["none"]
`

func TestHelixLanguages(t *testing.T) {
	want := []HelixLanguage{
		{"go", `[ "gopls", "golangci-lint-lsp" ]`},
		{"odd", "[\n  { name = \"a]\", except-features = [\"format\"] },\n  \"b\",\n]"},
		{"bare", "[]"},
	}
	if got := helixLanguages(someLanguages); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := helixLanguages("[[language]]\nname = \"x\"\nlanguage-servers = [ \"open"); len(got) != 1 {
		t.Errorf("an array without end: %q", got)
	}
}

func TestWithOpenCode(t *testing.T) {
	for servers, want := range map[string]string{
		"[]":                        `["opencode"]`,
		"[ ]":                       `["opencode"]`,
		`["gopls"]`:                 `["gopls", "opencode"]`,
		`["gopls", "opencode"]`:     `["gopls", "opencode"]`,
		"[\n  { name = \"a\" },\n]": "[\n  { name = \"a\" }, \"opencode\"]",
	} {
		if got := withOpenCode(servers); got != want {
			t.Errorf("withOpenCode(%q) = %q, want %q", servers, got, want)
		}
	}
}

func TestHelixInside(t *testing.T) {
	for name, after := range map[string]string{"NUL": "\x00rest", "no UTF-8": "\xfe\xffrest", "end": ""} {
		if got := HelixInside([]byte("\x7fELF code\x00" + someLanguages + after)); got != someLanguages {
			t.Errorf("%s: %q", name, got)
		}
	}
	if got := HelixInside([]byte("#!/bin/sh\nexec /opt/helix/hx\n")); got != "" {
		t.Errorf("a script holds %q", got)
	}
}

func TestHelixMerge(t *testing.T) {
	user := "[[language]]\nname = \"go\"\nlanguage-servers = [\"mine\"]\n\n[[language]]\nname = \"odd\"\nauto-format = true\n\n[[language]]\nname = \"new\"\n"
	got := HelixMerge(someLanguages, user)
	if len(got) != 4 || got[0].Servers != `["mine"]` || !strings.Contains(got[1].Servers, "a]") || got[3] != (HelixLanguage{"new", "[]"}) {
		t.Errorf("merged %q", got)
	}
	defaults := HelixMerge("", "")
	if i := slices.Index(defaults, HelixLanguage{"rust", `[ "rust-analyzer" ]`}); i < 0 || len(defaults) < 300 {
		t.Errorf("%d embedded languages, rust at %d", len(defaults), i)
	}
}

func TestHelixInto(t *testing.T) {
	user := "[[language]]\nname = \"go\"\nauto-format = true\n"
	once := HelixInto(someLanguages, user)
	for _, want := range []string{user, "[language-server.opencode]", `language-servers = [ "gopls", "golangci-lint-lsp", "opencode"]`} {
		if !strings.Contains(once, want) {
			t.Errorf("%q is not in\n%s", want, once)
		}
	}
	if twice := HelixInto(someLanguages, once); twice != once {
		t.Errorf("written twice:\n%s", twice)
	}
	own := "[language-server.opencode]\ncommand = \"/opt/opencode-lsp\"\n"
	if got := HelixInto(someLanguages, own); strings.Count(got, "[language-server.opencode]") != 1 || !strings.Contains(got, `name = "go"`) {
		t.Errorf("with a server of the user's own:\n%s", got)
	}
}

func FuzzHelixLanguages(f *testing.F) {
	f.Add(someLanguages)
	f.Add("[[language]]\nname = \"x\"\nlanguage-servers = [[[")
	f.Fuzz(func(t *testing.T, toml string) {
		for _, l := range helixLanguages(toml) {
			if l.Name == "" || !strings.HasPrefix(l.Servers, "[") {
				t.Errorf("%q", l)
			}
		}
		HelixInto(toml, toml)
	})
}
