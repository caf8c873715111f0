package workspace

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// content is what a file holds, "-" where there is none.
func content(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "-"
	}
	must(t, err)
	return string(text)
}

// noLeftovers checks that no temporary file stayed in dir.
func noLeftovers(t *testing.T, dir string) {
	t.Helper()
	must(t, filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if strings.Contains(path, ".opencode-") {
			t.Errorf("%s was left behind", path)
		}
		return err
	}))
}

func TestDiskApply(t *testing.T) {
	for _, tc := range []struct {
		name, path, text string // relative to the workspace; the file's text before, "-" for none
		mode             fs.FileMode
		after            string
		wantMode         fs.FileMode
	}{
		{"edit", "a", "x\n", 0o644, "y\n", 0o644},
		{"script keeps its mode", "run.sh", "x\n", 0o751, "y\n", 0o751},
		{"private keeps its mode", "key", "x\n", 0o600, "y\n", 0o600},
		{"create", "new", "-", 0, "y\n", 0o644},
		{"create with folders", "p/q/new", "-", 0, "y\n", 0o644},
		{"create empty", "empty", "-", 0, "", 0o644},
		{"outside", "../out/a", "x\n", 0o644, "y\n", 0o644},
		{"outside with folders", "../out/p/q/a", "-", 0, "y\n", 0o644},
		{"not UTF-8", "latin1", "caf\xe9\n", 0o644, "caf\xe8\n", 0o644},
	} {
		t.Run(tc.name, func(t *testing.T) {
			top := folder(t, map[string]string{"ws/": "", "out/": ""})
			w, path := New(top+"/ws"), filepath.Join(top, "ws", tc.path)
			if tc.text != "-" {
				put(t, path, tc.text, false)
				must(t, os.Chmod(path, tc.mode))
			}
			file, err := w.Read(t.Context(), tc.path)
			must(t, err)
			must(t, Disk{Workspace: w}.Apply(t.Context(), NewChange(file, tc.after)))
			info, err := os.Stat(path)
			must(t, err)
			if got := content(t, path); got != tc.after || info.Mode() != tc.wantMode {
				t.Errorf("%q with mode %v, want %q with %v", got, info.Mode(), tc.after, tc.wantMode)
			}
			noLeftovers(t, top)
		})
	}
}

func TestDiskUndoesCreationAndRemoval(t *testing.T) {
	dir := folder(t, map[string]string{"old": "x\n"})
	must(t, os.Chmod(dir+"/old", 0o755))
	w := New(dir)
	d := Disk{Workspace: w}
	for name, want := range map[string]string{"new": "-", "old": "x\n"} {
		file, err := w.Read(t.Context(), name)
		must(t, err)
		c := NewChange(file, "y\n")
		if name == "old" {
			c = NewRemoval(file)
		}
		must(t, d.Apply(t.Context(), c))
		if done := content(t, dir+"/"+name); done == want {
			t.Fatalf("%s: nothing was done", name)
		}
		must(t, d.Apply(t.Context(), c.Reverse()))
		if got := content(t, dir+"/"+name); got != want {
			t.Errorf("%s is %q after undo, want %q", name, got, want)
		}
	}
	if info, err := os.Stat(dir + "/old"); err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("the old file's mode did not come back: %v", err)
	}
}

func TestDiskRefuses(t *testing.T) {
	pinned := func(dir string) File { return File{Path: dir + "/a", Text: "x\n", Exists: true, Mode: 0o644} }
	for _, tc := range []struct {
		name   string
		change func(t *testing.T, dir string, w *Workspace) Change
		stale  bool
		want   string // of a after it
	}{
		{"written meanwhile", func(t *testing.T, dir string, w *Workspace) Change {
			put(t, dir+"/a", "z\n", false)
			return NewChange(pinned(dir), "y\n")
		}, true, "z\n"},
		{"removed meanwhile", func(t *testing.T, dir string, w *Workspace) Change {
			must(t, os.Remove(dir+"/a"))
			return NewChange(pinned(dir), "y\n")
		}, true, "-"},
		{"created meanwhile", func(t *testing.T, dir string, w *Workspace) Change {
			return NewChange(File{Path: dir + "/a"}, "y\n")
		}, true, "x\n"},
		{"removal of other text", func(t *testing.T, dir string, w *Workspace) Change {
			put(t, dir+"/a", "z\n", false)
			return NewRemoval(pinned(dir))
		}, true, "z\n"},
		{"open with other text", func(t *testing.T, dir string, w *Workspace) Change {
			w.Open(dir+"/a", 1, "typed\n")
			return NewChange(pinned(dir), "y\n")
		}, true, "x\n"},
		{"open with the text before", func(t *testing.T, dir string, w *Workspace) Change {
			w.Open(dir+"/a", 1, "x\n")
			return NewChange(pinned(dir), "y\n")
		}, false, "y\n"},
		{"open with the text after", func(t *testing.T, dir string, w *Workspace) Change {
			w.Open(dir+"/a", 1, "y\n")
			return NewChange(pinned(dir), "y\n")
		}, false, "y\n"},
		{"a link now", func(t *testing.T, dir string, w *Workspace) Change {
			must(t, os.Rename(dir+"/a", dir+"/b"))
			must(t, os.Symlink("b", dir+"/a"))
			return NewChange(pinned(dir), "y\n")
		}, true, "x\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := folder(t, map[string]string{"a": "x\n"})
			w := New(dir)
			err := Disk{Workspace: w}.Apply(t.Context(), tc.change(t, dir, w))
			if (err != nil) != tc.stale || err != nil && !errors.Is(err, ErrStale) {
				t.Errorf("error is %v", err)
			}
			if got := content(t, dir+"/a"); got != tc.want {
				t.Errorf("the file holds %q, want %q", got, tc.want)
			}
			noLeftovers(t, dir)
		})
	}
}

func TestDiskRefusesForGood(t *testing.T) {
	dir := folder(t, map[string]string{"readonly": "x", "folder/": ""})
	must(t, os.Chmod(dir+"/readonly", 0o444))
	must(t, mkfifo(dir+"/fifo"))
	d := Disk{Workspace: New(dir)}
	var readOnly *ReadOnlyError
	if err := d.Apply(t.Context(), NewChange(File{Path: dir + "/readonly", Text: "x", Exists: true}, "y")); !errors.As(err, &readOnly) {
		t.Errorf("read-only: %v", err)
	}
	for _, name := range []string{"folder", "fifo"} {
		var notFile *NotFileError
		if err := d.Apply(t.Context(), NewChange(File{Path: filepath.Join(dir, name)}, "y")); !errors.As(err, &notFile) {
			t.Errorf("%s: %v", name, err)
		}
	}
	bad := Change{File: File{Path: dir + "/new"}, Edits: []Edit{{Start: 3, End: 9}}}
	if err := d.Apply(t.Context(), bad); err == nil || errors.Is(err, ErrStale) {
		t.Errorf("edits out of range: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := d.Apply(ctx, NewChange(File{Path: dir + "/new"}, "y")); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if got := content(t, dir+"/new"); got != "-" {
		t.Errorf("something was written: %q", got)
	}
}

// TestDiskFollowsNoSwappedLink swaps a folder for a link that leads out of the workspace, back and forth, while changes
// are applied and files are read and searched. Nothing outside may change or be seen.
func TestDiskFollowsNoSwappedLink(t *testing.T) {
	top := folder(t, map[string]string{"ws/sub/a": "0", "out/a": "secret", "out/b": "secret"})
	w := New(top + "/ws")
	must(t, os.Symlink(top+"/out", top+"/ws/.link"))
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		sub, real, link := top+"/ws/sub", top+"/ws/.real", top+"/ws/.link"
		for {
			select {
			case <-stop:
				return
			default:
			}
			_ = os.Rename(sub, real)
			_ = os.Rename(link, sub)
			_ = os.Rename(sub, link)
			_ = os.Rename(real, sub)
		}
	})
	for range 100 {
		for _, name := range []string{"a", "b"} {
			file := File{Path: top + "/ws/sub/" + name}
			if got, err := w.Read(t.Context(), file.Path); err == nil && got.Path == file.Path {
				if file = got; strings.Contains(got.Text, "secret") {
					t.Fatalf("read through the link: %+v", got)
				}
			}
			_ = Disk{Workspace: w}.Apply(t.Context(), NewChange(file, file.Text+"1"))
		}
		found, _, _ := w.Grep(t.Context(), "secret", GrepOptions{})
		if len(found) > 0 {
			t.Fatalf("found through the link: %v", found)
		}
	}
	close(stop)
	wg.Wait()
	for _, name := range []string{"a", "b"} {
		if got := content(t, top+"/out/"+name); got != "secret" {
			t.Errorf("out/%s holds %q", name, got)
		}
	}
	noLeftovers(t, top)
}

// applier runs a function, for Land.
type applier func(c Change) error

func (f applier) Apply(_ context.Context, c Change) error { return f(c) }

func TestLand(t *testing.T) {
	dir := folder(t, map[string]string{"a": "one\ntwo\n"})
	w := New(dir)
	w.Open(dir+"/a", 1, "one\ntwo\n")
	file, err := w.Read(t.Context(), "a")
	must(t, err)
	typed := 0
	typing := applier(func(c Change) error { // the user types above it at the first two tries
		if typed++; typed <= 2 {
			must(t, w.Update(dir+"/a", int32(typed+1), func(b *Buffer) error { return b.Replace(0, 0, "new\n") }))
			return ErrStale
		}
		return nil
	})
	got, err := Land(t.Context(), w, typing, NewChange(file, "one\nTWO\n"))
	if err != nil || got.After() != "new\nnew\none\nTWO\n" || got.File.Version != 3 {
		t.Errorf("landed as %q at version %d (%v)", got.After(), got.File.Version, err)
	}
}

func TestLandGivesUp(t *testing.T) {
	dir := folder(t, map[string]string{"a": "one\n"})
	w := New(dir)
	file, err := w.Read(t.Context(), "a")
	must(t, err)
	c := NewChange(file, "ONE\n")
	tries := 0
	if _, err := Land(t.Context(), w, applier(func(Change) error { tries++; return ErrStale }), c); !errors.Is(err, ErrStale) || tries != landTries {
		t.Errorf("%d tries: %v", tries, err)
	}
	broken := errors.New("broken")
	tries = 0
	if _, err := Land(t.Context(), w, applier(func(Change) error { tries++; return broken }), c); !errors.Is(err, broken) || tries != 1 {
		t.Errorf("%d tries: %v", tries, err)
	}
	put(t, dir+"/a", "two\n", false)
	if _, err := Land(t.Context(), w, Disk{Workspace: w}, c); !errors.Is(err, ErrStale) {
		t.Errorf("the touched line changed: %v", err)
	}
	if got := content(t, dir+"/a"); got != "two\n" {
		t.Errorf("the file holds %q", got)
	}
}

// A move keeps the mode, makes folders, and leaves everything as it was where one of its ends has changed.
func TestDiskMove(t *testing.T) {
	for _, tc := range []struct {
		name, to  string
		meanwhile func(t *testing.T, root string)
		ok        bool
	}{
		{"plain", "b", nil, true},
		{"to a new folder", "p/q/b", nil, true},
		{"something is there", "there", nil, false},
		{"the file changed", "b", func(t *testing.T, root string) { put(t, root+"/a", "other\n", false) }, false},
		{"the file is gone", "b", func(t *testing.T, root string) { must(t, os.Remove(root+"/a")) }, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			root := folder(t, map[string]string{"a": "x\n", "there": "theirs\n"})
			must(t, os.Chmod(root+"/a", 0o750))
			w := New(root)
			file, err := w.Read(t.Context(), "a")
			must(t, err)
			if tc.meanwhile != nil {
				tc.meanwhile(t, root)
			}
			before, to := content(t, root+"/a"), filepath.Join(w.Roots()[0], tc.to)
			move := NewMove(file, to, "y\n")
			err = Disk{Workspace: w}.Apply(t.Context(), move)
			switch {
			case tc.ok && (err != nil || content(t, root+"/a") != "-" || content(t, to) != "y\n"):
				t.Errorf("err = %v, there: %q, here: %q", err, content(t, to), content(t, root+"/a"))
			case !tc.ok && (!errors.Is(err, ErrStale) || content(t, root+"/a") != before || content(t, root+"/b") != "-" || content(t, root+"/there") != "theirs\n"):
				t.Errorf("err = %v, here: %q", err, content(t, root+"/a"))
			}
			noLeftovers(t, root)
			if !tc.ok {
				return
			}
			must(t, Disk{Workspace: w}.Apply(t.Context(), move.Reverse()))
			info, err := os.Stat(root + "/a")
			must(t, err)
			if content(t, root+"/a") != "x\n" || content(t, to) != "-" || info.Mode().Perm() != 0o750 {
				t.Errorf("taken back: %q, %v", content(t, root+"/a"), info.Mode())
			}
		})
	}
}

// An open file's removal is pinned to its buffer, which the user was shown, whatever the disk holds.
func TestDiskRemoveOpen(t *testing.T) {
	root := folder(t, map[string]string{"a": "saved\n"})
	w := New(root)
	w.Open(root+"/a", 1, "unsaved\n")
	file, err := w.Read(t.Context(), "a")
	must(t, err)
	w.Open(root+"/a", 2, "more\n")
	if err := (Disk{Workspace: w}).Apply(t.Context(), NewRemoval(file)); !errors.Is(err, ErrStale) || content(t, root+"/a") != "saved\n" {
		t.Errorf("the buffer has changed: %v", err)
	}
	file, err = w.Read(t.Context(), "a")
	must(t, err)
	must(t, Disk{Workspace: w}.Apply(t.Context(), NewRemoval(file)))
	if content(t, root+"/a") != "-" {
		t.Error("it is there still")
	}
}
