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
	re, err := regexp.Compile(a.Pattern)
	if err != nil {
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
		return k.search(ctx, t, re, a)
	}), nil
}

func (k *kit) isFile(t target) bool {
	_, err := os.Stat(t.Abs)
	return k.Workspace.IsOpen(t.Abs) || err == nil && !isFolder(t.Abs)
}

func (k *kit) search(ctx context.Context, t target, re *regexp.Regexp, a grepArgs) (Result, error) {
	if err := k.again(t); err != nil {
		return Result{}, err
	}
	if k.isFile(t) {
		found, more, err := k.searchFile(t, re)
		if err != nil {
			return Result{}, err
		}
		return k.grepResult(a.Pattern, found, more, 0), nil
	}
	if err := k.searchable(t); err != nil {
		return Result{}, err
	}
	opt := workspace.GrepOptions{Dir: t.Abs, Include: a.Include, Max: maxFound}
	found, more, err := k.Workspace.Grep(ctx, a.Pattern, opt)
	if err != nil {
		return Result{}, err
	}
	all := len(found)
	found = slices.DeleteFunc(found, func(m workspace.Match) bool { return k.MayRead != nil && !k.MayRead(m.Path) })
	return k.grepResult(a.Pattern, found, more, all-len(found)), nil
}

// searchFile looks through one file, which Workspace.Grep does not take.
func (k *kit) searchFile(t target, re *regexp.Regexp) (found []workspace.Match, more bool, err error) {
	file, err := k.Workspace.Read(t.Abs)
	if err != nil {
		return nil, false, err
	}
	if why := unreadable(t.Abs, file.Text); why != "" {
		return nil, false, fmt.Errorf("%s is %s", t.name, why)
	}
	ls := splitLines(file.Text)
	for i := range ls.at {
		if !re.MatchString(ls.line(i)) {
			continue
		}
		if len(found) == maxFound {
			return found, true, nil
		}
		found = append(found, workspace.Match{Path: t.Abs, Line: i + 1, Text: ls.line(i)})
	}
	return found, false, nil
}

// maxMatch is how many bytes of a matching line are shown; it bounds what a minified file costs.
const maxMatch = 400

// grepResult groups the matches by file, in the order that they came in.
func (k *kit) grepResult(pattern string, found []workspace.Match, more bool, hidden int) Result {
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
		b.WriteString("(no match; ignored and binary files are left out)")
	}
	if more {
		b.WriteString("\n(there are more matches; narrow the pattern, path or include)")
	}
	if hidden > 0 {
		fmt.Fprintf(&b, "\n(%s in files that need permission to be read left out; use read on such a file)", plural(hidden, "match", "matches"))
	}
	count := plural(len(found), "match", "matches")
	if more {
		count = "more than " + count
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
