package editors

import (
	"bytes"
	_ "embed"
	"regexp"
	"slices"
	"strings"
)

// helixDefaults are the languages of Helix 25.07.1 of July 2026 with their servers, for where no Helix is found.
//
//go:embed helix/languages.toml
var helixDefaults string

// HelixLanguage is one language that Helix knows. Servers is its language-servers as TOML, "[]" for none: entries may be
// names or tables with features, and stay as they are.
type HelixLanguage struct{ Name, Servers string }

// languagesStart is how the languages.toml begins that each Helix carries inside its program.
const languagesStart = "# Language support configuration.\n"

// helixLanguages reads a languages.toml: every [[language]] with its servers. It reads no more of TOML than that takes.
func helixLanguages(toml string) []HelixLanguage {
	name := regexp.MustCompile(`(?m)^\s*name\s*=\s*"([^"\n]+)"`)
	servers := regexp.MustCompile(`(?m)^\s*language-servers\s*=\s*\[`)
	header := regexp.MustCompile(`(?m)^[ \t]*\[[\[a-z]`)
	var all []HelixLanguage
	for _, section := range strings.Split(toml, "[[language]]")[1:] {
		list := "[]"
		if at := servers.FindStringIndex(section); at != nil {
			list = array(section[at[1]-1:])
			section = section[:at[0]] + section[at[1]-1+len(list):]
		}
		if end := header.FindStringIndex(section); end != nil {
			section = section[:end[0]] // of a table below, whose name is another
		}
		if m := name.FindStringSubmatch(section); m != nil {
			all = append(all, HelixLanguage{m[1], list})
		}
	}
	return all
}

// array is the TOML array that text begins with, brackets in strings left alone.
func array(text string) string {
	depth, quoted := 0, false
	for i, c := range text {
		switch {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[':
			depth++
		case c == ']':
			if depth--; depth == 0 {
				return text[:i+1]
			}
		}
	}
	return "["
}

// HelixInside finds the languages.toml inside Helix's program file, the only place where the defaults of an installed Helix
// stand; "" where the file holds none.
func HelixInside(program []byte) string {
	start := bytes.Index(program, []byte(languagesStart))
	if start < 0 {
		return ""
	}
	text := program[start:]
	if end := bytes.IndexFunc(text, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' && r != '\r' || r == '\uFFFD' }); end >= 0 {
		text = text[:end]
	}
	return string(text)
}

// HelixMerge is the languages of base with those of a user's own languages.toml over them; "" for base means the embedded
// defaults. A language of the user's that says nothing of servers keeps those of base.
func HelixMerge(base, user string) []HelixLanguage {
	all := helixLanguages(base)
	if len(all) == 0 {
		all = helixLanguages(helixDefaults)
	}
	for _, own := range helixLanguages(user) {
		i := slices.IndexFunc(all, func(l HelixLanguage) bool { return l.Name == own.Name })
		switch {
		case i < 0:
			all = append(all, own)
		case own.Servers != "[]":
			all[i] = own
		}
	}
	return all
}

// The marks around what HelixInto writes.
const (
	helixBegin = "# opencode-lsp: begin. Written by `opencode-lsp editors helix --into`, which replaces it.\n"
	helixEnd   = "# opencode-lsp: end.\n"
)

// HelixBlock is the languages.toml that adds the server to each language, after the servers that the language has.
func HelixBlock(languages []HelixLanguage) string {
	var b strings.Builder
	b.WriteString("[language-server.opencode]\ncommand = \"opencode-lsp\"\ntimeout = 60\n")
	writeLanguages(&b, languages)
	return b.String()
}

func writeLanguages(b *strings.Builder, languages []HelixLanguage) {
	for _, l := range languages {
		b.WriteString("\n[[language]]\nname = \"" + l.Name + "\"\nlanguage-servers = " + withOpenCode(l.Servers) + "\n")
	}
}

// withOpenCode adds the server to the end of an array, unless it is there.
func withOpenCode(servers string) string {
	if strings.Contains(servers, `"opencode"`) {
		return servers
	}
	inner := strings.TrimRight(strings.TrimSuffix(servers, "]"), " \t\r\n,")
	if strings.TrimSpace(inner) == "[" {
		return `["opencode"]`
	}
	return inner + `, "opencode"]`
}

// HelixInto is a user's languages.toml with the block at its end, in the place of an older block. base is as in HelixMerge.
func HelixInto(base, user string) string {
	own := user
	if before, rest, found := strings.Cut(user, helixBegin); found {
		_, after, _ := strings.Cut(rest, helixEnd)
		own = before + after
	}
	own = strings.TrimRight(own, "\n")
	if own != "" {
		own += "\n\n"
	}
	block := HelixBlock(HelixMerge(base, own))
	if strings.Contains(own, "[language-server.opencode]") { // the user's own stands; a second one is an error in TOML
		_, block, _ = strings.Cut(block, "\n\n")
	}
	return own + helixBegin + block + helixEnd
}
