//go:build unix

package servers

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/opencode-lsp/opencode-lsp/workspace"
)

// bench is a workspace with one server for .x files.
type bench struct {
	*testing.T
	root    string
	ws      *workspace.Workspace
	servers *Servers
	config  Config

	mu    sync.Mutex
	notes []string
}

func newBench(t *testing.T, manner string, opt Options) *bench {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{T: t, root: root, ws: workspace.New(root)}
	opt.Workspace, opt.Environ = b.ws, os.Environ
	opt.Notify = func(text string) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.notes = append(b.notes, text)
	}
	b.servers = New(opt)
	t.Cleanup(b.servers.Close)
	b.config = Config{Name: "fake", Command: []string{self}, Extensions: []string{".x"}, Environ: []string{mannerVariable + "=" + manner, "LSP_TEST_PID=" + b.path("pid")}}
	b.servers.Configure([]Config{b.config})
	return b
}

func (b *bench) path(name string) string { return filepath.Join(b.root, name) }

func (b *bench) write(name, text string) string {
	b.Helper()
	if err := os.WriteFile(b.path(name), []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	return b.path(name)
}

// until waits for a state that another process brings about.
func (b *bench) until(what string, ok func() bool) {
	b.Helper()
	deadline := time.After(30 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			b.Fatalf("%s did not come: %+v, %q", what, b.servers.Status(), b.told())
		}
	}
}

func (b *bench) told() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string{}, b.notes...)
}

// examine has the file looked at and gives what is said of it.
func (b *bench) examine(path string) string {
	b.Helper()
	since := time.Now()
	if !b.servers.Examine(path) {
		b.Fatalf("nobody looks at %s: %+v", path, b.servers.Status())
	}
	ctx, cancel := context.WithTimeout(b.Context(), 30*time.Second)
	defer cancel()
	if !b.ws.Diagnostics().Fresh(ctx, path, since) {
		b.Fatalf("nothing is said of %s: %+v", path, b.servers.Status())
	}
	var out []string
	for _, r := range b.ws.Diagnostics().Reports(path) {
		for _, p := range r.List {
			out = append(out, fmt.Sprintf("%d:%d %s %s: %s", p.Line, p.Column, p.Severity, p.Source, p.Message))
		}
	}
	return strings.Join(out, "; ")
}

func (b *bench) want(got, want string) {
	b.Helper()
	if got != want {
		b.Errorf("%q is said, want %q", got, want)
	}
}

// TestBuffers: a server sees what the user sees, in the open buffers and on disk, and speaks in our columns.
func TestBuffers(t *testing.T) {
	t.Parallel()
	for _, manner := range []string{"push", "pull"} {
		t.Run(manner, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, manner, Options{})
			a, other := b.write("a.x", "fine\n"), b.write("b.x", "fine\n")
			b.ws.Open(a, 1, "é𝄞 BAD\n")
			b.ws.Open(other, 1, "fine\n")
			b.ws.Open(b.write("c.y", ""), 1, "")
			b.want(b.examine(a), "1:4 error fake: bad, 2 open")
			if err := b.ws.Update(a, 2, func(buf *workspace.Buffer) error { return buf.Replace(0, 0, "\n") }); err != nil {
				t.Fatal(err)
			}
			b.want(b.examine(a), "2:4 error fake: bad, 2 open")
			if r := b.ws.Diagnostics().Reports(a)[0]; b.ws.Older(r) {
				t.Errorf("a fresh report counts as old: %+v", r)
			}
			b.ws.Close(a)
			if manner == "pull" {
				b.want(b.examine(a), "")
			}
			b.write("a.x", "BAD")
			b.want(b.examine(a), "1:1 error fake: bad, 2 open")
			if err := os.Remove(a); err != nil {
				t.Fatal(err)
			}
			b.want(b.examine(b.write("d.x", "BAD")), "1:1 error fake: bad, 2 open") // the removed one is closed
			if b.servers.Examine(b.path("c.y")) {
				t.Error("a file of another kind is looked at")
			}
		})
	}
}

// TestLate: what a server says of an older text than it has is passed over.
func TestLate(t *testing.T) {
	t.Parallel()
	b := newBench(t, "late", Options{})
	a := b.write("a.x", "BAD\n")
	b.want(b.examine(a), "1:1 error fake: bad, 1 open")
	b.write("a.x", "fine\n")
	b.servers.Examine(a)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if b.ws.Diagnostics().Fresh(ctx, a, time.Now()) {
		t.Error("it was taken for fresh")
	}
}

// TestCrash: a server that ends is said once, left alone for a moment, and tried again.
func TestCrash(t *testing.T) {
	t.Parallel()
	b := newBench(t, "push", Options{})
	a := b.write("a.x", "BAD\n")
	b.want(b.examine(a), "1:1 error fake: bad, 1 open")
	b.write("a.x", "CRASH")
	b.servers.Examine(a)
	b.until("the crash", func() bool { return len(b.told()) > 0 })
	if got := b.told()[0]; got != "OpenCode: the language server fake does not work: it ended; its last words: out of order" {
		t.Errorf("the user is told %q", got)
	}
	if len(b.ws.Diagnostics().Reports("")) > 0 {
		t.Error("what it said is still believed")
	}
	if b.servers.Examine(a) {
		t.Error("it is asked at once")
	}
	b.write("a.x", "BAD BAD")
	b.until("its second start", func() bool { return b.servers.Examine(a) && b.servers.Status()[0].Running })
	b.want(b.examine(b.write("b.x", "BAD")), "1:1 error fake: bad, 2 open")
	if len(b.told()) != 1 {
		t.Errorf("the user is told %q", b.told())
	}
}

// TestUseless has programs that are no language servers. Nobody waits for them.
func TestUseless(t *testing.T) {
	t.Parallel()
	for manner, want := range map[string]string{"garbage": "initialize: it ended, or does not speak LSP on stdout", "absent": "there is no such program; install it or mend \"lsp\" in opencode.json"} {
		t.Run(manner, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, manner, Options{})
			if manner == "absent" {
				b.config.Command = []string{"no-such-language-server"}
				b.servers.Configure([]Config{b.config})
			}
			b.servers.Examine(b.write("a.x", "BAD"))
			b.until("word of it", func() bool { return len(b.told()) > 0 })
			if got := b.told()[0]; !strings.Contains(got, want) {
				t.Errorf("the user is told %q, want %q", got, want)
			}
			if s := b.servers.Status()[0]; s.Running || !strings.Contains(s.Reason, want) {
				t.Errorf("status %+v", s)
			}
		})
	}
}

// TestStuck has servers that never answer, or stop reading: they are ended all the same.
func TestStuck(t *testing.T) {
	t.Parallel()
	for _, manner := range []string{"silent", "deaf"} {
		t.Run(manner, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, manner, Options{})
			if manner == "deaf" {
				b.servers.Examine(b.write("0.x", ""))
				b.until("its start", func() bool { return b.servers.Status()[0].Running })
			}
			for i := range 40 { // more than a pipe holds
				b.servers.Examine(b.write(fmt.Sprintf("%d.x", i), strings.Repeat("x", 10<<10)))
			}
			begun := time.Now()
			b.servers.Close()
			if took := time.Since(begun); took > 10*time.Second {
				t.Errorf("its end took %s", took)
			}
			if b.servers.Examine(b.path("0.x")) {
				t.Error("it is asked after its end")
			}
		})
	}
}

func pidOf(b *bench) int {
	text, err := os.ReadFile(b.path("pid"))
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(string(text))
	if err != nil {
		return 0
	}
	return pid
}

// TestTree: a server's children end with it, when it is idle, when it is configured away, and at the end.
func TestTree(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*bench){
		"idle":            func(*bench) {},
		"configured away": func(b *bench) { b.servers.Configure(nil) },
		"the end":         func(b *bench) { b.servers.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			opt := Options{}
			if name == "idle" {
				opt.Idle = 500 * time.Millisecond
			}
			b := newBench(t, "parent", opt)
			a := b.write("a.x", "BAD")
			b.want(b.examine(a), "1:1 error fake: bad, 1 open")
			pid := pidOf(b)
			if pid == 0 {
				t.Fatal("it has no child")
			}
			end(b)
			b.until("the end of the child", func() bool { return syscall.Kill(pid, 0) != nil || zombie(pid) })
			b.until("that it is forgotten", func() bool { return len(b.ws.Diagnostics().Reports("")) == 0 })
			if name == "idle" {
				b.want(b.examine(a), "1:1 error fake: bad, 1 open")
			}
			if len(b.told()) > 0 {
				t.Errorf("the user is told %q", b.told())
			}
		})
	}
}

// zombie reports whether a process has ended and waits for whoever adopted it.
func zombie(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && strings.Contains(string(stat), ") Z ")
}

// TestConfigureKeeps: a server that stays as it is goes on.
func TestConfigureKeeps(t *testing.T) {
	t.Parallel()
	b := newBench(t, "push", Options{})
	b.want(b.examine(b.write("a.x", "BAD")), "1:1 error fake: bad, 1 open")
	b.servers.Configure([]Config{{Name: "other", Command: []string{"x"}}, b.config})
	b.want(b.examine(b.write("b.x", "BAD")), "1:1 error fake: bad, 2 open")
	b.config.Environ = append(b.config.Environ, "A=1")
	b.servers.Configure([]Config{b.config})
	b.want(b.examine(b.write("c.x", "BAD")), "1:1 error fake: bad, 1 open")
}

func TestKnown(t *testing.T) {
	last := ""
	for _, k := range Known() {
		if k.Name <= last || len(k.Command) == 0 || len(k.Extensions) == 0 {
			t.Errorf("%+v", k)
		}
		last = k.Name
	}
	for path, want := range map[string]string{"a.go": "go", "a.tsx": "typescriptreact", "a.PY": "python", "Dockerfile": "dockerfile", "a.unknown": "unknown", "a.h": "c"} {
		if got := languageOf(path); got != want {
			t.Errorf("%s is %s", path, got)
		}
	}
}
