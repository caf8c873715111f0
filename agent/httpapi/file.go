package httpapi

import (
	"cmp"
	"encoding/base64"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/opencode-lsp/opencode-lsp/workspace"
)

// FileNode is a file or a folder.
type FileNode struct {
	Name     string `json:"name"`
	Path     string `json:"path"`
	Absolute string `json:"absolute"`
	// Type is "file" or "directory".
	Type    string `json:"type"`
	Ignored bool   `json:"ignored"`
}

// FileContent is what a file holds: "text", or "binary" in base64.
type FileContent struct {
	Type     string `json:"type"`
	Content  string `json:"content"`
	Encoding string `json:"encoding,omitempty"`
	MimeType string `json:"mimeType,omitempty"`
}

// FileStatus is a file that differs from the last commit. There are none: git is not asked.
type FileStatus struct {
	Path    string `json:"path"`
	Added   int    `json:"added"`
	Removed int    `json:"removed"`
	Status  string `json:"status"`
}

// Match is a line that a search found.
type Match struct {
	Path           Words      `json:"path"`
	Lines          Words      `json:"lines"`
	LineNumber     int        `json:"line_number"`
	AbsoluteOffset int        `json:"absolute_offset"`
	Submatches     []Submatch `json:"submatches"`
}

// Words is a text in ripgrep's wrapping.
type Words struct {
	Text string `json:"text"`
}

// Submatch is a piece of a line, in bytes.
type Submatch struct {
	Match Words `json:"match"`
	Start int   `json:"start"`
	End   int   `json:"end"`
}

// Symbol is a symbol of the workspace. There are none: OpenCode 1.18 finds none either.
type Symbol struct {
	Name string `json:"name"`
	Kind int    `json:"kind"`
}

// at resolves a path of the query, which must lie in the workspace.
func (a *API) at(c *call) (workspace.Path, error) {
	p, err := a.opt.Workspace.Resolve(cmp.Or(c.query.Get("path"), "."))
	if err != nil {
		return p, badRequest("Query", "path names no file; give one of the workspace")
	}
	if !p.Inside() {
		return p, forbidden("path leads out of the workspace; only its files are served")
	}
	return p, nil
}

func (a *API) fileList(c *call, _ none) ([]FileNode, error) {
	p, err := a.at(c)
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(p.Abs)
	if err != nil {
		return nil, notFound("Folder", c.query.Get("path"))
	}
	seen := map[string]bool{}
	for e, err := range a.opt.Workspace.Walk(c.Context(), p.Abs) {
		if err != nil {
			return nil, notFound("Folder", c.query.Get("path"))
		}
		name, _, _ := strings.Cut(e.Rel, "/")
		seen[name] = true
	}
	list := []FileNode{}
	for _, e := range entries {
		n := FileNode{
			Name: e.Name(), Path: path.Join(p.Rel, e.Name()), Absolute: filepath.Join(p.Abs, e.Name()), Type: "file",
			Ignored: !seen[e.Name()] && !emptyFolder(filepath.Join(p.Abs, e.Name()), e),
		}
		if e.IsDir() {
			n.Type, n.Path = "directory", n.Path+"/"
		}
		list = append(list, n)
	}
	slices.SortFunc(list, func(x, y FileNode) int { return cmp.Or(cmp.Compare(x.Type, y.Type), cmp.Compare(x.Name, y.Name)) })
	return list, nil
}

// emptyFolder reports whether a folder is one that a walk has nothing of for that reason.
func emptyFolder(path string, e fs.DirEntry) bool {
	if !e.IsDir() {
		return false
	}
	entries, err := os.ReadDir(path)
	return err == nil && len(entries) == 0
}

// fileContent is a file as the user sees it. One that the rules do not let a model read unasked is not given to clients.
func (a *API) fileContent(c *call, _ none) (FileContent, error) {
	p, err := a.at(c)
	if err != nil {
		return FileContent{}, err
	}
	if !a.opt.MayRead(p.Abs) {
		return FileContent{}, forbidden("the permission rules do not let that file be read unasked; open it in the editor")
	}
	f, err := a.opt.Workspace.Read(c.Context(), p.Abs)
	if err != nil {
		return FileContent{}, badRequest("Query", "path cannot be read: it is a folder, too large, or no regular file")
	}
	if !f.Exists {
		return FileContent{}, notFound("File", c.query.Get("path"))
	}
	if utf8.ValidString(f.Text) && !strings.Contains(f.Text, "\x00") {
		return FileContent{Type: "text", Content: f.Text}, nil
	}
	data := []byte(f.Text)
	return FileContent{Type: "binary", Content: base64.StdEncoding.EncodeToString(data), Encoding: "base64", MimeType: http.DetectContentType(data)}, nil
}

func (a *API) fileStatus(*call, none) ([]FileStatus, error) { return []FileStatus{}, nil }

func (a *API) findSymbol(*call, none) ([]Symbol, error) { return []Symbol{}, nil }

// maxFound bounds what a search returns.
const maxFound = 100

func (a *API) findText(c *call, _ none) ([]Match, error) {
	pattern := c.query.Get("pattern")
	re, err := regexp.Compile(pattern)
	if err != nil || pattern == "" {
		return nil, badRequest("Query", "pattern is not a regular expression in RE2 syntax")
	}
	found, _, err := a.opt.Workspace.Grep(c.Context(), pattern, workspace.GrepOptions{Max: maxFound, Skip: func(path string) bool { return !a.opt.MayRead(path) }})
	if err != nil {
		return nil, badRequest("Query", "%s", sentence(err.Error()))
	}
	texts := map[string]string{}
	list := []Match{}
	for _, m := range found {
		text, known := texts[m.Path]
		if !known {
			f, _ := a.opt.Workspace.Read(c.Context(), m.Path) // gone by now: no offsets
			text = f.Text
			texts[m.Path] = text
		}
		w := Match{Path: Words{a.relative(m.Path)}, Lines: Words{m.Text + "\n"}, LineNumber: m.Line, AbsoluteOffset: offset(text, m.Line), Submatches: []Submatch{}}
		for _, at := range re.FindAllStringIndex(m.Text, maxFound) {
			w.Submatches = append(w.Submatches, Submatch{Words{m.Text[at[0]:at[1]]}, at[0], at[1]})
		}
		list = append(list, w)
	}
	return list, nil
}

// offset is where a line begins, in bytes; lines count from 1.
func offset(text string, line int) int {
	at := 0
	for l := range strings.Lines(text) {
		if line--; line <= 0 {
			break
		}
		at += len(l)
	}
	return at
}

// findFile finds files whose path holds the letters of the query in their order, the closest first.
func (a *API) findFile(c *call, _ none) ([]string, error) {
	query, kind := strings.ToLower(c.query.Get("query")), c.query.Get("type")
	dirs := kind == "directory" || kind == "" && c.query.Get("dirs") != "false"
	var found []scored
	for e, err := range a.opt.Workspace.Walk(c.Context(), a.directory) {
		if err != nil {
			return nil, errors.Join(err, c.Context().Err())
		}
		if e.IsDir && !dirs || !e.IsDir && kind == "directory" {
			continue
		}
		if score, ok := closeness(query, strings.ToLower(e.Rel)); ok {
			name := e.Rel
			if e.IsDir {
				name += "/"
			}
			found = append(found, scored{name, score})
		}
	}
	slices.SortFunc(found, func(x, y scored) int {
		return cmp.Or(cmp.Compare(x.score, y.score), cmp.Compare(len(x.name), len(y.name)), cmp.Compare(x.name, y.name))
	})
	list := []string{}
	for _, f := range found[:min(len(found), int(min(c.number("limit", maxFound), maxFound)))] {
		list = append(list, f.name)
	}
	return list, nil
}

type scored struct {
	name  string
	score int
}

// closeness is how far a name is from a query, 0 for the same base name; false where it does not hold the query's letters.
func closeness(query, name string) (int, bool) {
	base := path.Base(name)
	switch {
	case base == query:
		return 0, true
	case strings.HasPrefix(base, query):
		return 1, true
	case strings.Contains(base, query):
		return 2, true
	case strings.Contains(name, query):
		return 3, true
	}
	gaps, at := 4, 0
	for _, r := range query {
		i := strings.IndexRune(name[at:], r)
		if i < 0 {
			return 0, false
		}
		gaps += i
		at += i + utf8.RuneLen(r)
	}
	return gaps, true
}
