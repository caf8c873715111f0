//go:build realeditors || servebrowser

package editorstest

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Installed runs an installer of this folder, by its path, and returns where it says that each program is: its lines are
// NAME=path.
func Installed(t *testing.T, script string) map[string]string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), script)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v", script, err)
	}
	programs := map[string]string{}
	for line := range strings.Lines(string(out)) {
		name, path, _ := strings.Cut(strings.TrimSpace(line), "=")
		programs[name] = path
	}
	return programs
}
