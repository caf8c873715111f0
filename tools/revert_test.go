package tools

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencode-lsp/opencode-lsp/workspace"
)

// revertBench is a bench with a reverter.
type revertBench struct {
	*bench
	r *Reverter
}

func newRevertBench(t *testing.T, files ...string) revertBench {
	b := newBench(t, files...)
	return revertBench{b, &Reverter{Workspace: b.env.Workspace, Applier: b.env.Applier, Contents: workspace.NewContents(filepath.Join(t.TempDir(), "contents"))}}
}

// ref keeps a text in the contents.
func (b revertBench) ref(text string) string {
	b.Helper()
	ref, err := b.r.Contents.Save([]byte(text))
	if err != nil {
		b.Fatal(err)
	}
	return ref
}

// disk is what the disk holds, "(none)" for no file.
func (b revertBench) disk(name string) string {
	b.Helper()
	f, err := b.env.Workspace.OnDisk(b.path(name))
	if err != nil {
		b.Fatal(err)
	}
	if !f.Exists {
		return "(none)"
	}
	return f.Text
}

func TestRevert(t *testing.T) {
	const none = "(none)"
	edit := func(before, after string) Applied { return Applied{Before: before, After: after} }
	shell := func(before, after string) Applied { return Applied{Before: before, After: after, Disk: true} }
	made := func(after string) Applied { return Applied{After: after, Created: true} }
	gone := func(before string) Applied { return Applied{Before: before, Deleted: true} }
	shellGone := func(before string) Applied { return Applied{Before: before, Deleted: true, Disk: true} }
	large := strings.Repeat("0123456789abcde\n", 1+maxMerge/16)
	tests := map[string]struct {
		changes      []Applied
		disk, buffer string // before; buffer none: not open
		wantDisk     string
		wantBuffer   string
		conflict     string
		noRedo       bool // the editor shows another text than before: it is given what was below it
	}{
		"one edit":                     {[]Applied{edit("a\nb\n", "a\nB\n")}, "a\nB\n", none, "a\nb\n", none, "", false},
		"the user's lines stay":        {[]Applied{edit("a\nb\n", "a\nB\n")}, "u\na\nB\nv\n", none, "u\na\nb\nv\n", none, "", false},
		"in the buffer":                {[]Applied{edit("a\nb\n", "a\nB\n")}, "a\nB\n", "a\nB\n", "a\nB\n", "a\nb\n", "", false},
		"unsaved in the buffer":        {[]Applied{edit("a\nb\n", "a\nB\n")}, "a\nb\n", "a\nB\nu\n", "a\nb\n", "a\nb\nu\n", "", false},
		"user edits between":           {[]Applied{edit("a\nb\nc\n", "A\nb\nc\n"), edit("A\nb\nu\nc\n", "A\nb\nu\nC\n")}, "A\nb\nu\nC\n", none, "a\nb\nu\nc\n", none, "", false},
		"the same line twice":          {[]Applied{edit("a\nb\n", "x\nb\n"), edit("x\nb\n", "y\nb\n")}, "y\nb\n", none, "a\nb\n", none, "", false},
		"undone by the user":           {[]Applied{edit("a\nb\n", "a\nB\n")}, "u\na\nb\n", none, "u\na\nb\n", none, "", false},
		"removed by the user":          {[]Applied{edit("a\nb\n", "a\nB\n")}, none, none, none, none, "", false},
		"overlap":                      {[]Applied{edit("a\nb\nc\n", "a\nB\nc\n")}, "0\na\nU\nc\n", none, "0\na\nU\nc\n", none, "your own edits overlap at line 3", false},
		"an earlier one overlaps":      {[]Applied{edit("a\nb\nc\n", "A\nb\nc\n"), edit("U\nb\nc\n", "U\nb\nC\n")}, "U\nb\nC\n", none, "U\nb\nC\n", none, "your own edits overlap at line 1", false},
		"made":                         {[]Applied{made("a\n")}, "a\n", none, none, none, "", false},
		"made and edited":              {[]Applied{made("a\n"), edit("a\n", "b\n")}, "b\n", none, none, none, "", false},
		"made, the user went on":       {[]Applied{made("a\n")}, "a\nu\n", none, "u\n", none, "", false},
		"made, the user changed it":    {[]Applied{made("a\nb\nc\n")}, "a\nu\nc\n", none, "a\nu\nc\n", none, "your own edits overlap at line 1", false},
		"made and gone":                {[]Applied{made("a\n"), gone("a\n")}, none, none, none, none, "", false},
		"gone":                         {[]Applied{gone("a\n")}, none, none, "a\n", none, "", false},
		"gone, made by the user":       {[]Applied{gone("a\n")}, "u\n", none, "u\n", none, "another file stands in its place", false},
		"gone, kept by the editor":     {[]Applied{gone("a\n")}, none, "a\n", "a\n", "a\n", "", true},
		"shell, reloaded":              {[]Applied{shell("a\nb\n", "a\nB\n")}, "a\nB\n", "a\nB\n", "a\nB\n", "a\nb\n", "", false},
		"shell, reloaded and typed":    {[]Applied{shell("a\nb\nc\n", "a\nB\nc\n")}, "a\nB\nc\n", "a\nB\nc\nu\n", "a\nb\nc\n", "a\nb\nc\nu\n", "", false},
		"shell, not reloaded":          {[]Applied{shell("a\nb\n", "a\nB\n")}, "a\nB\n", "a\nb\n", "a\nb\n", "a\nb\n", "", true},
		"shell, typed beside it":       {[]Applied{shell("a\nb\n", "a\nB\n")}, "a\nB\n", "a\nb\nu\n", "a\nb\n", "a\nb\nu\n", "", true},
		"shell, typed in its place":    {[]Applied{shell("a\nb\nc\n", "a\nB\nc\n")}, "a\nB\nc\n", "a\nu\nb\nc\n", "a\nb\nc\n", "a\nu\nb\nc\n", "", true},
		"shell removed an open file":   {[]Applied{shellGone("a\n")}, none, "a\nu\n", "a\n", "a\nu\n", "", true},
		"shell and edit, not saved":    {[]Applied{shell("a\nb\nc\n", "A\nb\nc\n"), edit("A\nb\nc\n", "A\nb\nC\n")}, "A\nb\nc\n", "A\nb\nC\n", "a\nb\nc\n", "a\nb\nc\n", "", true},
		"a mark that the editor hides": {[]Applied{shell(bom+"a\nb\n", bom+"A\nb\n")}, bom + "A\nb\n", "A\nb\n", bom + "A\nb\n", "a\nb\n", "", false},
		"binary":                       {[]Applied{shell("a\x00\xff", "b\x00\xfe")}, "b\x00\xfe", none, "a\x00\xff", none, "", false},
		"binary, changed since":        {[]Applied{shell("a\x00\n", "b\x00\n")}, "b\x00\nc", none, "b\x00\nc", none, "it has changed since, and is binary or too large to merge", false},
		"large":                        {[]Applied{shell("x\n"+large, "y\n"+large)}, "y\n" + large, none, "x\n" + large, none, "", false},
		"large, changed since":         {[]Applied{shell("x\n"+large, "y\n"+large)}, "y\n" + large + "u", none, "y\n" + large + "u", none, "it has changed since, and is binary or too large to merge", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := newRevertBench(t)
			if tt.disk != none {
				b.save("f", tt.disk)
			}
			if tt.buffer != none {
				b.open("f", tt.buffer)
			}
			changes := make([]Applied, 0, len(tt.changes))
			for _, c := range tt.changes {
				c.Path = b.path("f")
				if c.Disk {
					c.BeforeRef, c.AfterRef, c.Before, c.After = b.ref(c.Before), b.ref(c.After), "", ""
				}
				changes = append(changes, c)
			}
			check := func(what, disk, buffer string) {
				t.Helper()
				if got := b.disk("f"); got != disk {
					t.Errorf("%s: the disk holds %.80q, want %.80q", what, got, disk)
				}
				if got := b.text("f"); buffer != none && got != buffer {
					t.Errorf("%s: the buffer holds %.80q, want %.80q", what, got, buffer)
				}
			}
			done, err := b.r.Revert(t.Context(), b.path("f"), [][]Applied{changes})
			check("undo", tt.wantDisk, tt.wantBuffer)
			if tt.conflict != "" {
				if c, ok := errors.AsType[*ConflictError](err); !ok || c.Error() != tt.conflict || len(done) > 0 {
					t.Fatalf("got %+v, %v, want %q", done, err, tt.conflict)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if tt.noRedo {
				return
			}
			if _, err = b.r.Revert(t.Context(), b.path("f"), [][]Applied{done}); err != nil {
				t.Errorf("redo: %v", err)
			}
			check("redo", tt.disk, tt.buffer)
		})
	}
}

// A turn that cannot be taken back keeps those before it from being, not those after it.
func TestRevertTurns(t *testing.T) {
	b := newRevertBench(t, "f", "A\nb\nU\nd\nE\n")
	path := b.path("f")
	groups := [][]Applied{
		{{Path: path, Before: "A\nb\nU\nd\ne\n", After: "A\nb\nU\nd\nE\n"}},
		{{Path: path, Before: "A\nb\nc\nd\ne\n", After: "A\nb\nC\nd\ne\n"}},
		{{Path: path, Before: "a\nb\nc\nd\ne\n", After: "A\nb\nc\nd\ne\n"}},
	}
	done, err := b.r.Revert(t.Context(), path, groups)
	c, ok := errors.AsType[*ConflictError](err)
	if !ok || len(done) != 1 || b.text("f") != "A\nb\nU\nd\ne\n" {
		t.Fatalf("%+v, %v, text %q", done, err, b.text("f"))
	}
	if want := "--- f\n+++ f\n@@ -1,5 +1,5 @@\n A\n b\n-C\n+c\n d\n e\n"; c.Diff("f") != want {
		t.Errorf("diff %q, want %q", c.Diff("f"), want)
	}
}

// A removed script is executable again; a text that is not kept any more is said so.
func TestRevertKept(t *testing.T) {
	b := newRevertBench(t)
	path := b.path("run.sh")
	gone := Applied{Path: path, BeforeRef: b.ref("#!/bin/sh\n"), Deleted: true, Disk: true, Mode: 0o755}
	if _, err := b.r.Revert(t.Context(), path, [][]Applied{{gone}}); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("%v, %v", info, err)
	}
	gone.BeforeRef = strings.Repeat("0", 64)
	if _, err := b.r.Revert(t.Context(), path, [][]Applied{{gone}}); err == nil || !strings.Contains(err.Error(), "not kept any more (copies last 7 days)") {
		t.Errorf("got %v", err)
	}
}
