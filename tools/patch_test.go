package tools

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/opencode-lsp/opencode-lsp/workspace"
)

// readCases reads a file that holds one case a line.
func readCases[T any](t testing.TB, name string) []T {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []T
	for cases := json.NewDecoder(f); ; {
		var c T
		if err := cases.Decode(&c); err == io.EOF {
			return all
		} else if err != nil {
			t.Fatalf("%s: case %d: %v", name, len(all)+1, err)
		}
		all = append(all, c)
	}
}

// TestPatchCases plays patch.jsonl: each patch against its files on disk and, where it is one, against an open buffer. A
// patch that is refused changes nothing.
func TestPatchCases(t *testing.T) {
	type patchCase struct {
		Name, Patch, Error string
		Files, Want        map[string]string
	}
	for _, c := range readCases[patchCase](t, "testdata/patch.jsonl") {
		t.Run(c.Name, func(t *testing.T) {
			b := newBench(t)
			for name, text := range c.Files {
				b.save(name, text)
			}
			if c.Error != "" {
				b.refuse(c.Error, "apply_patch", "patchText", c.Patch)
				c.Want = c.Files
			} else {
				op := b.mustPrepare("apply_patch", "patchText", c.Patch)
				if got := b.tree(); !maps.Equal(got, c.Files) {
					t.Fatalf("prepare left %q", got)
				}
				r, err := op.Run(t.Context(), io.Discard)
				if err != nil || r.Error {
					t.Fatal(err, r.Text)
				}
				b.matches(r, c.Files, c.Want)
			}
			if got := b.tree(); !maps.Equal(got, c.Want) {
				t.Errorf("got %q\nwant %q", got, c.Want)
			}
		})
	}
}

// tree is every file on disk with its text.
func (b *bench) tree() map[string]string {
	b.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(b.root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, _ := filepath.Rel(b.root, path)
		data, err := os.ReadFile(path)
		files[filepath.ToSlash(name)] = string(data)
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return files
}

// matches checks that a result's changes lead from one tree to the other: undo lives by them.
func (b *bench) matches(r Result, from, to map[string]string) {
	b.Helper()
	got := maps.Clone(from)
	if got == nil {
		got = map[string]string{}
	}
	for _, c := range r.Changes {
		name, _ := filepath.Rel(b.root, c.Path)
		before, existed := got[filepath.ToSlash(name)]
		if before != c.Before || existed == c.Created {
			b.Errorf("%s: before %q, created %v", name, c.Before, c.Created)
		}
		got[filepath.ToSlash(name)] = c.After
		if c.Deleted {
			delete(got, filepath.ToSlash(name))
		}
		if !slices.Contains(r.Files, c.Path) {
			b.Errorf("%s is not in %q", c.Path, r.Files)
		}
	}
	if !maps.Equal(got, to) {
		b.Errorf("the changes lead to %q", got)
	}
}

// The whole patch is one question: its diff, the files that go away, both ends of a move.
func TestPatchAccess(t *testing.T) {
	b := newBench(t, "edit.txt", "one\ntwo\n", "gone.txt", "bye\n", "old.txt", "x\n")
	patch := "*** Begin Patch\n*** Add File: new.txt\n+made\n*** Delete File: gone.txt\n*** Update File: edit.txt\n@@\n-two\n+2\n" +
		"*** Update File: old.txt\n*** Move to: .git/hooks/x\n*** End Patch"
	a := b.mustPrepare("apply_patch", "patchText", patch).Access()
	if want := "4 files: new.txt (new), gone.txt (deleted), edit.txt, old.txt → .git/hooks/x (+2 −2)"; a.Subject != want {
		t.Errorf("subject %q", a.Subject)
	}
	want := "--- /dev/null\n+++ new.txt\n@@ -0,0 +1 @@\n+made\n--- gone.txt\n+++ /dev/null\n@@ -1 +0,0 @@\n-bye\n" +
		"--- edit.txt\n+++ edit.txt\n@@ -1,2 +1,2 @@\n one\n-two\n+2\nrename from old.txt\nrename to .git/hooks/x\n"
	if a.Preview.Text != want || a.Preview.Kind != "diff" || !a.Session {
		t.Errorf("preview %q", a.Preview.Text)
	}
	if want := []string{"Deletes gone.txt.", "Moves old.txt to .git/hooks/x."}; !slices.Equal(a.Notes, want) {
		t.Errorf("notes %q", a.Notes)
	}
	var judged []string
	for _, i := range a.Items {
		judged = append(judged, i.Permission+" "+i.Values[0]+" "+i.Why)
	}
	for _, want := range []string{"edit new.txt", "edit gone.txt", "edit edit.txt", "edit old.txt", "edit .git/hooks/x"} {
		if !slices.ContainsFunc(judged, func(s string) bool { return strings.HasPrefix(s, want) }) {
			t.Errorf("%q is not judged: %q", want, judged)
		}
	}
	if last := a.Items[len(a.Items)-1]; last.Why == "" {
		t.Errorf("the protected end of the move does not ask: %+v", last)
	}
}

// A file that changed where the patch touches it: nothing of the patch happens.
func TestPatchStale(t *testing.T) {
	for _, late := range []string{"edit.txt", "gone.txt", "old.txt", "new.txt", "there.txt"} {
		t.Run(late, func(t *testing.T) {
			b := newBench(t, "edit.txt", "one\ntwo\n", "gone.txt", "bye\n", "old.txt", "x\n")
			op := b.mustPrepare("apply_patch", "patchText", "*** Begin Patch\n*** Add File: new.txt\n+made\n*** Update File: edit.txt\n@@\n-two\n+2\n"+
				"*** Delete File: gone.txt\n*** Update File: old.txt\n*** Move to: there.txt\n@@\n-x\n+y\n*** End Patch")
			b.save(late, "else\n")
			before := b.tree()
			r, err := op.Run(t.Context(), io.Discard)
			if err == nil {
				t.Fatalf("went well: %s", r.Text)
			}
			contains(t, err.Error(), late)
			if got := b.tree(); !maps.Equal(got, before) {
				t.Errorf("left %q", got)
			}
		})
	}
}

// failing is an Applier that fails at the changes of one file, and at taking back those of another.
type failing struct {
	workspace.Applier
	root, at, back string
	done           map[string]bool
}

func (f failing) Apply(ctx context.Context, c workspace.Change) error {
	name, _ := filepath.Rel(f.root, c.File.Path)
	if name == f.at || name == f.back && f.done[name] {
		return errors.New("the editor refused the edit")
	}
	f.done[name] = true
	return f.Applier.Apply(ctx, c)
}

// A change that fails after others landed: those are taken back, and what cannot be taken back is said and left to undo.
func TestPatchTakenBack(t *testing.T) {
	const patch = "*** Begin Patch\n*** Add File: new.txt\n+made\n*** Delete File: gone.txt\n*** Update File: edit.txt\n@@\n-two\n+2\n" +
		"*** Update File: old.txt\n*** Move to: there.txt\n*** Update File: last.txt\n@@\n-x\n+y\n*** End Patch"
	for _, back := range []string{"", "new.txt", "edit.txt"} {
		t.Run(back, func(t *testing.T) {
			files := map[string]string{"edit.txt": "one\ntwo\n", "gone.txt": "bye\n", "old.txt": "x\n", "last.txt": "x\n"}
			b := newBench(t)
			for name, text := range files {
				b.save(name, text)
			}
			op := b.mustPrepare("apply_patch", "patchText", patch)
			b.env.Applier = failing{b.env.Applier, b.root, "last.txt", back, map[string]bool{}}
			r, err := op.Run(t.Context(), io.Discard)
			if back == "" {
				if err != nil || !r.Error || len(r.Changes) > 0 {
					t.Errorf("result %+v, %v", r, err)
				}
				contains(t, r.Text, "the editor refused the edit. What had been changed before was taken back: old.txt → there.txt, edit.txt, gone.txt (deleted), new.txt (new)")
			} else {
				if err != nil || !r.Error || len(r.Changes) != 1 || r.Changes[0].Path != b.path(back) {
					t.Errorf("result %+v, %v", r, err)
				}
				contains(t, r.Text, "These changes stay, since they could not be taken back: "+back)
			}
			left := maps.Clone(files)
			for _, c := range r.Changes {
				left[back] = c.After
			}
			if got := b.tree(); !maps.Equal(got, left) {
				t.Errorf("left %q", got)
			}
		})
	}
}

// The errors of a patch must not tell what a file holds that the model may not read unasked.
func TestPatchHidden(t *testing.T) {
	b := newBench(t, "a.txt", "secret\n")
	b.env.MayRead = func(string) bool { return false }
	op := b.mustPrepare("apply_patch", "patchText", "*** Begin Patch\n*** Update File: a.txt\n@@\n-x\n+y\n*** End Patch")
	if got := keys(op.Access()); !slices.Equal(got, []string{"read"}) {
		t.Errorf("asks for %q", got)
	}
	if _, err := op.Run(t.Context(), io.Discard); err == nil || !strings.Contains(err.Error(), "has no line") {
		t.Errorf("err = %v", err)
	}
}

// A file that changed since the model read it takes an exact hunk, with a note, and no other, nor a deletion.
func TestPatchSeen(t *testing.T) {
	b := newBench(t, "a.txt", "one\ntwo\n")
	b.call("read", "filePath", "a.txt")
	b.save("a.txt", "one\n  two\nthree\n")
	b.refuse("a.txt changed since it was read; read it again", "apply_patch", "patchText", "*** Begin Patch\n*** Delete File: a.txt\n*** End Patch")
	b.refuse("a.txt changed since it was read; read it again", "apply_patch", "patchText", "*** Begin Patch\n*** Update File: a.txt\n@@\n-two\n+2\n*** End Patch")
	r := b.call("apply_patch", "patchText", "*** Begin Patch\n*** Update File: a.txt\n@@\n-one\n+1\n*** End Patch")
	contains(t, r.Text, "a.txt had changed since it was read")
}

func TestForModel(t *testing.T) {
	for name, patch := range map[string]bool{
		"openai/gpt-5": true, "openai/gpt-5.1-codex": true, "openrouter/openai/gpt-5-mini": true, "gpt-5": true,
		"openai/gpt-4o": false, "openai/gpt-4.1": false, "groq/openai/gpt-oss-120b": false, "anthropic/claude-sonnet-4-5": false,
		"openai/o3": false, "": false, "my-gpt-proxy/llama": false,
	} {
		var names []string
		for _, tool := range ForModel(newBench(t).set.Tools(), name) {
			names = append(names, tool.Name())
		}
		has := func(tool string) bool { return slices.Contains(names, tool) }
		if has("apply_patch") != patch || has("edit") == patch || has("write") == patch || !has("bash") {
			t.Errorf("%s gets %q", name, names)
		}
	}
}
