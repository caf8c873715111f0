package lsp

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencode-lsp/opencode-lsp/workspace"
)

// operations is the capabilities of an editor that removes and renames files.
const operations = `{"workspace":{"applyEdit":true,"workspaceEdit":{"resourceOperations":["create","rename","delete"]}}}`

// fileOps does what the editor is asked for, or answers only.
func (p *peer) fileOps(do bool, answer any) {
	p.answers["workspace/applyEdit"] = func(raw json.RawMessage) any {
		var params struct {
			Edit struct{ DocumentChanges []fileOperation }
		}
		if err := json.Unmarshal(raw, &params); err != nil || !do {
			return answer
		}
		op := params.Edit.DocumentChanges[0]
		local := func(uri string) string { return strings.TrimPrefix(uri, "file://") }
		switch op.Kind {
		case "delete":
			if err := os.Remove(local(op.URI)); err != nil {
				p.Error(err)
			}
		case "rename":
			if err := os.Rename(local(op.OldURI), local(op.NewURI)); err != nil {
				p.Error(err)
			}
		}
		return answer
	}
}

// TestRemove: the disk says whether the file is gone, a refusal is obeyed, a lie is made true.
func TestRemove(t *testing.T) {
	yes, no := map[string]bool{"applied": true}, map[string]bool{"applied": false}
	tests := map[string]struct {
		capabilities string
		does         bool
		answer       any
		gone         bool
		want         error
		asked        int
	}{
		"done":               {operations, true, yes, true, nil, 1},
		"done, answered no":  {operations, true, no, true, nil, 1},
		"lied":               {operations, false, yes, true, nil, 1},
		"refused":            {operations, false, no, false, errRefused, 1},
		"never answered":     {operations, false, errSilent, true, nil, 1},
		"null":               {operations, false, nil, false, errRefused, 1},
		"knows no operation": {plain, false, yes, true, nil, 0},
	}
	for name, test := range tests {
		for _, buffer := range []string{"", "disk\n", "unsaved\n"} {
			t.Run(name+" "+buffer, func(t *testing.T) {
				bubble(t, func(t *testing.T, p *peer) {
					path := p.write("f.txt", "disk\n")
					p.start(test.capabilities, Options{})
					if buffer != "" {
						p.open(path, buffer)
					}
					p.fileOps(test.does, test.answer)
					file, err := p.build.Workspace.Read(t.Context(), path)
					if err != nil {
						t.Fatal(err)
					}
					err = p.build.Applier.Apply(t.Context(), workspace.NewRemoval(file))
					if !errors.Is(err, test.want) || gone(path) != test.gone {
						t.Errorf("err = %v, gone: %v", err, gone(path))
					}
					if n := len(p.sent("workspace/applyEdit")); n != test.asked {
						t.Errorf("asked the editor %d times", n)
					}
					p.leave()
				})
			})
		}
	}
}

// TestMove: a file that is not open goes the editor's way or, where that is none, the disk's; what stands in its place is
// never lost.
func TestMove(t *testing.T) {
	yes, no := map[string]bool{"applied": true}, map[string]bool{"applied": false}
	tests := map[string]struct {
		capabilities, to string
		does             bool
		answer           any
		want             error
	}{
		"done":                {operations, "g.txt", true, yes, nil},
		"lied":                {operations, "g.txt", false, yes, nil},
		"refused":             {operations, "g.txt", false, no, errRefused},
		"folder to make":      {operations, "d/g.txt", true, yes, nil},
		"knows no operation":  {`{}`, "g.txt", false, yes, nil},
		"something is there":  {operations, "there.txt", true, yes, workspace.ErrStale},
		"there, by the disk":  {`{}`, "there.txt", true, yes, workspace.ErrStale},
		"name in another dir": {`{}`, "e/g.txt", true, yes, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, p *peer) {
				path, to := p.write("f.txt", "disk\n"), filepath.Join(p.root, test.to)
				p.write("there.txt", "theirs\n")
				p.start(test.capabilities, Options{})
				p.fileOps(test.does, test.answer)
				file, err := p.build.Workspace.Read(t.Context(), path)
				if err != nil {
					t.Fatal(err)
				}
				err = p.build.Applier.Apply(t.Context(), workspace.NewMove(file, to, "disk\n"))
				if !errors.Is(err, test.want) || err == nil && (!gone(path) || p.read(to) != "disk\n") || err != nil && p.read(path) != "disk\n" {
					t.Errorf("err = %v, old one gone: %v", err, gone(path))
				}
				if got := p.read(filepath.Join(p.root, "there.txt")); got != "theirs\n" {
					t.Errorf("there.txt holds %q", got)
				}
				p.leave()
			})
		})
	}
}

// A file that is open by way of a symlink: the editor would remove the link.
func TestRemoveThroughSymlink(t *testing.T) {
	bubble(t, func(t *testing.T, p *peer) {
		path, link := p.write("real.txt", "text\n"), filepath.Join(p.root, "link.txt")
		if err := os.Symlink("real.txt", link); err != nil {
			t.Fatal(err)
		}
		p.start(operations, Options{})
		p.open(link, "text\n")
		p.fileOps(true, map[string]bool{"applied": true})
		file, err := p.build.Workspace.Read(t.Context(), link)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.build.Applier.Apply(t.Context(), workspace.NewRemoval(file)); err != nil || !gone(path) || gone(link) {
			t.Errorf("err = %v, file gone: %v, link gone: %v", err, gone(path), gone(link))
		}
		p.leave()
	})
}
