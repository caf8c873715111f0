//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/opencode-lsp/opencode-lsp/agent/agenttest"
	"github.com/opencode-lsp/opencode-lsp/lsp/lsptest"
)

// binary builds the program once for all tests, with the race detector where they have it.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "opencode-lsp-test-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "opencode-lsp")
	args := []string{"build", "-buildvcs=false", "-o", path}
	if raceEnabled() {
		args = append(args, "-race")
	}
	out, err := exec.Command("go", append(args, ".")...).CombinedOutput()
	if err != nil {
		return path, fmt.Errorf("build: %w\n%s", err, out)
	}
	return path, nil
})

// sideBySide is how many tests run at a time that may: those against the real binary wait most of their time.
const sideBySide = "6"

func TestMain(m *testing.M) {
	flag.Parse()
	if f := flag.Lookup("test.parallel"); f.Value.String() == f.DefValue {
		f.Value.Set(sideBySide)
	}
	code := m.Run()
	if path, _ := binary(); path != "" {
		os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

func raceEnabled() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}

// slow plays the patient scripts, too: those that let a minute pass, which costs nothing in a bubble only. `make real` does.
var slow = flag.Bool("slow", false, "play the scripts that take a minute against the real binary, too")

var patient = []string{"actions.txtar", "lie_applied.txtar", "model_errors.txtar", "neovim_stale.txtar", "refuse_edit.txtar", "silent_edit.txtar"}

// The scripts of the folder process need a real process; the others run in a bubble too, which shows that it does not hide
// anything. Scripts that let much time pass stay in the bubble.
func TestScriptsReal(t *testing.T) {
	files, err := filepath.Glob("../../lsp/testdata/process/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	more, err := filepath.Glob("../../lsp/testdata/script/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	files = append(files, slices.DeleteFunc(more, func(file string) bool {
		return !*slow && slices.Contains(patient, filepath.Base(file))
	})...)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			h := newRealHost(t)
			var log strings.Builder
			script := lsptest.Script{File: file, Dir: t.TempDir(), Host: h, Real: true, Scrub: scrub}
			if err := script.Play(t.Context(), &log); err != nil {
				t.Errorf("%v\n%s", err, log.String())
			}
			h.check()
		})
	}
}

// realHost runs the program in a process of its own over stdio, with a home of its own and the model on loopback.
type realHost struct {
	t      *testing.T
	home   *home
	model  *agenttest.Server
	editor *lsptest.Editor
	server *server
}

func newRealHost(t *testing.T) *realHost {
	h := &realHost{t: t, model: agenttest.New(), home: newHome(t)}
	t.Cleanup(h.model.Close)
	h.home.model = h.model.URL()
	return h
}

func (h *realHost) Start(_ context.Context, world lsptest.World) (io.ReadWriteCloser, error) {
	h.home.dir, h.home.rules = world.Home, world.Files["rules"]
	var err error
	h.server, err = h.home.start(world.Root)
	return h.server, err
}

func (h *realHost) Attach(e *lsptest.Editor) { h.editor = e }

func (h *realHost) Model(steps string) error {
	script, err := agenttest.Parse(steps)
	h.model.Add(script...)
	return err
}

func (h *realHost) Requests() []json.RawMessage { return h.model.Requests() }

// How long nothing must pass between editor, server and model before the server counts as settled: longer where it may be at
// work without a word.
const (
	quietIdle = 40 * time.Millisecond
	quietBusy = 600 * time.Millisecond
)

// Settle asks for the status until the answers agree and nothing else has passed meanwhile.
func (h *realHost) Settle() {
	var last string
	var since time.Time
	look := time.NewTicker(quietIdle / 4)
	defer look.Stop()
	for {
		before := h.seen()
		raw, err := h.editor.Command(h.t.Context(), "opencode.status")
		if err != nil {
			return // the script says what that means
		}
		now := string(raw)
		if now != last || h.seen() != before+2 { // the status and its answer
			last, since = now, time.Now()
		}
		quiet := quietIdle
		if h.working(raw) {
			quiet = quietBusy
		}
		if time.Since(since) > quiet {
			return
		}
		<-look.C
	}
}

// working reports whether something is still to come, by the status: a session is at work, a question is not on the
// screen, a task or a request has not ended though no session waits for the user.
func (h *realHost) working(raw json.RawMessage) bool {
	var status struct {
		Sessions []struct{ Status string }
		Pending  []json.RawMessage
	}
	if err := json.Unmarshal(raw, &status); err != nil {
		h.t.Error(err)
	}
	for _, s := range status.Sessions {
		if s.Status == "busy" {
			return true
		}
	}
	if len(status.Pending) > 0 {
		return len(h.editor.OpenQuestions()) == 0
	}
	running := func(p lsptest.Progress) bool { return !p.Ended }
	return slices.ContainsFunc(h.editor.Tasks(), running) || h.unanswered() > 0
}

// unanswered counts the editor's requests without an answer.
func (h *realHost) unanswered() int {
	count := 0
	for _, line := range h.editor.Wire() {
		arrow, rest, _ := strings.Cut(line, " ")
		words := strings.Fields(rest)
		switch {
		case len(words) < 2 || !strings.HasPrefix(words[1], "#"):
		case arrow == "-->" && words[0] != "answer" && words[0] != "error":
			count++
		case arrow == "<--" && (words[0] == "answer" || words[0] == "error"):
			count--
		}
	}
	return count
}

// seen counts what has passed.
func (h *realHost) seen() int { return len(h.editor.Wire()) + len(h.model.Requests()) }

func (h *realHost) Stop() error {
	if code := h.server.wait(); code != 0 {
		return fmt.Errorf("the server ended with code %d", code)
	}
	return nil
}

func (h *realHost) Kill() error {
	if h.server != nil {
		h.server.kill()
	}
	return nil
}

// check is what must hold at the end of any script.
func (h *realHost) check() {
	h.t.Helper()
	h.server.kill()
	if problems := h.model.Problems(); len(problems) > 0 {
		h.t.Errorf("requests that a strict provider refuses: %q", problems)
	}
	if text := h.server.stderr.String(); text != "" {
		h.t.Errorf("stderr, which editors show as errors: %s", text)
	}
}

// home is where the program keeps its things in a test, and what it finds there.
type home struct {
	t          *testing.T
	dir        string
	runtime    string // short, as the name of a unix socket must be
	model      string // base URL
	rules      string
	more       []string // further variables
	lspOptions []string
}

func newHome(t *testing.T) *home {
	runtime, err := os.MkdirTemp("", "ol")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(runtime) })
	return &home{t: t, dir: t.TempDir(), runtime: runtime}
}

// command is a call of the program in a folder.
func (h *home) command(dir string, args ...string) *exec.Cmd {
	h.t.Helper()
	path, err := binary()
	if err != nil {
		h.t.Fatal(err)
	}
	cmd := exec.Command(path, args...)
	cmd.Dir = dir
	vars := environment(lsptest.World{Home: h.dir, Files: map[string]string{"rules": h.rules}}, h.model, "chat")
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "TMPDIR=" + os.TempDir(), "XDG_RUNTIME_DIR=" + h.runtime,
		"GORACE=atexit_sleep_ms=0"} // it would end each process a second later
	for _, name := range []string{"HOME", "OPENCODE_CONFIG_CONTENT", "OPENCODE_PERMISSION"} {
		cmd.Env = append(cmd.Env, name+"="+vars(name))
	}
	cmd.Env = append(cmd.Env, h.more...)
	return cmd
}

// log is a file of the program's log folder.
func (h *home) log() string {
	text, err := os.ReadFile(filepath.Join(h.dir, ".local/state/opencode-lsp/opencode-lsp.log"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		h.t.Error(err)
	}
	return string(text)
}

// server is a language server in a process of its own.
type server struct {
	in, out *os.File
	cmd     *exec.Cmd
	stderr  bytes.Buffer
	ended   chan struct{}
}

// start runs the language server in a folder. It is killed at the end of the test if it still runs.
func (h *home) start(dir string) (*server, error) {
	theirIn, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	out, theirOut, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	s := &server{in: in, out: out, cmd: h.command(dir, append([]string{"lsp", "--stdio"}, h.lspOptions...)...), ended: make(chan struct{})}
	s.cmd.Stdin, s.cmd.Stdout, s.cmd.Stderr = theirIn, theirOut, &s.stderr
	err = s.cmd.Start()
	theirIn.Close()
	theirOut.Close()
	if err != nil {
		return nil, err
	}
	go func() {
		s.cmd.Wait() // the code is in ProcessState
		close(s.ended)
	}()
	h.t.Cleanup(func() { s.kill(); in.Close(); out.Close() })
	return s, nil
}

func (s *server) Read(data []byte) (int, error) { return s.out.Read(data) }

func (s *server) Write(data []byte) (int, error) { return s.in.Write(data) }

// Close ends the server's input, as an editor that goes away does.
func (s *server) Close() error { return s.in.Close() }

// patience is how long a server that must end may take.
const patience = 10 * time.Second

// wait returns the exit code; -1 is a signal, -2 that it does not end and was killed.
func (s *server) wait() int {
	select {
	case <-s.ended:
		return s.cmd.ProcessState.ExitCode()
	case <-time.After(patience):
		s.kill()
		return -2
	}
}

func (s *server) kill() {
	s.cmd.Process.Kill()
	<-s.ended
}
