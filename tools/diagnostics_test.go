package tools

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/opencode-lsp/opencode-lsp/permission"
	"github.com/opencode-lsp/opencode-lsp/workspace"
)

func at(line int, severity workspace.Severity, message string) workspace.Diagnostic {
	return workspace.Diagnostic{Line: line, Column: 3, Severity: severity, Source: "vet", Message: message}
}

func (b *bench) tell(name string, list ...workspace.Diagnostic) {
	b.env.Workspace.Tell(workspace.FeedEditor, b.path(name), list)
}

func TestDiagnostics(t *testing.T) {
	b := newBench(t, "a.go", "x\n", "b.go", "x\n", ".env", "KEY=1\n")
	contains(t, b.call("diagnostics").Text, "Nothing is known. No language server reports on it here: run")
	contains(t, b.call("diagnostics", "filePath", "a.go").Text, "Nothing is known of a.go.")
	b.open("a.go", "x\n")
	b.tell("b.go", at(9, workspace.Warning, "unused\n  thing\u202e"), at(2, workspace.Error, "undefined: x"))
	b.tell("a.go", at(1, workspace.Hint, "longer"))
	r := b.call("diagnostics")
	contains(t, r.Text, "a.go:1:3 hint vet: longer\n(a.go: reported 0 seconds ago)\nb.go:2:3 error vet: undefined: x\nb.go:9:3 warning vet: unused thing‹U+202E›\n(b.go: ")
	if r.Title != "3 problems in 2 files" {
		t.Errorf("title %q", r.Title)
	}
	b.open("a.go", "y\n") // the same version counts as the same text; an edit has another
	b.env.Workspace.Open(b.path("a.go"), 2, "y\n")
	contains(t, b.call("diagnostics").Text, "(a.go: reported 0 seconds ago; it changed since, so this may be older than the text)")
	b.tell("b.go")
	contains(t, b.call("diagnostics", "filePath", "b.go").Text, "No problems in b.go (reported 0 seconds ago).")
	b.tell(".env", at(1, workspace.Error, "KEY=1 is short"))
	b.env.MayRead = func(abs string) bool { return !strings.HasSuffix(abs, ".env") }
	if text := b.call("diagnostics").Text; strings.Contains(text, "KEY") {
		t.Errorf("a secret: %s", text)
	}
	if got := judge(b.mustPrepare("diagnostics", "filePath", ".env")); got != permission.Ask {
		t.Errorf("a secret by name: %s", got)
	}
	if got := judge(b.mustPrepare("diagnostics", "filePath", "a.go")); got != permission.Allow {
		t.Errorf("a file: %s", got)
	}
	many := []workspace.Diagnostic{}
	for i := range 450 {
		many = append(many, at(i+1, workspace.Error, "bad"))
	}
	b.tell("b.go", many...)
	text := b.call("diagnostics", "filePath", "b.go").Text
	contains(t, text, "b.go:200:3 error", "(250 more; name a file, or mend these first)")
	if strings.Contains(text, "b.go:201:") {
		t.Error("more than the most")
	}
}

// TestErrorsAfterEdit: new errors come with the result of the edit that brought them, once they are settled.
func TestErrorsAfterEdit(t *testing.T) {
	b := newBench(t, "a.go", "one\n", "b.py", "one\n")
	synctest.Test(t, func(t *testing.T) {
		b := &bench{t, b.env, b.set, b.root}
		edit := func(name string, old, new string, say func()) string {
			go func() {
				time.Sleep(100 * time.Millisecond)
				say()
			}()
			return b.call("edit", "filePath", name, "oldString", old, "newString", new).Text
		}
		b.tell("a.go", at(1, workspace.Error, "old"), at(2, workspace.Warning, "meh"))
		start := time.Now()
		text := edit("a.go", "one", "two", func() {
			b.tell("a.go")
			time.Sleep(200 * time.Millisecond)
			b.tell("a.go", at(5, workspace.Error, "old"), at(7, workspace.Error, "new\u202e"), at(8, workspace.Warning, "meh"))
		})
		want := fmt.Sprintf("\n\nThis edit brought errors, please fix:\n<diagnostics file=%q>\nERROR [7:3] new‹U+202E›\n</diagnostics>\n(1 error from before remain)", b.path("a.go"))
		if !strings.HasSuffix(text, want) || time.Since(start) > time.Second {
			t.Errorf("after %s: %q, want %q", time.Since(start), text, want)
		}
		if text := edit("a.go", "two", "three", func() { b.tell("a.go", at(5, workspace.Error, "old")) }); strings.Contains(text, "ERROR") {
			t.Errorf("nothing new: %q", text)
		}
		many := []workspace.Diagnostic{}
		for i := range 25 {
			many = append(many, at(1, workspace.Error, fmt.Sprint("e", i)))
		}
		contains(t, edit("a.go", "three", "four", func() { b.tell("a.go", many...) }), "ERROR [1:3] e19\n... and 5 more\n</diagnostics>")
		start = time.Now()
		if text := edit("a.go", "four", "five", func() {}); strings.Contains(text, "ERROR") || time.Since(start) != freshWithin {
			t.Errorf("a silent feed, after %s: %q", time.Since(start), text)
		}
		start = time.Now()
		if edit("b.py", "one", "two", func() {}); time.Since(start) > 0 {
			t.Errorf("a file without a feed: %s", time.Since(start))
		}
		synctest.Wait()
		time.Sleep(time.Second)
	})
}

// TestExamine: language servers of our own are told of the file before anything is waited for.
func TestExamine(t *testing.T) {
	b := newBench(t, "a.go", "one\n")
	b.env.Examine = func(path string) bool {
		text := b.text("a.go")
		b.env.Workspace.Tell("gopls", path, []workspace.Diagnostic{at(1, workspace.Error, "no "+strings.TrimSpace(text))})
		return true
	}
	contains(t, b.call("edit", "filePath", "a.go", "oldString", "one", "newString", "two").Text, "ERROR [1:3] no two")
	contains(t, b.call("diagnostics", "filePath", "a.go").Text, "a.go:1:3 error vet: no two")
}
