//go:build realeditors

package editorstest

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"time"
)

// screen is one terminal with an editor in it.
type screen struct {
	*desk
	socket string // of the terminal multiplexer
	shots  int
}

// terminal starts a program of the user's machine in a terminal.
func (d *desk) terminal(words ...string) *screen {
	d.t.Helper()
	d.terminals++
	if *server != "" {
		d.executable(*server, "opencode-lsp")
	}
	s := &screen{desk: d, socket: fmt.Sprintf("oc-%d-%d", os.Getpid(), d.terminals)}
	s.socket += strings.ReplaceAll(d.dir, "/", "-")
	s.tmux(append([]string{"-f", "/dev/null", "new-session", "-d", "-x", fmt.Sprint(d.columns), "-y", fmt.Sprint(d.rows), "--"}, d.command(words...)...)...)
	d.t.Cleanup(s.close)
	s.tmux("set-option", "-g", "escape-time", "0")
	s.tmux("set-option", "-g", "remain-on-exit", "on")
	return s
}

func (s *screen) tmux(args ...string) string {
	s.t.Helper()
	out, err := exec.Command("tmux", append([]string{"-L", s.socket}, args...)...).CombinedOutput()
	if err != nil {
		s.t.Fatalf("tmux %q: %v\n%s", args, err, out)
	}
	return string(out)
}

// close keeps the last screen and ends the terminal and what runs in it; what still writes would be in the way of cleaning.
func (s *screen) close() {
	s.keep("end")
	_ = exec.Command("tmux", "-L", s.socket, "kill-server").Run()
	if s.terminals--; s.terminals > 0 {
		return
	}
	s.until("end of all processes", func() (string, bool) {
		left := s.processes("")
		return fmt.Sprint(left), len(left) == 0
	})
}

// keys presses keys by tmux's names: Enter, Escape, C-c.
func (s *screen) keys(names ...string) {
	s.t.Helper()
	s.tmux(append([]string{"send-keys"}, names...)...)
}

// text types.
func (s *screen) text(text string) {
	s.t.Helper()
	s.tmux("send-keys", "-l", "--", text)
}

// look is what the screen shows.
func (s *screen) look() string {
	out, err := exec.Command("tmux", "-L", s.socket, "capture-pane", "-p").CombinedOutput()
	if err != nil {
		return "no screen: " + err.Error()
	}
	return strings.TrimRight(string(out), "\n")
}

// shows waits until the screen matches.
func (s *screen) shows(pattern string) string {
	s.t.Helper()
	expr := regexp.MustCompile(pattern)
	return s.until("screen with "+pattern, func() (string, bool) {
		now := s.look()
		return now, expr.MatchString(now)
	})
}

// hides waits until the screen matches no more.
func (s *screen) hides(pattern string) {
	s.t.Helper()
	expr := regexp.MustCompile(pattern)
	s.until("screen without "+pattern, func() (string, bool) {
		now := s.look()
		return now, !expr.MatchString(now)
	})
}

// still waits until the screen has not changed for a while.
func (s *screen) still(a time.Duration) {
	s.t.Helper()
	last, since := "", time.Now()
	s.until("a still screen", func() (string, bool) {
		now := s.look()
		if now != last {
			last, since = now, time.Now()
		}
		return now, time.Since(since) >= a
	})
}

// keep saves the screen as an artefact.
func (s *screen) keep(name string) {
	s.shots++
	artefact(s.t, fmt.Sprintf("%d-%s", s.shots, name), s.look()+"\n")
}
