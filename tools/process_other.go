//go:build !unix

package tools

import (
	"os"
	"os/exec"
)

// Without process groups only the command itself can be stopped.

func ownGroup(*exec.Cmd) {}

func terminateGroup(cmd *exec.Cmd) { killGroup(cmd) }

// killGroup kills the command; an error says that it has ended already.
func killGroup(cmd *exec.Cmd) { _ = cmd.Process.Kill() }

func groupAlive(*exec.Cmd) bool { return false }

func signalName(*os.ProcessState) string { return "" }
