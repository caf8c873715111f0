//go:build realclients

package clienttest

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// usage is what a tree of processes has used.
type usage struct {
	cpu      time.Duration // by all of them, and by those that have ended
	pss, rss float64       // MB, together
}

// tick is the unit of /proc's times on every Linux that Go runs on.
const tick = time.Second / 100

// measure looks at a process and all that descend from it.
func measure(pid int) usage {
	var all usage
	for _, pid := range append(descendants(pid), pid) {
		all.add(pid)
	}
	return all
}

func (u *usage) add(pid int) {
	dir := filepath.Join("/proc", strconv.Itoa(pid))
	stat, err := os.ReadFile(filepath.Join(dir, "stat"))
	if err != nil {
		return // it has ended; its parent has its times
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	for _, field := range fields[11:15] { // utime, stime, cutime, cstime
		n, _ := strconv.Atoi(field)
		u.cpu += time.Duration(n) * tick
	}
	rollup, _ := os.ReadFile(filepath.Join(dir, "smaps_rollup"))
	for line := range strings.Lines(string(rollup)) {
		var kb float64
		if n, _ := fmt.Sscanf(line, "Pss: %f kB", &kb); n == 1 {
			u.pss += kb * 1024 / 1e6
		} else if n, _ := fmt.Sscanf(line, "Rss: %f kB", &kb); n == 1 {
			u.rss += kb * 1024 / 1e6
		}
	}
}

func descendants(pid int) []int {
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	var all []int
	for _, list := range lists {
		children, _ := os.ReadFile(list)
		for _, field := range strings.Fields(string(children)) {
			if child, err := strconv.Atoi(field); err == nil {
				all = append(append(all, child), descendants(child)...)
			}
		}
	}
	return all
}

// watch samples memory until it is told to stop, and then returns the peaks.
func watch(t *testing.T, pid int) (stop func() usage) {
	t.Helper()
	done, peaks := make(chan struct{}), make(chan usage)
	go func() {
		var peak usage
		for {
			now := measure(pid)
			peak.pss, peak.rss = max(peak.pss, now.pss), max(peak.rss, now.rss)
			select {
			case <-done:
				peaks <- peak
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	return func() usage { close(done); return <-peaks }
}
