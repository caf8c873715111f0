package workspace

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// walked lists the files that Walk meets below dir, sorted; folders end in "/".
func walked(t *testing.T, w *Workspace, dir string) []string {
	t.Helper()
	var got []string
	for e, err := range w.Walk(t.Context(), dir) {
		must(t, err)
		if want, ok := below(mustResolve(t, w, dir), e.Path); !ok || want != e.Rel {
			t.Errorf("%s is %q below %s", e.Path, e.Rel, dir)
		}
		if e.IsDir {
			e.Rel += "/"
		}
		got = append(got, e.Rel)
	}
	slices.Sort(got)
	return got
}

func mustResolve(t *testing.T, w *Workspace, name string) string {
	t.Helper()
	p, err := w.Resolve(name)
	must(t, err)
	return p.Abs
}

func TestWalk(t *testing.T) {
	for _, tc := range []struct {
		name, dir string
		files     map[string]string
		want      string
	}{
		{"hidden files but not .git", ".", map[string]string{".git/HEAD": "", ".env": "", ".github/ci.yml": "", "a": ""},
			".env .github/ .github/ci.yml a"},
		{"gitignore", ".", map[string]string{".gitignore": "*.log\n/build\nnode_modules/\n", "a.log": "", "build/x": "", "sub/build/y": "",
			"sub/node_modules/z": "", "node_modules": "a file", "b": ""},
			".gitignore b node_modules sub/ sub/build/ sub/build/y"},
		{"negation", ".", map[string]string{".gitignore": "*.log\n!keep.log\n", "a.log": "", "keep.log": ""}, ".gitignore keep.log"},
		{"nothing comes back below an ignored folder", ".", map[string]string{".gitignore": "out/\n!out/keep\n", "out/keep": ""}, ".gitignore"},
		{"nested files", ".", map[string]string{".gitignore": "*.txt\n", "sub/.gitignore": "!a.txt\n/b.md\n", "sub/a.txt": "", "sub/b.md": "",
			"sub/deep/b.md": "", "a.txt": ""}, ".gitignore sub/ sub/.gitignore sub/a.txt sub/deep/ sub/deep/b.md"},
		{".ignore beats .gitignore", ".", map[string]string{".ignore": "!gen.go\nsecret\n", ".gitignore": "gen.go\n", "gen.go": "", "secret": ""},
			".gitignore .ignore gen.go"},
		{"info/exclude", ".", map[string]string{".git/info/exclude": "mine\nboth\n", ".gitignore": "!both\n", "mine": "", "both": ""}, ".gitignore both"},
		{"parents up to the repository", "a/b", map[string]string{".gitignore": "x", "a/.git/HEAD": "", "a/.gitignore": "*.log\n/b/y\n",
			"a/b/x": "", "a/b/y": "", "a/b/z.log": "", "a/b/ok": ""}, "ok x"},
		{"parents up to the root", "a/b", map[string]string{".gitignore": "x", "a/b/x": "", "a/b/ok": ""}, "ok"},
		{"a repository in a repository", ".", map[string]string{".git/HEAD": "", ".gitignore": "x\n", "sub/.git/HEAD": "", "sub/x": "", "x": ""},
			".gitignore sub/ sub/x"},
		{"an ignored folder that was asked for", "node_modules/p", map[string]string{".gitignore": "node_modules\n", "node_modules/p/i.js": ""}, "i.js"},
		{"a linked worktree", ".", map[string]string{".git": "gitdir: main/.git/worktrees/w\n", "main/.git/worktrees/w/commondir": "../..\n",
			"main/.git/info/exclude": "mine\n", "mine": "", "a": ""}, "a main/"},
		{"CRLF and BOM", ".", map[string]string{".gitignore": "\ufeffx\r\ny\r\n", "x": "", "y": "", "z": ""}, ".gitignore z"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := New(folder(t, tc.files))
			if got := strings.Join(walked(t, w, tc.dir), " "); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

func TestWalkLinks(t *testing.T) {
	dir := folder(t, map[string]string{"AGENTS.md": "", "sub/x": ""})
	for link, target := range map[string]string{"CLAUDE.md": "AGENTS.md", "linked": "sub", "self": ".", "nowhere": "gone"} {
		must(t, os.Symlink(target, filepath.Join(dir, link)))
	}
	if got, want := strings.Join(walked(t, New(dir), "."), " "), "AGENTS.md CLAUDE.md sub/ sub/x"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestWalkBuffers(t *testing.T) {
	dir := folder(t, map[string]string{".gitignore": "*.log\nout/\n", "a": ""})
	w := New(dir)
	for _, name := range []string{"a", "new.go", "x/y/deep.go", "a.log", "out/b.go", "../elsewhere"} {
		w.Open(filepath.Join(dir, name), 1, "text")
	}
	if got, want := strings.Join(walked(t, w, "."), " "), ".gitignore a new.go x/y/deep.go"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestWalkErrors(t *testing.T) {
	dir := folder(t, map[string]string{"a": ""})
	w := New(dir)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, tc := range []struct {
		ctx  context.Context
		dir  string
		want string
	}{
		{t.Context(), "gone", "list " + dir + "/gone: no such file or directory"},
		{t.Context(), "a", "list " + dir + "/a: not a directory"},
		{t.Context(), "x\x00", "NUL"},
		{cancelled, ".", "context canceled"},
	} {
		var last error
		for e, err := range w.Walk(tc.ctx, tc.dir) {
			if err == nil {
				t.Errorf("%s: met %+v", tc.dir, e)
			}
			last = err
		}
		if last == nil || !strings.Contains(last.Error(), tc.want) {
			t.Errorf("%q: %v, want %s", tc.dir, last, tc.want)
		}
	}
}

// TestWalkStopsEarly leaves the loop with work under way; TestMain looks for goroutines that are left.
func TestWalkStopsEarly(t *testing.T) {
	files := make(map[string]string)
	for i := range 300 {
		files[fmt.Sprintf("d%d/e/f", i)] = ""
	}
	w := New(folder(t, files))
	n := 0
	for _, err := range w.Walk(t.Context(), ".") {
		must(t, err)
		if n++; n == 3 {
			break
		}
	}
	if n != 3 {
		t.Errorf("%d entries", n)
	}
}

// TestPatterns is git's documentation (gitignore(5)) as a table.
func TestPatterns(t *testing.T) {
	for _, tc := range []struct {
		pattern, path string
		isDir, want   bool
	}{
		{"foo", "foo", false, true},
		{"foo", "a/b/foo", false, true},
		{"foo", "foobar", false, false},
		{"/foo", "a/foo", false, false},
		{"/foo", "foo", false, true},
		{"a/foo", "a/foo", false, true},
		{"a/foo", "b/a/foo", false, false},
		{"foo/", "foo", false, false},
		{"foo/", "a/foo", true, true},
		{"a/b/", "a/b", true, true},
		{"*.go", "a/x.go", false, true},
		{"*.go", ".go", false, true},
		{"a/*.go", "a/x.go", false, true},
		{"a/*.go", "a/b/x.go", false, false},
		{"**/foo", "foo", false, true},
		{"**/foo", "a/b/foo", false, true},
		{"**/a/foo", "x/a/foo", false, true},
		{"a/**", "a", true, false},
		{"a/**", "a/b", false, true},
		{"a/**", "a/b/c", false, true},
		{"a/**/b", "a/b", false, true},
		{"a/**/b", "a/x/y/b", false, true},
		{"a/**/b", "a/x/y/c", false, false},
		{"a/**/b/**/c", "a/b/b/x/c", false, true},
		{"a/**/b/*", "a/b/x/b/c", false, true},
		{"**", "a/b", false, true},
		{"a**b", "axxb", false, true},
		{"fo?", "foo", false, true},
		{"fo?", "fo", false, false},
		{"a/?/b", "a/x/b", false, true},
		{"?", "é", false, true},
		{"[a-c]x", "bx", false, true},
		{"[!a-c]x", "bx", false, false},
		{"[^a-c]x", "dx", false, true},
		{"[]x]", "]", false, true},
		{"[a-]", "-", false, true},
		{"[[:digit:]]", "7", false, true},
		{"[[:digit:]a]", "a", false, true},
		{"[a", "[a", false, false},
		{`[\]]`, "]", false, true},
		{`\#x`, "#x", false, true},
		{`\!x`, "!x", false, true},
		{`\*`, "*", false, true},
		{`\*`, "x", false, false},
		{"x ", "x", false, true},
		{`x\ `, "x ", false, true},
		{"{a,b}", "a", false, false},
		{"{a,b}", "{a,b}", false, true},
		{"a*b*c*d", "axbxcxd", false, true},
		{"a*b*c*d", "axbxcx", false, false},
	} {
		p, ok := parsePattern(tc.pattern)
		if !ok {
			t.Errorf("%q is no pattern", tc.pattern)
			continue
		}
		if got := p.match(tc.path, filepath.Base(tc.path), tc.isDir); got != tc.want {
			t.Errorf("%q matches %q (folder: %v): %v", tc.pattern, tc.path, tc.isDir, got)
		}
	}
	for _, line := range []string{"", "   ", "# x", "/", "!"} {
		if p, ok := parsePattern(line); ok {
			t.Errorf("%q is the pattern %+v", line, p)
		}
	}
}

// TestPatternsAreLinear meets the patterns that take naive matchers for ever.
func TestPatternsAreLinear(t *testing.T) {
	p, _ := parsePattern(strings.Repeat("*a", 200) + "b")
	if p.match(strings.Repeat("a", 20_000), strings.Repeat("a", 20_000), false) {
		t.Error("matches")
	}
	p, _ = parsePattern(strings.Repeat("**/a/", 50) + "b")
	if p.match(strings.Repeat("a/", 500)+"c", "c", false) {
		t.Error("matches")
	}
}

// FuzzIgnoreAgainstGit compares with git itself, where there is one, on small patterns.
func FuzzIgnoreAgainstGit(f *testing.F) {
	for _, text := range []string{"*.log\n!b.log", "/a\nb/", "a/**/b", "**/c", "[!a]*\n!*/", "x y \n\\!z"} {
		f.Add(text)
	}
	git, err := exec.LookPath("git")
	if err != nil {
		f.Log("no git: patterns are only read")
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\n' || r > '~' }) || strings.Contains(text, "[[") || strings.Contains(text, "//") {
			return // git counts bytes where we count characters, and makes something of empty names
		}
		parsePatterns(text)
		if git == "" {
			return
		}
		dir := folder(t, map[string]string{".gitignore": text, "a/b/c": "", "a/c": "", "b.log": "", "x y": "", "!z": "", "b/a/b/c": ""})
		must(t, exec.Command(git, "init", "-q", dir).Run())
		cmd := exec.Command(git, "-C", dir, "-c", "core.excludesFile=", "ls-files", "-co", "--exclude-standard", "-z")
		out, err := cmd.Output()
		must(t, err)
		want := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
		slices.Sort(want)
		got := slices.DeleteFunc(walked(t, New(dir), "."), func(s string) bool { return strings.HasSuffix(s, "/") })
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("with %q we list %q, git %q", text, got, want)
		}
	})
}

// TestWalkUnreadableFolder leaves out what cannot be read further down.
func TestWalkUnreadableFolder(t *testing.T) {
	dir := folder(t, map[string]string{"a": "", "locked/b": ""})
	must(t, os.Chmod(dir+"/locked", 0))
	t.Cleanup(func() { must(t, os.Chmod(dir+"/locked", 0o755)) })
	got := strings.Join(walked(t, New(dir), "."), " ")
	want := "a locked/"
	if _, err := fs.ReadDir(os.DirFS(dir), "locked"); err == nil {
		want = "a locked/ locked/b" // root reads everything
	}
	if got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
