package main

import (
	"bufio"
	"cmp"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/opencode-lsp/opencode-lsp/agent/agenttest"
	"github.com/opencode-lsp/opencode-lsp/lsp/lsptest"
)

//go:embed demo/model.txt
var demoModel string

//go:embed demo/calc.go.txt
var demoCode string

//go:embed demo/calc_test.go.txt
var demoTest string

// demoTyped is what the user has typed and not saved when the agent starts.
const demoTyped = "// The user is typing here and has not saved.\n"

func (p *program) demoCommand() *cobra.Command {
	var yes, trace bool
	cmd := &cobra.Command{
		Use: "demo", Short: "Show the main job offline: a failing test is fixed in a scripted editor by a scripted model", Args: cobra.NoArgs,
		RunE: action(func(cmd *cobra.Command, _ []string) error {
			dir, err := os.MkdirTemp("", "opencode-lsp-demo-")
			if err != nil {
				return err
			}
			defer os.RemoveAll(dir)
			d := &demo{program: p, dir: dir, ask: !yes && p.terminal(), in: bufio.NewReader(p.stdin)}
			if trace {
				d.trace = p.stderr
			}
			return d.run(cmd.Context())
		}),
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "allow every question once instead of asking the person at the terminal")
	cmd.Flags().BoolVar(&trace, "trace", false, "show every LSP message")
	return cmd
}

// demo is one run: a project with a bug, a model on loopback, a real server process, and an editor that talks to it.
type demo struct {
	*program
	dir   string
	ask   bool
	in    *bufio.Reader
	trace io.Writer
}

func (d *demo) say(format string, args ...any) { fmt.Fprintf(d.stdout, format+"\n", args...) }

func (d *demo) run(ctx context.Context) error {
	if _, err := exec.LookPath("go"); err != nil {
		return errors.New("the demo's project is in Go: install Go and run it again")
	}
	root := filepath.Join(d.dir, "project")
	if err := d.layOut(root); err != nil {
		return err
	}
	steps, err := agenttest.Parse(demoModel)
	if err != nil {
		return err
	}
	model := agenttest.New(steps...)
	defer model.Close()
	server, err := d.startServer(ctx, root, model.URL())
	if err != nil {
		return err
	}
	ed := lsptest.Dial(ctx, server, lsptest.Options{Root: root, Name: "demo", Version: version(), Trace: d.trace})
	err = cmp.Or(d.play(ctx, ed), complaints(ed))
	ed.Close()
	return cmp.Or(err, server.wait())
}

// layOut writes the project.
func (d *demo) layOut(root string) error {
	files := map[string]string{"go.mod": "module example.com/calc\n\ngo 1.21\n", "calc.go": demoCode, "calc_test.go": demoTest}
	if err := os.MkdirAll(root, 0o700); err != nil {
		return err
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// process is the server as the editor runs it.
type process struct {
	io.Writer
	io.Reader
	stdin io.Closer
	cmd   *exec.Cmd
}

// Close ends the server's input.
func (s *process) Close() error { return s.stdin.Close() }

// wait waits for a server that was told to exit.
func (s *process) wait() error { return s.cmd.Wait() }

// startServer runs this very program as a language server with a home of its own.
func (d *demo) startServer(ctx context.Context, root, modelURL string) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	config, err := json.Marshal(map[string]any{
		"model":    "demo/scripted",
		"provider": map[string]any{"demo": map[string]any{"options": map[string]any{"baseURL": modelURL, "apiKey": "not-needed"}}},
	})
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self, "lsp", "--stdio")
	cmd.Dir, cmd.Stderr = root, d.stderr
	cmd.Env = append(os.Environ(),
		"XDG_CONFIG_HOME="+filepath.Join(d.dir, "config"), "XDG_DATA_HOME="+filepath.Join(d.dir, "data"),
		"XDG_STATE_HOME="+filepath.Join(d.dir, "state"), "XDG_RUNTIME_DIR="+filepath.Join(d.dir, "run"),
		"OPENCODE_CONFIG_CONTENT="+string(config), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	return &process{Writer: stdin, Reader: stdout, stdin: stdin, cmd: cmd}, cmd.Start()
}

// play is the user's part.
func (d *demo) play(ctx context.Context, ed *lsptest.Editor) error {
	if err := ed.Initialize(ctx); err != nil {
		return err
	}
	d.say("A Go project whose test fails is open in an editor; the user has typed a line and not saved it.\n\n%s", indented(demoCode))
	if err := cmp.Or(ed.Open("calc.go"), ed.Edit("calc.go", 0, 0, demoTyped)); err != nil {
		return err
	}
	fix, err := d.pickAction(ctx, ed)
	if err != nil {
		return err
	}
	if _, err := ed.Run(ctx, fix); err != nil {
		return err
	}
	if err := d.answerAll(ctx, ed); err != nil {
		return err
	}
	return d.judge(ctx, ed)
}

// pickAction shows the code action menu at the bug and takes the fix.
func (d *demo) pickAction(ctx context.Context, ed *lsptest.Editor) (fix lsptest.Action, err error) {
	start, end, err := ed.Find("calc.go", "return a - b")
	if err != nil {
		return fix, err
	}
	problem := lsptest.Problem{Start: start, End: end, Source: "go test", Message: "TestAdd: Add(2, 3) = -1, want 5"}
	actions, err := ed.CodeActions(ctx, "calc.go", start, end, problem)
	if err != nil {
		return fix, err
	}
	d.say("The code actions at the line that the test complains of:")
	for _, a := range actions {
		d.say("    %s", a.Title)
	}
	if fix, err = lsptest.FindAction(actions, "Fix"); err == nil {
		d.say("\nThe user takes %q.", fix.Title)
	}
	return fix, err
}

// answerAll answers questions until the task has ended.
func (d *demo) answerAll(ctx context.Context, ed *lsptest.Editor) error {
	ended := func() bool {
		tasks := ed.Tasks()
		return len(tasks) > 0 && tasks[len(tasks)-1].Ended
	}
	for {
		asked := func() bool { return len(ed.OpenQuestions()) > 0 }
		if err := ed.Wait(ctx, "a question or the end", func() bool { return asked() || ended() }); err != nil {
			return err
		}
		if !asked() {
			return nil
		}
		q := ed.OpenQuestions()[0]
		d.say("\nThe editor asks:\n%s", indented(q.String()))
		title, err := d.choose(q)
		if err != nil {
			return err
		}
		d.say("Answer: %s", title)
		if err := ed.Answer(q.Number, title); err != nil {
			return err
		}
	}
}

// choose is the person's answer, or the one that --yes stands for.
func (d *demo) choose(q lsptest.Question) (string, error) {
	for _, title := range q.Actions {
		if !d.ask && (title == "Allow once" || title == "Write to disk") {
			return title, nil
		}
	}
	for i, title := range q.Actions {
		d.say("    %d %s", i+1, title)
	}
	for {
		fmt.Fprint(d.stdout, "Your choice: ")
		line, err := d.in.ReadString('\n')
		if err != nil {
			return "", errors.New("no answer came")
		}
		var n int
		if _, err := fmt.Sscan(strings.TrimSpace(line), &n); err == nil && n >= 1 && n <= len(q.Actions) {
			return q.Actions[n-1], nil
		}
	}
}

// judge shows what came of it and makes sure that it is true: the user's line is there, and so is the fix, and the test
// passes.
func (d *demo) judge(ctx context.Context, ed *lsptest.Editor) error {
	text, _ := ed.Buffer("calc.go")
	d.say("\nThe buffer now, with the user's own line still in it:\n\n%s", indented(text))
	if !strings.Contains(text, "return a + b") || !strings.HasPrefix(text, demoTyped) {
		return errors.New("the buffer does not show the fix beside the user's text")
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	test := exec.CommandContext(ctx, "go", "test", "./...")
	test.Dir = filepath.Join(d.dir, "project")
	test.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off")
	out, err := test.CombinedOutput()
	d.say("go test ./... says:\n\n%s", indented(string(out)))
	if err != nil {
		return errors.New("the test still fails")
	}
	for _, m := range ed.Messages() {
		if !m.Log {
			d.say("The editor's message: %s", m.Text)
		}
	}
	if err := ed.Shutdown(ctx); err != nil {
		return err
	}
	ed.Exit()
	d.say("Done.")
	return nil
}

// complaints are what a real editor would have stumbled over.
func complaints(ed *lsptest.Editor) error {
	if list := ed.Complaints(); len(list) > 0 {
		return errors.New("the editor complains: " + strings.Join(list, "; "))
	}
	return nil
}

func indented(text string) string {
	return "    " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n    ") + "\n"
}
