package tools

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"sync"

	"github.com/opencode-lsp/opencode-lsp/permission"
	"github.com/opencode-lsp/opencode-lsp/workspace"
)

//go:embed grep.md
var grepText string

type grepArgs struct {
	Pattern string `json:"pattern" jsonschema:"A regular expression in RE2 syntax, matched against each line."`
	Path    string `json:"path,omitempty" jsonschema:"The folder or file to search; the workspace root unless told."`
	Include string `json:"include,omitempty" jsonschema:"Only files whose name matches this, such as *.go or *.{ts,tsx}."`
}

// grep prepares to find lines by a regular expression.
func (k *kit) grep(_ context.Context, a grepArgs) (Op, error) {
	if a.Pattern == "" {
		return nil, errors.New("pattern is empty; give a regular expression")
	}
	if _, err := regexp.Compile(a.Pattern); err != nil {
		return nil, explainRegexp(a.Pattern, err)
	}
	t, err := k.resolve(a.Path)
	if err != nil {
		return nil, err
	}
	access := permission.Access{Tool: "grep", Subject: searchSubject(a.Pattern, t), Items: k.folderItems("grep", t)}
	if k.isFile(t) { // it shows what the file holds
		access.Items = append(k.items("grep", t)[:1], k.items("read", t)...)
	}
	return NewOp(access, func(ctx context.Context, _ io.Writer) (Result, error) {
		return k.search(ctx, t, a)
	}), nil
}

func (k *kit) isFile(t target) bool {
	_, err := os.Stat(t.Abs)
	return k.Workspace.IsOpen(t.Abs) || err == nil && !isFolder(t.Abs)
}

func (k *kit) search(ctx context.Context, t target, a grepArgs) (Result, error) {
	if err := k.again(t); err != nil {
		return Result{}, err
	}
	left := &leftOut{}
	opt := workspace.GrepOptions{Dir: t.Abs, Include: a.Include, Max: maxFound}
	switch {
	case k.isFile(t): // consent was given for this very file
	case !isFolder(t.Abs):
		return Result{}, k.missing(ctx, t)
	case k.MayRead != nil:
		opt.Skip = func(path string) bool { return !k.MayRead(path) && left.add(k.nameOf(path)) }
	}
	found, more, err := k.Workspace.Grep(ctx, a.Pattern, opt)
	if err != nil {
		return Result{}, err
	}
	return k.grepResult(a.Pattern, found, more, left), nil
}

// leftOut are the names of files that a search did not look into; safe for concurrent use.
type leftOut struct {
	mu    sync.Mutex
	names []string
}

// add always answers true.
func (l *leftOut) add(name string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.names = append(l.names, name)
	return true
}

// String names the files, a few of many.
func (l *leftOut) String() string {
	slices.Sort(l.names)
	if more := len(l.names) - maxSuggestions; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(l.names[:maxSuggestions], ", "), more)
	}
	return strings.Join(l.names, ", ")
}

// maxMatch is how many bytes of a matching line are shown; it bounds what a minified file costs.
const maxMatch = 400

// grepResult groups the matches by file, in the order that they came in.
func (k *kit) grepResult(pattern string, found []workspace.Match, more bool, left *leftOut) Result {
	var b strings.Builder
	last := ""
	for _, m := range found {
		if m.Path != last {
			last = m.Path
			fmt.Fprintf(&b, "%s:\n", k.nameOf(m.Path))
		}
		fmt.Fprintf(&b, "  %d: %s\n", m.Line, clip(m.Text, maxMatch))
	}
	if len(found) == 0 {
		b.WriteString("(no match; ignored and binary files are left out)\n")
	}
	count := plural(len(found), "match", "matches")
	if more {
		b.WriteString("\n(there are more matches; narrow the pattern, path or include)\n")
		count = "more than " + count
	}
	if len(left.names) > 0 {
		fmt.Fprintf(&b, "\n(not searched without permission: %s; read such a file by its name if it matters)\n", left)
	}
	text, full := k.Cut(b.String())
	return Result{Text: text, Full: full, Title: fmt.Sprintf("%s: %s", clip(pattern, 60), count)}
}

// explainRegexp says what RE2 does not like, and what to do about the commonest causes.
func explainRegexp(pattern string, err error) error {
	cause := err.Error()
	if e, ok := errors.AsType[*syntax.Error](err); ok {
		cause = fmt.Sprintf("%s at %q", e.Code, e.Expr)
	}
	remedy := `put \ before characters that are meant literally, such as ( [ { . * + ? |`
	if strings.Contains(pattern, "(?=") || strings.Contains(pattern, "(?!") || strings.Contains(pattern, "(?<") || strings.Contains(cause, "escape sequence") {
		remedy = "RE2 has no lookaround and no backreferences"
	}
	return fmt.Errorf("pattern is not a regular expression: %s; %s", cause, remedy)
}
