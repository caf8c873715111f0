package tools

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/opencode-lsp/opencode-lsp/permission"
	"github.com/opencode-lsp/opencode-lsp/workspace"
)

// change is a file's new text on its way through the gate.
type change struct {
	at target
	// to is where a move leads.
	to target
	workspace.Change
	// stale says that the model does not know the whole present text; note is a sentence for it after the change.
	stale bool
	note  string
	// known is the text that the model knows once the change is made: its own, without what the user typed meanwhile.
	known string
}

func (c change) diff() string { return c.DiffBetween(c.at.name, cmp.Or(c.to.name, c.at.name)) }

// changeOp asks for changes with their diff and lands exactly them, all or none.
func (k *kit) changeOp(ctx context.Context, tool string, changes []change) Op {
	var items []permission.Item
	var diff strings.Builder
	var files []permission.FileChange
	for _, c := range changes {
		items = append(items, k.changeItems(c)...)
		diff.WriteString(c.diff())
		files = append(files, c.files()...)
	}
	a := permission.Access{
		Tool:    tool,
		Subject: subject(changes),
		Notes:   append(fileNotes(changes), k.formatNotes(ctx, changes)...),
		Items:   items,
		Preview: permission.Preview{Kind: "diff", Text: diff.String()},
		Files:   files,
		Session: true,
	}
	if len(changes) == 1 {
		a.Preview.Path = changes[0].at.Abs
	}
	return NewOp(a, func(ctx context.Context, _ io.Writer) (Result, error) { return k.land(ctx, changes) })
}

// files is the change with whole texts; a move takes one file away and brings another.
func (c change) files() []permission.FileChange {
	after := permission.FileChange{Path: c.at.Abs, New: c.After()}
	if c.File.Exists {
		after.Old = &c.File.Text
	}
	if c.MoveTo == "" {
		return []permission.FileChange{after}
	}
	return []permission.FileChange{{Path: c.at.Abs, Old: &c.File.Text}, {Path: c.MoveTo, New: c.After()}}
}

// changeItems are what the gate judges of a change: both ends of a move.
func (k *kit) changeItems(c change) []permission.Item {
	items := fetching(k.items("edit", c.at), c.at.name, c)
	if c.MoveTo != "" {
		items = append(items, fetching(k.items("edit", c.to), c.to.name, c)...)
	}
	return items
}

// fetching makes a change ask that would have an editor or a preview fetch an address which the model chose.
func fetching(items []permission.Item, name string, c change) []permission.Item {
	var added strings.Builder
	for _, e := range c.Edits {
		added.WriteString(e.New + "\n")
	}
	why := permission.Fetches(name, added.String())
	for i := range items {
		if why != "" && items[i].Permission == "edit" && items[i].Strictness < permission.AlwaysAsk {
			items[i].Strictness, items[i].Why = permission.AlwaysAsk, why
		}
	}
	return items
}

// fileNotes say which files go away, which a diff does not show at a glance.
func fileNotes(changes []change) []string {
	var gone, moved, notes []string
	for _, c := range changes {
		switch {
		case c.Remove:
			gone = append(gone, c.at.name)
		case c.MoveTo != "":
			moved = append(moved, c.at.name+" to "+c.to.name)
		}
	}
	if gone != nil {
		notes = append(notes, "Deletes "+strings.Join(gone, ", ")+".")
	}
	if moved != nil {
		notes = append(notes, "Moves "+strings.Join(moved, ", ")+".")
	}
	return notes
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

// subject is "main.go (+3 −1)", or for several files "2 files: main.go, old.go (deleted) (+3 −4)".
func subject(changes []change) string {
	if len(changes) == 1 {
		return changes[0].title()
	}
	var names []string
	plus, minus := 0, 0
	for _, c := range changes {
		p, m := c.count()
		plus, minus = plus+p, minus+m
		names = append(names, c.label())
	}
	return fmt.Sprintf("%d files: %s (+%d −%d)", len(changes), strings.Join(names, ", "), plus, minus)
}

// title is the label with the lines that are added and removed.
func (c change) title() string {
	plus, minus := c.count()
	if !c.File.Exists {
		return fmt.Sprintf("%s (+%d)", c.label(), plus)
	}
	return fmt.Sprintf("%s (+%d −%d)", c.label(), plus, minus)
}

// label names the file and what becomes of it.
func (c change) label() string {
	switch {
	case c.MoveTo != "":
		return c.at.name + " → " + c.to.name
	case c.Remove:
		return c.at.name + " (deleted)"
	case !c.File.Exists:
		return c.at.name + " (new)"
	}
	return c.at.name
}

// count is how many lines are added and removed.
func (c change) count() (plus, minus int) {
	_, hunks, _ := strings.Cut(c.diff(), "\n@@")
	for line := range strings.Lines(hunks) {
		switch line[0] {
		case '+':
			plus++
		case '-':
			minus++
		}
	}
	return plus, minus
}
