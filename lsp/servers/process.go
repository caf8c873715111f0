package servers

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/opencode-lsp/opencode-lsp/permission"
	"github.com/opencode-lsp/opencode-lsp/tools"
)

// How long a server gets to say goodbye, to end by itself once its input is closed, and once it is told to.
const (
	farewell    = 2 * time.Second
	graceInput  = 500 * time.Millisecond
	graceSignal = time.Second
	lastOutput  = 200 * time.Millisecond
)

// process is a server's program with the group of its children.
type process struct {
	cmd *exec.Cmd
	io.WriteCloser
	io.Reader
	out  io.Closer
	done chan error
	said *lastLine
	once sync.Once
}

// start starts a server's program in the workspace's first root.
func start(c Config, opt Options) (*process, error) {
	cmd := exec.Command(c.Command[0], c.Command[1:]...)
	cmd.Dir, cmd.Env = opt.Workspace.Roots()[0], append(slices.Clip(opt.Environ()), c.Environ...)
	p := &process{cmd: cmd, done: make(chan error, 1), said: &lastLine{name: c.Name}}
	cmd.Stderr, cmd.WaitDelay = p.said, lastOutput
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	tools.OwnGroup(cmd)
	if err := cmd.Start(); err != nil {
		return nil, notStarted(c, err)
	}
	p.WriteCloser, p.Reader, p.out = in, out, out
	return p, nil
}

func notStarted(c Config, err error) error {
	if errors.Is(err, exec.ErrNotFound) {
		return fmt.Errorf("there is no program %s; install it or mend \"lsp\" in opencode.json", permission.Visible(c.Command[0]))
	}
	return fmt.Errorf("its command cannot be run: %w", err)
}

// close ends the program and its children, and waits for them. Whoever reads from or writes to it gets an error.
func (p *process) close() {
	p.once.Do(func() {
		p.WriteCloser.Close()
		go func() { p.done <- p.cmd.Wait() }() // closes the output; StopGroup reads done in every case
		select {
		case err := <-p.done:
			p.done <- err
		case <-time.After(graceInput):
		}
		tools.StopGroup(p.cmd, p.done, graceSignal)
	})
}

// Close ends the input: the server is to leave by itself.
func (p *process) Close() error { return p.WriteCloser.Close() }

// why adds to the end of a program what it said last.
func (p *process) why(err error) error {
	if last := p.said.text(); err != nil && last != "" {
		return fmt.Errorf("%w; its last words: %s", err, last)
	}
	return err
}

// maxLine is how much of a line of a server's standard error is kept, maxLogged how much of it all goes to the log.
const (
	maxLine   = 300
	maxLogged = 256 << 10
)

// lastLine logs what a server writes to its standard error and remembers the last line.
type lastLine struct {
	name string

	mu     sync.Mutex
	line   []byte // unfinished
	last   string
	logged int
}

// Write never fails, so that a server is not held up.
func (l *lastLine) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for rest := p; len(rest) > 0; {
		part, after, whole := bytes.Cut(rest, []byte("\n"))
		l.line = append(l.line, part[:min(len(part), maxLine-len(l.line))]...)
		if whole {
			l.flush()
		}
		rest = after
	}
	return len(p), nil
}

// flush is called with mu held.
func (l *lastLine) flush() {
	if text := permission.Visible(strings.TrimSpace(strings.ToValidUTF8(string(l.line), "\uFFFD"))); text != "" {
		l.last = text
		if l.logged += len(text); l.logged <= maxLogged {
			logger().Infof("%s: %s", l.name, text)
		}
	}
	l.line = l.line[:0]
}

func (l *lastLine) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.flush()
	return l.last
}
