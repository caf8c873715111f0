package workspace

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestReadPrefersTheBuffer(t *testing.T) {
	dir := folder(t, map[string]string{"a.txt": "disk\n"})
	w, path := New(dir), filepath.Join(dir, "a.txt")
	read := func() File {
		t.Helper()
		f, err := w.Read(t.Context(), "a.txt")
		must(t, err)
		return f
	}
	if got, want := read(), (File{Path: path, Text: "disk\n", Exists: true, Mode: 0o644}); got != want {
		t.Errorf("on disk: %+v, want %+v", got, want)
	}
	w.Open(path, 3, "buffer\n")
	if got, want := read(), (File{Path: path, Text: "buffer\n", Open: true, Version: 3, Exists: true, Mode: 0o644}); got != want {
		t.Errorf("open: %+v, want %+v", got, want)
	}
	must(t, w.Update(path, 4, func(b *Buffer) error { return b.Replace(0, 6, "typed") }))
	if got := read(); got.Text != "typed\n" || got.Version != 4 {
		t.Errorf("after typing: %+v", got)
	}
	w.Close(path)
	if got := read(); got.Open || got.Text != "disk\n" {
		t.Errorf("after closing: %+v", got)
	}
}

func TestReadOfWhatIsNotThere(t *testing.T) {
	dir := folder(t, nil)
	w := New(dir)
	for _, name := range []string{"a", "b/c/d"} {
		got, err := w.Read(t.Context(), name)
		if want := (File{Path: filepath.Join(dir, name)}); err != nil || got != want {
			t.Errorf("%s: %+v (%v), want %+v", name, got, err, want)
		}
	}
	w.Open(dir+"/new", 1, "")
	if got, err := w.Read(t.Context(), "new"); err != nil || !got.Exists || !got.Open || got.Mode != 0 {
		t.Errorf("an empty new buffer: %+v (%v)", got, err)
	}
}

func TestReadKeepsEveryByte(t *testing.T) {
	for _, text := range []string{"", "\ufeffa\r\nb\rc", "caf\xe9\n", "a\x00b", strings.Repeat("x", 300_000)} {
		dir := folder(t, map[string]string{"f": text})
		if got, err := New(dir).Read(t.Context(), "f"); err != nil || got.Text != text {
			t.Errorf("%.20q: got %.20q (%v)", text, got.Text, err)
		}
	}
}

func TestEditable(t *testing.T) {
	for text, want := range map[string]string{
		"plain é\n":                        "",
		"caf\xe9\n":                        "f is not UTF-8 text; convert it first, for example with iconv",
		"\x7fELF\x00":                      "f is a binary file, which cannot be edited as text; make it anew with the program that it belongs to",
		strings.Repeat("x", 9000) + "\x00": "",
	} {
		err := File{Path: "f", Text: text}.Editable()
		var notText *NotTextError
		if want == "" && err != nil || want != "" && (!errors.As(err, &notText) || err.Error() != want) {
			t.Errorf("%.20q: %v, want %q", text, err, want)
		}
	}
}

// TestReadRefuses has every refusal answer at once: a FIFO must not wait for a writer.
func TestReadRefuses(t *testing.T) {
	dir := folder(t, map[string]string{"folder/": "", "secret": "x"})
	huge, err := os.Create(filepath.Join(dir, "huge"))
	must(t, err)
	must(t, huge.Truncate(100<<20)) // sparse
	must(t, huge.Close())
	must(t, mkfifo(filepath.Join(dir, "fifo")))
	must(t, os.Chmod(filepath.Join(dir, "secret"), 0))
	w := New(dir)
	for name, want := range map[string]string{
		"folder":    dir + "/folder is a folder and not a file; list it, or name a file in it",
		".":         dir + " is a folder and not a file; list it, or name a file in it",
		"/":         "/ is a folder and not a file; list it, or name a file in it",
		"huge":      dir + "/huge is 104857600 bytes and at most 20971520 are read; look at a part of it with a shell command such as head, tail or sed",
		"fifo":      dir + "/fifo is a named pipe and not a regular file; only regular files are read and written",
		"/dev/null": "/dev/null is a device and not a regular file; only regular files are read and written",
		"secret/x":  "read " + dir + "/secret/x: not a directory",
	} {
		if _, err := w.Read(t.Context(), name); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
	if os.Geteuid() != 0 { // root reads everything
		if _, err := w.Read(t.Context(), "secret"); !errors.Is(err, os.ErrPermission) {
			t.Errorf("secret: %v, want a permission error", err)
		}
	}
}

// TestReadUnreadable fakes what root cannot have: the folder's handle is closed, so that no open succeeds.
func TestReadUnreadable(t *testing.T) {
	dir := folder(t, map[string]string{"a": "x"})
	root, err := os.OpenRoot(dir)
	must(t, err)
	must(t, root.Close())
	if _, _, err := readIn(root, dir+"/a"); !errors.Is(err, os.ErrClosed) || !strings.HasPrefix(err.Error(), "read "+dir+"/a: ") {
		t.Errorf("got %v", err)
	}
}

func TestBuffersByTheirCanonicalPath(t *testing.T) {
	dir := folder(t, map[string]string{"real/a": "disk"})
	must(t, os.Symlink("real", filepath.Join(dir, "link")))
	w := New(dir)
	w.Open(dir+"/link/a", 1, "one")
	if f, err := w.Read(t.Context(), "real/a"); err != nil || f.Text != "one" || f.Path != dir+"/real/a" {
		t.Errorf("by the real name: %+v (%v)", f, err)
	}
	w.Open(dir+"/real/a", 7, "two")
	must(t, w.Update(dir+"/link/a", 2, func(b *Buffer) error { return b.Replace(0, 3, "typed") }))
	if f, err := w.Read(t.Context(), "real/a"); err != nil || f.Text != "typed" || f.Version != 2 {
		t.Errorf("typed under one of two names: %+v (%v)", f, err)
	}
	w.Close(dir + "/link/a")
	if f, err := w.Read(t.Context(), "link/a"); err != nil || f.Text != "two" || f.Version != 7 {
		t.Errorf("the other name is still open: %+v (%v)", f, err)
	}
	w.Close(dir + "/real/a")
	if w.IsOpen(dir + "/link/a") {
		t.Error("open after both were closed")
	}
}

func TestUpdateOfWhatIsNotOpen(t *testing.T) {
	dir := folder(t, map[string]string{"a": ""})
	var notOpen *NotOpenError
	if err := New(dir).Update(dir+"/a", 1, func(*Buffer) error { return nil }); !errors.As(err, &notOpen) {
		t.Errorf("got %v", err)
	}
}

func TestUpdateThatFails(t *testing.T) {
	dir := folder(t, map[string]string{"a": "disk"})
	w, path := New(dir), filepath.Join(dir, "a")
	w.Open(path, 1, "abc")
	if err := w.Update(path, 2, func(b *Buffer) error { return b.Replace(5, 9, "") }); err == nil {
		t.Fatal("an edit out of range succeeded")
	}
	var unsynced *UnsyncedError
	if _, err := w.Read(t.Context(), path); !errors.As(err, &unsynced) {
		t.Errorf("Read: %v", err)
	}
	if err := w.Update(path, 3, func(*Buffer) error { return nil }); !errors.As(err, &unsynced) {
		t.Errorf("Update: %v", err)
	}
	if err := w.Wait(t.Context(), path, func(File) bool { return true }); !errors.As(err, &unsynced) {
		t.Errorf("Wait: %v", err)
	}
	if err := (Disk{Workspace: w}).Apply(t.Context(), NewChange(File{Path: path, Text: "disk", Exists: true}, "new")); !errors.Is(err, ErrStale) {
		t.Errorf("Apply: %v", err)
	}
	if w.View(path, func(*Buffer, int32) {}) {
		t.Error("View shows it")
	}
	w.Open(path, 4, "fresh")
	if f, err := w.Read(t.Context(), path); err != nil || f.Text != "fresh" {
		t.Errorf("opened again: %+v (%v)", f, err)
	}
}

func TestView(t *testing.T) {
	dir := folder(t, nil)
	w := New(dir)
	w.Open(dir+"/a", 5, "x\ny")
	seen := false
	if !w.View(dir+"/a", func(b *Buffer, v int32) { seen = b.Lines() == 2 && v == 5 }) || !seen {
		t.Error("View does not show the buffer")
	}
	if w.View(dir+"/b", func(*Buffer, int32) { t.Error("called") }) {
		t.Error("View shows what is not open")
	}
}

func TestUnsaved(t *testing.T) {
	dir := folder(t, map[string]string{"a": "x\n", "bom": "\ufeffx\n", "latin1": "caf\xe9\n"})
	w := New(dir)
	check := func(name string, want bool, when string) {
		t.Helper()
		if got := w.Unsaved(filepath.Join(dir, name)); got != want {
			t.Errorf("%s %s: Unsaved is %v", name, when, got)
		}
	}
	check("a", false, "not open")
	w.Open(dir+"/a", 1, "x\n")
	check("a", false, "as on disk")
	must(t, w.Update(dir+"/a", 2, func(b *Buffer) error { return b.Replace(0, 0, "y") }))
	check("a", true, "typed")
	put(t, dir+"/a", "yx\n", false)
	w.Saved(dir + "/a")
	check("a", false, "saved")
	put(t, dir+"/a", "other\n", false)
	check("a", true, "written by another")
	w.Open(dir+"/bom", 1, "x\n")
	check("bom", false, "kept out of the buffer")
	w.Open(dir+"/new", 1, "")
	check("new", true, "not on disk")
	w.Open(dir+"/latin1", 1, "café\n")
	check("latin1", true, "decoded, never saved")
	w.Saved(dir + "/latin1")
	check("latin1", false, "decoded and saved")
	must(t, w.Update(dir+"/latin1", 2, func(b *Buffer) error { return b.Replace(0, 1, "C") }))
	check("latin1", true, "decoded and typed")
}

// TestWait types one character after the other, faster than anybody looks; each state must be seen, in order.
func TestWait(t *testing.T) {
	dir := folder(t, map[string]string{"a": "disk"})
	synctest.Test(t, func(t *testing.T) {
		w, path := New(dir), filepath.Join(dir, "a")
		var seen []string
		ended := make(chan error, 1)
		go func() {
			ended <- w.Wait(t.Context(), path, func(f File) bool {
				seen = append(seen, f.Text)
				return f.Text == "ab"
			})
		}()
		synctest.Wait()
		w.Open(path, 1, "")
		for i, c := range []string{"a", "b", "c"} {
			must(t, w.Update(path, int32(i+2), func(b *Buffer) error { return b.Replace(i, i, c) }))
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if want := []string{"disk", "", "a", "ab"}; !slices.Equal(seen, want) {
			t.Errorf("seen %q, want %q", seen, want)
		}
		if len(w.waiters) != 0 {
			t.Error("the waiter is not forgotten")
		}
	})
}

func TestWaitAnswersAtOnce(t *testing.T) {
	dir := folder(t, nil)
	w := New(dir)
	w.Open(dir+"/a", 1, "x")
	must(t, w.Wait(t.Context(), "a", func(f File) bool { return f.Open && f.Text == "x" }))
	must(t, w.Wait(t.Context(), "b", func(f File) bool { return !f.Open && !f.Exists }))
}

func TestWaitEnds(t *testing.T) {
	dir := folder(t, nil)
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		w := New(dir)
		w.Open(dir+"/a", 1, "")
		if err := w.Wait(ctx, "a", func(File) bool { return false }); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if len(w.waiters) != 0 {
			t.Error("the waiter is not forgotten")
		}
	})
}

// TestWaitHearsSaveAndClose waits for what changes no text.
func TestWaitHearsSaveAndClose(t *testing.T) {
	dir := folder(t, map[string]string{"a": "x"})
	for name, act := range map[string]func(w *Workspace, path string){"save": (*Workspace).Saved, "close": (*Workspace).Close} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, path := New(dir), filepath.Join(dir, "a")
				w.Open(path, 1, "x")
				calls, ended := 0, make(chan error, 1)
				go func() {
					ended <- w.Wait(t.Context(), path, func(File) bool { calls++; return calls == 2 })
				}()
				synctest.Wait()
				act(w, path)
				if err := <-ended; err != nil || calls != 2 {
					t.Errorf("%d calls (%v)", calls, err)
				}
			})
		})
	}
}
