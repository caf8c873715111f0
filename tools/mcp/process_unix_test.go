//go:build unix

package mcp

import (
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A server is gone when its program is, whatever that leaves behind.
func TestOrphan(t *testing.T) {
	t.Parallel()
	d := serve(t, map[string]string{"child": "child"})
	pid, err := strconv.Atoi(d.text("child_pid", `{}`))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.call("child_crash", `{}`); err == nil || !strings.Contains(err.Error(), "it ended; its last words: panic: out of cheese") {
		t.Errorf("%v", err)
	}
	d.until("the end of the server's child", func() bool { return syscall.Kill(pid, 0) != nil })
}

// At the end nothing is left: neither a server that stays when its input ends, nor what a server has started.
func TestEnd(t *testing.T) {
	t.Parallel()
	d := serve(t, map[string]string{"stays": "stays", "child": "child"})
	pid, err := strconv.Atoi(d.text("child_pid", `{}`))
	if err != nil {
		t.Fatal(err)
	}
	if pid == 0 || syscall.Kill(pid, 0) != nil {
		t.Fatalf("no child %d", pid)
	}
	start := time.Now()
	d.Close()
	if took := time.Since(start); took > 8*time.Second {
		t.Errorf("the end took %s", took)
	}
	d.until("the end of the server's child", func() bool { return syscall.Kill(pid, 0) != nil })
}
