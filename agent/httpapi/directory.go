package httpapi

import (
	"net/http"
	"net/url"
	"path/filepath"
)

// here refuses a request that is about another directory: one server serves one workspace. OpenCode's clients name theirs in
// the query or, URI-encoded, in a header.
func (a *API) here(r *http.Request) *failure {
	var named []string
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return badRequest("Query", "the query of the address cannot be read; encode it")
	}
	named = append(named, query["directory"]...)
	named = append(named, query["location[directory]"]...)
	for _, text := range r.Header.Values("X-Opencode-Directory") {
		plain, err := url.PathUnescape(text)
		if err != nil {
			return badRequest("Headers", "x-opencode-directory cannot be read; encode it as a URI component")
		}
		named = append(named, plain)
	}
	for _, dir := range named {
		if dir != "" && !a.inside(dir) {
			return badRequest("Query", "this server serves another directory than the one that was asked for; start one there")
		}
	}
	return nil
}

// inside reports whether a directory is the workspace or a folder in it.
func (a *API) inside(dir string) bool {
	if !filepath.IsAbs(dir) {
		return false
	}
	p, err := a.opt.Workspace.Resolve(dir)
	return err == nil && p.Inside()
}
