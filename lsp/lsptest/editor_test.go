package lsptest

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// bubble runs f in a synctest bubble.
func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}

// put writes a file into a new workspace.
func put(t *testing.T, name, text string) (root string) {
	t.Helper()
	root = t.TempDir()
	if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return root
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestTypingReachesTheServer(t *testing.T) {
	const text = "func 𝄞() {\r\n\treturn \"ß\"\r\n}\rlast"
	for _, enc := range []Encoding{UTF8, UTF16, UTF32} {
		for _, change := range []struct{ old, new string }{{"𝄞", "g"}, {"ß", "𝄞𝄞\nx"}, {"\r\n}", ""}, {"last", ""}, {"", "\nmore 𝄞"}} {
			bubble(t, func(t *testing.T) {
				root := put(t, "a.go", text)
				e, p := dial(t, Options{Root: root, Encodings: []Encoding{enc}}, enc)
				must(t, e.Open("a.go"))
				must(t, e.Replace("a.go", change.old, change.new))
				synctest.Wait()
				want := strings.Replace(text, change.old, change.new, 1)
				if change.old == "" {
					want = text + change.new
				}
				buffer, _ := e.Buffer("a.go")
				mirror, version := p.text(e.URI("a.go"))
				if buffer != want || mirror != want || version != 1 {
					t.Errorf("%s: %q for %q: buffer %q, server %q at version %d, want %q", enc, change.new, change.old, buffer, mirror, version, want)
				}
			})
		}
	}
}

func TestUserErrors(t *testing.T) {
	bubble(t, func(t *testing.T) {
		e, _ := dial(t, Options{Root: put(t, "a.go", "x x")}, UTF16)
		must(t, e.Open("a.go"))
		for name, err := range map[string]error{
			"not once":       e.Replace("a.go", "x", "y"),
			"not open":       e.Edit("b.go", 0, 0, "x"),
			"out of bounds":  e.Edit("a.go", 2, 9, ""),
			"no question":    e.Answer(1, "Allow once"),
			"nothing to end": e.CancelTask(""),
			"close twice":    e.CloseFile("b.go"),
		} {
			if err == nil {
				t.Errorf("%s: no error", name)
			}
		}
	})
}

func TestSaveCloseTouchReload(t *testing.T) {
	bubble(t, func(t *testing.T) {
		e, p := dial(t, Options{Root: put(t, "a.go", "one")}, UTF16)
		must(t, e.Open("a.go"))
		must(t, e.Replace("a.go", "one", "two"))
		if disk, _ := e.Disk("a.go"); disk != "one" {
			t.Errorf("typing changed the disk to %q", disk)
		}
		must(t, e.Save("a.go"))
		if disk, _ := e.Disk("a.go"); disk != "two" {
			t.Errorf("saved %q", disk)
		}
		p.call(t, "client/registerCapability", `{"registrations": [{"id": "1", "method": "workspace/didChangeWatchedFiles"}]}`)
		synctest.Wait()
		must(t, e.Touch("a.go", "three"))
		must(t, e.Reload("a.go"))
		synctest.Wait()
		if mirror, _ := p.text(e.URI("a.go")); mirror != "three" {
			t.Errorf("after reload the server has %q", mirror)
		}
		must(t, e.CloseFile("a.go"))
		synctest.Wait()
		want := []string{"initialized", "textDocument/didOpen", "textDocument/didChange", "textDocument/didSave",
			"workspace/didChangeWatchedFiles", "textDocument/didChange", "textDocument/didClose"}
		if !slices.Equal(p.received, want) {
			t.Errorf("the server received %v, want %v", p.received, want)
		}
	})
}

func TestDebounce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		opt := Presets()["neovim"]
		opt.Root = put(t, "a.go", "one")
		e, p := dial(t, opt, UTF8)
		must(t, e.Open("a.go"))
		must(t, e.Replace("a.go", "one", "two"))
		synctest.Wait()
		if mirror, _ := p.text(e.URI("a.go")); mirror != "one" {
			t.Errorf("the change was sent at once: %q", mirror)
		}
		time.Sleep(150 * time.Millisecond)
		synctest.Wait()
		if mirror, version := p.text(e.URI("a.go")); mirror != "two" || version != 3 {
			t.Errorf("after 150 ms the server has %q at version %d", mirror, version)
		}
		must(t, e.Replace("a.go", "two", "three"))
		if _, err := e.Command(t.Context(), "echo", "x"); err != nil {
			t.Fatal(err)
		}
		if mirror, _ := p.text(e.URI("a.go")); mirror != "three" {
			t.Errorf("a request overtook the change: %q", mirror)
		}
	})
}

func TestFullSync(t *testing.T) {
	s, err := readServer([]byte(`{"textDocumentSync": 1}`))
	if err != nil || !s.openClose || s.change != 1 || s.encoding != UTF16 {
		t.Errorf("textDocumentSync 1 is read as %+v, %v", s, err)
	}
	s, err = readServer([]byte(`{"textDocumentSync": {"openClose": true, "change": 2, "save": true}, "positionEncoding": "utf-8"}`))
	if err != nil || s.change != 2 || !s.save || s.saveText || s.encoding != UTF8 {
		t.Errorf("the object is read as %+v, %v", s, err)
	}
}

func TestWrongEncodingIsRefused(t *testing.T) {
	bubble(t, func(t *testing.T) {
		opt := Presets()["vscode"]
		opt.Root = t.TempDir()
		if err := tryDial(t, opt, UTF8); err == nil || !strings.Contains(err.Error(), "utf-8") {
			t.Errorf("VS Code took utf-8: %v", err)
		}
	})
}

func TestAdopt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		root := put(t, "a.go", "one")
		old, _ := dial(t, Options{Root: root}, UTF16)
		must(t, old.Open("a.go"))
		must(t, old.Replace("a.go", "one", "unsaved"))
		old.Close()
		e, p := dial(t, Options{Root: root}, UTF16)
		e.Adopt(old)
		synctest.Wait()
		if mirror, _ := p.text(e.URI("a.go")); mirror != "unsaved" {
			t.Errorf("the new server has %q", mirror)
		}
	})
}

func TestWaitAndTimeout(t *testing.T) {
	bubble(t, func(t *testing.T) {
		e, p := dial(t, Options{Timeout: time.Hour}, UTF16)
		go func() {
			time.Sleep(time.Minute)
			p.conn.Notify(t.Context(), "window/showMessage", map[string]any{"type": 3, "message": "done"})
		}()
		must(t, e.Wait(t.Context(), "a message", func() bool { return len(e.Messages()) == 1 }))
		start := time.Now()
		call := e.StartCommand("hang")
		if err := call.Wait(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "no answer within 1h") {
			t.Errorf("no answer: %v", err)
		}
		if took := time.Since(start); took != time.Hour {
			t.Errorf("waited %v", took)
		}
		call.Cancel()
		synctest.Wait()
		if !slices.Contains(p.received, "$/cancelRequest") {
			t.Errorf("the server received %v", p.received)
		}
		p.conn.Close()
		if err := e.Wait(t.Context(), "what never comes", func() bool { return false }); err == nil || !strings.Contains(err.Error(), "gone") {
			t.Errorf("wait without a server: %v", err)
		}
	})
}
