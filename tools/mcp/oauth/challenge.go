package oauth

import (
	"cmp"
	"net/http"
	"strings"
	"unicode"
)

// Challenge is what a server says with a refusal (RFC 6750 section 3, RFC 9728 section 5.1).
type Challenge struct {
	// Metadata is the address of the protected resource metadata, Scope what the server wants, Error "insufficient_scope"
	// and the like. All may be empty.
	Metadata string `json:"metadata,omitempty"`
	Scope    string `json:"scope,omitempty"`
	Error    string `json:"error,omitempty"`
	// Status is that of the refusal, 401 or 403.
	Status int `json:"status,omitempty"`
}

// ReadChallenge reads a refusal; it reports false for a response that is none that signing in could answer.
func ReadChallenge(r *http.Response) (Challenge, bool) {
	c := Challenge{Status: r.StatusCode}
	for _, header := range r.Header.Values("WWW-Authenticate") {
		params := parameters(header)
		c.Metadata = cmp.Or(c.Metadata, params["resource_metadata"])
		c.Scope = cmp.Or(c.Scope, params["scope"])
		c.Error = cmp.Or(c.Error, params["error"])
	}
	switch r.StatusCode {
	case http.StatusUnauthorized:
		return c, true
	case http.StatusForbidden:
		return c, c.Error == "insufficient_scope"
	}
	return c, false
}

// parameters are the name=value pairs of a WWW-Authenticate header, of all its challenges; names in lower case. The first
// of a name counts. Names are ASCII (RFC 9110, section 5.6.2: tokens); others are left out.
func parameters(header string) map[string]string {
	found := map[string]string{}
	for rest := header; rest != ""; {
		name, after, ok := strings.Cut(rest, "=")
		if !ok {
			break
		}
		name = strings.ToLower(name[strings.LastIndexAny(name, " \t,")+1:])
		var value string
		value, rest = valueOf(strings.TrimLeft(after, " \t"))
		if _, has := found[name]; !has && name != "" && !strings.ContainsFunc(name, func(r rune) bool { return r > unicode.MaxASCII }) {
			found[name] = value
		}
	}
	return found
}

// valueOf reads a token or a quoted string, and gives what comes after.
func valueOf(s string) (value, rest string) {
	if !strings.HasPrefix(s, `"`) {
		end := strings.IndexAny(s, ", \t")
		if end < 0 {
			return s, ""
		}
		return s[:end], s[end:]
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"':
			return b.String(), s[i+1:]
		case '\\':
			if i++; i == len(s) {
				return b.String(), ""
			}
		}
		b.WriteByte(s[i])
	}
	return b.String(), ""
}
