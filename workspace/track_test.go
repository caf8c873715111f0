package workspace

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// trackBench is a tracked workspace.
type trackBench struct {
	*testing.T
	w *Workspace
	t *Tracker
}

func newTrackBench(t *testing.T, files map[string]string) trackBench {
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	b := trackBench{T: t, w: New(root)}
	b.t = NewTracker(b.w, NewContents(filepath.Join(t.TempDir(), "contents")))
	for name, text := range files {
		b.write(name, text)
	}
	return b
}

func (b trackBench) path(name string) string { return filepath.Join(b.w.Roots()[0], name) }

func (b trackBench) write(name, text string) {
	b.Helper()
	if err := b.tryWrite(name, text); err != nil {
		b.Fatal(err)
	}
}

func (b trackBench) tryWrite(name, text string) error {
	return errors.Join(os.MkdirAll(filepath.Dir(b.path(name)), 0o755), os.WriteFile(b.path(name), []byte(text), 0o644))
}

// said is what a command did, one file a line: "a: old → new", with (none) for no file and the reason where it is lost.
func (b trackBench) said(command func()) string {
	b.Helper()
	r, err := b.t.Begin(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	command()
	list, err := r.End(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	text := func(ref string, none bool) string {
		if none {
			return "(none)"
		}
		text, err := b.t.contents.Load(ref)
		if err != nil {
			return "(lost)"
		}
		return fmt.Sprintf("%.20q", text)
	}
	var out strings.Builder
	for _, d := range list {
		name, _ := below(b.w.Roots()[0], d.Path)
		fmt.Fprintf(&out, "%s: %s → %s", name, text(d.Before, d.Created), text(d.After, d.Deleted))
		if d.Lost != "" {
			out.WriteString(" (" + d.Lost + ")")
		}
		out.WriteString("\n")
	}
	return out.String()
}

func TestTrack(t *testing.T) {
	large := strings.Repeat("x", maxTracked+1)
	files := map[string]string{"a": "1", "b/c": "2", "run.sh": "#!", "large": large, ".gitignore": "out\nlog\n", "log": "old", "out/x": "y"}
	tests := map[string]struct {
		do   func(b trackBench)
		want string
	}{
		"nothing": {func(trackBench) {}, ""},
		"changed": {func(b trackBench) { b.write("a", "3") }, `a: "1" → "3"` + "\n"},
		"touched": {func(b trackBench) { b.write("a", "1") }, ""},
		"new":     {func(b trackBench) { b.write("d/e", "3") }, `d/e: (none) → "3"` + "\n"},
		"deleted": {func(b trackBench) { os.RemoveAll(b.path("b")) }, `b/c: "2" → (none)` + "\n"},
		"moved":   {func(b trackBench) { os.Rename(b.path("a"), b.path("z")) }, "a: \"1\" → (none)\nz: (none) → \"1\"\n"},
		"mode":    {func(b trackBench) { os.Chmod(b.path("a"), 0o755) }, ""},
		"large":   {func(b trackBench) { b.write("large", large+"x") }, "large: (lost) → (lost) (too large or not readable)\n"},
		"grown":   {func(b trackBench) { b.write("a", large) }, "a: \"1\" → (lost) (too large or not readable)\n"},
		"ignored": {func(b trackBench) { b.write("log", "new"); b.write("out/x", "z") }, ""},
		"ignored from now on": {func(b trackBench) { b.write(".gitignore", "out\nlog\na\nrun.sh\n"); b.write("a", "3") },
			".gitignore: \"out\\nlog\\n\" → \"out\\nlog\\na\\nrun.sh\\n\"\na: \"1\" → \"3\"\n"},
		"ignored no more": {func(b trackBench) { b.write(".gitignore", "out\n") },
			".gitignore: \"out\\nlog\\n\" → \"out\\n\"\nlog: (none) → \"old\" (it was there before, out of sight)\n"},
		"moved out of what is ignored": {func(b trackBench) { os.Rename(b.path("out/x"), b.path("x")) },
			"x: (none) → \"y\" (it was there before, out of sight)\n"},
		"a folder in its place": {func(b trackBench) { os.Remove(b.path("a")); b.write("a/b", "3") },
			"a: \"1\" → (none)\na/b: (none) → \"3\"\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := newTrackBench(t, files)
			for start := fileTime(); !start.Before(fileTime()); { // what is there is older than what comes
				runtime.Gosched()
			}
			for range 2 { // what was known before does no harm
				if got := b.said(func() {}); got != "" {
					t.Errorf("nothing was done, got %s", got)
				}
			}
			if got := b.said(func() { tt.do(b) }); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}
