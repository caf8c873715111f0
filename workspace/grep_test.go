package workspace

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// date sets when a file was written, in hours before a fixed time.
func date(t *testing.T, path string, ago int) {
	t.Helper()
	when := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(-time.Duration(ago) * time.Hour)
	must(t, os.Chtimes(path, when, when))
}

// grepped runs a search and gives its matches as "name:line:text".
func grepped(t *testing.T, w *Workspace, pattern string, opt GrepOptions) (got []string, more bool) {
	t.Helper()
	found, more, err := w.Grep(t.Context(), pattern, opt)
	must(t, err)
	for _, m := range found {
		rel, _ := below(w.Roots()[0], m.Path)
		got = append(got, fmt.Sprintf("%s:%d:%s", rel, m.Line, m.Text))
	}
	return got, more
}

func TestGrep(t *testing.T) {
	dir := folder(t, map[string]string{
		"a.go":       "package a\n\nfunc One() {}\n\nfunc  Two() {}",
		"b/b.go":     "func Bee() {}\r\n// TODO: x\r\n",
		"b/b.md":     "func in prose\n\n\nToDo later\n",
		"bin":        "func\x00binary\n",
		"ignored.go": "func Ignored() {}\n",
		".gitignore": "ignored.go\n",
		"latin1":     "caf\xe9 func\n",
		"long":       strings.Repeat("é", maxMatchText) + " end\n",
	})
	must(t, os.Symlink("a.go", filepath.Join(dir, "link.go")))
	must(t, mkfifo(filepath.Join(dir, "fifo")))
	for i, name := range []string{"a.go", "b/b.go", "b/b.md", "latin1", "long"} {
		date(t, filepath.Join(dir, name), i)
	}
	w := New(dir)
	for _, tc := range []struct {
		name, pattern string
		opt           GrepOptions
		want          []string
		more          bool
	}{
		{"expression", `func\s+\w+\(`, GrepOptions{}, []string{"a.go:3:func One() {}", "a.go:5:func  Two() {}", "b/b.go:1:func Bee() {}"}, false},
		{"word", "func", GrepOptions{}, []string{"a.go:3:func One() {}", "a.go:5:func  Two() {}", "b/b.go:1:func Bee() {}", "b/b.md:1:func in prose",
			"latin1:1:caf\xe9 func"}, false},
		{"case", `(?i)todo`, GrepOptions{}, []string{"b/b.go:2:// TODO: x", "b/b.md:4:ToDo later"}, false},
		{"either", `Two|ToDo`, GrepOptions{}, []string{"a.go:5:func  Two() {}", "b/b.md:4:ToDo later"}, false},
		{"line ends", `x$`, GrepOptions{}, []string{"b/b.go:2:// TODO: x"}, false},
		{"empty lines", `^$`, GrepOptions{}, []string{"a.go:2:", "a.go:4:", "b/b.md:2:", "b/b.md:3:"}, false},
		{"no literal", `^\w+ [a-z]$`, GrepOptions{}, []string{"a.go:1:package a"}, false},
		{"include a name", "func", GrepOptions{Include: "*.{md,txt}"}, []string{"b/b.md:1:func in prose"}, false},
		{"include a path", "func", GrepOptions{Include: "b/*.go"}, []string{"b/b.go:1:func Bee() {}"}, false},
		{"exclude", "func", GrepOptions{Include: "!*.go"}, []string{"b/b.md:1:func in prose", "latin1:1:caf\xe9 func"}, false},
		{"folder", "func", GrepOptions{Dir: "b"}, []string{"b/b.go:1:func Bee() {}", "b/b.md:1:func in prose"}, false},
		{"file", "func", GrepOptions{Dir: "b/b.md"}, []string{"b/b.md:1:func in prose"}, false},
		{"ignored file that was asked for", "func", GrepOptions{Dir: "ignored.go"}, []string{"ignored.go:1:func Ignored() {}"}, false},
		{"cut", "func", GrepOptions{Max: 2}, []string{"a.go:3:func One() {}", "a.go:5:func  Two() {}"}, true},
		{"cut within a file", "func", GrepOptions{Max: 1}, []string{"a.go:3:func One() {}"}, true},
		{"not cut", `func\s+\w+\(`, GrepOptions{Max: 3}, []string{"a.go:3:func One() {}", "a.go:5:func  Two() {}", "b/b.go:1:func Bee() {}"}, false},
		{"skip", "func", GrepOptions{Skip: func(p string) bool { return strings.Contains(p, "b") }},
			[]string{"a.go:3:func One() {}", "a.go:5:func  Two() {}", "latin1:1:caf\xe9 func"}, false},
		{"skip the only file", "func", GrepOptions{Dir: "a.go", Skip: func(string) bool { return true }}, nil, false},
		{"nothing", "nowhere", GrepOptions{}, nil, false},
		{"long line", " end$", GrepOptions{}, []string{"long:1:" + strings.Repeat("é", maxMatchText/2)}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, more := grepped(t, w, tc.pattern, tc.opt)
			if !slices.Equal(got, tc.want) || more != tc.more {
				t.Errorf("got %q, more %v; want %q, %v", got, more, tc.want, tc.more)
			}
		})
	}
}

func TestGrepSeesBuffers(t *testing.T) {
	dir := folder(t, map[string]string{"a": "old\n", "b": "new\n", "sub/": ""})
	date(t, dir+"/a", 2)
	date(t, dir+"/b", 1)
	w := New(dir)
	w.Open(dir+"/a", 1, "x\nnew typed\n")
	w.Open(dir+"/sub/unwritten", 1, "new file")
	got, _ := grepped(t, w, "new", GrepOptions{})
	if want := []string{"sub/unwritten:1:new file", "b:1:new", "a:2:new typed"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, _ := grepped(t, w, "old", GrepOptions{}); got != nil {
		t.Errorf("what the disk has is found: %q", got)
	}
	if got, _ := grepped(t, w, "new", GrepOptions{Dir: "sub/unwritten"}); len(got) != 1 {
		t.Errorf("in the unwritten file alone: %q", got)
	}
}

func TestGrepErrors(t *testing.T) {
	dir := folder(t, map[string]string{"a": "x"})
	w := New(dir)
	for _, tc := range []struct{ pattern, include, dir, want string }{
		{"(", "", "", "RE2"},
		{"(?=x)", "", "", "no lookaround"},
		{"a\\nb", "", "", "one by one"},
		{"(x|y)\n+z", "", "", "one by one"},
		{"x", "[", "", "not a file pattern"},
		{"x", "", "gone", "no such file"},
	} {
		if _, _, err := w.Grep(t.Context(), tc.pattern, GrepOptions{Include: tc.include, Dir: tc.dir}); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%+v: %v", tc, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := w.Grep(ctx, "x", GrepOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestGrepLeavesHugeFilesOut(t *testing.T) {
	dir := folder(t, map[string]string{"huge": "needle\n", "a": "needle\n"})
	must(t, os.Truncate(dir+"/huge", MaxFile+1))
	if got, _ := grepped(t, New(dir), "needle", GrepOptions{}); !slices.Equal(got, []string{"a:1:needle"}) {
		t.Errorf("got %q", got)
	}
}

// TestGrepKeepsTheNewest has far more matches than are wanted, so that what is old is dropped on the way.
func TestGrepKeepsTheNewest(t *testing.T) {
	files := make(map[string]string)
	for i := range 60 {
		files[fmt.Sprintf("f%02d", i)] = strings.Repeat("x\n", 100)
	}
	dir := folder(t, files)
	for i := range 60 {
		date(t, fmt.Sprintf("%s/f%02d", dir, i), (i*37)%60)
	}
	got, more := grepped(t, New(dir), "x", GrepOptions{Max: 150})
	if len(got) != 150 || !more || got[0] != "f00:1:x" || got[149] != "f13:50:x" { // 13*37 = 8*60+1
		t.Errorf("%d matches from %s to %s", len(got), got[0], got[len(got)-1])
	}
}

func TestRequired(t *testing.T) {
	for pattern, want := range map[string]string{
		`func\s+\w+`:     "func",
		`foo|bar`:        "bar foo",
		`(foo)+baz?`:     "foo",
		`[Tt]odo`:        "odo",
		`x{2,}yy`:        "yy",
		`\w+`:            "",
		`a*`:             "",
		`foo|\w`:         "",
		`(?i)ab`:         "AB Ab aB ab",
		`(?i)k`:          "K k \u212a",
		`\bReader\b`:     "Reader",
		`^import "fmt"$`: `import "fmt"`,
		`[ab]`:           "a b",
	} {
		tree, err := syntax.Parse(pattern, syntax.Perl)
		must(t, err)
		got := required(tree)
		slices.Sort(got)
		if strings.Join(got, " ") != want {
			t.Errorf("%s needs %q, want %q", pattern, got, want)
		}
	}
}

// FuzzGrep compares with a plain loop over the lines.
func FuzzGrep(f *testing.F) {
	f.Add(`func\s+\w+`, "func a\nx\nfunc\n")
	f.Add(`(?i)foo|ba[rz]`, "FOO\r\n\nbaz")
	f.Add(`^$`, "\n\n")
	f.Add(`(?i)ks`, "\u212a\u017f")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		g, err := newGrep("/", pattern, GrepOptions{})
		if err != nil || len(pattern) > 200 {
			return
		}
		re, want := regexp.MustCompile(pattern), []int(nil)
		n := 0
		for line := range strings.Lines(text) {
			n++
			line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
			if re.MatchString(line) {
				want = append(want, n)
			}
		}
		var got []int
		for _, m := range g.lines(g.searchers[0].seek, "f", []byte(text)) {
			got = append(got, m.Line)
			if utf8.ValidString(text) && !utf8.ValidString(m.Text) {
				t.Errorf("text %q", m.Text)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q in %q: lines %v, want %v", pattern, text, got, want)
		}
	})
}

func TestGlob(t *testing.T) {
	dir := folder(t, map[string]string{"a.go": "", "b/c.go": "", "b/d/e.ts": "", "b/f.md": "", "x.log": "", ".gitignore": "*.log\n", ".hidden.go": ""})
	for i, name := range []string{"b/c.go", "a.go", "b/d/e.ts", "b/f.md", ".hidden.go", ".gitignore"} {
		date(t, filepath.Join(dir, name), i)
	}
	w := New(dir)
	w.Open(dir+"/b/new.go", 1, "")
	for _, tc := range []struct {
		dir, pattern string
		max          int
		want         string
		more         bool
	}{
		{".", "*.go", 0, "b/new.go b/c.go a.go .hidden.go", false},
		{".", "**/*.go", 0, "b/new.go b/c.go a.go .hidden.go", false},
		{".", "*.go", 2, "b/new.go b/c.go", true},
		{".", "*.go", 4, "b/new.go b/c.go a.go .hidden.go", false},
		{".", "/*.go", 0, "a.go .hidden.go", false},
		{".", "./*.go", 0, "a.go .hidden.go", false},
		{".", "b/*.{go,md}", 0, "b/new.go b/c.go b/f.md", false},
		{".", dir + "/b/**", 0, "b/new.go b/c.go b/d/e.ts b/f.md", false},
		{"b", "**/*.ts", 0, "b/d/e.ts", false},
		{".", "*.log", 0, "", false},
	} {
		files, more, err := w.Glob(t.Context(), tc.dir, tc.pattern, tc.max)
		must(t, err)
		for i := range files {
			files[i], _ = below(dir, files[i])
		}
		if got := strings.Join(files, " "); got != tc.want || more != tc.more {
			t.Errorf("%+v: got %s, more %v", tc, got, more)
		}
	}
	if _, _, err := w.Glob(t.Context(), ".", "a[", 0); err == nil {
		t.Error("a broken pattern is taken")
	}
	if _, _, err := w.Glob(t.Context(), "gone", "*", 0); err == nil {
		t.Error("a folder that is not there is searched")
	}
}

func BenchmarkGrep(b *testing.B) {
	goroot, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		b.Fatal(err)
	}
	w := New(filepath.Join(strings.TrimSpace(string(goroot)), "src"))
	for _, pattern := range []string{`func\s+\w+`, "Reader", `(?i)todo`} {
		b.Run(pattern, func(b *testing.B) {
			for b.Loop() {
				if _, _, err := w.Grep(b.Context(), pattern, GrepOptions{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
