package tools

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/opencode-lsp/opencode-lsp/permission"
)

//go:embed glob.md
var globText string

type globArgs struct {
	Pattern string `json:"pattern" jsonschema:"A pattern such as **/*.go or src/**/*.{ts,tsx}."`
	Path    string `json:"path,omitempty" jsonschema:"The folder to search; the workspace root unless told."`
}

// glob prepares to find files by name.
func (k *kit) glob(_ context.Context, a globArgs) (Op, error) {
	if a.Pattern == "" {
		return nil, errors.New("pattern is empty; give one such as **/*.go")
	}
	t, err := k.resolve(a.Path)
	if err != nil {
		return nil, err
	}
	items := k.folderItems("glob", t)
	items[0].Aliases = append(items[0].Aliases, a.Pattern) // what OpenCode's rules for glob are about
	access := permission.Access{Tool: "glob", Subject: searchSubject(a.Pattern, t), Items: items}
	return NewOp(access, func(ctx context.Context, _ io.Writer) (Result, error) {
		if err := k.searchable(t); err != nil {
			return Result{}, err
		}
		files, more, err := k.Workspace.Glob(ctx, t.Abs, a.Pattern, maxFound)
		if err != nil {
			return Result{}, err
		}
		return k.globResult(a.Pattern, files, more), nil
	}), nil
}

func (k *kit) globResult(pattern string, files []string, more bool) Result {
	var b strings.Builder
	for _, f := range files {
		b.WriteString(k.nameOf(f) + "\n")
	}
	switch {
	case len(files) == 0:
		b.WriteString("(no file matches; ignored files are left out)")
	case more:
		fmt.Fprintf(&b, "\n(the newest %d; there are more, narrow the pattern)", len(files))
	}
	count := plural(len(files), "file", "files")
	if more {
		count = "more than " + count
	}
	text, full := k.Cut(b.String())
	return Result{Text: text, Full: full, Title: fmt.Sprintf("%s: %s", clip(pattern, 60), count)}
}

// searchSubject is a search in one line for people.
func searchSubject(pattern string, t target) string {
	if t.name == "." {
		return pattern
	}
	return pattern + " in " + t.name
}

// searchable refuses what is no folder any more, or another one than the permission was given for.
func (k *kit) searchable(t target) error {
	if err := k.again(t); err != nil {
		return err
	}
	if !isFolder(t.Abs) {
		return fmt.Errorf("%s is not a folder; name one, or leave path out for the workspace root", t.name)
	}
	return nil
}
