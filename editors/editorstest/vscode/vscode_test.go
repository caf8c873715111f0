//go:build realeditors

package vscode

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/opencode-lsp/opencode-lsp/agent/agenttest"
	"github.com/opencode-lsp/opencode-lsp/editors/editorstest"
)

var (
	program  = flag.String("program", "../../../bin/opencode-lsp", "the server, as `make build` makes it")
	vsix     = flag.String("vsix", "../../../bin/opencode-lsp.vsix", "the extension, as `make vscode` makes it")
	patience = flag.Duration("patience", 6*time.Minute, "how long one scenario may take")
)

// project is the workspace's folder: with a space and a letter that is not ASCII, as people have them.
const project = "Mein Projekt é"

// TestVSCode runs each scenario in a window of its own, two at a time.
func TestVSCode(t *testing.T) {
	tools := install(t)
	extensions := extensions(t, tools)
	scenarios, err := filepath.Glob("*.txtar")
	if err != nil || len(scenarios) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, file := range scenarios {
		name := strings.TrimSuffix(file, ".txtar")
		if name == "latency" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			newDesk(t, tools, extensions).play(name)
		})
	}
	t.Run("newcomer", func(t *testing.T) {
		t.Parallel()
		testNewcomer(t, tools)
	})
}

// TestLatency measures typing, with nothing beside it.
func TestLatency(t *testing.T) {
	tools := install(t)
	newDesk(t, tools, extensions(t, tools)).play("latency")
}

// install is where the installer puts each program.
func install(t *testing.T) map[string]string { return editorstest.Installed(t, "../install-vscode.sh") }

// extensions installs the packed extension into a new folder, as a user would.
func extensions(t *testing.T, tools map[string]string) string {
	t.Helper()
	for _, file := range []string{*program, *vsix} {
		if _, err := os.Stat(file); err != nil {
			t.Fatalf("%v; run `make build vscode` first", err)
		}
	}
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), tools["NODE"], tools["CODE_SERVER"], "--extensions-dir", dir,
		"--user-data-dir", t.TempDir(), "--install-extension", *vsix, "--install-extension", probeExtension(t))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("install the extension: %v\n%s", err, out)
	}
	return dir
}

// desk is one user: a home, a project, a model and a window.
type desk struct {
	*testing.T
	tools      map[string]string
	dir        string
	extensions string
	model      *agenttest.Server
	sent       []string // what some request to the model must hold
}

func newDesk(t *testing.T, tools map[string]string, extensions string) *desk {
	t.Helper()
	dir, err := os.MkdirTemp("", "oc-vsc")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	d := &desk{T: t, tools: tools, dir: dir, extensions: extensions, model: agenttest.New()}
	t.Cleanup(d.model.Close)
	return d
}

func (d *desk) path(elem ...string) string { return filepath.Join(append([]string{d.dir}, elem...)...) }

func (d *desk) write(path string, data []byte) {
	d.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		d.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o755); err != nil {
		d.Fatal(err)
	}
}

// play lays the project out, opens the window and runs the scenario in it.
func (d *desk) play(name string) {
	env := append(os.Environ(), "HOME="+d.path("home"), "XDG_CONFIG_HOME="+d.path("config"), "XDG_DATA_HOME="+d.path("data"),
		"XDG_STATE_HOME="+d.path("state"), "XDG_RUNTIME_DIR="+d.path("run"), "XDG_CACHE_HOME="+d.path("cache"),
		"PATH="+d.path("bin")+":"+os.Getenv("PATH"), "OPENAI_API_KEY=", "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off",
		"GOCACHE="+d.output("go", "env", "GOCACHE"), "OPENCODE_PROBE="+d.path("probe"))
	env = append(env, d.layOut(name)...)
	address := d.startWindow(env)
	d.drive(name, address, env)
	if problems := d.model.Problems(); len(problems) > 0 {
		d.Errorf("the model complains: %q", problems)
	}
	requests := bytes.Join(slices.Collect(func(yield func([]byte) bool) {
		for _, r := range d.model.Requests() {
			if !yield(r) {
				return
			}
		}
	}), nil)
	for _, text := range d.sent {
		if !bytes.Contains(requests, []byte(text)) {
			d.Errorf("the model was not sent %q", text)
		}
	}
}

// layOut writes the scenario's files and the program, and returns the variables that configure the model, if there is one.
// The files below bin/ are the user's PATH; "server" there is the program under another name.
func (d *desk) layOut(name string) []string {
	d.Helper()
	archive, err := txtar.ParseFile(name + ".txtar")
	if err != nil {
		d.Fatal(err)
	}
	server, err := os.ReadFile(*program)
	if err != nil {
		d.Fatal(err)
	}
	d.write(d.path("bin", "server"), server)
	if !slices.ContainsFunc(archive.Files, func(f txtar.File) bool { return strings.HasPrefix(f.Name, "bin/") }) {
		if err := os.Link(d.path("bin", "server"), d.path("bin", "opencode-lsp")); err != nil {
			d.Fatal(err)
		}
	}
	d.write(d.path("run", "keep"), nil)
	// VS Code takes its variables from the user's login shell, which starts from the system's PATH.
	profile := fmt.Sprintf("export PATH='%s:%s'\n", d.path("bin"), os.Getenv("PATH"))
	d.write(d.path("home", ".profile"), []byte(profile))
	d.write(d.path("home", ".bashrc"), []byte(profile))
	var env []string
	more := []byte("{}")
	for _, f := range archive.Files {
		switch dir, _, _ := strings.Cut(f.Name, "/"); dir {
		case "model":
			env = d.script(string(f.Data))
		case "sent":
			d.sent = strings.Split(strings.TrimSpace(string(f.Data)), "\n")
		case "settings.json":
			more = f.Data
		case "bin":
			d.write(d.path(f.Name), f.Data)
		default:
			d.write(d.path(project, f.Name), f.Data)
		}
	}
	d.write(d.path("user", "User", "settings.json"), d.settings(more))
	return env
}

// settings are those of a desktop user, in the browser files save themselves otherwise, and the scenario's own.
func (d *desk) settings(more []byte) []byte {
	d.Helper()
	all := map[string]any{
		"security.workspace.trust.enabled": false, "workbench.startupEditor": "none", "files.autoSave": "off",
		"telemetry.telemetryLevel": "off", "chat.disableAIFeatures": true, "extensions.ignoreRecommendations": true,
		"workbench.secondarySideBar.defaultVisibility": "hidden", "editor.minimap.enabled": false,
		"workbench.colorTheme": "Default Light Modern",
	}
	if err := json.Unmarshal(more, &all); err != nil {
		d.Fatal(err)
	}
	text, err := json.Marshal(all)
	if err != nil {
		d.Fatal(err)
	}
	return text
}

// words is a line of the model's script of our own: that many tokens, 200 a second.
var words = regexp.MustCompile(`(?m)^!words (\d+)$`)

func (d *desk) script(text string) []string {
	d.Helper()
	steps, err := agenttest.Parse(words.ReplaceAllStringFunc(text, func(line string) string {
		n, _ := strconv.Atoi(words.FindStringSubmatch(line)[1])
		return "!slow 5ms\n" + strings.Repeat("Lorem ipsum ", n)
	}))
	if err != nil {
		d.Fatal(err)
	}
	d.model.Add(steps...)
	config, err := json.Marshal(map[string]any{
		"model":    "scripted/model",
		"provider": map[string]any{"scripted": map[string]any{"options": map[string]any{"baseURL": d.model.URL(), "apiKey": "no-secret"}}},
	})
	if err != nil {
		d.Fatal(err)
	}
	return []string{"OPENCODE_CONFIG_CONTENT=" + string(config)}
}

// startWindow starts code-server on the project and returns its address when it listens.
func (d *desk) startWindow(env []string) string {
	d.Helper()
	cmd := exec.CommandContext(d.Context(), d.tools["NODE"], d.tools["CODE_SERVER"], "--auth", "none", "--bind-addr", freeAddress(d.T),
		"--user-data-dir", d.path("user"), "--extensions-dir", d.extensions, "--disable-telemetry", "--disable-update-check",
		"--disable-getting-started-override", d.path(project))
	cmd.Env, cmd.Dir = env, d.dir
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	out, err := cmd.StdoutPipe()
	if err != nil {
		d.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		d.Fatal(err)
	}
	d.Cleanup(func() { cmd.Wait() })
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if _, address, ok := strings.Cut(lines.Text(), "HTTP server listening on "); ok {
			go func() { // drain it until the process ends, so that it never blocks
				for lines.Scan() {
				}
			}()
			return strings.TrimSuffix(strings.TrimSpace(address), "/")
		}
	}
	d.Fatal("code-server did not say where it listens")
	return ""
}

// drive runs the scenario's script in the browser.
func (d *desk) drive(name, address string, env []string) {
	d.Helper()
	screens := os.Getenv("OPENCODE_EDITORS_SCREENS")
	if screens != "" {
		screens, _ = filepath.Abs(screens)
		if err := os.MkdirAll(screens, 0o755); err != nil {
			d.Fatal(err)
		}
	}
	server, err := filepath.Abs(*program)
	if err != nil {
		d.Fatal(err)
	}
	task, err := json.Marshal(map[string]string{
		"name": name, "address": address, "project": d.path(project), "browser": d.path("browser"), "screens": screens,
		"program": server, "dir": d.dir, "bin": d.path("bin"), "probe": d.path("probe"),
		"playwright": d.tools["PLAYWRIGHT"], "chromium": d.tools["CHROMIUM"],
	})
	if err != nil {
		d.Fatal(err)
	}
	cmd := exec.CommandContext(d.Context(), d.tools["NODE"], "run.mjs", "./"+name+".mjs")
	cmd.Env = append(env, "TASK="+string(task))
	cmd.WaitDelay = 5 * time.Second
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	timer := time.AfterFunc(*patience, func() { cmd.Process.Kill() })
	defer timer.Stop()
	err = cmd.Run()
	d.Logf("%s", out.Bytes())
	if err != nil {
		d.Errorf("%s: %v", name, err)
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
