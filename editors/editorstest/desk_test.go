//go:build realeditors

package editorstest

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/opencode-lsp/opencode-lsp/agent/agenttest"
)

// patience bounds every wait for an editor.
var patience = flag.Duration("patience", 20*time.Second, "how long an editor may take for one step")

// program is the server as users get it, built once.
var program = flag.String("program", "", "a static opencode-lsp to test; built when empty")

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	if *program != "" {
		return m.Run()
	}
	dir, err := os.MkdirTemp("", "oc-editors")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	*program = filepath.Join(dir, "opencode-lsp")
	build := exec.Command("go", "build", "-o", *program, "../../cmd/opencode-lsp")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// machine is where an editor is installed: a Debian root below the cache folder, or "" for the machine itself.
type machine struct{ name, suite string }

func (m machine) root(t *testing.T) string {
	t.Helper()
	if m.suite == "" {
		return ""
	}
	cache := os.Getenv("OPENCODE_EDITORS")
	if cache == "" {
		base, err := os.UserCacheDir()
		if err != nil {
			t.Fatal(err)
		}
		cache = filepath.Join(base, "opencode-lsp-editors")
	}
	root := filepath.Join(cache, m.suite)
	if _, err := os.Stat(root); err != nil {
		t.Fatalf("%v; run install.sh first", err)
	}
	return root
}

// desk is a user at work: a home, a project, a scripted model, and what happens on the screen.
type desk struct {
	t         *testing.T
	name      string
	root      string // of the machine
	dir       string // of all that is the user's, as the editor sees it
	model     *agenttest.Server
	env       []string
	terminals int // terminals so far
}

// project is the folder of the sources, with spaces and letters that are not ASCII, as people have them.
const project = "Mein Projekt é"

// newDesk sets up a home and a project of the given files; steps script the model, none for a user without a model.
func newDesk(t *testing.T, m machine, files map[string]string, steps string) *desk {
	t.Helper()
	d := &desk{t: t, name: m.name, root: m.root(t), model: agenttest.New()}
	t.Cleanup(d.model.Close)
	dir, err := os.MkdirTemp(filepath.Join(d.root, "/tmp"), "oc")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	d.dir = strings.TrimPrefix(dir, d.root)
	for _, sub := range []string{"home", "bin", "run", project + "/.git"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range files {
		d.write(name, text)
	}
	d.install()
	d.env = []string{"HOME=" + d.dir + "/home", "PATH=" + d.dir + "/bin:/usr/bin:/bin", "TERM=screen-256color", "LANG=C.UTF-8",
		"XDG_RUNTIME_DIR=" + d.dir + "/run", "TMPDIR=/tmp", "SHELL=/bin/sh"}
	if steps != "" {
		d.script(steps)
		d.env = append(d.env, "OPENCODE_CONFIG_CONTENT="+d.config())
	}
	return d
}

func (d *desk) config() string {
	config, err := json.Marshal(map[string]any{
		"model":    "scripted/model",
		"provider": map[string]any{"scripted": map[string]any{"options": map[string]any{"baseURL": d.model.URL(), "apiKey": "no-secret"}}},
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return string(config)
}

// script gives the model more steps.
func (d *desk) script(steps string) {
	d.t.Helper()
	parsed, err := agenttest.Parse(steps)
	if err != nil {
		d.t.Fatal(err)
	}
	d.model.Add(parsed...)
}

func (d *desk) install() {
	d.t.Helper()
	from, err := os.Open(*program)
	if err != nil {
		d.t.Fatal(err)
	}
	defer from.Close()
	to, err := os.OpenFile(filepath.Join(d.root, d.dir, "bin", "opencode-lsp"), os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		d.t.Fatal(err)
	}
	if _, err := io.Copy(to, from); err != nil {
		d.t.Fatal(err)
	}
	if err := to.Close(); err != nil {
		d.t.Fatal(err)
	}
}

// path is a file of the project as the test sees it.
func (d *desk) path(name string) string { return filepath.Join(d.root, d.dir, project, name) }

func (d *desk) write(name, text string) {
	d.t.Helper()
	path := d.path(name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		d.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) disk(name string) string {
	d.t.Helper()
	text, err := os.ReadFile(d.path(name))
	if err != nil {
		d.t.Fatal(err)
	}
	return string(text)
}

// command is a program of the user's machine, started in the project.
func (d *desk) command(words ...string) []string {
	line := append([]string{"env", "-i"}, d.env...)
	if d.root != "" {
		line = append([]string{"chroot", d.root}, line...)
	}
	line = append(line, "sh", "-c", `cd "$0" && exec "$@"`, d.dir+"/"+project)
	return append(line, words...)
}

// shell runs a program as the user would in another terminal.
func (d *desk) shell(words ...string) (string, error) {
	ctx, cancel := context.WithTimeout(d.t.Context(), *patience)
	defer cancel()
	return d.shellContext(ctx, words...)
}

func (d *desk) shellContext(ctx context.Context, words ...string) (string, error) {
	line := d.command(words...)
	cmd := exec.CommandContext(ctx, line[0], line[1:]...)
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// until polls a condition. It fails with what was last seen when patience ends.
func (d *desk) until(what string, look func() (seen string, ok bool)) string {
	d.t.Helper()
	deadline := time.Now().Add(*patience)
	tick := time.NewTicker(40 * time.Millisecond)
	defer tick.Stop()
	for {
		seen, ok := look()
		if ok {
			return seen
		}
		if time.Now().After(deadline) {
			d.t.Fatalf("%s: %s did not come; there was\n%s\nserver log:\n%s", d.name, what, seen, d.log())
		}
		<-tick.C
	}
}

// log is the tail of the server's log file.
func (d *desk) log() string {
	names, _ := filepath.Glob(filepath.Join(d.root, d.dir, "home/.local/state/opencode-lsp/*.log"))
	var all strings.Builder
	for _, name := range names {
		text, _ := os.ReadFile(name)
		all.Write(text[max(0, len(text)-3000):])
	}
	return all.String()
}

// transcript is all Markdown that the server has written.
func (d *desk) transcript() string {
	names, _ := filepath.Glob(filepath.Join(d.root, d.dir, "home/.local/share/opencode-lsp/transcripts/*.md"))
	var all strings.Builder
	for _, name := range names {
		text, _ := os.ReadFile(name)
		all.Write(text)
	}
	return all.String()
}

// awaitTranscript waits until the transcript holds a text.
func (d *desk) awaitTranscript(text string) {
	d.t.Helper()
	d.until("in the transcript: "+text, func() (string, bool) {
		all := d.transcript()
		return all, strings.Contains(all, text)
	})
}

// awaitRequests waits until the model was asked n times.
func (d *desk) awaitRequests(n int) {
	d.t.Helper()
	d.until(strconv.Itoa(n)+" requests to the model", func() (string, bool) {
		got := len(d.model.Requests())
		return strconv.Itoa(got), got >= n
	})
}

// awaitDisk waits until a file holds a text.
func (d *desk) awaitDisk(name, text string) {
	d.t.Helper()
	d.until(name+" with "+text, func() (string, bool) {
		now := d.disk(name)
		return now, strings.Contains(now, text)
	})
}

// servers are the processes of this desk's server.
func (d *desk) servers() []int {
	entries, _ := os.ReadDir("/proc")
	var pids []int
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		line, _ := os.ReadFile(filepath.Join("/proc", e.Name(), "cmdline"))
		env, _ := os.ReadFile(filepath.Join("/proc", e.Name(), "environ"))
		name, _, _ := strings.Cut(string(line), "\x00")
		if filepath.Base(name) == "opencode-lsp" && strings.Contains(string(env), "HOME="+d.dir+"/home\x00") {
			pids = append(pids, pid)
		}
	}
	return pids
}
