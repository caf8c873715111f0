package workspace

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func problem(line int, severity Severity, message string) Diagnostic {
	return Diagnostic{Line: line, Column: 1, Severity: severity, Source: "t", Message: message}
}

// words are reports in short: path, lines.
func words(root string, reports []Report) string {
	var out []string
	for _, r := range reports {
		rel, _ := filepath.Rel(root, r.Path)
		for _, p := range r.List {
			rel += fmt.Sprintf(" %d%s", p.Line, p.Message)
		}
		out = append(out, rel)
	}
	return strings.Join(out, ", ")
}

func TestTell(t *testing.T) {
	root := folder(t, map[string]string{"a.go": "x\n", "b.go": "y\n"})
	w := New(root)
	at := func(name string) string { return filepath.Join(root, name) }
	w.Tell(FeedEditor, at("b.go"), []Diagnostic{problem(2, Error, "z"), problem(1, Hint, "y")})
	w.Tell("gopls", at("b.go"), []Diagnostic{problem(3, Error, "x")})
	w.Tell(FeedEditor, at("a.go"), nil)
	d := w.Diagnostics()
	if got := words(root, d.Reports("")); got != "a.go, b.go 1y 2z, b.go 3x" {
		t.Errorf("all: %s", got)
	}
	if got := words(root, d.Reports(at("b.go"))); got != "b.go 1y 2z, b.go 3x" {
		t.Errorf("one: %s", got)
	}
	w.Tell(FeedEditor, at("b.go"), nil)
	d.Forget("gopls")
	if got := words(root, d.Reports("")); got != "a.go, b.go" {
		t.Errorf("after: %s", got)
	}
}

func TestTellLines(t *testing.T) {
	root := folder(t, map[string]string{"a.go": "x\n"})
	w := New(root)
	path := filepath.Join(root, "a.go")
	w.Open(path, 1, "x\n")
	w.TellLines(FeedShown, path, 1, 2, []Diagnostic{problem(1, Error, "a"), problem(2, Error, "b")})
	w.TellLines(FeedShown, path, 5, 5, []Diagnostic{problem(5, Error, "c")})
	w.TellLines(FeedShown, path, 2, 3, nil)
	if got := words(root, w.Diagnostics().Reports("")); got != "a.go 1a 5c" {
		t.Errorf("the same text: %s", got)
	}
	if w.Diagnostics().Fed(path) {
		t.Error("what is shown now and then counts as a feed")
	}
	must(t, w.Update(path, 2, func(b *Buffer) error { return b.Replace(0, 0, "y") }))
	w.TellLines(FeedShown, path, 5, 5, []Diagnostic{problem(5, Error, "d")})
	if got := words(root, w.Diagnostics().Reports("")); got != "a.go 5d" {
		t.Errorf("another text: %s", got)
	}
}

func TestFed(t *testing.T) {
	w := New(folder(t, nil))
	w.Tell(FeedEditor, "/x/a.go", nil)
	for path, want := range map[string]bool{"/x/a.go": true, "/y/b.go": true, "/x/a.py": false, "/x/Makefile": false} {
		if got := w.Diagnostics().Fed(path); got != want {
			t.Errorf("%s: %t", path, got)
		}
	}
	// What was waited for in vain is not waited for again, until the feed speaks of such a file.
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if w.Diagnostics().Fresh(ctx, "/x/a.go", time.Now()) || w.Diagnostics().Fed("/y/b.go") {
		t.Error("a silent feed is waited for")
	}
	if w.Tell(FeedEditor, "/z/c.go", nil); !w.Diagnostics().Fed("/y/b.go") {
		t.Error("a feed that speaks again is not heard")
	}
}

// TestBounded: a feed that floods is cut, the worst kept.
func TestBounded(t *testing.T) {
	list := slices.Repeat([]Diagnostic{problem(1, Hint, "h")}, 2*maxReported)
	list = append(list, problem(7, Error, strings.Repeat("m", 2*maxMessage)))
	got := bounded(list)
	if last := got[len(got)-1]; len(got) != maxReported || last.Severity != Error || len(last.Message) != maxMessage+len("…") {
		t.Errorf("%d kept, the last %d", len(got), last.Severity)
	}
	var d Diagnostics
	for i := range maxReports + 10 {
		d.set("f", Report{Path: fmt.Sprint(i), Time: time.Unix(int64(i), 0)})
	}
	if all := d.Reports(""); len(all) != maxReports || slices.ContainsFunc(all, func(r Report) bool { return r.Path == "9" }) {
		t.Errorf("%d reports are kept", len(all))
	}
}

// TestFresh: what is said is believed once it has been still.
func TestFresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d Diagnostics
		start := time.Now()
		say := func(path string) { d.set("f", Report{Path: path, Time: time.Now()}) }
		say("a")
		if !d.Fresh(t.Context(), "a", time.Time{}) || time.Since(start) != settled {
			t.Errorf("at once: after %s", time.Since(start))
		}
		since := time.Now()
		go func() {
			time.Sleep(time.Second)
			say("b")
			say("a")
			time.Sleep(settled / 2)
			say("a")
		}()
		if !d.Fresh(t.Context(), "a", since) || time.Since(since) != time.Second+settled/2+settled {
			t.Errorf("two in a row: after %s", time.Since(since))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if d.Fresh(ctx, "a", time.Now()) || time.Since(since) < time.Minute {
			t.Errorf("nothing new: after %s", time.Since(since))
		}
	})
}

func TestOlder(t *testing.T) {
	root := folder(t, map[string]string{"a.go": "x\n"})
	w := New(root)
	path := filepath.Join(root, "a.go")
	report := func() Report { return w.Diagnostics().Reports(path)[0] }
	w.Tell("f", path, nil)
	if r := report(); w.Older(r) {
		t.Error("a file on disk that did not change")
	}
	r := report()
	r.Time = r.Time.Add(-time.Hour)
	if !w.Older(r) {
		t.Error("a file that changed on disk")
	}
	w.Open(path, 3, "y\n")
	if !w.Older(report()) {
		t.Error("a file that was opened since")
	}
	w.Tell("f", path, nil)
	if w.Older(report()) {
		t.Error("an open file that did not change")
	}
	must(t, w.Update(path, 4, func(*Buffer) error { return nil }))
	if !w.Older(report()) {
		t.Error("an open file that changed")
	}
	w.Tell("f", filepath.Join(root, "gone.go"), nil)
	if !w.Older(w.Diagnostics().Reports(filepath.Join(root, "gone.go"))[0]) {
		t.Error("a file that is not there")
	}
}
