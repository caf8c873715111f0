//go:build realclients

package clienttest

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// patience bounds every wait for a server or a client.
var patience = flag.Duration("patience", 30*time.Second, "how long a server or a client may take for one step")

// program is the server as users get it, built once; clients the folder that install.sh has filled.
var program, clients string

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	out, err := exec.Command("./install.sh").Output()
	if err != nil {
		fmt.Fprintf(os.Stderr, "install.sh: %v\n", err)
		return 1
	}
	clients = string(out[:len(out)-1])
	dir, err := os.MkdirTemp("", "oc-clients")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "opencode-lsp")
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", program, "../../../cmd/opencode-lsp")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}
