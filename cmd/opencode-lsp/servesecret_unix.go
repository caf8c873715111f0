//go:build unix

package main

import (
	"context"
	"io/fs"
	"os"
	"os/signal"
	"syscall"
)

// private reports whether nobody but its owner can read a file.
func private(info fs.FileInfo) bool { return info.Mode().Perm()&0o077 == 0 }

// rotations gives the signals that ask for a new password.
func rotations() (<-chan os.Signal, func()) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGUSR1)
	return c, func() { signal.Stop(c) }
}

// untilHangup ends with the terminal, too: a server must not outlive the window that it was started in, unless it was started
// under nohup.
func untilHangup(ctx context.Context) (context.Context, context.CancelFunc) {
	if signal.Ignored(syscall.SIGHUP) {
		return context.WithCancel(ctx)
	}
	return signal.NotifyContext(ctx, syscall.SIGHUP)
}
