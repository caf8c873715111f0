package lsptest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"golang.org/x/tools/txtar"
)

// scriptHost is a server with just enough of an agent for the sample script.
type scriptHost struct {
	t     *testing.T
	peer  *peer
	root  string
	model []json.RawMessage
	turns int
}

func (h *scriptHost) Start(ctx context.Context, world World) (io.ReadWriteCloser, error) {
	ours, theirs := net.Pipe()
	h.root = world.Root
	enc := UTF16
	if strings.HasPrefix(world.Files["editor"], "helix") {
		enc = UTF8
	}
	h.peer = startPeer(theirs, enc)
	h.peer.command = h.command
	go func() {
		_ = h.peer.conn.Notify(ctx, "window/showMessage", map[string]any{"type": 3, "message": "ready"})
	}()
	return ours, nil
}

func (h *scriptHost) Model(steps string) error {
	text, err := json.Marshal(steps)
	h.model = append(h.model, text)
	return err
}

func (h *scriptHost) Requests() []json.RawMessage { return h.model }
func (h *scriptHost) Settle()                     { synctest.Wait() }

func (h *scriptHost) Stop() error {
	<-h.peer.conn.DisconnectNotify()
	return nil
}

func (h *scriptHost) Kill() error {
	if h.peer != nil {
		h.peer.conn.Close()
	}
	return nil
}

// command is opencode.action's fix, a question that holds a command, or an echo.
func (h *scriptHost) command(name string, arg json.RawMessage) (any, error) {
	switch name {
	case "opencode.action":
		h.turns++
		go h.fix(h.turns)
		return map[string]string{"session": fmt.Sprintf("s%d", h.turns)}, nil
	case "hold":
		var reply json.RawMessage
		err := h.peer.conn.Call(context.Background(), "window/showMessageRequest", json.RawMessage(`{"type": 3, "message": "Go on?", "actions": [{"title": "Yes"}]}`), &reply)
		return reply, err
	}
	return arg, nil
}

// fix asks, then edits main.go.
func (h *scriptHost) fix(turn int) {
	ctx, conn, token := context.Background(), h.peer.conn, fmt.Sprintf("opencode/%d", turn)
	progress := func(value string) {
		_ = conn.Notify(ctx, "$/progress", map[string]any{"token": token, "value": json.RawMessage(value)})
	}
	_ = conn.Call(ctx, "window/workDoneProgress/create", map[string]string{"token": token}, nil)
	progress(`{"kind": "begin", "title": "OpenCode", "message": "waits", "cancellable": true}`)
	defer progress(`{"kind": "end"}`)
	var reply struct{ Title string }
	_ = conn.Call(ctx, "window/showMessageRequest", json.RawMessage(fmt.Sprintf(`{"type": 2, "message": "OpenCode #%d edit: main.go (+1 -1) in the workspace root",
		"actions": [{"title": "Show details"}, {"title": "Allow once"}, {"title": "Reject"}]}`, turn)), &reply)
	if reply.Title != "Allow once" {
		return
	}
	uri := fileURI(filepath.Join(h.root, "main.go"), false)
	_, version := h.peer.text(uri)
	_ = conn.Call(ctx, "workspace/applyEdit", json.RawMessage(oneEdit(uri, fmt.Sprint(version), span(0, 34, 35), "+")), nil)
}

// play plays a script in a bubble.
func play(t *testing.T, s Script) (log string, err error) {
	t.Helper()
	var b strings.Builder
	bubble(t, func(t *testing.T) {
		host := &scriptHost{t: t}
		s.Host, s.Dir = host, t.TempDir()
		err = s.Play(t.Context(), &b)
		synctest.Wait()
	})
	return b.String(), err
}

func TestScript(t *testing.T) {
	if log, err := play(t, Script{File: "testdata/sample.txtar"}); err != nil {
		t.Errorf("%v\n%s", err, log)
	}
}

// A script that fails says where and why, and shows what is needed to see the cause.
func TestScriptFails(t *testing.T) {
	const workspace = "-- main.go --\nfunc Add(a, b int) int { return a - b }\n"
	tests := []struct {
		name, script string
		err, log     string
	}{
		{"no question", "open main.go\nasked 'edit'\n", "x.txtar:2: asked edit: no question is open", "--> textDocument/didOpen"},
		{"wrong question", "open main.go\nselect main.go\ndiagnose main.go 'a - b' x\naction Fix\nasked 'bash'\n", "x.txtar:5: asked bash: no open question matches, there is\nOpenCode #1 edit", "[open question 1]"},
		{"no action", "open main.go\nselect main.go\naction Fix\n", `no action "Fix", there are ["Explain"]`, "unlisted"},
		{"no such command", "fly\n", "x.txtar:1: fly: unknown command", ""},
		{"usage", "open\n", "x.txtar:1: open: invalid usage", ""},
		{"golden", "open main.go\ncmp buffer:main.go want/main.go\n-- want/main.go --\nother\n", "buffer:main.go is not what is wanted\n--- want/main.go\n+++ buffer:main.go", ""},
		{"no golden", "open main.go\ncmp buffer:main.go want/none\n", "the script has no file want/none", ""},
		{"not open", "edit main.go a b\n", "main.go is not open: open it first", ""},
		{"bad preset", "-- editor --\ned\n", `no editor "ed": there are eglot, helix`, ""},
		{"outside", "-- ../x --\n", "outside the script's folder", ""},
		{"bad JSON", "command echo {\n", "the argument is not JSON", ""},
	}
	for _, test := range tests {
		file := filepath.Join(t.TempDir(), "x.txtar")
		must(t, os.WriteFile(file, []byte(test.script+workspace), 0o666))
		log, err := play(t, Script{File: file})
		if err == nil || !strings.Contains(err.Error(), test.err) || !strings.Contains(log, test.log) {
			t.Errorf("%s: error %v, want %q; log %s, want %q", test.name, err, test.err, log, test.log)
		}
	}
}

func TestUpdate(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.txtar")
	must(t, os.WriteFile(file, []byte("open a.go\ncmp buffer:a.go want/a.go\n-- a.go --\nnew\n-- want/a.go --\nold\n"), 0o666))
	if log, err := play(t, Script{File: file, Update: true}); err != nil {
		t.Fatalf("%v\n%s", err, log)
	}
	text, err := os.ReadFile(file)
	must(t, err)
	if !strings.HasSuffix(string(text), "-- want/a.go --\nnew\n") {
		t.Errorf("updated to\n%s", text)
	}
	if log, err := play(t, Script{File: file}); err != nil {
		t.Errorf("after the update: %v\n%s", err, log)
	}
}

func TestMerge(t *testing.T) {
	got, err := mergeJSON([]byte(`{"a": {"b": 1, "c": 2}, "d": 3}`), []byte(`{"a": {"c": null, "e": {"f": 4}}, "d": [5]}`))
	if err != nil || string(got) != `{"a":{"b":1,"e":{"f":4}},"d":[5]}` {
		t.Errorf("merged %s, %v", got, err)
	}
	got, err = mergePatches([]byte(`{"a": {"b": null}}`), []byte(`{"a": {"c": null}, "d": 1}`))
	if err != nil || string(got) != `{"a":{"b":null,"c":null},"d":1}` {
		t.Errorf("joined %s, %v", got, err)
	}
}

// The scenarios are played against the server itself in package lsp; here they are read for slips that would make them say
// less than they seem to.
func TestScenariosAreWellFormed(t *testing.T) {
	files, err := filepath.Glob("../testdata/script/*.txtar")
	must(t, err)
	if len(files) < 15 {
		t.Fatalf("there are %d scenarios", len(files))
	}
	known := (&player{}).commands()
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		must(t, err)
		head := string(archive.Comment)
		if !strings.HasPrefix(head, "# ") {
			t.Errorf("%s does not say first what it is for", file)
		}
		for i, line := range strings.Split(head, "\n") {
			_, behind, conditional := strings.Cut(line, "] ") // [!real] wait 1h
			if conditional && strings.HasPrefix(line, "[") {
				line = behind
			}
			words := strings.Fields(strings.TrimLeft(line, "!? "))
			if len(words) > 0 && !strings.HasPrefix(line, "#") && known[words[0]] == nil {
				t.Errorf("%s:%d: unknown command %s", file, i+1, words[0])
			}
		}
		for _, f := range archive.Files {
			if first, _, _ := strings.Cut(f.Name, "/"); (first == "want" || first == "later") && !strings.Contains(head, f.Name) {
				t.Errorf("%s: %s is never used", file, f.Name)
			}
		}
	}
}
