//go:build unix

package workspace

import "syscall"

// mkfifo makes a file that would block whoever opens it.
func mkfifo(path string) error { return syscall.Mkfifo(path, 0o600) }
