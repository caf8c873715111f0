package httpapi

import (
	"net"
	"net/http"
	"path"
	"slices"
	"strings"
)

// checkHost wants one of our own names, port included and letter for letter: a page whose name was bound to our address
// (DNS rebinding) comes with its own. net/http has refused a missing or second Host before (400).
func (d *door) checkHost(r *http.Request) *refusal {
	switch {
	case r.Host == "":
		return &refusal{status: http.StatusBadRequest, name: "BadRequest", text: "the request names no host"}
	case !d.own(r):
		return &refusal{status: http.StatusMisdirectedRequest, name: "MisdirectedRequest", text: "this server is not known by that host and port"}
	}
	return nil
}

func (d *door) own(r *http.Request) bool {
	if slices.Contains(d.hosts, r.Host) {
		return true
	}
	local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !ok || !d.anyLocal {
		return false
	}
	host, port, err := net.SplitHostPort(local.String())
	return err == nil && slices.Contains(spellings(host, port), r.Host)
}

// checkOrigin refuses what a page of another origin sent, on every method: a browser adds the password that it remembers to
// requests of any page, and reads have effects enough (SECURITY.md, server mode, 8).
func (d *door) checkOrigin(r *http.Request) *refusal {
	origins, sites := r.Header["Origin"], r.Header["Sec-Fetch-Site"]
	mine := func(origin string) bool { return origin == d.scheme+"://"+r.Host }
	near := func(site string) bool { return site == "same-origin" || site == "none" }
	if only(origins, mine) && only(sites, near) {
		return nil
	}
	return &refusal{status: http.StatusForbidden, name: "Forbidden", text: "requests from pages of another origin are refused"}
}

// only reports whether a header is missing, or there once with a value that passes.
func only(values []string, passes func(string) bool) bool {
	return len(values) == 0 || len(values) == 1 && passes(values[0])
}

// checkTarget wants a plain path: no address of another server as to a proxy, and no spelling of a path that a router would
// have to tidy up.
func checkTarget(r *http.Request) *refusal {
	clean := path.Clean(r.URL.Path)
	if strings.HasSuffix(r.URL.Path, "/") && clean != "/" {
		clean += "/"
	}
	switch {
	case !strings.HasPrefix(r.RequestURI, "/"):
		return &refusal{status: http.StatusBadRequest, name: "BadRequest", text: "the request must name a path"}
	case clean != r.URL.Path:
		return &refusal{status: http.StatusNotFound, name: "NotFoundError", text: "there is nothing here"}
	}
	return nil
}
