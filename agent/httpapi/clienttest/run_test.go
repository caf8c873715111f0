//go:build realclients

package clienttest

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// inSteps sorts what lies between the start and the finish of each step: OpenCode's own server tells a text and the call
// after it in either order.
func inSteps(lines []string) []string {
	lines = slices.Clone(lines)
	from := 0
	for i, line := range lines {
		if line == "step_start" || line == "step_finish" {
			slices.Sort(lines[from:i])
			from = i + 1
		}
	}
	return lines
}

// TestRun gives a prompt with `opencode run --attach`, which prints events as they come and rejects what would be asked.
func TestRun(t *testing.T) {
	s := newPlace(t).start(chosen(), asking())
	s.script(`
!for How many
!think I should look.
!slow 20ms
I will read the file, which takes a moment.
call read {"filePath":"calc.go"}

!for How many
!slow 20ms
And now a command, which is rejected.
call bash {"command":"rm calc.go","description":"Remove"}
`)
	cmd := exec.CommandContext(t.Context(), filepath.Join(clients, "opencode"), "run", "--attach", s.url, "--format", "json", "How many lines?")
	home := t.TempDir()
	cmd.Dir, cmd.Env = s.dir, s.environ(map[string]string{"OPENCODE_SERVER_PASSWORD": password, "HOME": home, "XDG_CONFIG_HOME": home + "/config",
		"XDG_DATA_HOME": home + "/data", "XDG_STATE_HOME": home + "/state"})
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var got []string
	for line := range strings.Lines(string(out)) {
		var e struct {
			Type string
			Part struct {
				Text, Tool string
				State      struct{ Status string }
			}
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			continue // what it says of the rejection is for people
		}
		got = append(got, strings.TrimSpace(e.Type+" "+e.Part.Text+e.Part.Tool+" "+e.Part.State.Status))
	}
	want := []string{"step_start", "text I will read the file, which takes a moment.", "tool_use read completed", "step_finish",
		"step_start", "text And now a command, which is rejected.", "tool_use bash error", "step_finish"}
	if !reflect.DeepEqual(inSteps(got), inSteps(want)) {
		t.Errorf("it printed\n%s\nwant\n%s", pretty(got), pretty(want))
	}
}
