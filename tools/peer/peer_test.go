//go:build unix

package peer

import (
	"bufio"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tliron/commonlog"
)

func start(t *testing.T, script string) *Process {
	t.Helper()
	p, err := Start(Program{
		Name: "it", Command: []string{"sh", "-c", script}, Dir: t.TempDir(), Environ: os.Environ(), Setting: `"command"`, Log: commonlog.GetLogger("peer"),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

// A program is found by its own PATH and from its own folder, and never by a relative part of PATH.
func TestFind(t *testing.T) {
	dir, bin := t.TempDir(), t.TempDir()
	for _, path := range []string{filepath.Join(bin, "tool"), filepath.Join(dir, "sub", "local")} {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct{ command, path, want, fault string }{
		{"tool", bin, filepath.Join(bin, "tool"), ""},
		{"tool", "/nowhere:" + bin, filepath.Join(bin, "tool"), ""},
		{"./sub/local", bin, filepath.Join(dir, "sub", "local"), ""},
		{"local", "sub:.", "", `its command local cannot be run: there is no such program; install it or mend "command"`},
		{"tool", "", "", "its command tool cannot be run"},
		{"/no/such", bin, "", "its command /no/such cannot be run"},
	} {
		environ := []string{"PATH=/usr/bin", "PATH=" + test.path} // the last one counts
		got, err := find(Program{Command: []string{test.command}, Dir: dir, Environ: environ, Setting: `"command"`})
		if got != test.want && err == nil || (err == nil) != (test.fault == "") {
			t.Errorf("%s with PATH %q: %q, %v", test.command, test.path, got, err)
		}
		if err != nil && (!strings.Contains(err.Error(), test.fault) || !errors.Is(err, ErrNotFound)) {
			t.Errorf("%s: %v", test.command, err)
		}
	}
}

func TestConversation(t *testing.T) {
	t.Parallel()
	p := start(t, `while read line; do echo "heard $line"; done; echo "that was all" >&2; exit 3`)
	in := bufio.NewReader(p)
	for _, word := range []string{"one", "two"} {
		if _, err := io.WriteString(p, word+"\n"); err != nil {
			t.Fatal(err)
		}
		if line, err := in.ReadString('\n'); line != "heard "+word+"\n" {
			t.Errorf("%q, %v", line, err)
		}
	}
	if err := p.CloseInput(); err != nil {
		t.Fatal(err)
	}
	if !p.gone(10 * time.Second) {
		t.Fatal("it stays when its input ends")
	}
	lost := errors.New("it ended")
	if err := p.Why(lost); !errors.Is(err, lost) || err.Error() != "it ended; its last words: that was all" {
		t.Error(err)
	}
	if p.Why(nil) != nil {
		t.Error("words without a loss")
	}
}

// Close leaves nothing: neither a program that wants to stay, nor its children. It may be called again.
func TestClose(t *testing.T) {
	t.Parallel()
	p := start(t, `trap "" TERM; sleep 600 & echo $!; while :; do sleep 1; done`)
	var child int
	line, err := bufio.NewReader(p).ReadString('\n')
	for _, digit := range strings.TrimSpace(line) {
		child = 10*child + int(digit-'0')
	}
	if err != nil || child == 0 {
		t.Fatalf("%q, %v", line, err)
	}
	begun := time.Now()
	p.Close()
	p.Close()
	if took := time.Since(begun); took > 10*time.Second {
		t.Errorf("the end took %s", took)
	}
	if _, err := p.Read(make([]byte, 1)); err == nil {
		t.Error("it can still be read from")
	}
	if syscall.Kill(p.cmd.Process.Pid, 0) == nil {
		t.Error("it lives")
	}
	if err := syscall.Kill(child, 0); err == nil {
		state, _ := os.ReadFile(filepath.Join("/proc", strings.TrimSpace(line), "stat"))
		if !strings.Contains(string(state), ") Z ") { // dead, and nobody has fetched it yet
			t.Errorf("its child lives: %s", state)
		}
	}
}
