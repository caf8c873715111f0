package tools

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/opencode-lsp/opencode-lsp/permission"
	"github.com/opencode-lsp/opencode-lsp/workspace"
)

// change is a file's new text on its way through the gate.
type change struct {
	tool string
	at   target
	workspace.Change
	// stale says that the model does not know the whole present text; note is a sentence for it after the change.
	stale bool
	note  string
}

// changeOp asks for the change with its diff and lands exactly it.
func (k *kit) changeOp(c change) Op {
	diff := c.Diff(c.at.name)
	title := changeTitle(c.at.name, diff, !c.File.Exists)
	return NewOp(permission.Access{
		Tool:    c.tool,
		Subject: title,
		Items:   fetching(k.items("edit", c.at), c),
		Preview: permission.Preview{Kind: "diff", Text: diff, Path: c.at.Abs},
		Session: true,
	}, func(ctx context.Context, _ io.Writer) (Result, error) { return k.land(ctx, c) })
}

// fetching makes a change ask that would have an editor or a preview fetch an address which the model chose.
func fetching(items []permission.Item, c change) []permission.Item {
	var added strings.Builder
	for _, e := range c.Edits {
		added.WriteString(e.New + "\n")
	}
	why := permission.Fetches(c.at.name, added.String())
	for i := range items {
		if why != "" && items[i].Permission == "edit" && items[i].Strictness < permission.AlwaysAsk {
			items[i].Strictness, items[i].Why = permission.AlwaysAsk, why
		}
	}
	return items
}

func (k *kit) land(ctx context.Context, c change) (Result, error) {
	if err := k.again(c.at); err != nil {
		return Result{}, err
	}
	done, err := workspace.Land(ctx, k.Workspace, k.applier(), c.Change)
	if errors.Is(err, workspace.ErrStale) {
		return Result{}, changedError(c.at)
	}
	if err != nil {
		return Result{}, err
	}
	if !c.stale {
		// What the model knows: its own text, not what the user typed meanwhile.
		k.Seen.note(c.File.Path, c.After())
	}
	diff := done.Diff(c.at.name)
	title := changeTitle(c.at.name, diff, !done.File.Exists)
	return Result{
		Text:    strings.TrimSpace("Done: " + title + ". " + c.note),
		Title:   title,
		Diff:    diff,
		Files:   []string{done.File.Path},
		Changes: []Applied{{Path: done.File.Path, Before: done.File.Text, After: done.After(), Created: !done.File.Exists}},
	}, nil
}

func (k *kit) applier() workspace.Applier {
	if k.Applier != nil {
		return k.Applier
	}
	return workspace.Disk{Workspace: k.Workspace}
}

func changedError(t target) error {
	return fmt.Errorf("%s changed since it was read; read it again", t.name)
}

// changeTitle is "main.go (+3 −1)", and "(new)" for a file that is made.
func changeTitle(name, diff string, created bool) string {
	plus, minus := 0, 0
	_, hunks, _ := strings.Cut(diff, "\n@@")
	for line := range strings.Lines(hunks) {
		switch line[0] {
		case '+':
			plus++
		case '-':
			minus++
		}
	}
	if created {
		return fmt.Sprintf("%s (new) (+%d)", name, plus)
	}
	return fmt.Sprintf("%s (+%d −%d)", name, plus, minus)
}
