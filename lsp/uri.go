package lsp

import (
	"fmt"
	"net/url"
	"path/filepath"
	"runtime"
	"strings"
)

// pathOf is the absolute path of a file URI. Other schemes (untitled:, vscode-remote:) are no files of ours, and an encoded
// slash or NUL is refused: the name would not be what the editor shows.
func pathOf(uri string) (string, error) {
	u, err := url.Parse(uri)
	if err != nil {
		return "", fmt.Errorf("uri %q: %w", uri, err)
	}
	low := strings.ToLower(uri)
	switch {
	case u.Scheme != "file":
		return "", fmt.Errorf("uri %q is not a file", uri)
	case u.Host != "" && u.Host != "localhost":
		return "", fmt.Errorf("uri %q is on another host", uri)
	case strings.Contains(low, "%2f"), strings.Contains(low, "%00"):
		return "", fmt.Errorf("uri %q hides a slash or NUL", uri)
	case u.RawQuery != "", u.Fragment != "", u.ForceQuery:
		return "", fmt.Errorf("uri %q has a bare ? or #, so that it names another file than it seems to", uri)
	case u.Path == "":
		return "", fmt.Errorf("uri %q has no path", uri)
	}
	path := u.Path
	if runtime.GOOS == "windows" && len(path) > 2 && path[2] == ':' {
		path = strings.ToUpper(path[1:2]) + path[2:]
	}
	return filepath.Clean(filepath.FromSlash(path)), nil
}

// uriOf is the file URI of an absolute path.
func uriOf(path string) string {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	return (&url.URL{Scheme: "file", Path: path}).String()
}
