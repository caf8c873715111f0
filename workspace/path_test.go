package workspace

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestResolve(t *testing.T) {
	top := folder(t, map[string]string{"ws/sub/a": "", "ws/b": "", "out/c": "", "ws2/d": ""})
	for link, target := range map[string]string{
		"ws/in":       "sub",           // a folder inside
		"ws/away":     "../out",        // a folder outside
		"ws/dangling": "../out/new",    // nothing yet
		"ws/twice":    "in/a",          // a link through a link
		"ws/abs":      top + "/ws/sub", // absolute
		"ws/loop":     "pool",
		"ws/pool":     "loop",
		"root":        "ws",
	} {
		must(t, os.Symlink(target, filepath.Join(top, link)))
	}
	t.Setenv("HOME", top+"/out")
	w := New(top+"/root", top+"/ws/sub") // the first by a link, the second nested in it
	for _, tc := range []struct{ name, given, abs, root, rel string }{
		{"relative", "b", "ws/b", "ws", "b"},
		{"absolute", top + "/ws/b", "ws/b", "ws", "b"},
		{"through the root's link", top + "/root/b", "ws/b", "ws", "b"},
		{"not there", "x/y", "ws/x/y", "ws", "x/y"},
		{"innermost root", "sub/a", "ws/sub/a", "ws/sub", "a"},
		{"linked folder", "in/a", "ws/sub/a", "ws/sub", "a"},
		{"absolute link", "abs/a", "ws/sub/a", "ws/sub", "a"},
		{"link through a link", "twice", "ws/sub/a", "ws/sub", "a"},
		{"link outside", "away/c", "out/c", "", ""},
		{"dangling link outside", "dangling", "out/new", "", ""},
		{"below a dangling link", "dangling/x", "out/new/x", "", ""},
		{"dots", "./sub/../b", "ws/b", "ws", "b"},
		{"dots leave the link's target", "away/../out/c", "out/c", "", ""},
		{"dots after what is not there", "x/../b", "ws/b", "ws", "b"},
		{"dots beyond the top", "../../../../../../../../../../../.." + top + "/ws/b", "ws/b", "ws", "b"},
		{"outside", "../ws2/d", "ws2/d", "", ""},
		{"a name that only starts like a root", top + "/ws2/d", "ws2/d", "", ""},
		{"home", "~/c", "out/c", "", ""},
		{"a file called like another's home", "~user", "ws/~user", "ws", "~user"},
		{"the root", ".", "ws", "ws", "."},
		{"below a file", "b/x", "ws/b/x", "ws", "b/x"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			want := Path{Given: tc.given, Abs: filepath.Join(top, tc.abs), Rel: tc.rel}
			if tc.root != "" {
				want.Root = filepath.Join(top, tc.root)
			} else {
				want.Rel = want.Abs
			}
			got, err := w.Resolve(tc.given)
			if err != nil {
				t.Fatal(err)
			}
			if got != want || got.Inside() != (tc.root != "") {
				t.Errorf("got %+v, want %+v", got, want)
			}
			if again, err := w.Resolve(got.Abs); err != nil || again.Abs != got.Abs {
				t.Errorf("resolved again it is %q (%v)", again.Abs, err)
			}
		})
	}
	for _, tc := range []struct{ given, want string }{
		{"", "empty"}, {"a\x00b", "NUL"}, {"loop", "symbolic links"}, {"loop/x", "symbolic links"},
	} {
		if p, err := w.Resolve(tc.given); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("Resolve(%q) = %+v, %v; want an error about %q", tc.given, p, err, tc.want)
		}
	}
}

func TestResolveWholeDiskAsRoot(t *testing.T) {
	p, err := New("/").Resolve("/no/such/file")
	if want := (Path{"/no/such/file", "/no/such/file", "/", "no/such/file"}); err != nil || p != want {
		t.Errorf("got %+v (%v), want %+v", p, err, want)
	}
}

func TestSetRoots(t *testing.T) {
	top := folder(t, map[string]string{"a/x": "", "b/x": ""})
	w := New(top + "/a")
	w.SetRoots(top+"/b/", top+"/a")
	if got := w.Roots(); len(got) != 2 || got[0] != top+"/b" || got[1] != top+"/a" {
		t.Errorf("roots are %q", got)
	}
	if p, err := w.Resolve("x"); err != nil || p.Abs != top+"/b/x" {
		t.Errorf("x is %+v (%v)", p, err)
	}
}

// FuzzResolve checks that a resolved name stays as it is and that no other spelling leads out of the root unnoticed.
func FuzzResolve(f *testing.F) {
	for _, name := range []string{"in/../x", "away/../../ws/b", "./~", "a//b/.", "dangling/..", "/", "~/x"} {
		f.Add(name)
	}
	top := folder(f, map[string]string{"ws/sub/a": "", "ws/b": "", "out/c": ""})
	for link, target := range map[string]string{"in": "sub", "away": "../out", "dangling": "../out/new", "up": ".."} {
		must(f, os.Symlink(target, filepath.Join(top, "ws", link)))
	}
	w := New(top + "/ws")
	f.Fuzz(func(t *testing.T, name string) {
		p, err := w.Resolve(name)
		if err != nil {
			return
		}
		again, err := w.Resolve(p.Abs)
		if err != nil || again.Abs != p.Abs || filepath.Clean(p.Abs) != p.Abs {
			t.Fatalf("%q is %q, and that is %q (%v)", name, p.Abs, again.Abs, err)
		}
		if inside := p.Abs == top+"/ws" || strings.HasPrefix(p.Abs, top+"/ws/"); inside != p.Inside() {
			t.Fatalf("%q is %q, inside: %v", name, p.Abs, p.Inside())
		}
		if real, err := filepath.EvalSymlinks(p.Abs); err == nil && real != p.Abs {
			t.Fatalf("%q is %q, but that is really %q", name, p.Abs, real)
		}
	})
}
