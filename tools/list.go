package tools

import (
	"cmp"
	"context"
	_ "embed"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/opencode-lsp/opencode-lsp/permission"
	"github.com/opencode-lsp/opencode-lsp/workspace"
)

//go:embed list.md
var listText string

// maxFound is how many entries, files or matches list, glob and grep show; maxWalked bounds what list looks at.
const (
	maxFound  = 100
	maxWalked = 50_000
)

type listArgs struct {
	Path string `json:"path,omitempty" jsonschema:"The folder to list, absolute or relative to the workspace root; the root unless told."`
}

// list prepares to show a folder as a tree.
func (k *kit) list(_ context.Context, a listArgs) (Op, error) {
	t, err := k.resolve(a.Path)
	if err != nil {
		return nil, err
	}
	access := permission.Access{Tool: "list", Subject: t.name, Items: k.folderItems("list", t)}
	return NewOp(access, func(ctx context.Context, _ io.Writer) (Result, error) {
		if err := k.searchable(t); err != nil {
			return Result{}, err
		}
		return k.tree(ctx, t)
	}), nil
}

// tree shows what lies highest first, so that a large folder is seen whole at a coarser grain.
func (k *kit) tree(ctx context.Context, t target) (Result, error) {
	entries, more, err := k.walk(ctx, t)
	if err != nil {
		return Result{}, err
	}
	slices.SortFunc(entries, func(a, b workspace.Entry) int {
		return cmp.Or(strings.Count(a.Rel, "/")-strings.Count(b.Rel, "/"), cmp.Compare(a.Rel, b.Rel))
	})
	shown := entries[:min(len(entries), maxFound)]
	text := t.name + "/\n" + indentTree(shown)
	switch left := len(entries) - len(shown); {
	case more:
		text += fmt.Sprintf("\n(more than %d more; list a folder below, or use glob)", left)
	case left > 0:
		text += fmt.Sprintf("\n(%d more; list a folder below, or use glob)", left)
	case len(entries) == 0:
		text += "\n(the folder is empty, or everything in it is ignored)"
	}
	return Result{Text: text, Title: t.name + "/"}, nil
}

func (k *kit) walk(ctx context.Context, t target) (entries []workspace.Entry, more bool, err error) {
	for e, err := range k.Workspace.Walk(ctx, t.Abs) {
		if err != nil {
			return nil, false, err
		}
		if len(entries) == maxWalked {
			return entries, true, nil
		}
		entries = append(entries, e)
	}
	return entries, false, ctx.Err()
}

// indentTree puts every entry under its folder.
func indentTree(entries []workspace.Entry) string {
	slices.SortFunc(entries, func(a, b workspace.Entry) int {
		return slices.Compare(strings.Split(a.Rel, "/"), strings.Split(b.Rel, "/"))
	})
	var b strings.Builder
	for _, e := range entries {
		b.WriteString(strings.Repeat("  ", strings.Count(e.Rel, "/")+1))
		b.WriteString(path.Base(e.Rel))
		if e.IsDir {
			b.WriteByte('/')
		}
		b.WriteByte('\n')
	}
	return b.String()
}
