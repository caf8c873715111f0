// Package peer runs a program that serves this one over its standard input and output, such as an MCP or a language server,
// together with the children that it has.
package peer

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"time"

	"github.com/tliron/commonlog"

	"github.com/opencode-lsp/opencode-lsp/tools"
)

// How a program ends: its input is closed, then it and its children are told to end, then killed. A write to it that takes
// longer than writeTimeout has failed.
const (
	graceInput   = time.Second
	graceSignal  = time.Second
	lastOutput   = 200 * time.Millisecond
	writeTimeout = 10 * time.Second
)

// Program says what to run.
type Program struct {
	// Name is what the log calls it.
	Name string
	// Command is the program, looked for by the PATH of Environ, and its arguments.
	Command []string
	Dir     string
	Environ []string
	// Setting is where the user wrote the command down, for an error.
	Setting string
	// Log gets what it writes to its standard error.
	Log commonlog.Logger
}

// Process is a program that was started. Whoever started it must close it.
type Process struct {
	cmd   *exec.Cmd
	in    *os.File // what it reads
	out   *os.File // what it writes
	done  chan error
	ended chan struct{} // closed when it has ended
	over  chan struct{} // closed when nothing more is read from it
	said  words
	close sync.Once
}

// Start starts a program in a process group of its own. Its error is for the user.
func Start(p Program) (*Process, error) {
	path, err := find(p)
	if err != nil {
		return nil, err
	}
	theirIn, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	out, theirOut, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, theirIn.Close(), in.Close())
	}
	r := &Process{
		cmd: exec.Command(path, p.Command[1:]...), in: in, out: out, said: words{name: p.Name, log: p.Log},
		done: make(chan error, 1), ended: make(chan struct{}), over: make(chan struct{}),
	}
	r.cmd.Args[0] = p.Command[0]
	r.cmd.Dir, r.cmd.Env = p.Dir, p.Environ
	r.cmd.Stdin, r.cmd.Stdout, r.cmd.Stderr = theirIn, theirOut, &r.said
	r.cmd.WaitDelay = lastOutput
	tools.OwnGroup(r.cmd)
	err = r.cmd.Start()
	theirIn.Close()
	theirOut.Close()
	if err != nil {
		in.Close()
		out.Close()
		return nil, fmt.Errorf("it cannot be started: %w", err)
	}
	go r.wait() // Close waits for it
	return r, nil
}

// wait follows the program to its end. What it has started may hold its output open for ever, so that is closed then.
func (r *Process) wait() {
	defer close(r.over)
	r.done <- r.cmd.Wait()
	close(r.ended)
	time.Sleep(lastOutput)
	r.CloseOutput()
}

// Read reads what the program writes to its standard output.
func (r *Process) Read(b []byte) (int, error) { return r.out.Read(b) }

// Write writes to the program's standard input, within a bound of time where the system's pipes know one (not on Windows).
func (r *Process) Write(b []byte) (int, error) {
	if err := r.in.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil && !errors.Is(err, os.ErrNoDeadline) {
		return 0, err
	}
	return r.in.Write(b)
}

// CloseInput ends the program's input: it is to leave by itself.
func (r *Process) CloseInput() error { return r.in.Close() }

// CloseOutput ends Read: what the program has yet to say is not waited for.
func (r *Process) CloseOutput() error {
	err := r.out.Close()
	if errors.Is(err, os.ErrClosed) {
		return nil
	}
	return err
}

// Close ends the program and its children, and then what it can still be read from. It may be called again.
func (r *Process) Close() error {
	r.close.Do(func() {
		r.in.Close()
		r.gone(graceInput)
		tools.StopGroup(r.cmd, r.done, graceSignal)
		<-r.over
	})
	return nil
}

// gone waits, not longer than most, until the program has ended, and reports whether it has.
func (r *Process) gone(most time.Duration) bool {
	t := time.NewTimer(most)
	defer t.Stop()
	select {
	case <-r.ended:
		return true
	case <-t.C:
		return false
	}
}

// Why adds to the error by which the program was lost what it said last. An output ends before its program does, so it
// waits for that a moment.
func (r *Process) Why(err error) error {
	if err == nil {
		return nil
	}
	r.gone(graceInput)
	if last := r.said.last(); last != "" {
		return fmt.Errorf("%w; its last words: %s", err, last)
	}
	return err
}
