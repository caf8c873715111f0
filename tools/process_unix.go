//go:build unix

package tools

import (
	"os"
	"os/exec"
	"syscall"
)

// ownGroup starts the command as the leader of a new session, and so of a new process group: it can be stopped with all
// its children, and none of them can ask for a password on the terminal that the editor runs in.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }

func terminateGroup(cmd *exec.Cmd) { signalGroup(cmd, syscall.SIGTERM) }

func killGroup(cmd *exec.Cmd) { signalGroup(cmd, syscall.SIGKILL) }

// groupAlive reports whether any process of the group is left.
func groupAlive(cmd *exec.Cmd) bool { return signalGroup(cmd, 0) == nil }

// signalGroup sends to the group, whose id is the leader's and is not given to another process while a member lives.
func signalGroup(cmd *exec.Cmd, s syscall.Signal) error { return syscall.Kill(-cmd.Process.Pid, s) }

// signalName names the signal that ended the process, "" where none did.
func signalName(state *os.ProcessState) string {
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return status.Signal().String()
	}
	return ""
}
