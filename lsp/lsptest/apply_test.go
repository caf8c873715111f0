package lsptest

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
)

// oneEdit is an applyEdit of one document with one edit.
func oneEdit(uri, version, where, text string) string {
	return fmt.Sprintf(`{"edit": {"documentChanges": [{"textDocument": {"uri": %q, "version": %s}, "edits": [{"range": %s, "newText": %q}]}]}}`,
		uri, version, where, text)
}

// span is a range in one line.
func span(line, start, end int) string {
	return fmt.Sprintf(`{"start": {"line": %d, "character": %d}, "end": {"line": %[1]d, "character": %[3]d}}`, line, start, end)
}

// What each editor does with an edit to the current version, to an older one and to a file that is not open. The user has
// typed "// " in front of the first line since the server saw the older one, which is not version 0: Neovim does not look
// at that.
func TestPresetsApply(t *testing.T) {
	const first, typed = "a - b\nend\n", "// a - b\nend\n\n"
	tests := []struct {
		editor                 string
		current, stale, closed string // the answers
		afterStale             string
	}{
		{"vscode", `{"applied":true}`, `{"applied":false}`, `{"applied":true}`, typed},
		{"neovim", `{"applied":true}`, `{"applied":true}`, `{"applied":true}`, typed},
		{"helix", `{"applied":true}`, `{"applied":false,"failureReason":"document has changed","failedChange":0}`, `{"applied":true}`, typed},
		{"zed", `{"applied":true}`, `{"applied":true}`, `{"applied":true}`, "// a + b\nend\n\n"},
		{"eglot", `{"applied":true}`, `error -32603`, `{"applied":true}`, typed},
		{"kate", "error -32601", "error -32601", "error -32601", typed},
	}
	for _, test := range tests {
		t.Run(test.editor, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				opt, err := Preset(test.editor)
				must(t, err)
				opt.Root = put(t, "a.go", first)
				e, p := dial(t, opt, UTF16)
				must(t, e.Touch("b.go", first))
				must(t, e.Open("a.go"))
				must(t, e.Replace("a.go", "", "\n"))
				old := e.Buffers()[0].Version
				must(t, e.Edit("a.go", 0, 0, "// "))
				apply := func(params string) string { return answer(p.call(t, "workspace/applyEdit", params)) }

				if got := apply(oneEdit(e.URI("a.go"), fmt.Sprint(old), span(0, 2, 3), "+")); got != test.stale {
					t.Errorf("a stale edit is answered %s, want %s", got, test.stale)
				}
				if text, _ := e.Buffer("a.go"); text != test.afterStale {
					t.Errorf("after a stale edit the buffer is %q, want %q", text, test.afterStale)
				}
				version := e.Buffers()[0].Version
				if got := apply(oneEdit(e.URI("a.go"), fmt.Sprint(version), span(1, 0, 3), "fin")); got != test.current {
					t.Errorf("an edit is answered %s, want %s", got, test.current)
				}
				if got := apply(oneEdit(e.URI("b.go"), "null", span(1, 0, 3), "fin")); got != test.closed {
					t.Errorf("an edit of a closed file is answered %s, want %s", got, test.closed)
				}
				if _, err := e.Command(t.Context(), "echo"); err != nil { // flushes
					t.Fatal(err)
				}
				for _, name := range []string{"a.go", "b.go"} {
					text, open := e.Buffer(name)
					mirror, v := p.text(e.URI(name))
					if open && (mirror != text || test.editor != "kate" && strings.Contains(text, "end") || v <= 0) {
						t.Errorf("%s is %q here and %q at version %d there", name, text, mirror, v)
					}
				}
				if disk, _ := e.Disk("b.go"); disk != first {
					t.Errorf("the edit of a closed file went to disk: %q", disk)
				}
			})
		})
	}
}

// answer is the JSON of an answer, or its error code.
func answer(wait func() (string, error)) string {
	result, err := wait()
	if err != nil {
		return fmt.Sprintf("error %d", code(err))
	}
	return result
}

func TestFlagsApply(t *testing.T) {
	tests := []struct {
		name   string
		flags  Behaviour
		answer string
		want   string
	}{
		{"lie", Behaviour{LieApplied: true}, `{"applied":true}`, "a - b\n"},
		{"refuse", Behaviour{RefuseEdits: true}, `{"applied":false,"failureReason":"the user declined the edit","failedChange":0}`, "a - b\n"},
		{"refuse and lie", Behaviour{RefuseEdits: true, AlwaysApplied: true}, `{"applied":true}`, "a - b\n"},
		{"none", Behaviour{NoApplyEdit: true}, "error -32601", "a - b\n"},
		{"good", Behaviour{}, `{"applied":true}`, "a + b\n"},
	}
	for _, test := range tests {
		bubble(t, func(t *testing.T) {
			e, p := dial(t, Options{Root: put(t, "a.go", "a - b\n"), Behaviour: test.flags}, UTF16)
			must(t, e.Open("a.go"))
			got := answer(p.call(t, "workspace/applyEdit", oneEdit(e.URI("a.go"), "0", span(0, 2, 3), "+")))
			text, _ := e.Buffer("a.go")
			if got != test.answer || text != test.want {
				t.Errorf("%s: answered %s with %q, want %s with %q", test.name, got, text, test.answer, test.want)
			}
		})
	}
}

func TestSilentApply(t *testing.T) {
	bubble(t, func(t *testing.T) {
		e, p := dial(t, Options{Root: put(t, "a.go", "a - b\n"), Behaviour: Behaviour{SilentApply: true}}, UTF16)
		must(t, e.Open("a.go"))
		answered := false
		wait := p.call(t, "workspace/applyEdit", oneEdit(e.URI("a.go"), "0", span(0, 2, 3), "+"))
		go func() {
			_, err := wait()
			answered = err == nil
		}()
		synctest.Wait()
		if text, _ := e.Buffer("a.go"); answered || text != "a - b\n" {
			t.Errorf("answered %v, buffer %q", answered, text)
		}
	})
}

// Several edits at once: with characters outside the BMP, CRLF, in both orders of reporting.
func TestSeveralEdits(t *testing.T) {
	const text = "𝄞 one\r\ntwo 𝄞 two\r\nthree"
	const want = "𝄞 ONE!\r\ntwo  two\r\n\r\nTHREE"
	edits := func(uri string) string {
		return fmt.Sprintf(`{"edit": {"documentChanges": [{"textDocument": {"uri": %q, "version": 0}, "edits": [
			{"range": %s, "newText": "ONE!"}, {"range": %s, "newText": ""}, {"range": %s, "newText": "\nTHREE"}]}]}}`,
			uri, span(0, 3, 6), span(1, 4, 6), span(2, 0, 5))
	}
	for _, flags := range []Behaviour{{NormalizeEOL: true}, {NormalizeEOL: true, Ascending: true}} {
		bubble(t, func(t *testing.T) {
			e, p := dial(t, Options{Root: put(t, "a.go", text), Behaviour: flags}, UTF16)
			must(t, e.Open("a.go"))
			got := answer(p.call(t, "workspace/applyEdit", edits(e.URI("a.go"))))
			synctest.Wait()
			buffer, _ := e.Buffer("a.go")
			mirror, version := p.text(e.URI("a.go"))
			if got != `{"applied":true}` || buffer != want || mirror != want || version != 1 {
				t.Errorf("%+v: answered %s, buffer %q, server %q at version %d", flags, got, buffer, mirror, version)
			}
		})
	}
}

func TestFileOperations(t *testing.T) {
	op := func(format string, args ...any) string {
		return `{"edit": {"documentChanges": [` + fmt.Sprintf(format, args...) + `]}}`
	}
	bubble(t, func(t *testing.T) {
		e, p := dial(t, Options{Root: put(t, "a.go", "text")}, UTF16)
		create := func(name, options string) string {
			return answer(p.call(t, "workspace/applyEdit", op(`{"kind": "create", "uri": %q, "options": {%s}}`, e.URI(name), options)))
		}
		if got := create("new/x.go", `"ignoreIfExists": true`); got != `{"applied":true}` {
			t.Errorf("create: %s", got)
		}
		if got := create("a.go", `"ignoreIfExists": true`); got != `{"applied":true}` {
			t.Errorf("create what exists: %s", got)
		}
		if disk, _ := e.Disk("a.go"); disk != "text" {
			t.Errorf("create emptied a file that exists: %q", disk)
		}
		if got := create("a.go", ""); !strings.Contains(got, "exists") {
			t.Errorf("create without ignoreIfExists: %s", got)
		}
		if got := answer(p.call(t, "workspace/applyEdit", op(`{"kind": "rename", "oldUri": %q, "newUri": %q}`, e.URI("a.go"), e.URI("b.go")))); got != `{"applied":true}` {
			t.Errorf("rename: %s", got)
		}
		if got := answer(p.call(t, "workspace/applyEdit", op(`{"kind": "delete", "uri": %q}`, e.URI("b.go")))); got != `{"applied":true}` {
			t.Errorf("delete: %s", got)
		}
		if _, err := e.Disk("b.go"); err == nil {
			t.Error("the deleted file is there")
		}
	})
}

func TestLazyCreateAndMissing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		opt := Presets()["neovim"]
		opt.Root = t.TempDir()
		e, p := dial(t, opt, UTF16)
		got := answer(p.call(t, "workspace/applyEdit", `{"edit": {"documentChanges": [{"kind": "create", "uri": "`+e.URI("x.go")+`", "options": {"ignoreIfExists": true}}]}}`))
		if _, err := e.Disk("x.go"); err == nil || got != `{"applied":true}` {
			t.Errorf("Neovim made a file for CreateFile with ignoreIfExists: %s", got)
		}
	})
	bubble(t, func(t *testing.T) {
		opt := Presets()["vscode"]
		opt.Root = t.TempDir()
		e, p := dial(t, opt, UTF16)
		if got := answer(p.call(t, "workspace/applyEdit", oneEdit(e.URI("x.go"), "null", span(0, 0, 0), "x"))); got != `{"applied":false}` {
			t.Errorf("VS Code edits a file that does not exist: %s", got)
		}
	})
}

func TestHiddenBuffers(t *testing.T) {
	for _, unknown := range []bool{false, true} {
		bubble(t, func(t *testing.T) {
			e, p := dial(t, Options{Root: put(t, "a.go", "old"), Behaviour: Behaviour{NoDidOpenForHidden: unknown}}, UTF16)
			answer(p.call(t, "workspace/applyEdit", oneEdit(e.URI("a.go"), "null", span(0, 0, 3), "new")))
			synctest.Wait()
			got := e.Buffers()[0]
			mirror, _ := p.text(e.URI("a.go"))
			if !got.Hidden || !got.Modified || got.Synced == unknown || (mirror == "new") == unknown {
				t.Errorf("unknown %v: %+v, server %q", unknown, got, mirror)
			}
			must(t, e.Open("a.go"))
			synctest.Wait()
			if mirror, _ := p.text(e.URI("a.go")); mirror != "new" || e.Buffers()[0].Hidden {
				t.Errorf("opened by the user the server has %q", mirror)
			}
		})
	}
}
