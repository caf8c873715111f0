package permission

import (
	"path"
	"regexp"
	"strings"
)

// The patterns find what an editor or a preview fetches by itself when it shows a file. They are read only.
var (
	remoteImage  = regexp.MustCompile(`(?i)!\[[^\]]*\]\s*\(\s*<?\s*(?:https?:)?//`)
	imageByName  = regexp.MustCompile(`!\[[^\]]*\](?:\s*\[|[^(\[]|$)`)
	remoteName   = regexp.MustCompile(`(?im)^\s{0,3}\[[^\]]+\]:\s*<?(?:https?:)?//`)
	remoteTag    = regexp.MustCompile(`(?is)<(?:img|image|script|iframe|link|video|audio|source|embed|object|input|use)\b[^>]*?\b(?:src|srcset|href|data|poster)\s*=\s*["']?\s*(?:https?:)?//`)
	remoteStyle  = regexp.MustCompile(`(?i)(?:url\(\s*["']?|@import\s+["'])\s*(?:https?:)?//`)
	remoteSchema = regexp.MustCompile(`(?i)\$(?:schema|ref)["']?\s*[:=]\s*["']?\s*(?:https?:)?//`)
)

// Fetches says why writing the text into the file asks although edits are allowed, "" where it does not: whoever opens or
// previews the file fetches an address that the text names, and the address may carry data out. Only what the edit adds
// belongs into text.
func Fetches(name, text string) string {
	switch strings.ToLower(path.Ext(name)) {
	case ".md", ".mdx", ".markdown", ".html", ".htm", ".xhtml", ".svg", ".rst", ".adoc", ".ipynb":
		named := imageByName.MatchString(text) && remoteName.MatchString(text)
		if named || remoteImage.MatchString(text) || remoteTag.MatchString(text) || remoteStyle.MatchString(text) {
			return "its preview fetches an address from the text"
		}
	case ".json", ".jsonc", ".json5", ".yaml", ".yml", ".toml":
		if remoteSchema.MatchString(text) {
			return "editors fetch the schema that it names"
		}
	}
	return ""
}
