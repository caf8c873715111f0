package tools

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/opencode-lsp/opencode-lsp/permission"
	"github.com/opencode-lsp/opencode-lsp/permission/shell"
)

// Names are judged where the kernel would end up: links in the middle, dangling ones, and ".." behind a link.
func TestPlace(t *testing.T) {
	b := newBench(t, "a.go", "package a", "sub/b.go", "package b")
	outside, err := filepath.EvalSymlinks(t.TempDir()) // beside the root
	if err != nil {
		t.Fatal(err)
	}
	for name, to := range map[string]string{
		"out": outside, "dangling": filepath.Join(outside, "none"), "in": b.path("sub"), "deep": filepath.Join(outside, "x", "y"),
	} {
		if err := os.Symlink(to, b.path(name)); err != nil {
			t.Fatal(err)
		}
	}
	p := Place(b.env.Workspace, "", b.root)
	for name, inside := range map[string]bool{
		"a.go": true, "none.go": true, "in/b.go": true, "in/../a.go": true, "out/f": false, "out": false, "dangling": false, "../f": false,
		"out/../" + filepath.Base(b.root) + "/a.go": true, "deep/../f": false, b.root + "-evil/f": false, b.path("sub/../../f"): false,
	} {
		if got := p.Inside(name); got != inside {
			t.Errorf("Inside(%s) = %v", name, got)
		}
	}
}

// A shell command that reaches a file through a link is judged by the file.
func TestPlaceOfCommands(t *testing.T) {
	b := newBench(t, ".env", "KEY=1")
	outside := t.TempDir()
	for name, to := range map[string]string{"harmless": ".env", "out": outside} {
		if err := os.Symlink(to, b.path(name)); err != nil {
			t.Fatal(err)
		}
	}
	policy := permission.Policy{Layers: []permission.Layer{permission.Defaults(), {Name: "user", Rules: permission.ReadOnly()}}}
	for src, want := range map[string]permission.Action{
		"cat main.go": permission.Allow, "cat harmless": permission.Ask, "cat out/x": permission.Ask, "cd out && ls": permission.Ask,
		"cat out/../x": permission.Ask, "cat < harmless": permission.Ask, "git -C out log": permission.Ask,
	} {
		v, _ := policy.JudgeAll(shell.Items(src, Place(b.env.Workspace, "", b.root)))
		if v.Action != want {
			t.Errorf("%s: %s (%s), want %s", src, v.Action, v.Reason, want)
		}
	}
}

// The home folder is known by its real name, so that rules with "~/" meet the names that are judged.
func TestPlaceHome(t *testing.T) {
	b := newBench(t)
	home, link := t.TempDir(), filepath.Join(t.TempDir(), "home")
	if err := os.Symlink(home, link); err != nil {
		t.Fatal(err)
	}
	p := Place(b.env.Workspace, link, b.root)
	policy := permission.Policy{Home: p.Home, Layers: []permission.Layer{{Rules: []permission.Rule{
		{Permission: "*", Pattern: "~/notes/*", Action: permission.Allow}, {Permission: "external_directory", Pattern: "~/notes/*", Action: permission.Allow},
	}}}}
	if v, _ := policy.JudgeAll(permission.FileItems("read", filepath.Join(link, "notes", "x"), p)); v.Action != permission.Allow {
		t.Errorf("a rule for ~/notes/* does not meet a file there: %s", v.Reason)
	}
}

// Whether letter case counts is what the file system says.
func TestPlaceFolds(t *testing.T) {
	b := newBench(t, "Case", "x")
	_, err := os.Stat(b.path("cASE"))
	if p := Place(b.env.Workspace, "", b.root); p.FoldCase != (err == nil) {
		t.Errorf("FoldCase = %v, yet opening a file by another case says: %v", p.FoldCase, err)
	}
}
