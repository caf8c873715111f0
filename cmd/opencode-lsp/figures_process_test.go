package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/textproto"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// peer is a language server process and the least client that can speak to it, which costs next to nothing itself.
type peer struct {
	t   *testing.T
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
	id  int
}

// launch starts a server with a home of its own.
func launch(t *testing.T, bin, dir string) *peer {
	t.Helper()
	cmd, ends := startServer(t, bin, dir, privateEnviron(dir, ""))
	return &peer{t: t, cmd: cmd, in: ends, out: bufio.NewReader(ends)}
}

// pipes are a process's stdin and stdout as one connection.
type pipes struct {
	io.Reader
	io.WriteCloser
}

// startServer starts a server on a folder. Who closes the pipes has to wait for it.
func startServer(t *testing.T, bin, dir string, environ []string) (*exec.Cmd, pipes) {
	t.Helper()
	cmd := exec.Command(bin, "--stdio")
	cmd.Dir, cmd.Env = dir, environ
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, pipes{out, in}
}

// privateEnviron keeps a server off the user's own files; model is the base URL of its model.
func privateEnviron(dir, model string) []string {
	config := ""
	if model != "" {
		config = fmt.Sprintf(`{"model": "scripted/model", "provider": {"scripted": {"options": {"baseURL": %q, "apiKey": "none"}}}}`, model)
	}
	home := filepath.Join(dir, ".home")
	return []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "XDG_CONFIG_HOME=" + home + "/config",
		"XDG_DATA_HOME=" + home + "/data", "XDG_STATE_HOME=" + home + "/state", "XDG_RUNTIME_DIR=" + home + "/run",
		"OPENCODE_CONFIG_CONTENT=" + config}
}

func (p *peer) send(message map[string]any) {
	message["jsonrpc"] = "2.0"
	body, err := json.Marshal(message)
	if err != nil {
		p.t.Fatal(err)
	}
	if _, err := fmt.Fprintf(p.in, "Content-Length: %d\r\n\r\n%s", len(body), body); err != nil {
		p.t.Fatalf("write to the server: %v", err)
	}
}

func (p *peer) notify(method string, params any) {
	p.send(map[string]any{"method": method, "params": params})
}

// request returns when the answer is there, an error or not.
func (p *peer) request(method string, params any) {
	p.id++
	p.send(map[string]any{"id": p.id, "method": method, "params": params})
	for {
		header, err := textproto.NewReader(p.out).ReadMIMEHeader()
		if err != nil {
			p.t.Fatalf("%s: read from the server: %v", method, err)
		}
		size, _ := strconv.Atoi(header.Get("Content-Length"))
		body := make([]byte, size)
		if _, err := io.ReadFull(p.out, body); err != nil {
			p.t.Fatalf("%s: read from the server: %v", method, err)
		}
		var m struct {
			ID     int    `json:"id"`
			Method string `json:"method"`
		}
		if json.Unmarshal(body, &m) == nil && m.ID == p.id && m.Method == "" {
			return
		}
	}
}

// initialize announces what a common editor can do.
func (p *peer) initialize() {
	p.request("initialize", map[string]any{
		"processId": os.Getpid(), "rootUri": "file://" + p.cmd.Dir, "clientInfo": map[string]any{"name": "figures"},
		"capabilities": map[string]any{
			"window":    map[string]any{"showMessage": map[string]any{}, "workDoneProgress": true},
			"workspace": map[string]any{"applyEdit": true, "workspaceEdit": map[string]any{"documentChanges": true}},
			"textDocument": map[string]any{"codeAction": map[string]any{"codeActionLiteralSupport": map[string]any{
				"codeActionKind": map[string]any{"valueSet": []string{"quickfix", "refactor"}}}}},
		},
	})
}

func (p *peer) end() {
	p.in.Close()
	io.Copy(io.Discard, p.out)
	p.cmd.Wait() // a server that loses its editor exits with 1
}

// measureStart is the time from the start of the process to the answer to initialize.
func measureStart(t *testing.T, b binaries) []figure {
	dir := t.TempDir()
	var ended []*peer
	start := func(bin string) func() {
		return func() {
			p := launch(t, bin, dir)
			p.initialize()
			ended = append(ended, p)
		}
	}
	one := func(bin string) float64 {
		took := milliseconds(start(bin))
		ended[len(ended)-1].end()
		return took
	}
	var ours, bare []float64
	for range 21 {
		ours, bare = append(ours, one(b.ours)), append(bare, one(b.bare))
	}
	return []figure{{name: "1 start to initialize answered", unit: "ms", ours: median(ours[1:]), than: "bare server", theirs: median(bare[1:]), atMost: 20}}
}

// idleFor is how long a server rests before its memory is looked at.
const idleFor = 2 * time.Second

// measureMemory is the proportional set size of an idle server.
func measureMemory(t *testing.T, b binaries) []figure {
	dir := t.TempDir()
	one := func(bin string) float64 {
		p := launch(t, bin, dir)
		defer p.end()
		p.initialize()
		p.notify("initialized", struct{}{})
		<-time.After(idleFor)
		return residentSize(t, p.cmd.Process.Pid)
	}
	var ours, bare []float64
	for range 3 {
		ours, bare = append(ours, one(b.ours)), append(bare, one(b.bare))
	}
	return []figure{{name: "2 idle memory (PSS)", unit: "MB", ours: median(ours), than: "bare server", theirs: median(bare), atMost: 25}}
}

// residentSize is a process's PSS in MB; NaN where the system does not tell.
func residentSize(t *testing.T, pid int) float64 {
	rollup, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		t.Logf("no memory figure on this system: %v", err)
		return median(nil)
	}
	pss := regexp.MustCompile(`(?m)^Pss:\s+(\d+) kB`).FindSubmatch(rollup)
	if pss == nil {
		t.Fatalf("no Pss in %s", rollup)
	}
	kb, err := strconv.Atoi(string(pss[1]))
	if err != nil {
		t.Fatal(err)
	}
	return float64(kb) * 1024 / 1e6
}

// keystrokes is how many changes are sent in one go, so that the wait for the answer that ends them does not count.
const keystrokes = 1000

// measureChanges types in the middle of a document of 100,000 lines. The yardstick reads the notification and does nothing.
func measureChanges(t *testing.T, b binaries) []figure {
	ours, bare := openLarge(t, b.ours), openLarge(t, b.bare)
	defer ours.end()
	defer bare.end()
	version := 1
	a, c := alternate(5, func() { version = ours.typeText(version) }, func() { bare.typeText(version) })
	return []figure{{name: "6 didChange, 100,000 lines", unit: "ms", ours: a / keystrokes, than: "bare server", theirs: c / keystrokes, atMost: 1}}
}

func openLarge(t *testing.T, bin string) *peer {
	p := launch(t, bin, t.TempDir())
	p.initialize()
	p.notify("initialized", struct{}{})
	p.notify("textDocument/didOpen", map[string]any{"textDocument": map[string]any{
		"uri": p.uri(), "languageId": "go", "version": 1, "text": strings.Repeat("func answer() int { return 42 } // äöü\n", 100_000)}})
	return p
}

func (p *peer) uri() string { return "file://" + p.cmd.Dir + "/large.go" }

// typeText sends the keystrokes, all over the document, and waits until the server has taken them.
func (p *peer) typeText(version int) int {
	for i := range keystrokes {
		version++
		at := map[string]any{"line": i * 97 % 100_000, "character": 12}
		p.notify("textDocument/didChange", map[string]any{
			"textDocument":   map[string]any{"uri": p.uri(), "version": version},
			"contentChanges": []any{map[string]any{"range": map[string]any{"start": at, "end": at}, "text": "x"}},
		})
	}
	p.request("figures/done", struct{}{}) // unknown, and refused in its turn
	return version
}
