//go:build realeditors

package vscode

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/opencode-lsp/opencode-lsp/agent/agenttest"
)

// readme is the page that a newcomer follows.
const readme = "../../vscode/README.md"

// blocks are the page's set-up steps: commands, and the configuration file.
var blocks = regexp.MustCompile("(?ms)^ *```(sh|json)\n(.*?)^ *```$")

// testNewcomer follows the README to the letter, in a copy of the repository, from a home that holds what Debian puts there:
// each block of commands in a new login shell, the block of configuration into the file that the page names, then the window.
// Go, npm, their caches and VS Code's command `code` are there already.
func testNewcomer(t *testing.T, tools map[string]string) {
	d := newDesk(t, tools, "")
	d.extensions = d.path("extensions")
	answer := agenttest.Step{Text: "A fine beginning."}
	d.model.Add(answer, answer) // doctor may ask too
	d.write(d.path(project, "notes.txt"), []byte("Text.\n"))
	d.write(d.path("bin", "code"), fmt.Appendf(nil, "#!/bin/sh\nexec '%s' '%s' --extensions-dir '%s' --user-data-dir '%s' \"$@\"\n",
		tools["NODE"], tools["CODE_SERVER"], d.extensions, d.path("user")))
	d.copyRepository()
	env := d.newHome()
	page, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range blocks.FindAllStringSubmatch(string(page), -1) {
		if block[1] == "json" {
			d.write(d.path("home", ".config", "opencode", "opencode.json"), d.ownModel(block[2]))
			continue
		}
		cmd := exec.CommandContext(t.Context(), "bash", "-lec", block[2])
		cmd.Dir, cmd.Env = d.path("repository"), env
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", block[2], err, out)
		}
		if strings.Contains(block[2], "doctor") {
			t.Logf("%s", out)
		}
	}
	d.drive("newcomer", d.startWindow(env), env)
}

// ownModel is the page's configuration with the model's address in the place of the example's.
func (d *desk) ownModel(text string) []byte {
	d.Helper()
	const example = "http://127.0.0.1:8080/v1"
	if !strings.Contains(text, example) {
		d.Fatalf("%s does not name %s:\n%s", readme, example, text)
	}
	return []byte(strings.ReplaceAll(text, example, d.model.URL()))
}

// newHome makes the home of a new user and returns the variables of the session: none but what leads to Go, npm and `code`.
func (d *desk) newHome() []string {
	d.Helper()
	if err := os.CopyFS(d.path("home"), os.DirFS("/etc/skel")); err != nil {
		d.Fatal(err)
	}
	path := []string{filepath.Dir(d.tools["NODE"]), d.path("bin")}
	for _, name := range []string{"go", "npm"} {
		file, err := exec.LookPath(name)
		if err != nil {
			d.Fatal(err)
		}
		path = append(path, filepath.Dir(file))
	}
	profile, err := os.OpenFile(d.path("home", ".profile"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		d.Fatal(err)
	}
	defer profile.Close()
	fmt.Fprintf(profile, "\nPATH=\"%s:$PATH\"\n", strings.Join(path, ":"))
	env := []string{"HOME=" + d.path("home"), "PATH=" + os.Getenv("PATH"), "LANG=C.UTF-8"}
	for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOPROXY", "GOSUMDB"} {
		env = append(env, name+"="+d.output("go", "env", name))
	}
	for _, name := range []string{"cache", "registry"} {
		env = append(env, "npm_config_"+name+"="+d.output("npm", "config", "get", name))
	}
	return env
}

// copyRepository copies what git knows or would take, as it is now.
func (d *desk) copyRepository() {
	d.Helper()
	cmd := exec.CommandContext(d.Context(), "bash", "-c",
		`cd ../../.. && mkdir "$0" && git ls-files -z --cached --others --exclude-standard | tar --create --null --files-from - | tar --extract --directory "$0"`,
		d.path("repository"))
	if out, err := cmd.CombinedOutput(); err != nil {
		d.Fatalf("copy the repository: %v\n%s", err, out)
	}
}

// output is what a program prints.
func (d *desk) output(name string, args ...string) string {
	d.Helper()
	out, err := exec.CommandContext(d.Context(), name, args...).Output()
	if err != nil {
		d.Fatalf("%s %s: %v", name, strings.Join(args, " "), err)
	}
	return strings.TrimSpace(string(out))
}
