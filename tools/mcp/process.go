package mcp

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/opencode-lsp/opencode-lsp/permission"
	"github.com/opencode-lsp/opencode-lsp/tools"
)

// How a local server ends: its input is closed, as the specification says, then it and its children are told to, then
// killed. A write to it that takes longer than writeTimeout has failed.
const (
	graceInput   = time.Second
	graceSignal  = time.Second
	lastOutput   = 200 * time.Millisecond
	writeTimeout = 10 * time.Second
)

// process is the program of a local server.
type process struct {
	cmd    *exec.Cmd
	in     *os.File // what it reads
	out    *os.File // what it writes
	done   chan error
	ended  chan struct{} // closed when it has ended
	over   chan struct{} // closed when nothing more is read from it
	stderr *stderrLog
}

// startProcess starts a server's program in dir, in a process group of its own.
func startProcess(name string, c Config, dir string, environ []string) (*process, error) {
	path, err := program(c.Command[0], dir, environ)
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
	p := &process{in: in, out: out, done: make(chan error, 1), ended: make(chan struct{}), over: make(chan struct{}), stderr: &stderrLog{name: name}}
	p.cmd = exec.Command(path, c.Command[1:]...)
	p.cmd.Args[0] = c.Command[0]
	p.cmd.Dir, p.cmd.Env = dir, environ
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = theirIn, theirOut, p.stderr
	p.cmd.WaitDelay = lastOutput
	tools.OwnGroup(p.cmd)
	err = p.cmd.Start()
	theirIn.Close()
	theirOut.Close()
	if err != nil {
		in.Close()
		out.Close()
		return nil, fmt.Errorf("it cannot be started: %w", err)
	}
	go p.wait() // Close waits for it
	return p, nil
}

// wait follows the program to its end. What it has started may hold its output open for ever, so that is closed then.
func (p *process) wait() {
	defer close(p.over)
	p.done <- p.cmd.Wait()
	close(p.ended)
	time.Sleep(lastOutput)
	if err := p.out.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		logger().Debugf("close a server's output: %s", err)
	}
}

// program finds a server's program by the PATH that the server itself will have; a name with a separator is a path in dir.
func program(name, dir string, environ []string) (string, error) {
	if strings.ContainsRune(name, filepath.Separator) || strings.Contains(name, "/") {
		if !filepath.IsAbs(name) {
			name = filepath.Join(dir, name)
		}
		path, err := exec.LookPath(name)
		return path, noProgram(name, err)
	}
	for _, folder := range filepath.SplitList(variable(environ, "PATH")) {
		if !filepath.IsAbs(folder) {
			continue // a relative one would find programs of the repository
		}
		if path, err := exec.LookPath(filepath.Join(folder, name)); err == nil {
			return path, nil
		}
	}
	return "", noProgram(name, exec.ErrNotFound)
}

// noProgram says what is wrong with a command; nil for nil.
func noProgram(name string, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
		err = errNotFound
	}
	return fmt.Errorf("its command %s cannot be run: %w", permission.Visible(name), err)
}

// errNotFound is a command that does not exist.
var errNotFound = errors.New("there is no such program; install it or mend the server's \"command\"")

// variable is a variable's value; the last one counts, as it does for a process.
func variable(environ []string, name string) string {
	for _, kv := range slices.Backward(environ) {
		key, value, _ := strings.Cut(kv, "=")
		if key == name || runtime.GOOS == "windows" && strings.EqualFold(key, name) {
			return value
		}
	}
	return ""
}

// Write writes to the server within a bound.
func (p *process) Write(b []byte) (int, error) {
	if err := p.in.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return 0, err
	}
	return p.in.Write(b)
}

// Close ends the program and its children, and then what it can still be read from.
func (p *process) Close() error {
	p.in.Close()
	p.gone(graceInput)
	tools.StopGroup(p.cmd, p.done, graceSignal)
	<-p.over
	return nil
}

// gone waits, not longer than most, until the program has ended.
func (p *process) gone(most time.Duration) {
	t := time.NewTimer(most)
	defer t.Stop()
	select {
	case <-p.ended:
	case <-t.C:
	}
}

// why adds to the end of a program what it said last.
func (p *process) why(err error) error {
	if errors.Is(err, errEnded) {
		p.gone(graceInput) // its output ends before it does
	}
	if last := p.stderr.last(); errors.Is(err, errEnded) && last != "" {
		return fmt.Errorf("%w; its last words: %s", err, last)
	}
	return err
}
