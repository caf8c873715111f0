//go:build unix

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/opencode-lsp/opencode-lsp/agent/agenttest"
	"github.com/opencode-lsp/opencode-lsp/lsp/lsptest"
)

// cli runs subcommands in one folder.
type cli struct {
	t    *testing.T
	home *home
	root string
}

func newCLI(t *testing.T, steps string) (cli, *agenttest.Server) {
	t.Helper()
	script, err := agenttest.Parse(steps)
	if err != nil {
		t.Fatal(err)
	}
	model := agenttest.New(script...)
	t.Cleanup(func() {
		if problems := model.Problems(); len(problems) > 0 {
			t.Errorf("requests that a strict provider refuses: %q", problems)
		}
		model.Close()
	})
	h := newHome(t)
	h.model = model.URL()
	c := cli{t, h, t.TempDir()}
	c.write("main.go", "package add // a - b\n")
	return c, model
}

func (c cli) write(name, text string) {
	c.t.Helper()
	if err := os.WriteFile(filepath.Join(c.root, name), []byte(text), 0o600); err != nil {
		c.t.Fatal(err)
	}
}

func (c cli) read(name string) string {
	c.t.Helper()
	text, err := os.ReadFile(filepath.Join(c.root, name))
	if err != nil {
		c.t.Fatal(err)
	}
	return string(text)
}

// run runs a subcommand without a terminal and wants an exit code; want must stand in what it prints to stdout or stderr.
func (c cli) run(code int, want string, args ...string) string {
	c.t.Helper()
	return c.runIn(c.root, code, want, args...)
}

func (c cli) runIn(dir string, code int, want string, args ...string) string {
	c.t.Helper()
	cmd := c.home.command(dir, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		c.t.Fatalf("%q: %v", args, exit)
	}
	if got := cmd.ProcessState.ExitCode(); got != code {
		c.t.Errorf("%q ends with code %d, want %d\n%s%s", args, got, code, stdout.String(), stderr.String())
	}
	if all := stdout.String() + stderr.String(); !strings.Contains(all, want) {
		c.t.Errorf("%q does not say %q but\n%s", args, want, all)
	}
	if lines := strings.Count(stderr.String(), "\n"); code > 1 && lines != 1 {
		c.t.Errorf("%q: the error has %d lines:\n%s", args, lines, stderr.String())
	}
	return stdout.String()
}

// edit connects an editor to a language server of the folder.
func (c cli) edit() *lsptest.Editor {
	c.t.Helper()
	s, err := c.home.start(c.root)
	if err != nil {
		c.t.Fatal(err)
	}
	ed := lsptest.Dial(c.t.Context(), s, lsptest.Options{Root: c.root})
	c.t.Cleanup(ed.Close)
	if err := ed.Initialize(c.t.Context()); err != nil {
		c.t.Fatal(err)
	}
	if _, err := ed.Command(c.t.Context(), "opencode.status"); err != nil {
		c.t.Fatal(err)
	}
	return ed
}

const editCall = `call edit {"filePath": "main.go", "oldString": "a - b", "newString": "a + b"}`

// What is typed in a terminal reaches the server of the folder, and its edit lands in the editor.
func TestSendAndAnswer(t *testing.T) {
	c, _ := newCLI(t, editCall+"\n\nFixed.\n\ncall bash {\"command\": \"touch made\"}\n\ncall bash {\"command\": \"touch made\"}\n\nTalk.\n")
	c.run(3, "no opencode-lsp runs for this folder", "send", "fix it")
	c.run(3, "no opencode-lsp runs for this folder", "answer", "once")
	ed := c.edit()
	if err := ed.Open("main.go"); err != nil {
		t.Fatal(err)
	}
	asked := func(head string) {
		t.Helper()
		if err := ed.Wait(t.Context(), head, func() bool {
			open := ed.OpenQuestions()
			return len(open) == 1 && strings.HasPrefix(open[0].Message, head)
		}); err != nil {
			t.Fatal(err)
		}
	}
	c.run(1, "no question is open", "answer", "once")
	c.run(0, "sent to session ses_", "send", "fix it")
	asked("OpenCode #1 edit: main.go")
	c.run(1, "no open question #7", "answer", "7", "once")
	c.run(2, "not one of once, always, reject", "answer", "yes")
	c.run(0, "answered: once", "answer", "once")
	if err := ed.Wait(t.Context(), "the edit", func() bool {
		text, _ := ed.Buffer("main.go")
		return text == "package add // a + b\n"
	}); err != nil {
		t.Fatal(err)
	}
	c.run(1, "#1", "answer", "1", "reject")
	c.run(0, "", "send", "--file", "main.go", "--line", "1", "make it")
	asked("OpenCode #2 bash: touch made")
	c.run(0, "answered: reject", "answer", "#2", "reject", "--message", "not here")
	asked("OpenCode #3 bash: touch made")
	c.run(0, "answered: reject", "answer", "reject")
	c.run(0, "Talk.", "send", "--new", "--wait", "talk")
	c.run(0, "running as process", "doctor")
	c.run(1, "open in another editor", "sessions", "delete", sessionID(t, c))
	c.run(2, "--line needs --file", "send", "--line", "3", "x")
	c.run(2, "--action needs --file", "send", "--action", "explain")
	c.run(2, "nothing to send", "send")
	if list := ed.Complaints(); len(list) > 0 {
		t.Errorf("the editor complains: %q", list)
	}
}

// A folder that joins the workspace later is reached too, and one that has left it no more.
func TestSendToFolders(t *testing.T) {
	c, _ := newCLI(t, "Hello.\n")
	ed := c.edit()
	other, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	folder := []any{map[string]any{"uri": "file://" + other, "name": "other"}}
	change := func(added, removed []any, open int) {
		t.Helper()
		ed.Notify("workspace/didChangeWorkspaceFolders", map[string]any{"event": map[string]any{"added": added, "removed": removed}})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		for sockets := 0; sockets != open; { // nothing tells when the socket is there
			list, err := filepath.Glob(filepath.Join(c.home.runtime, "opencode-lsp", "*.sock"))
			if sockets = len(list); err != nil || ctx.Err() != nil {
				t.Fatalf("%d sockets, want %d: %v", sockets, open, err)
			}
			if _, err := ed.Command(ctx, "opencode.status"); err != nil {
				t.Fatal(err)
			}
		}
	}
	c.runIn(other, 3, "no opencode-lsp runs", "send", "hello")
	change(folder, nil, 2)
	c.runIn(other, 0, "Hello.", "send", "--wait", "hello")
	change(nil, folder, 1)
	c.runIn(other, 3, "no opencode-lsp runs", "send", "hello")
}

// Two editors on one folder have a server each: a prompt goes to the newest or to the one that is named, an answer to the
// one that asks.
func TestSeveralServers(t *testing.T) {
	c, _ := newCLI(t, editCall+"\n\n"+editCall+"\n")
	first := c.edit()
	older := c.newestServer()
	second := c.edit()
	newer := c.newestServer()
	for _, ed := range []*lsptest.Editor{first, second} {
		if err := ed.Open("main.go"); err != nil {
			t.Fatal(err)
		}
	}
	asked := func(ed *lsptest.Editor) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := ed.Wait(ctx, "a question", func() bool { return len(ed.OpenQuestions()) == 1 }); err != nil {
			t.Fatal(err)
		}
	}
	c.run(0, "of server "+newer+", the newest of 2 here", "send", "--new", "fix it")
	asked(second)
	c.run(0, "sent to session", "send", "--new", "--server", older, "fix it")
	asked(first)
	c.run(1, "--server "+older+" asks #1 edit: main.go", "answer", "once")
	c.run(0, "answered: reject", "answer", "--server", newer, "reject")
	c.run(0, "answered: reject", "answer", "reject")
	c.run(1, "no question is open", "answer", "reject")
	c.run(3, "no opencode-lsp runs", "answer", "--server", "1", "reject")
}

// newestServer is the process that listens since last.
func (c cli) newestServer() string {
	c.t.Helper()
	sockets, err := filepath.Glob(filepath.Join(c.home.runtime, "opencode-lsp", "*.sock"))
	if err != nil || len(sockets) == 0 {
		c.t.Fatalf("no sockets: %v", err)
	}
	newest := slices.MaxFunc(sockets, func(a, b string) int {
		infoA, errA := os.Stat(a)
		infoB, errB := os.Stat(b)
		if err := errors.Join(errA, errB); err != nil {
			c.t.Fatal(err)
		}
		return infoA.ModTime().Compare(infoB.ModTime())
	})
	_, pid, _ := strings.Cut(strings.TrimSuffix(filepath.Base(newest), ".sock"), "-")
	return pid
}

const questionCall = `call question {"questions": [{"question": "Which one?", "header": "Choice", "options": [` +
	`{"label": "The first", "description": "a"}, {"label": "The second", "description": "b"}]}]}`

// A question of the model is answered from a terminal by number, label or own words.
func TestAnswerInWords(t *testing.T) {
	c, model := newCLI(t, questionCall+"\n\n"+strings.Replace(questionCall, "Choice", "Second", 1)+"\n\n"+questionCall+"\n\nFine.\n")
	ed := c.edit()
	c.run(0, "", "send", "ask me")
	for i, args := range [][]string{{"2"}, {"#2", "the", "first"}, {"neither", "of", "them"}} {
		head := fmt.Sprintf("OpenCode #%d question: Which one?", i+1)
		if err := ed.Wait(t.Context(), head, func() bool {
			open := ed.OpenQuestions()
			return len(open) == 1 && strings.HasPrefix(open[0].Message, head)
		}); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			c.run(1, "wants one of: 1 The first, 2 The second, your own words", "answer", "once")
		}
		c.run(0, "answered: ", append([]string{"answer"}, args...)...)
	}
	if err := ed.Wait(t.Context(), "the end", func() bool { return len(model.Requests()) == 4 }); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`Which one?\": The second`, `Which one?\": The first`, `Which one?\": neither of them`} {
		if got := string(model.Requests()[3]); !strings.Contains(got, want) {
			t.Errorf("no %s in the last request: %s", want, got)
		}
	}
}
