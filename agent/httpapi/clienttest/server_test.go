//go:build realclients

package clienttest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// password is longer than the least that ours takes.
const password = "correct horse battery staple"

// kind is whose server it is.
type kind string

const (
	ours   kind = "opencode-lsp"
	theirs kind = "opencode"
)

// chosen is the server that the journeys run against.
func chosen() kind {
	if os.Getenv("OPENCODE_CLIENTS_SERVER") == string(theirs) {
		return theirs
	}
	return ours
}

// command is how a user starts it. Answers over HTTP are what is tested, so ours allows them.
func (k kind) command() *exec.Cmd {
	if k == theirs {
		return exec.Command(filepath.Join(clients, "opencode"), "serve", "--port", "0")
	}
	return exec.Command(program, "serve", "--port", "0", "--remote-approval")
}

// server is a running one.
type server struct {
	*place
	kind kind
	url  string
	cmd  *exec.Cmd
	said syncBuffer // on stderr
}

// start starts a server in a place and waits for the line that the SDK waits for.
func (p *place) start(k kind, permission map[string]string) *server {
	p.t.Helper()
	s := &server{place: p, kind: k, cmd: k.command()}
	s.cmd.Dir, s.cmd.Stderr = p.dir, &s.said
	s.cmd.Env = p.environ(map[string]string{"OPENCODE_SERVER_PASSWORD": password, "OPENCODE_CONFIG_CONTENT": p.config(permission)})
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(s.stop)
	line := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if url, ok := strings.CutPrefix(lines.Text(), "opencode server listening on "); ok {
				line <- url
				break
			}
		}
		io.Copy(io.Discard, out)
	}()
	select {
	case s.url = <-line:
	case <-time.After(*patience):
		p.t.Fatalf("%s says no address; on stderr:\n%s", k, s.said.String())
	}
	return s
}

// kill ends a server as a power cut would.
func (s *server) kill() {
	s.t.Helper()
	if err := syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL); err != nil {
		s.t.Fatal(err)
	}
	s.cmd.Wait() // it was killed
}

// stop ends a server as a user would, and with force where that takes too long.
func (s *server) stop() {
	if s.cmd.ProcessState != nil {
		return
	}
	s.cmd.Process.Signal(syscall.SIGTERM)
	force := time.AfterFunc(5*time.Second, func() { syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL) })
	defer force.Stop()
	s.cmd.Wait() // how it ends is not the matter here
	if s.t.Failed() {
		s.t.Logf("%s on stderr:\n%s", s.kind, s.said.String())
	}
}

// play runs one of testdata's journeys in Node, with arguments that are not nil, and reads its report.
func (s *server) play(t *testing.T, journey string, args, report any) {
	t.Helper()
	s.playWith(t, journey, nil, args, report)
}

// playWith is play with something more in the environment.
func (s *server) playWith(t *testing.T, journey string, env map[string]string, args, report any) {
	t.Helper()
	raw, err := json.Marshal(args)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{"URL": s.url, "PASSWORD": password, "DIRECTORY": s.dir, "SDK": filepath.Join(clients, "sdk"), "ARGS": string(raw)}
	maps.Copy(all, env)
	script, err := filepath.Abs(filepath.Join("testdata", journey))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), filepath.Join(clients, "node"), script)
	cmd.Dir, cmd.Env = s.dir, s.environ(all)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", journey, err, out, stderr.Bytes())
	}
	if err := json.Unmarshal(out, report); err != nil {
		t.Fatalf("%s: %v\n%s", journey, err, out)
	}
}

// syncBuffer is a buffer that is written and read at the same time.
type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
