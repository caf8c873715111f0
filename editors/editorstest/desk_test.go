//go:build realeditors

package editorstest

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/opencode-lsp/opencode-lsp/agent/agenttest"
)

// desk is a user at work: a home, a project, a scripted model, and what happens on the screen.
type desk struct {
	t         *testing.T
	name      string
	root      string // of the machine
	dir       string // of all that is the user's, as the editor sees it
	model     *agenttest.Server
	env       []string
	terminals int // that run
	columns   int // of a terminal
	rows      int
}

// project is the folder of the sources, with spaces and letters that are not ASCII, as people have them.
const project = "Mein Projekt é"

// newDesk sets up a home and a project of the given files; steps script the model, none for a user without a model.
func newDesk(t *testing.T, m machine, files map[string]string, steps string) *desk {
	t.Helper()
	d := &desk{t: t, name: m.name, root: m.root(t), model: agenttest.New(), columns: 140, rows: 40}
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
	d.install("opencode-lsp")
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

// install puts one of our programs into the user's PATH.
func (d *desk) install(program string) {
	d.t.Helper()
	d.executable(filepath.Join(programs, program), program)
}

// stranger puts a program of the server's name into the PATH that is something else.
func (d *desk) stranger() {
	d.t.Helper()
	d.impostor(`echo "unknown command $1" >&2; exit 2`)
}

// older puts a server from before the editors' plugins in the place of ours: it says its version, follows documents, and
// knows no command.
func (d *desk) older() {
	d.t.Helper()
	d.install("aide")
	d.impostor(`[ "$1" = version ] && { echo "opencode-lsp 0.0.1"; exit; }; exec aide lint`)
}

// impostor puts a shell script in the place of the server.
func (d *desk) impostor(text string) {
	d.t.Helper()
	script := filepath.Join(d.t.TempDir(), "script")
	if err := os.WriteFile(script, []byte("#!/bin/sh\n"+text+"\n"), 0o700); err != nil {
		d.t.Fatal(err)
	}
	d.executable(script, "opencode-lsp")
}

// executable copies a program into the PATH. Written by this process it could be "busy" when it is run: what another test
// starts at that moment has inherited the file.
func (d *desk) executable(from, as string) {
	d.t.Helper()
	if out, err := exec.Command("cp", "--remove-destination", from, d.outside("bin/"+as)).CombinedOutput(); err != nil {
		d.t.Fatalf("%v: %s", err, out)
	}
}

// remove takes something of the user's away.
func (d *desk) remove(name string) {
	d.t.Helper()
	if err := os.RemoveAll(d.outside(name)); err != nil {
		d.t.Fatal(err)
	}
}

// outside is a file of the user's as the test sees it.
func (d *desk) outside(name string) string { return filepath.Join(d.root, d.dir, name) }

// says runs one of our program's subcommands, which prints one line with a text in it.
func (d *desk) says(text string, words ...string) {
	d.t.Helper()
	out, err := d.shell(append([]string{"opencode-lsp"}, words...)...)
	if err != nil || !strings.Contains(out, text) || strings.Count(out, "\n") != 1 {
		d.t.Fatalf("%q: %v\n%s", words, err, out)
	}
}

// told checks that the model's last request holds a text.
func (d *desk) told(text string) {
	d.t.Helper()
	requests := d.model.Requests()
	if last := string(requests[len(requests)-1]); !strings.Contains(last, text) {
		d.t.Errorf("the model was not told %q:\n%s", text, last)
	}
}

// crash kills this desk's servers.
func (d *desk) crash() {
	d.t.Helper()
	for _, pid := range d.servers() {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			d.t.Fatal(err)
		}
	}
}

// path is a file of the project as the test sees it.
func (d *desk) path(name string) string { return d.outside(filepath.Join(project, name)) }

func (d *desk) write(name, text string) {
	d.t.Helper()
	d.writeOutside(filepath.Join(project, name), text)
}

func (d *desk) writeOutside(name, text string) {
	d.t.Helper()
	path := d.outside(name)
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
