//go:build realclients

package clienttest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// screen is a terminal with `opencode attach` in it.
type screen struct {
	t      *testing.T
	socket string // of the terminal multiplexer
	shots  int
}

// attach starts OpenCode's terminal program on a server, with a home of its own.
func (s *server) attach(t *testing.T, args ...string) *screen {
	t.Helper()
	home := t.TempDir()
	env := s.environ(map[string]string{"HOME": home, "XDG_CONFIG_HOME": home + "/config", "XDG_DATA_HOME": home + "/data",
		"XDG_STATE_HOME": home + "/state", "OPENCODE_SERVER_PASSWORD": password})
	line := append([]string{"env", "-i"}, env...)
	line = append(line, filepath.Join(clients, "opencode"), "attach", s.url, "--dir", s.dir)
	c := &screen{t: t, socket: fmt.Sprintf("oc-clients-%d", os.Getpid())}
	c.tmux(append([]string{"-f", "/dev/null", "new-session", "-d", "-x", "120", "-y", "40", "-c", s.dir, "--"}, append(line, args...)...)...)
	t.Cleanup(c.close)
	c.tmux("set-option", "-g", "escape-time", "0")
	return c
}

func (c *screen) tmux(args ...string) {
	c.t.Helper()
	if out, err := exec.Command("tmux", append([]string{"-L", c.socket}, args...)...).CombinedOutput(); err != nil {
		c.t.Fatalf("tmux %q: %v\n%s", args, err, out)
	}
}

func (c *screen) close() {
	c.keep("end")
	_ = exec.Command("tmux", "-L", c.socket, "kill-server").Run()
}

// keys presses keys by tmux's names.
func (c *screen) keys(names ...string) {
	c.t.Helper()
	c.tmux(append([]string{"send-keys"}, names...)...)
}

// text types, and waits until it stands there.
func (c *screen) text(text string) {
	c.t.Helper()
	c.tmux("send-keys", "-l", "--", text)
	c.shows(regexp.QuoteMeta(text))
}

func (c *screen) look() string {
	out, err := exec.Command("tmux", "-L", c.socket, "capture-pane", "-p").CombinedOutput()
	if err != nil {
		return "no screen: " + err.Error()
	}
	return strings.TrimRight(string(out), "\n")
}

// shows waits until the screen matches.
func (c *screen) shows(pattern string) {
	c.t.Helper()
	expr := regexp.MustCompile(pattern)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(*patience); !expr.MatchString(c.look()); <-tick.C {
		if time.Now().After(deadline) {
			c.t.Fatalf("the screen does not show %s; it shows\n%s", pattern, c.look())
		}
	}
}

// keep saves the screen in the folder that OPENCODE_EDITORS_SCREENS names, as the tests of editors do.
func (c *screen) keep(name string) {
	dir := os.Getenv("OPENCODE_EDITORS_SCREENS")
	if dir == "" {
		return
	}
	c.shots++
	if err := os.MkdirAll(dir, 0o755); err != nil {
		c.t.Error(err)
	}
	path := filepath.Join(dir, fmt.Sprintf("%s-%d-%s.txt", strings.ReplaceAll(c.t.Name(), "/", "-"), c.shots, name))
	if err := os.WriteFile(path, []byte(c.look()+"\n"), 0o644); err != nil {
		c.t.Error(err)
	}
}
