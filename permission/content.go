package permission

import (
	"path"
	"regexp"
	"strings"
	"sync"
)

// remote are the patterns of what an editor or a preview fetches by itself when it shows a file. They are compiled when the
// first edit is judged: most runs of the program judge none.
var remote = sync.OnceValue(func() (r struct{ image, imageByName, name, tag, style, schema *regexp.Regexp }) {
	r.image = regexp.MustCompile(`(?i)!\[[^\]]*\]\s*\(\s*<?\s*(?:https?:)?//`)
	r.imageByName = regexp.MustCompile(`!\[[^\]]*\](?:\s*\[|[^(\[]|$)`)
	r.name = regexp.MustCompile(`(?im)^\s{0,3}\[[^\]]+\]:\s*<?(?:https?:)?//`)
	r.tag = regexp.MustCompile(`(?is)<(?:img|image|script|iframe|link|video|audio|source|embed|object|input|use)\b[^>]*?\b(?:src|srcset|href|data|poster)\s*=\s*["']?\s*(?:https?:)?//`)
	r.style = regexp.MustCompile(`(?i)(?:url\(\s*["']?|@import\s+["'])\s*(?:https?:)?//`)
	r.schema = regexp.MustCompile(`(?i)\$(?:schema|ref)["']?\s*[:=]\s*["']?\s*(?:https?:)?//`)
	return r
})

// Fetches says why writing the text into the file asks although edits are allowed, "" where it does not: whoever opens or
// previews the file fetches an address that the text names, and the address may carry data out. Only what the edit adds
// belongs into text.
func Fetches(name, text string) string {
	switch r := remote(); strings.ToLower(path.Ext(name)) {
	case ".md", ".mdx", ".markdown", ".html", ".htm", ".xhtml", ".svg", ".rst", ".adoc", ".ipynb":
		named := r.imageByName.MatchString(text) && r.name.MatchString(text)
		if named || r.image.MatchString(text) || r.tag.MatchString(text) || r.style.MatchString(text) {
			return "its preview fetches an address from the text"
		}
	case ".json", ".jsonc", ".json5", ".yaml", ".yml", ".toml":
		if r.schema.MatchString(text) {
			return "editors fetch the schema that it names"
		}
	}
	return ""
}
