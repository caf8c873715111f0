package tools

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"time"
)

// How long processes get between being told to stop and being killed, and how long output is waited for once the command
// itself has ended but something that it left running holds the pipe.
const (
	graceTimeout = 3 * time.Second
	graceCancel  = time.Second
	lastOutput   = 200 * time.Millisecond
	// checkGroup is how often a group that was told to stop is looked at.
	checkGroup = 10 * time.Millisecond
)

// command is one run of a program: of a shell with text, for the bash tool.
type command struct {
	text    string
	argv    []string
	dir     target
	environ []string
	timeout time.Duration
}

// ending is what became of a command.
type ending struct {
	// code is the exit code; signal names what killed it, "" where it ended by itself.
	code   int
	signal string
	// stopped is "timeout" or "cancelled" where we ended it.
	stopped string
}

// String is the ending in two words, for a title.
func (e ending) String() string {
	switch {
	case e.stopped != "":
		return e.stopped
	case e.signal != "":
		return e.signal
	default:
		return fmt.Sprintf("exit %d", e.code)
	}
}

// note is the ending for the model; "" for success.
func (e ending) note(c command) string {
	switch {
	case e.stopped == "timeout":
		return fmt.Sprintf("stopped after %s, its timeout; pass a longer timeout, or run less", c.timeout)
	case e.stopped != "":
		return "cancelled by the user"
	case e.signal != "":
		return "ended by signal: " + e.signal
	case e.code != 0:
		return fmt.Sprintf("exit code %d", e.code)
	default:
		return ""
	}
}

// run runs the command in a process group of its own, with stdout and stderr in the order of their writing to w and
// nothing on stdin. It returns when the command has ended, even where something that it left in the background goes on.
// When ctx ends or the time is up the whole group is stopped; ctx's error is returned.
func (c command) run(ctx context.Context, w io.Writer) (ending, error) {
	if err := ctx.Err(); err != nil {
		return ending{stopped: "cancelled"}, err
	}
	cmd := exec.Command(c.argv[0], c.argv[1:]...)
	cmd.Dir, cmd.Env = c.dir.Abs, c.environ
	cmd.Stdout, cmd.Stderr = w, w // the same writer: one pipe, so the order is kept
	cmd.WaitDelay = lastOutput
	ownGroup(cmd)
	if err := cmd.Start(); err != nil {
		return ending{}, fmt.Errorf("start %s: %w", c.argv[0], err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }() // it ends with this function, which reads done in every case
	timer := time.NewTimer(c.timeout)
	defer timer.Stop()
	select {
	case err := <-done:
		return c.ended(cmd, err)
	case <-ctx.Done():
		stop(cmd, done, graceCancel)
		return ending{stopped: "cancelled"}, ctx.Err()
	case <-timer.C:
		stop(cmd, done, graceTimeout)
		return ending{stopped: "timeout"}, nil
	}
}

// ended reads how the command ended by itself.
func (c command) ended(cmd *exec.Cmd, err error) (ending, error) {
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) && !errors.Is(err, exec.ErrWaitDelay) {
		return ending{}, fmt.Errorf("run %s: %w", c.argv[0], err)
	}
	return ending{code: cmd.ProcessState.ExitCode(), signal: signalName(cmd.ProcessState)}, nil
}

// OwnGroup makes a command that has not started yet the leader of a process group of its own, so that [StopGroup] ends it
// with all its children.
func OwnGroup(cmd *exec.Cmd) { ownGroup(cmd) }

// StopGroup tells a started command and its children to end and kills what is left of them after grace. done gives what
// cmd.Wait returned and is read here, also where the command has ended long ago.
func StopGroup(cmd *exec.Cmd, done <-chan error, grace time.Duration) { stop(cmd, done, grace) }

// stop tells the group to end, kills what is left of it after grace, and returns when the command itself has ended and
// its output is closed.
func stop(cmd *exec.Cmd, done <-chan error, grace time.Duration) {
	g := group{cmd: cmd, done: done}
	terminateGroup(cmd)
	if !g.gone(grace) {
		killGroup(cmd)
		g.gone(lastOutput) // it takes the kernel a moment
	}
	if g.done != nil {
		<-g.done
	}
}

// group is a process group on its way out.
type group struct {
	cmd *exec.Cmd
	// done tells when the leader has ended; nil once it has.
	done <-chan error
}

// gone waits, not longer than most, until the leader has ended and no other process of the group is left.
func (g *group) gone(most time.Duration) bool {
	deadline := time.NewTimer(most)
	defer deadline.Stop()
	tick := time.NewTicker(checkGroup)
	defer tick.Stop()
	for g.done != nil || groupAlive(g.cmd) {
		select {
		case <-g.done:
			g.done = nil
		case <-tick.C:
		case <-deadline.C:
			return false
		}
	}
	return true
}
