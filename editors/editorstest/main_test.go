//go:build realeditors

package editorstest

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// patience bounds every wait for an editor.
var patience = flag.Duration("patience", 30*time.Second, "how long an editor may take for one step")

// update writes the screens that README.md shows anew.
var update = flag.Bool("update", false, "write the screens of README.md")

// server is an earlier build of the server, to see that today's plugins get along with it.
var server = flag.String("server", "", "a program to run in the editors, set up as ever, in the place of the server that is built here")

// programs is the folder of the server as users get it and of aide, built once.
var programs string

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	var err error
	if programs, err = os.MkdirTemp("", "oc-editors"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(programs)
	build := exec.Command("go", "build", "-tags", "realeditors", "-o", programs, "./aide", "../../cmd/opencode-lsp")
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

// everyMachine runs a scenario with each of some editors, several at a time.
func everyMachine(t *testing.T, machines []machine, scenario func(t *testing.T, m machine)) {
	t.Parallel()
	for _, m := range machines {
		t.Run(strings.ReplaceAll(m.name, " ", ""), func(t *testing.T) {
			t.Parallel()
			scenario(t, m)
		})
	}
}

// artefact saves a text beside others of the run, where a folder for them is named.
func artefact(t *testing.T, name, text string) {
	dir := os.Getenv("OPENCODE_EDITORS_SCREENS")
	if dir == "" {
		return
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Error(err)
	}
	name = strings.ReplaceAll(t.Name(), "/", "-") + "-" + name + ".txt"
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
		t.Error(err)
	}
}
