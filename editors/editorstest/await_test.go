//go:build realeditors

package editorstest

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

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
			d.t.Fatalf("%s: %s did not come; there was\n%s\nserver log:\n%s\ntranscript:\n%s", d.name, what, seen, d.log(), d.transcript())
		}
		<-tick.C
	}
}

// log is the tail of the server's log file.
func (d *desk) log() string {
	names, _ := filepath.Glob(d.outside("home/.local/state/opencode-lsp/*.log"))
	var all strings.Builder
	for _, name := range names {
		text, _ := os.ReadFile(name)
		all.Write(text[max(0, len(text)-3000):])
	}
	return all.String()
}

// transcript is all Markdown that the server has written.
func (d *desk) transcript() string {
	names, _ := filepath.Glob(d.outside("home/.local/share/opencode-lsp/transcripts/*.md"))
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
func (d *desk) servers() []int { return d.processes("opencode-lsp") }

// awaitServers waits until n servers answer and stay: Helix starts its servers again when a workspace becomes trusted.
func (d *desk) awaitServers(n int) []int {
	d.t.Helper()
	var last []int
	since := time.Now()
	d.until(strconv.Itoa(n)+" servers", func() (string, bool) {
		now := slices.DeleteFunc(d.servers(), func(pid int) bool {
			sockets, _ := filepath.Glob(d.outside("run/opencode-lsp/*-" + strconv.Itoa(pid) + ".sock"))
			return len(sockets) == 0
		})
		if !slices.Equal(now, last) {
			last, since = now, time.Now()
		}
		return fmt.Sprint(now), len(now) == n && time.Since(since) > 500*time.Millisecond
	})
	return last
}

// processes are this desk's, those of one program where it is named.
func (d *desk) processes(program string) []int {
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
		if (program == "" || filepath.Base(name) == program) && strings.Contains(string(env), "HOME="+d.dir+"/home\x00") {
			pids = append(pids, pid)
		}
	}
	return pids
}
