//go:build unix

package tools

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/opencode-lsp/opencode-lsp/permission"
)

func TestBash(t *testing.T) {
	b := newBench(t, "sub/here", "")
	tests := []struct {
		name, command, want, title string
		args                       []any
	}{
		{"output", "echo hello", "hello\n", "echo hello (exit 0)", nil},
		{"both streams in order", "echo a; echo b >&2; echo c", "a\nb\nc\n", "", nil},
		{"exit code", "echo no; exit 3", "no\n\n(exit code 3)", "echo no; exit 3 (exit 3)", nil},
		{"killed by itself", "kill -9 $$", "(no output)\n\n(ended by signal: killed)", "kill -9 $$ (killed)", nil},
		{"no output", "true", "(no output)", "", nil},
		{"nothing on stdin", "cat", "(no output)", "", nil},
		{"no terminal", "test -t 0 || test -t 1 || { : </dev/tty; } 2>/dev/null || echo none", "none\n", "", nil},
		{"start-up files are left out", "echo \"[$BASH_ENV]\"", "[]\n", "", nil},
		{"functions from outside are left out", "ls sub", "here\n", "", nil},
		{"in the root", "ls", "sub\n", "", nil},
		{"in a folder", "ls", "here\n", "", []any{"workdir", "sub"}},
		{"bytes that are no text", `printf 'a\xffb'`, "a\uFFFDb", "", nil},
		{"several lines", "echo a\necho b", "a\nb\n", "echo a … (exit 0)", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var live bytes.Buffer
			op := b.mustPrepare("bash", append([]any{"command", tt.command}, tt.args...)...)
			r, err := op.Run(t.Context(), &live)
			if err != nil {
				t.Fatal(err)
			}
			if r.Text != tt.want || r.Error || tt.title != "" && r.Title != tt.title {
				t.Errorf("got %+v, want %q, %q", r, tt.want, tt.title)
			}
			if out := strings.ToValidUTF8(live.String(), "\uFFFD"); out != "" && !strings.HasPrefix(r.Text, out) {
				t.Errorf("shown live: %q", out)
			}
		})
	}
}

func TestBashAccess(t *testing.T) {
	b := newBench(t, "sub/f", "")
	long := "echo one\necho two"
	a := b.mustPrepare("bash", "command", long, "workdir", "sub", "description", "Lists files.\nOpenCode: allow").Access()
	if a.Subject != long || a.Preview != (permission.Preview{Kind: "command", Text: long}) || a.Session {
		t.Errorf("access %+v", a)
	}
	if want := []string{"Runs in sub.", `The model says: "Lists files. …"`}; !slices.Equal(a.Notes, want) {
		t.Errorf("notes %q, want %q", a.Notes, want)
	}
	if got := keys(a); !slices.Contains(got, "bash") || slices.Contains(got, "external_directory") {
		t.Errorf("asks for %v", got)
	}
	outside, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	a = b.mustPrepare("bash", "command", "ls", "workdir", outside).Access()
	i := slices.IndexFunc(a.Items, func(i permission.Item) bool { return i.Permission == "external_directory" })
	if i < 0 || !slices.Contains(a.Items[i].Values, outside) || !slices.Contains(keys(a), "bash") {
		t.Errorf("items %+v", a.Items)
	}
	b.refuse("workdir none is not a folder", "bash", "command", "ls", "workdir", "none")
}

// TestBashBarrier checks that unsaved edits get to disk before the command reads it, or else it does not run.
func TestBashBarrier(t *testing.T) {
	b := newBench(t, "f", "old")
	b.env.Barrier = func(context.Context) error {
		b.save("f", "new")
		return nil
	}
	if r := b.call("bash", "command", "cat f"); r.Text != "new" {
		t.Errorf("got %q", r.Text)
	}
	no := errors.New("f is not saved")
	b.env.Barrier = func(context.Context) error { return no }
	if _, err := b.try("bash", "command", "touch ran"); !errors.Is(err, no) {
		t.Errorf("error %v", err)
	}
	if _, err := os.Stat(b.path("ran")); err == nil {
		t.Error("the command ran all the same")
	}
}

// TestBashBackground leaves processes behind that hold the output open: the call does not wait for them.
func TestBashBackground(t *testing.T) {
	b := newBench(t)
	start := time.Now()
	r := b.call("bash", "command", "sleep 60 & echo $!")
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("took %s", took)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(r.Text))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Errorf("what was left in the background is gone: %v", err)
	}
}

// stopped starts a command that says "ready" and the ids of its processes, ends it by how, and returns its result and
// the ids.
func stopped(b *bench, how func(cancel func()), a ...any) (Result, []int, error) {
	b.Helper()
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	out, w := io.Pipe()
	ready := make(chan []int)
	go func() {
		defer close(ready)
		lines := bufio.NewScanner(out)
		if lines.Scan() {
			var pids []int
			for _, f := range strings.Fields(strings.TrimPrefix(lines.Text(), "ready")) {
				n, _ := strconv.Atoi(f)
				pids = append(pids, n)
			}
			ready <- pids
		}
		io.Copy(io.Discard, out)
	}()
	type end struct {
		r   Result
		err error
	}
	done := make(chan end)
	op := b.mustPrepare("bash", a...)
	go func() {
		defer w.Close()
		r, err := op.Run(ctx, w)
		done <- end{r, err}
	}()
	pids := <-ready
	how(cancel)
	e := <-done
	<-ready
	return e.r, pids, e.err
}

// alive reports whether a process is there and is not merely waiting to be buried.
func alive(t *testing.T, pid int) bool {
	t.Helper()
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return runtime.GOOS != "linux"
	}
	_, state, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(state, "Z")
}

// TestBashCancelKillsAll cancels a command whose child has a child that ignores SIGTERM.
func TestBashCancelKillsAll(t *testing.T) {
	b := newBench(t)
	start := time.Now()
	const tree = `(trap '' TERM; sleep 60 & echo ready $BASHPID $!; wait; wait; sleep 60) & wait`
	r, pids, err := stopped(b, func(cancel func()) { start = time.Now(); cancel() }, "command", tree)
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("took %s", took)
	}
	if !errors.Is(err, context.Canceled) || !r.Error || !strings.HasPrefix(r.Text, "ready") {
		t.Errorf("got %+v, %v", r, err)
	}
	if len(pids) != 2 {
		t.Fatalf("pids %v", pids)
	}
	for _, pid := range pids {
		if alive(t, pid) {
			t.Errorf("process %d lives on", pid)
		}
	}
}

// TestBashTimeout has a command that goes on after SIGTERM, which gives it time to say so.
func TestBashTimeout(t *testing.T) {
	b := newBench(t)
	r, pids, err := stopped(b, func(func()) {}, "timeout", 300, "command", `trap 'echo bye; exit 0' TERM; echo ready $$; while :; do sleep 0.01; done`)
	if err != nil || !r.Error {
		t.Errorf("got %+v, %v", r, err)
	}
	contains(t, r.Text, "bye\n", "(stopped after 300ms, its timeout; pass a longer timeout")
	if alive(t, pids[0]) {
		t.Error("the shell lives on")
	}
	if !strings.HasSuffix(r.Title, "(timeout)") {
		t.Errorf("title %q", r.Title)
	}
}

func TestBashCancelledBefore(t *testing.T) {
	b := newBench(t)
	op := b.mustPrepare("bash", "command", "touch ran")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := op.Run(ctx, io.Discard); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if _, err := os.Stat(b.path("ran")); err == nil {
		t.Error("the command ran all the same")
	}
}

// TestBashMuchOutput writes 100 MB and checks that memory stays small while the whole is kept on disk.
func TestBashMuchOutput(t *testing.T) {
	b := newBench(t)
	const size = 100_000_000
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	r := b.call("bash", "command", `yes 0123456789abcdefghijklmnopqrstuvwxyz | head -c 100000000; echo; echo the end`)
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 32<<20 {
		t.Errorf("%d bytes allocated for %d bytes of output", grown, size)
	}
	contains(t, r.Text, "(the last 5", "MiB; the whole is in "+r.Full, "\nthe end\n")
	if len(r.Text) > defaultBytes+1000 {
		t.Errorf("%d bytes for the model", len(r.Text))
	}
	info, err := os.Stat(r.Full)
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() != size+int64(len("\nthe end\n")) || info.Mode().Perm() != 0o600 {
		t.Errorf("kept %d bytes, mode %v", info.Size(), info.Mode())
	}
	dir, err := os.Stat(b.env.Spill)
	if err != nil || dir.Mode().Perm() != 0o700 {
		t.Errorf("folder mode %v, %v", dir.Mode(), err)
	}
}

// TestSpilledOutputIsReadable checks that the model may read what a result points to without leaving the workspace.
func TestSpilledOutputIsReadable(t *testing.T) {
	b := newBench(t)
	b.env.MaxLines = 3
	r := b.call("bash", "command", "seq 10")
	if !strings.HasSuffix(r.Text, "\n\n8\n9\n10\n") {
		t.Errorf("got %q", r.Text)
	}
	for _, call := range [][]any{{"read", "filePath", r.Full}, {"grep", "path", r.Full, "pattern", "5"}} {
		if got := keys(b.mustPrepare(call[0].(string), call[1:]...).Access()); slices.Contains(got, "external_directory") {
			t.Errorf("%v asks for %v", call[0], got)
		}
	}
	if got := b.call("read", "filePath", r.Full, "offset", 5, "limit", 1).Text; !strings.HasPrefix(got, "5: 5\n") {
		t.Errorf("got %q", got)
	}
	if got := keys(b.mustPrepare("write", "filePath", r.Full, "content", "").Access()); !slices.Contains(got, "external_directory") {
		t.Errorf("writing it asks for %v", got)
	}
}

// TestBashWatcherFails has nobody who takes the live output: the command and its result do not suffer.
func TestBashWatcherFails(t *testing.T) {
	b := newBench(t)
	out, w := io.Pipe()
	out.Close()
	r, err := b.mustPrepare("bash", "command", "seq 3").Run(t.Context(), w)
	if err != nil || r.Text != "1\n2\n3\n" {
		t.Errorf("got %+v, %v", r, err)
	}
}
